"use client";
// "What should be changed, and how?" Job: every finding with its cause, its objects and a fix that can be seen first.
import { Anchor, Button, Chip, Group, Stack, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconChecks, IconWand } from "@tabler/icons-react";
import Link from "next/link";
import { useCallback, useState } from "react";
import { type FindingDto, useFindings } from "@/components/api-client";
import { type DesignWorker, useDesignAnswer, WorkerNote } from "@/components/design-worker";
import { type Draft, RefusalNote, SaveStateWord, useDraft } from "@/components/draft";
import { useMe, useMesh, useUrlParameters } from "@/components/shell";
import {
  Answer,
  EmptyState,
  ErrorState,
  LoadingRows,
  Page,
  Panel,
  plural,
  type Status,
  StatusBadge,
} from "@/components/ui";
import { parseKey } from "@/lib/mesh";
import classes from "./findings.module.css";
import { previewFix } from "./fix-preview";

const severities = [
  { value: "error", word: "error", status: "failing" },
  { value: "warning", word: "warning", status: "attention" },
  { value: "info", word: "hint", status: "unmeasured" },
] as const;

export function Findings() {
  const { mesh } = useMesh();
  const { search, set } = useUrlParameters();
  const draft = useDraft(mesh);
  const findings = useFindings(mesh, "draft");
  const document = draft.snapshot?.document;
  const question = useCallback(
    (worker: DesignWorker) => {
      if (document) worker.setDesign("draft", document);
      return worker.findings();
    },
    [document],
  );
  const live = useDesignAnswer(document ? question : null);
  const items: FindingDto[] = live.value ?? findings.data?.items ?? [];
  const only = search.get("severity");
  const shown = items.filter((finding) => !only || finding.severity === only);
  const counts = severities.map((each) => ({
    ...each,
    count: items.filter((finding) => finding.severity === each.value).length,
  }));
  const [errors, warnings, hints] = counts.map((each) => each.count);
  const answer: { status: Status; text: string } = !findings.data
    ? { status: "unmeasured", text: "Reading the draft." }
    : items.length === 0
      ? { status: "ok", text: "No analyzer has anything to say about the draft." }
      : errors
        ? {
            status: "failing",
            text: `${plural(errors, "thing")} in the draft ${errors === 1 ? "does" : "do"} not do what ${errors === 1 ? "it says" : "they say"}.`,
          }
        : {
            status: warnings ? "attention" : "ok",
            text: `${plural(warnings ?? 0, "warning")} and ${plural(hints ?? 0, "hint")} on the draft, no error.`,
          };
  return (
    <Page>
      <Answer
        eyebrow="Findings in the draft"
        status={answer.status}
        answer={answer.text}
        actions={draft.snapshot ? <SaveStateWord snapshot={draft.snapshot} /> : null}
      />
      {draft.snapshot ? <RefusalNote snapshot={draft.snapshot} onDismiss={draft.dismiss} /> : null}
      <WorkerNote />
      {findings.error ? <ErrorState error={findings.error} onRetry={() => void findings.refetch()} /> : null}
      {items.length > 0 ? (
        <Group gap={8}>
          {counts.map((each) => (
            <Chip
              key={each.value}
              size="xs"
              checked={only === each.value}
              onChange={(checked) => set({ severity: checked ? each.value : null })}
            >
              {plural(each.count, each.word)}
            </Chip>
          ))}
        </Group>
      ) : null}
      <Panel flush>
        {findings.isLoading ? (
          <LoadingRows />
        ) : shown.length === 0 ? (
          <EmptyState
            icon={<IconChecks size={32} stroke={1.5} />}
            title={items.length === 0 ? "Nothing to do" : "Nothing of that severity"}
          >
            {items.length === 0
              ? "Findings appear here while the draft is edited: what cannot work, what is risky, what current versions ignore."
              : "Choose another one."}
          </EmptyState>
        ) : (
          <ul className={classes.list}>
            {shown.map((finding) => (
              <Finding
                key={`${finding.code} ${finding.refs.join()} ${finding.path ?? ""} ${finding.message}`}
                finding={finding}
                draft={draft}
                mesh={mesh}
              />
            ))}
          </ul>
        )}
      </Panel>
    </Page>
  );
}

function Finding({ finding, draft, mesh }: { finding: FindingDto; draft: Draft; mesh: string }) {
  const severity = severities.find((each) => each.value === finding.severity) ?? severities[2];
  const [opened, setOpened] = useState<number | null>(null);
  const fix = opened === null ? undefined : finding.fixes?.[opened];
  return (
    <li className={classes.finding}>
      <Group gap={8}>
        <StatusBadge status={severity.status}>{severity.word}</StatusBadge>
        <Text size="xs" c="dimmed" ff="monospace">
          {finding.code}
        </Text>
        {finding.refs.map((key) => (
          <Anchor key={key} size="xs" component={Link} href={`/meshes/${mesh}/topology?sel=${encodeURIComponent(key)}`}>
            {parseKey(key)?.name ?? key}
          </Anchor>
        ))}
      </Group>
      <Text fw={500} mt={4}>
        {finding.message}
      </Text>
      <Text size="sm" c="dimmed">
        {finding.cause}
        {finding.path ? <span className={classes.path}> {finding.path}</span> : null}
      </Text>
      {finding.fixes && finding.fixes.length > 0 ? (
        <Group gap={8} mt={8}>
          {finding.fixes.map((each, index) => (
            <Button
              key={each.title}
              size="xs"
              variant={opened === index ? "light" : "default"}
              leftSection={<IconWand size={14} />}
              aria-expanded={opened === index}
              onClick={() => setOpened(opened === index ? null : index)}
            >
              {each.title}
            </Button>
          ))}
        </Group>
      ) : null}
      {fix && draft.snapshot ? <Preview fix={fix} draft={draft} onDone={() => setOpened(null)} /> : null}
    </li>
  );
}

function Preview({
  fix,
  draft,
  onDone,
}: {
  fix: NonNullable<FindingDto["fixes"]>[number];
  draft: Draft;
  onDone: () => void;
}) {
  const { can } = useMe();
  if (!draft.snapshot) return null;
  const preview = previewFix(draft.snapshot.document, fix.command);
  const apply = async () => {
    const violations = draft.edit(fix.command);
    if (violations.length > 0) {
      notifications.show({
        color: "orange",
        title: "The fix does not fit any more",
        message: violations.map((each) => each.message).join(" "),
      });
      return;
    }
    onDone();
    await draft.flush();
    notifications.show({
      title: "Applied to the draft",
      message: "It takes effect with the next deployment. Undo is on the topology.",
    });
  };
  return (
    <Stack gap={8} mt={8}>
      {preview.problem ? (
        <Text size="sm" c="var(--mw-attention)">
          {preview.problem}
        </Text>
      ) : (
        <>
          {preview.sentences.map((sentence) => (
            <Text key={sentence} size="sm">
              {sentence}
            </Text>
          ))}
          <ol className={classes.diff} aria-label="What changes, as YAML">
            {preview.lines.map((line) => (
              <li key={line.id} data-sign={line.sign}>
                <span aria-hidden="true">{line.sign}</span>
                {line.text}
              </li>
            ))}
          </ol>
          <Group>
            <Button size="xs" disabled={!can("draft.write")} onClick={() => void apply()}>
              Apply to the draft
            </Button>
          </Group>
        </>
      )}
    </Stack>
  );
}
