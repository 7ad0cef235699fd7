"use client";
// "My change started from a design that has moved on: what now?" Job: mine and theirs put together, each conflict decided, saved as one step.
// Rule: nothing changes before "Save", which names what was looked at; what is typed and chosen stays when the draft moves on again.
import { Button, Text } from "@mantine/core";
import Link from "next/link";
import { type ReactNode, useEffect, useMemo, useState } from "react";
import { ApiError } from "@/components/api-client";
import { dropKeptChange, type KeptChange, keptChanges, useDraft } from "@/components/draft";
import { useMe, useMesh, useUrlParameters } from "@/components/shell";
import {
  Answer,
  EmptyState,
  ErrorState,
  ErrorText,
  LoadingRows,
  Page,
  Panel,
  plural,
  ReadingState,
  readingAnswer,
} from "@/components/ui";
import type { MergeAnswer } from "@/lib/api/schema";
import { Conflicts } from "./conflicts";
import { answerOf, type Choices, type Side, type Source, stillHolding, withChoice } from "./model";
import { BothSides, Outcome } from "./outcome";
import { useMerge, useSaveMerge } from "./queries";
import { ChooseSource, Overtaken } from "./start";

const EYEBROW = "Bring up to date";

export function Merge() {
  const { mesh } = useMesh();
  const { can, isLoading } = useMe();
  const { search, set } = useUrlParameters();
  const [kept, setKept] = useState<readonly KeptChange[] | null>(null);
  const [given, setGiven] = useState<Source | null>(null);
  useEffect(() => setKept(keptChanges(mesh)), [mesh]);
  const inUrl = useMemo(() => sourceOf(search, kept ?? []), [search, kept]);
  const source = given ?? inUrl;
  const startOver = () => {
    setGiven(null);
    setKept(keptChanges(mesh));
    set({ base: null, mine: null, change: null, review: null });
  };
  if (!isLoading && !can("draft.write")) {
    return (
      <Page>
        <Answer eyebrow={EYEBROW} answer="You may read the draft, not change it." />
        <Panel>
          <EmptyState title="An author puts changes together">
            Ask an administrator for the role author if you have a change to bring.
          </EmptyState>
        </Panel>
      </Page>
    );
  }
  if (kept === null) {
    return (
      <Page>
        <Answer eyebrow={EYEBROW} status="unmeasured" answer="Reading the change." />
        <LoadingRows rows={6} />
      </Page>
    );
  }
  if (source) {
    const saved = () => {
      if (source.id.startsWith("kept ")) dropKeptChange(mesh, source.id.slice("kept ".length));
    };
    return (
      <Together
        key={source.id}
        mesh={mesh}
        source={source}
        review={search.get("review")}
        onSaved={saved}
        onStartOver={startOver}
      />
    );
  }
  return (
    <Page>
      <Answer
        eyebrow={EYEBROW}
        answer="What do you want to bring up to date?"
        detail="A change that started from a design which has moved on since is put together with the draft: what fits goes in by itself, what conflicts is yours to decide."
      />
      <Overtaken
        changes={kept}
        onBring={(change) => set({ mine: "kept", change: change.id }, true)}
        onDrop={(change) => {
          dropKeptChange(mesh, change.id);
          setKept(keptChanges(mesh));
        }}
      />
      <ChooseSource
        onChoose={(chosen) =>
          "at" in chosen.mine
            ? set({ base: chosen.base, mine: chosen.mine.at }, true)
            : setGiven({ ...chosen, id: `given ${crypto.randomUUID()}` })
        }
      />
    </Page>
  );
}

/** `?mine=kept`, and which; or `?base=r3&mine=r5`. */
function sourceOf(search: URLSearchParams, kept: readonly KeptChange[]): Source | null {
  const mine = search.get("mine");
  if (mine === "kept") {
    const wanted = search.get("change");
    const change = wanted === null ? kept.at(-1) : kept.find(({ id }) => id === wanted);
    if (!change) return null;
    const { id, version, commands } = change;
    return { id: `kept ${id}`, base: `v${version}`, mine: { commands: [...commands] }, name: "your change" };
  }
  const base = search.get("base");
  if (mine === null || base === null) return null;
  const review = search.get("review");
  const name = review ? `review #${review} (${mine})` : mine;
  return { id: `${base} ${mine}`, base, mine: { at: mine }, name };
}

