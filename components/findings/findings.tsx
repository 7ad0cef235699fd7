"use client";
// "What should be changed, and how?" Job: every finding of the draft as it stands, grouped by what to do, and the adoption beside it.
// Rule: what is shown is in the URL; nothing changes the draft before its effect was shown.
import { Chip, Group, Tabs, TextInput } from "@mantine/core";
import { IconChecks, IconSearch } from "@tabler/icons-react";
import type { FindingDto } from "@/components/api-client";
import { WorkerNote } from "@/components/design-worker";
import { RefusalNote, SaveStateWord, useDraft } from "@/components/draft";
import { AdoptionTable } from "@/components/modes";
import { useMesh, useUrlParameters, useUrlState } from "@/components/shell";
import {
  Answer,
  EmptyState,
  ErrorState,
  LoadingRows,
  Page,
  Panel,
  plural,
  readingAnswer,
  type Status,
  severityWord,
} from "@/components/ui";
import { FindingItem } from "./finding-item";
import classes from "./findings.module.css";
import { type Filter, filterFrom, groupsOf, isShown } from "./groups";
import { useFindingsNow } from "./use-findings-now";

const SEVERITIES = ["error", "warning", "info"] as const;

export function Findings() {
  const { mesh } = useMesh();
  const { search, set } = useUrlParameters();
  const draft = useDraft(mesh);
  const now = useFindingsNow(mesh, draft.snapshot?.document);
  const filter = filterFrom(new URLSearchParams(search.toString()));
  const tab = search.get("tab") === "adoption" ? "adoption" : "findings";
  const isUnread = now.error !== null && now.items.length === 0;
  const answer = isUnread ? readingAnswer(now, "the findings") : answerOf(now.items, now.isReading);
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
      <Tabs value={tab} onChange={(value) => set({ tab: value === "adoption" ? value : null })} keepMounted={false}>
        <Tabs.List mb={12}>
          <Tabs.Tab value="findings">Findings</Tabs.Tab>
          <Tabs.Tab value="adoption">Adoption</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="findings">
          {now.error ? <ErrorState error={now.error} onRetry={now.retry} /> : null}
          {now.items.length > 0 ? <Filters items={now.items} filter={filter} /> : null}
          {isUnread ? null : now.isReading ? (
            <Panel>
              <LoadingRows />
            </Panel>
          ) : (
            <Groups items={now.items} filter={filter} draft={draft} mesh={mesh} />
          )}
        </Tabs.Panel>
        <Tabs.Panel value="adoption">
          <AdoptionTable />
        </Tabs.Panel>
      </Tabs>
    </Page>
  );
}

function answerOf(items: readonly FindingDto[], isReading: boolean): { status: Status; text: string } {
  if (isReading) return { status: "unmeasured", text: "Reading the draft." };
  const counted = items.filter((finding) => !finding.accepted);
  const count = (severity: string) => counted.filter((finding) => finding.severity === severity).length;
  const [errors, warnings, hints] = [count("error"), count("warning"), count("info")];
  const accepted = items.length - counted.length;
  const also = accepted > 0 ? ` ${plural(accepted, "risk")} ${accepted === 1 ? "is" : "are"} accepted.` : "";
  if (errors > 0)
    return {
      status: "failing",
      text: `${plural(errors, "error")} and ${plural(warnings, "warning")} in the draft.${also}`,
    };
  if (warnings + hints === 0) return { status: "ok", text: `No analyzer has anything to say about the draft.${also}` };
  const status = warnings > 0 ? "attention" : "ok";
  return { status, text: `${plural(warnings, "warning")} and ${plural(hints, "hint")} on the draft, no error.${also}` };
}

function Filters({ items, filter }: { items: readonly FindingDto[]; filter: Filter }) {
  const { set } = useUrlParameters();
  const [text, setText] = useUrlState("q");
  const open = items.filter((finding) => !finding.accepted);
  const accepted = items.length - open.length;
  return (
    <Group gap={8} mb={12}>
      {SEVERITIES.map((value) => (
        <Chip
          key={value}
          size="xs"
          checked={filter.severity === value}
          onChange={(checked) => set({ severity: checked ? value : null, accepted: null })}
        >
          {plural(open.filter((finding) => finding.severity === value).length, severityWord[value])}
        </Chip>
      ))}
      {accepted > 0 || filter.accepted ? (
        <Chip
          size="xs"
          checked={filter.accepted}
          onChange={(checked) => set({ accepted: checked ? "1" : null, severity: null })}
        >
          {accepted} accepted
        </Chip>
      ) : null}
      {filter.object || filter.code || filter.area ? (
        <Chip size="xs" checked onChange={() => set({ object: null, code: null, area: null })}>
          only {filter.code ?? filter.area ?? filter.object?.split("/")[2]}
        </Chip>
      ) : null}
      <TextInput
        size="xs"
        leftSection={<IconSearch size={14} />}
        placeholder="Code, word or object"
        aria-label="Search in findings"
        value={text}
        onChange={(event) => setText(event.currentTarget.value || null)}
      />
    </Group>
  );
}

function Groups(props: {
  items: readonly FindingDto[];
  filter: Filter;
  draft: ReturnType<typeof useDraft>;
  mesh: string;
}) {
  const shown = props.items.filter((finding) => isShown(finding, props.filter));
  if (shown.length === 0) {
    const isCalm = props.items.length === 0;
    return (
      <Panel>
        <EmptyState icon={<IconChecks size={32} stroke={1.5} />} title={isCalm ? "Nothing to do" : "Nothing like that"}>
          {isCalm
            ? "Findings appear here while the draft is edited: what cannot work, what is risky, what current versions ignore."
            : "Take a filter away to see the others."}
        </EmptyState>
      </Panel>
    );
  }
  return (
    <div className={classes.groups}>
      {groupsOf(shown).map((group) => (
        <Panel key={group.area} title={`${group.title} (${group.findings.length})`} hint={group.hint} flush>
          <ul className={classes.list}>
            {group.findings.map((finding) => (
              <FindingItem key={finding.id} finding={finding} draft={props.draft} mesh={props.mesh} />
            ))}
          </ul>
        </Panel>
      ))}
    </div>
  );
}
