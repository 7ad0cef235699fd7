"use client";
// All policy tests of the mesh with what they say now. Rule: a failed test tells what was expected and what came; a click opens its question.
import { ActionIcon, Button, Group, Text, Tooltip } from "@mantine/core";
import { IconFlask, IconPlayerPlay, IconTrash } from "@tabler/icons-react";
import { useMe } from "@/components/shell";
import { EmptyState, ErrorState, LoadingRows, Panel, StatusBadge, useConfirm } from "@/components/ui";
import type { StoredTest, TestRun } from "@/lib/api/schema";
import type { PolicyTest } from "@/lib/simulate";
import { usePolicyTests, useTestChanges, useTestRun } from "./queries";
import classes from "./simulate.module.css";
import { expectationWords } from "./words";

interface Props {
  mesh: string;
  at: string | null;
  onOpen(test: PolicyTest): void;
}

export function TestsPanel({ mesh, at, onOpen }: Props) {
  const tests = usePolicyTests(mesh);
  const run = useTestRun(mesh, at);
  const items = tests.data?.items ?? [];
  if (tests.error) return <ErrorState error={tests.error} onRetry={() => void tests.refetch()} />;
  return (
    <Panel
      title="Policy tests"
      hint="Asked of the design that the bar above names, as it is saved."
      aside={
        <Button
          size="xs"
          variant="default"
          leftSection={<IconPlayerPlay size={14} />}
          loading={run.isFetching}
          disabled={items.length === 0 || at === null}
          onClick={() => void run.refetch()}
        >
          Run all
        </Button>
      }
      flush
    >
      {run.error ? <ErrorState error={run.error} onRetry={() => void run.refetch()} /> : null}
      {tests.isLoading ? (
        <div className={classes.padded}>
          <LoadingRows />
        </div>
      ) : items.length === 0 ? (
        <EmptyState icon={<IconFlask size={32} stroke={1.5} />} title="No policy test yet">
          Ask a question, and keep its answer: it is asked again of every version, here, in the command line and in a
          pipeline.
        </EmptyState>
      ) : (
        <ul className={classes.list}>
          {items.map((test) => (
            <TestRow
              key={test.id}
              mesh={mesh}
              test={test}
              result={run.data?.results.find(({ id }) => id === test.id)}
              onOpen={() => onOpen(test as PolicyTest)}
            />
          ))}
        </ul>
      )}
    </Panel>
  );
}

function TestRow({
  mesh,
  test,
  result,
  onOpen,
}: {
  mesh: string;
  test: StoredTest;
  result: TestRun["results"][number] | undefined;
  onOpen(): void;
}) {
  const { can } = useMe();
  const { remove } = useTestChanges(mesh);
  const confirm = useConfirm();
  return (
    <li className={classes.test}>
      <div className={classes.testHead}>
        <Group gap={8}>
          <StatusBadge status={!result ? "unmeasured" : result.passed ? "ok" : "failing"}>
            {!result ? "not run" : result.passed ? "holds" : "does not hold"}
          </StatusBadge>
          <Text fw={500}>{test.name}</Text>
        </Group>
        <Group gap={8} wrap="nowrap">
          <Button size="xs" variant="default" onClick={onOpen}>
            Open
          </Button>
          <Tooltip label={can("draft.write") ? "Remove" : "Removing needs the role author"}>
            <ActionIcon
              variant="subtle"
              color="gray"
              aria-label={`Remove ${test.name}`}
              disabled={!can("draft.write")}
              onClick={() =>
                confirm.ask({
                  title: `Remove the test ${test.name}`,
                  consequence:
                    "It is asked no more of any version, here, in the command line and in pipelines, for everybody. What it asked stays in the audit log.",
                  action: "Remove it",
                  act: () => remove.mutateAsync({ id: test.id, version: test.version }),
                })
              }
            >
              <IconTrash size={16} />
            </ActionIcon>
          </Tooltip>
        </Group>
      </div>
      <Text size="sm" c="dimmed">
        {test.question.method} {test.question.to.host}
        {test.question.path} expects: {expectationWords(test.expect as PolicyTest["expect"])}
      </Text>
      {result?.failures.map((failure) => (
        <Text key={failure} size="sm" c="var(--mw-failing)">
          {failure}
        </Text>
      ))}
      {confirm.dialog}
    </li>
  );
}
