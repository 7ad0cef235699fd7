"use client";
// What the policy tests say of the draft, before it is submitted. Rule: failing tests stand first and forbid nothing; the words say what
// a reviewer will see, and when the mesh's rule will not take it.
import { Anchor, Text } from "@mantine/core";
import Link from "next/link";
import { ErrorState, LoadingRows, Panel } from "@/components/ui";
import type { ReviewRuleDto } from "@/lib/api/schema";
import { type TestCounts, testsSentence } from "@/lib/review";
import { useDraftTests } from "./queries";
import { RoundTests, type ShownTest } from "./round-tests";

/** More would push the button off the page. */
const MOST_SHOWN = 8;

export function TestsBefore({ mesh, version, rule }: { mesh: string; version: number | null; rule?: ReviewRuleDto }) {
  const run = useDraftTests(mesh, version);
  if (run.error) return <ErrorState error={run.error} onRetry={() => void run.refetch()} />;
  if (!run.data) {
    return (
      <Panel title="Policy tests" hint={version === null ? "Asked when the draft is saved" : "Asking the draft"}>
        <LoadingRows rows={2} height={20} />
      </Panel>
    );
  }
  const { passed, failed, notRun, results } = run.data;
  const counts: TestCounts = { total: passed + failed + notRun, failed, notRun };
  const failing = results
    .filter((each) => !each.passed)
    .map(
      ({ id, name, failures, answer }): ShownTest => ({
        id,
        name,
        state: "failed",
        request: "",
        failures,
        sentence: answer.sentence,
      }),
    );
  const isInTheWay = failed + notRun > 0;
  return (
    <Panel title="Policy tests" hint="Asked again of what is frozen, and kept with it" flush={failing.length > 0}>
      <Text size="sm" px={failing.length > 0 ? 16 : 0} py={failing.length > 0 ? 8 : 0}>
        {testsSentence(counts)}{" "}
        {isInTheWay
          ? rule?.testsMustPass
            ? "It can be submitted, but this mesh approves nothing while that is so. "
            : "It can be submitted; the reviewers see it. "
          : ""}
        {counts.total === 0 || isInTheWay ? (
          <Anchor component={Link} href={`/meshes/${mesh}/simulate?tab=tests`} size="sm">
            {counts.total === 0 ? "Write one in Simulate" : "Open them in Simulate"}
          </Anchor>
        ) : null}
      </Text>
      {failing.length > 0 ? <RoundTests tests={failing.slice(0, MOST_SHOWN)} /> : null}
      {failing.length > MOST_SHOWN ? (
        <Text size="xs" c="dimmed" px={16} pb={8}>
          and {failing.length - MOST_SHOWN} more
        </Text>
      ) : null}
    </Panel>
  );
}
