"use client";
// This run against an earlier one: what got worse first.
import { Anchor, Text } from "@mantine/core";
import { EmptyState, ErrorState, LoadingRows, Panel, plural, StatusBadge, TimeAgo } from "@/components/ui";
import type { State } from "@/lib/compliance/types";
import { LAYER_WORDS, STATE_WORDS } from "@/lib/compliance/words";
import classes from "./checklist.module.css";
import { useChanges } from "./use-checks";
import { subjectWord } from "./words";

const DIRECTION = {
  worse: { status: "failing", word: "worse" },
  changed: { status: "attention", word: "changed" },
  better: { status: "ok", word: "better" },
} as const;
const ORDER = ["worse", "changed", "better"];

interface ComparePanelProps {
  mesh: string;
  environment: string | undefined;
  run: string;
  since: string | null;
  onOpen(control: string): void;
}

export function ComparePanel({ mesh, environment, run, since, onOpen }: ComparePanelProps) {
  const { data, error, isLoading, refetch } = useChanges(mesh, environment, run, since);
  const changes = [...(data?.changes ?? [])].sort((a, b) => ORDER.indexOf(a.direction) - ORDER.indexOf(b.direction));
  const word = (state: string | null) => (state === null ? "not there" : (STATE_WORDS[state as State] ?? state));
  return (
    <Panel
      title={data ? `${plural(changes.length, "difference")} to the run before` : "Compared with an earlier run"}
      hint={
        data ? (
          <>
            measured <TimeAgo at={data.before.finishedAt} /> and <TimeAgo at={data.after.finishedAt} />
          </>
        ) : null
      }
      flush
    >
      {error ? <ErrorState error={error} onRetry={() => void refetch()} /> : null}
      {isLoading ? <LoadingRows rows={2} /> : null}
      {data && changes.length === 0 ? (
        <EmptyState title="Nothing is different">Both runs found the same on every layer.</EmptyState>
      ) : null}
      <ul className={classes.list}>
        {changes.map((each) => (
          <li key={`${each.control} ${each.layer}`} className={classes.change}>
            <StatusBadge status={DIRECTION[each.direction].status}>{DIRECTION[each.direction].word}</StatusBadge>
            <div>
              <Anchor component="button" size="sm" onClick={() => onOpen(each.control)}>
                {each.control} {each.title}
              </Anchor>
              <Text size="xs" c="dimmed">
                {LAYER_WORDS[each.layer]}: {word(each.before)}, now {word(each.after)}
                {each.newlyFailing.length > 0 ? `; fails now: ${each.newlyFailing.map(subjectWord).join(", ")}` : ""}
                {each.noLongerFailing.length > 0
                  ? `; no longer fails: ${each.noLongerFailing.map(subjectWord).join(", ")}`
                  : ""}
              </Text>
            </div>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
