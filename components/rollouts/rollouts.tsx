"use client";
// "Where is it, and may it go on?" Job: what runs, what is under way, what would change, the way back.
import { Anchor, Button, Text } from "@mantine/core";
import { IconArrowBackUp } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { useRef } from "react";
import { type DeploymentDto, isOpen, keys, send, useDeployments } from "@/components/api-client";
import { useMe, useMesh, useUrlParameters } from "@/components/shell";
import {
  Answer,
  absent,
  type Column,
  DataTable,
  EmptyState,
  LoadingRows,
  Page,
  Panel,
  plural,
  ReadingState,
  readingAnswer,
  StatusBadge,
  shortDigest,
  TimeAgo,
  useConfirm,
} from "@/components/ui";
import { revisionBefore } from "@/lib/deploy/roll-back";
import { NewDeployment } from "./new-deployment";
import { Waves } from "./waves";
import { deploymentStatus, rolloutAnswer, stateWord } from "./words";

export function Rollouts() {
  const { mesh, environment, environments, isLoading } = useMesh();
  const { search, set } = useUrlParameters();
  const { can } = useMe();
  const deployments = useDeployments(mesh, environment?.name);
  const client = useQueryClient();
  const confirm = useConfirm();
  const watched = useRef<string | null>(null);
  const items = deployments.data?.items ?? [];
  const latest = items[0];
  const shown = items.find((each) => each.id === search.get("deployment")) ?? latest;
  const answer =
    deployments.data || (!environment && !isLoading)
      ? rolloutAnswer(latest, environment?.running ?? null, environment?.name ?? "the environment")
      : readingAnswer(deployments, "the deployments");
  const last = items.find((each) => each.state === "done");
  const before = revisionBefore(
    items
      .filter(({ state }) => state === "done")
      .reverse()
      .map(({ revision, rollbackOf }) => ({ revision, isRollBack: rollbackOf !== null })),
  );

  const waves = shown?.waves.some((wave) => wave.proxies.length > 0) ? <Waves deployment={shown} /> : null;
  // What was done before this visit, and was not asked for, stands below the next step; what is watched stays where it is.
  if (shown && (shown !== latest || shown.state !== "done")) watched.current = shown.id;
  const isToWatch = shown !== undefined && shown.id === watched.current;
  const askToRollBack = ({ id, waves }: DeploymentDto, to: number) => {
    const proxies = waves.flatMap((wave) => wave.proxies).length;
    confirm.ask({
      title: `Roll back to r${to}`,
      consequence: `${proxies > 0 ? `${plural(proxies, "proxy gets", "proxies get")}` : "The proxies get"} the configuration of r${to} again, in the same waves. Running requests are not cut. The draft stays as it is.`,
      action: "Roll back",
      keep: "Cancel",
      isHarmless: true,
      act: () =>
        send<DeploymentDto>(
          "POST",
          `/meshes/${mesh}/environments/${environment?.name}/deployments/${id}/rollback`,
          {},
        ).finally(() => client.invalidateQueries({ queryKey: keys.mesh(mesh) })),
    });
  };

  if (!isLoading && environments.length === 0)
    return (
      <Page>
        <EmptyState title="No environment yet">
          An environment is where proxies run. It appears as soon as the control plane is up.
        </EmptyState>
      </Page>
    );
  return (
    <Page>
      <Answer
        eyebrow={`Rollouts to ${environment?.name ?? "…"}`}
        status={answer.status}
        answer={answer.text}
        detail={latest?.reason ?? (environment?.running ? `Digest ${shortDigest(environment.running.digest)}` : null)}
        actions={
          last && before !== null && can("deployment.create") && !(latest && isOpen(latest)) ? (
            <Button
              variant="default"
              leftSection={<IconArrowBackUp size={16} />}
              onClick={() => askToRollBack(last, before)}
            >
              Roll back to r{before}
            </Button>
          ) : null
        }
      />
      <ReadingState of={deployments} />
      {isToWatch ? waves : null}
      <NewDeployment isBusy={latest ? isOpen(latest) : false} />
      {isToWatch ? null : waves}
      {deployments.error && !deployments.data ? null : (
        <Panel title="History" flush>
          {deployments.isLoading ? (
            <LoadingRows rows={3} />
          ) : items.length === 0 ? (
            <EmptyState title="No deployment yet">
              {can("deployment.create")
                ? "Deploy a revision above: it goes"
                : "An operator deploys a revision here: it goes"}{" "}
              to one proxy per workload first, and is taken back by itself when one refuses.
            </EmptyState>
          ) : (
            <DataTable
              label="Deployments"
              columns={columnsOf((id) => set({ deployment: id === latest?.id ? null : id }))}
              rows={items}
              keyOf={({ id }) => id}
              isSelected={({ id }) => id === shown?.id}
              minWidth={680}
            />
          )}
        </Panel>
      )}
      {confirm.dialog}
    </Page>
  );
}

function columnsOf(onOpen: (id: string) => void): Column<DeploymentDto>[] {
  return [
    {
      title: "Revision",
      cell: (each) => (
        <>
          <Anchor component="button" size="sm" fw={500} onClick={() => onOpen(each.id)}>
            r{each.revision}
          </Anchor>
          {each.rollbackOf ? (
            <Text size="xs" c="dimmed">
              roll back
            </Text>
          ) : null}
        </>
      ),
    },
    {
      title: "State",
      folded: "aside",
      cell: ({ state }) => <StatusBadge status={deploymentStatus(state)}>{stateWord[state] ?? state}</StatusBadge>,
    },
    { title: "Reason", folded: "line", cell: ({ reason }) => reason ?? absent },
    { title: "By", cell: ({ startedBy }) => startedBy },
    {
      title: "When",
      isWhole: true,
      cell: ({ finishedAt, startedAt, createdAt }) => <TimeAgo at={finishedAt ?? startedAt ?? createdAt} />,
    },
  ];
}
