"use client";
// Seen calls asked of what runs and of the design that is looked at. Rule: says how much was asked, so that "nothing differs" can be weighed.
import { Button, Text } from "@mantine/core";
import { IconHistory, IconPlayerPlay } from "@tabler/icons-react";
import { useMesh, useView } from "@/components/shell";
import { EmptyState, ErrorState, formatCount, LoadingRows, Panel, plural, StatusBadge } from "@/components/ui";
import type { ReplayAnswer } from "@/lib/api/schema";
import { parseKey } from "@/lib/mesh";
import { useReplay } from "./queries";
import type { QuestionForm } from "./question-url";
import classes from "./simulate.module.css";
import { NO_TOKEN } from "./token-fields";

interface Props {
  at: string | null;
  onOpen(change: Partial<QuestionForm>): void;
}

export function ReplayPanel({ at, onOpen }: Props) {
  const { mesh, environment } = useMesh();
  const { view } = useView();
  const replay = useReplay(mesh, { at, environment: environment?.name, range: view.range });
  if (replay.error) return <ErrorState error={replay.error} onRetry={() => void replay.refetch()} />;
  const found = replay.data;
  return (
    <Panel
      title="Seen calls"
      hint={found ? hintOf(found) : "Calls that were seen are asked of what runs and of this design."}
      aside={
        <Button
          size="xs"
          variant="default"
          leftSection={<IconPlayerPlay size={14} />}
          loading={replay.isFetching}
          onClick={() => void replay.refetch()}
        >
          Again
        </Button>
      }
      flush
    >
      {!found ? (
        <div className={classes.padded}>
          <LoadingRows />
        </div>
      ) : found.differences.length === 0 ? (
        <EmptyState
          icon={<IconHistory size={32} stroke={1.5} />}
          title={found.calls === 0 ? "No call was seen in this time" : "Every seen call would be answered alike"}
        >
          {found.calls === 0
            ? "Choose a longer time in the bar above, or wait for traffic."
            : "What was not seen is not asked here: look at the consequences of a policy for drawn calls."}
        </EmptyState>
      ) : (
        <ul className={classes.list}>
          {found.differences.map((each) => (
            <li key={`${each.caller} ${each.callee} ${each.method} ${each.path}`} className={classes.test}>
              <div className={classes.testHead}>
                <StatusBadge status={each.after.outcome === "forwarded" ? "attention" : "failing"}>
                  {plural(each.count, "request")}
                </StatusBadge>
                <Button size="xs" variant="default" onClick={() => onOpen(formFor(each))}>
                  Ask
                </Button>
              </div>
              <Text size="sm">{each.sentence}</Text>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}

function hintOf({ requests, environment, revision, range, unknown }: ReplayAnswer): string {
  const unheard = unknown === 0 ? "" : ` ${plural(unknown, "call")} of or to what the design does not know left out.`;
  return `${formatCount(requests)} requests in ${environment} (r${revision} runs there) in the last ${range}.${unheard}`;
}

/** The caller's first workload is not known here: the form asks for it where the name does not fit. */
function formFor({ caller, callee, method, path, before }: ReplayAnswer["differences"][number]): Partial<QuestionForm> {
  const [proxy = ""] = before.hops.map((hop) => hop.proxy);
  const [namespace, name] = proxy.split("/");
  const to = parseKey(callee);
  return {
    from: caller.startsWith("Gateway/") ? caller : `Workload/${namespace}/${name}`,
    host: to ? `${to.name}.${to.namespace}` : "",
    method,
    path,
    headers: "",
    ...NO_TOKEN,
  };
}
