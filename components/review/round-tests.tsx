"use client";
// Policy tests as a list, failing ones first. Rule: a failing test says what was expected and what came; passing ones are only named.
import { Text } from "@mantine/core";
import { EmptyState, StatusBadge } from "@/components/ui";
import type { StationOf } from "@/lib/api/schema";
import classes from "./review.module.css";

export type ShownTest = NonNullable<StationOf<"routing">["tests"]>[number];

const STATE = {
  failed: { status: "failing", word: "does not hold" },
  "not-run": { status: "unmeasured", word: "not asked" },
  passed: { status: "ok", word: "holds" },
} as const;

export function RoundTests({ tests }: { tests: readonly ShownTest[] | null }) {
  if (tests === null) {
    return (
      <EmptyState title="Not asked">
        This round was submitted before policy tests were asked of a review. The next round asks them.
      </EmptyState>
    );
  }
  if (tests.length === 0) {
    return (
      <EmptyState title="This mesh has no policy tests">
        Simulate keeps a question with the answer that is expected; every review then asks it again.
      </EmptyState>
    );
  }
  return (
    <ul className={classes.sentences}>
      {tests.map((test) => (
        <li key={test.id}>
          <StatusBadge status={STATE[test.state].status}>{STATE[test.state].word}</StatusBadge>
          <div className={classes.sentence}>
            {test.name}
            {test.request ? (
              <Text size="xs" c="dimmed">
                {test.request}
              </Text>
            ) : null}
            {test.failures.map((failure) => (
              <Text key={failure} size="sm" c="var(--mw-failing)">
                {failure}
              </Text>
            ))}
            {test.sentence ? (
              <Text size="xs" c="dimmed">
                {test.sentence}
              </Text>
            ) : null}
          </div>
        </li>
      ))}
    </ul>
  );
}