function Together(props: {
  mesh: string;
  source: Source;
  review: string | null;
  onSaved(): void;
  onStartOver(): void;
}) {
  const { mesh, source } = props;
  const draft = useDraft(mesh);
  const [choices, setChoices] = useState<Choices>({});
  const [otherwise, setOtherwise] = useState<Side | null>(null);
  const [overtaken, setOvertaken] = useState(0);
  const asked = { source, choices, otherwise };
  const merge = useMerge(mesh, asked);
  const save = useSaveMerge(mesh);
  const answer = merge.data;
  const listed = answer?.conflicts.items;
  useEffect(() => {
    if (!listed) return;
    const held = stillHolding(choices, listed);
    if (held.dropped.length === 0) return;
    setChoices(held.choices);
    setOvertaken(held.dropped.length);
  }, [listed, choices]);

  if (save.data) return <Saved {...props} answer={save.data} />;
  if (!answer) {
    const { status, text } = readingAnswer(merge, "both designs");
    return (
      <Page>
        <Answer eyebrow={EYEBROW} status={status} answer={text} actions={<StartOver onClick={props.onStartOver} />} />
        {merge.error ? (
          <CannotMerge error={merge.error} onRetry={() => void merge.refetch()} />
        ) : (
          <LoadingRows rows={8} />
        )}
      </Page>
    );
  }
  const said = answerOf(answer, source);
  const isReady = answer.conflicts.open === 0 && answer.result.total > 0;
  const isMoved = save.error instanceof ApiError && save.error.status === 412;
  return (
    <Page>
      <Answer
        eyebrow={EYEBROW}
        status={said.status}
        answer={said.text}
        detail={said.detail}
        actions={
          <>
            <StartOver onClick={props.onStartOver} />
            <Button
              disabled={!isReady || merge.isPlaceholderData || draft.snapshot?.saveState !== "saved"}
              loading={save.isPending}
              onClick={() => save.mutate({ asked, version: answer.version }, { onSuccess: props.onSaved })}
            >
              {isReady ? `Save ${plural(answer.result.total, "change")} to the draft` : "Save to the draft"}
            </Button>
          </>
        }
      />
      <ReadingState of={merge} />
      <ErrorText>
        {isMoved
          ? "The draft changed while you were looking: this is the newest. Look again, then save."
          : save.error?.message}
      </ErrorText>
      {overtaken > 0 ? (
        <Text size="sm" role="status">
          {plural(overtaken, "choice")} of yours no longer {overtaken === 1 ? "holds" : "hold"}: theirs has another
          value now. Choose again.
        </Text>
      ) : null}
      {answer.conflicts.total > 0 ? (
        <Conflicts
          of={answer.conflicts}
          choices={choices}
          disabled={merge.isPlaceholderData}
          onChoose={(conflict, choice) => {
            setOvertaken(0);
            setChoices((now) => withChoice(now, conflict, choice));
          }}
          onRest={setOtherwise}
        />
      ) : null}
      <Outcome answer={answer} />
      <BothSides answer={answer} name={source.name} />
    </Page>
  );
}

function StartOver({ onClick }: { onClick(): void }) {
  return (
    <Button variant="default" onClick={onClick}>
      Another change
    </Button>
  );
}

/** What the server said of the change itself, place by place; or that it could not be asked. */
function CannotMerge({ error, onRetry }: { error: Error; onRetry(): void }) {
  const violations = error instanceof ApiError ? error.violations : [];
  if (violations.length === 0) return <ErrorState error={error} onRetry={onRetry} />;
  return (
    <Panel title="The change cannot be read">
      <div role="alert">
        <Text size="sm">{error.message}</Text>
        <ul>
          {violations.slice(0, 40).map((each) => (
            <li key={`${each.path} ${each.message}`}>
              <Text size="sm">
                {each.path} {each.message}. {each.fix}
              </Text>
            </li>
          ))}
        </ul>
      </div>
    </Panel>
  );
}

function Saved(props: { mesh: string; review: string | null; answer: MergeAnswer; onStartOver(): void }) {
  const { mesh, review, answer } = props;
  let next: ReactNode = (
    <Button component={Link} href={`/meshes/${mesh}/topology`}>
      See it on the topology
    </Button>
  );
  if (review !== null) {
    next = (
      <Button component={Link} href={`/meshes/${mesh}/reviews/${review}/decision`}>
        Answer review #{review} with it
      </Button>
    );
  }
  return (
    <Page>
      <Answer
        eyebrow={EYEBROW}
        status="ok"
        answer={`${plural(answer.result.total, "change")} saved to the draft, as one step.`}
        detail="Undo on the topology (Ctrl Z) takes the whole step back. What runs stays as it is until a deployment."
        actions={
          <>
            <StartOver onClick={props.onStartOver} />
            {next}
          </>
        }
      />
      <Outcome answer={answer} />
    </Page>
  );
}
