"use client";
// "What would happen to this request?" Job: a question as a sentence, the answer hop by hop, tests that keep answers, and replay of seen calls.
import { Button, Tabs } from "@mantine/core";
import { IconTestPipe } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useCallback, useEffect, useMemo, useState } from "react";
import { get, keys } from "@/components/api-client";
import { WorkerNote } from "@/components/design-worker";
import { useDraft } from "@/components/draft";
import { useMesh, useUrlParameters, useView } from "@/components/shell";
import { Answer as AnswerHead, EmptyState, ErrorState, LoadingRows, Page, Panel } from "@/components/ui";
import type { MeshDocument } from "@/lib/mesh";
import type { PolicyTest } from "@/lib/simulate";
import { AnswerView } from "./answer-view";
import { headOf, type Tab, useHead } from "./head";
import { QuestionSentence } from "./question-form";
import {
  firstQuestion,
  formFrom,
  formOf,
  parametersOf,
  problemsOf,
  type QuestionForm,
  questionOf,
} from "./question-url";
import { ReplayPanel } from "./replay-panel";
import { SaveTest } from "./save-test";
import { TestsPanel } from "./tests-panel";
import { useAnswer } from "./use-answer";

const TABS: readonly Tab[] = ["question", "tests", "replay"];

export function Simulate() {
  const { mesh, atOf, revisions } = useMesh();
  const { view } = useView();
  const { search, set } = useUrlParameters();
  const at = atOf(view.at);
  const design = useDesign(mesh, at);
  const [form, change] = useForm(design.document);
  const tab: Tab = TABS.find((each) => each === search.get("tab")) ?? "question";
  const isReady = Object.keys(problemsOf(form)).length === 0;
  const question = useMemo(() => (isReady ? questionOf(form) : null), [form, isReady]);
  const asked = useAnswer(mesh, at, design.draft, question);
  const open = (next: Partial<QuestionForm>) => {
    change(next);
    set({ tab: null }, true);
  };
  const isEmpty = design.document?.objects.every(({ kind }) => kind !== "Workload") ?? false;
  const head = useHead(tab, at, headOf(asked, { isReady, isEmpty, at }));
  return (
    <Page>
      <AnswerHead
        eyebrow={`Simulate · ${at === null ? "nothing runs" : at === "draft" ? "the draft" : `revision ${at} of ${revisions.length}`}`}
        status={head.status}
        answer={head.text}
      />
      <WorkerNote />
      {design.error && !design.document ? <ErrorState error={design.error} onRetry={design.retry} /> : null}
      <Tabs
        value={tab}
        onChange={(value) => set({ tab: value === "question" ? null : value }, true)}
        keepMounted={false}
      >
        <Tabs.List mb={16}>
          <Tabs.Tab value="question">Question</Tabs.Tab>
          <Tabs.Tab value="tests">Tests</Tabs.Tab>
          <Tabs.Tab value="replay">Replay</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="question" style={{ display: "grid", gap: 16, minWidth: 0 }}>
          {design.document ? (
            <>
              <Panel>
                <QuestionSentence document={design.document} form={form} onChange={change} />
              </Panel>
              {asked.error ? <ErrorState error={asked.error} /> : null}
              {asked.answer && question ? (
                <>
                  <AnswerView
                    mesh={mesh}
                    answer={asked.answer}
                    question={question}
                    caller={serviceOf(design.document, form.from)}
                  />
                  <SaveTest mesh={mesh} question={question} answer={asked.answer} />
                </>
              ) : asked.isWorking ? (
                <Panel>
                  <LoadingRows rows={4} />
                </Panel>
              ) : (
                <Unasked mesh={mesh} />
              )}
            </>
          ) : design.error ? null : (
            <Panel>
              <LoadingRows rows={4} />
            </Panel>
          )}
        </Tabs.Panel>
        <Tabs.Panel value="tests">
          <TestsPanel mesh={mesh} at={at} onOpen={(test: PolicyTest) => open(formOf(test.question))} />
        </Tabs.Panel>
        <Tabs.Panel value="replay">
          <ReplayPanel at={at} onOpen={open} />
        </Tabs.Panel>
      </Tabs>
    </Page>
  );
}

function Unasked({ mesh }: { mesh: string }) {
  return (
    <Panel>
      <EmptyState
        icon={<IconTestPipe size={32} stroke={1.5} />}
        title="Ask what would happen"
        action={
          <Button component={Link} href={`/meshes/${mesh}/topology`} variant="default">
            Draw services and lines
          </Button>
        }
      >
        Choose who calls and whom. The answer comes from the same code that runs in the sidecars, before anything is
        deployed.
      </EmptyState>
    </Panel>
  );
}

function serviceOf(document: MeshDocument, from: string): string | undefined {
  const [, namespace, name] = from.split("/");
  const workload = document.objects.find(
    (each) => each.kind === "Workload" && each.metadata.namespace === namespace && each.metadata.name === name,
  );
  return workload?.kind === "Workload" ? `Service/${namespace}/${workload.spec.service}` : undefined;
}

/** What the context bar shows: the draft as it is edited here, or a revision as it was frozen. */
function useDesign(mesh: string, at: string | null) {
  const draft = useDraft(mesh);
  const revision = useQuery({
    queryKey: keys.mesh(mesh, "revision", at),
    queryFn: ({ signal }) => get<{ document: MeshDocument }>(`/meshes/${mesh}/revisions/${at}`, signal),
    enabled: at !== null && at !== "draft",
    staleTime: Number.POSITIVE_INFINITY,
  });
  const own = draft.snapshot?.document;
  const isDraft = at === "draft" || at === null;
  return {
    draft: own,
    document: isDraft ? own : revision.data?.document,
    error: isDraft ? draft.error : revision.error,
    retry: () => (isDraft ? draft.reload() : void revision.refetch()),
  };
}

/** Typed here, written to the URL beside it; an address that is opened fills it. */
function useForm(document: MeshDocument | undefined): [QuestionForm, (change: Partial<QuestionForm>) => void] {
  const { search, set } = useUrlParameters();
  const inUrl = search.toString();
  const [form, setForm] = useState(() => formFrom(new URLSearchParams(inUrl)));
  useEffect(() => setForm(formFrom(new URLSearchParams(inUrl))), [inUrl]);
  const change = useCallback(
    (next: Partial<QuestionForm>) => {
      const after = { ...form, ...next };
      setForm(after);
      set(parametersOf(after));
    },
    [form, set],
  );
  const isUntouched = form.from === "" && form.host === "";
  useEffect(() => {
    const first = document && isUntouched ? firstQuestion(document) : null;
    if (first) setForm((before) => ({ ...before, ...first }));
  }, [document, isUntouched]);
  return [form, change];
}
