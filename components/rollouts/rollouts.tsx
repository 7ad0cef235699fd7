"use client";
// "Where is it, and may it go on?" Job: what runs, what is under way, what would change, the way back.
import { Anchor, Button, Group, Modal, Stack, Table, Text } from "@mantine/core";
import { IconArrowBackUp } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { type DeploymentDto, isOpen, keys, send, useDeployments } from "@/components/api-client";
import { useMe, useMesh, useUrlParameters } from "@/components/shell";
import {
  Answer,
  EmptyState,
  ErrorText,
  LoadingRows,
  Page,
  Panel,
  ReadingState,
  readingAnswer,
  StatusBadge,
  shortDigest,
  TableScroll,
  TimeAgo,
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
  const [rollingBack, setRollingBack] = useState<DeploymentDto | null>(null);
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
            <Button variant="default" leftSection={<IconArrowBackUp size={16} />} onClick={() => setRollingBack(last)}>
              Roll back to r{before}
            </Button>
          ) : null
        }
      />
      <ReadingState of={deployments} />
      {shown?.waves.some((wave) => wave.proxies.length > 0) ? <Waves deployment={shown} /> : null}
      <NewDeployment isBusy={latest ? isOpen(latest) : false} />
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
            <TableScroll label="Deployments">
              <Table miw={680}>
                <Table.Thead>
                  <Table.Tr>
                    <Table.Th>Revision</Table.Th>
                    <Table.Th>State</Table.Th>
                    <Table.Th>Reason</Table.Th>
                    <Table.Th>By</Table.Th>
                    <Table.Th>When</Table.Th>
                  </Table.Tr>
                </Table.Thead>
                <Table.Tbody>
                  {items.map((each) => (
                    <Table.Tr key={each.id} bg={each.id === shown?.id ? "var(--mw-accent-soft)" : undefined}>
                      <Table.Td>
                        <Anchor
                          component="button"
                          size="sm"
                          fw={500}
                          onClick={() => set({ deployment: each.id === latest?.id ? null : each.id })}
                        >
                          r{each.revision}
                        </Anchor>
                        {each.rollbackOf ? (
                          <Text size="xs" c="dimmed">
                            roll back
                          </Text>
                        ) : null}
                      </Table.Td>
                      <Table.Td>
                        <StatusBadge status={deploymentStatus(each.state)}>
                          {stateWord[each.state] ?? each.state}
                        </StatusBadge>
                      </Table.Td>
                      <Table.Td maw={360}>{each.reason ?? "–"}</Table.Td>
                      <Table.Td>{each.startedBy}</Table.Td>
                      <Table.Td style={{ whiteSpace: "nowrap" }}>
                        <TimeAgo at={each.finishedAt ?? each.startedAt ?? each.createdAt} />
                      </Table.Td>
                    </Table.Tr>
                  ))}
                </Table.Tbody>
              </Table>
            </TableScroll>
          )}
        </Panel>
      )}
      <RollBack deployment={rollingBack} to={before} onClose={() => setRollingBack(null)} />
    </Page>
  );
}

function RollBack({
  deployment,
  to,
  onClose,
}: {
  deployment: DeploymentDto | null;
  to: number | null;
  onClose: () => void;
}) {
  const { mesh, environment } = useMesh();
  const client = useQueryClient();
  const rollBack = useMutation({
    mutationFn: (id: string) =>
      send<DeploymentDto>("POST", `/meshes/${mesh}/environments/${environment?.name}/deployments/${id}/rollback`, {}),
    onSuccess: onClose,
    onSettled: () => client.invalidateQueries({ queryKey: keys.mesh(mesh) }),
  });
  const proxies = deployment?.waves.flatMap((wave) => wave.proxies).length ?? 0;
  return (
    <Modal opened={deployment !== null} onClose={onClose} title={`Roll back to r${to ?? "?"}`}>
      <Stack>
        <Text size="sm">
          {proxies > 0 ? `${proxies} proxies get` : "The proxies get"} the configuration of r{to} again, in the same
          waves. Running requests are not cut. The draft stays as it is.
        </Text>
        <ErrorText>{rollBack.error?.message}</ErrorText>
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button
            loading={rollBack.isPending}
            onClick={() => deployment && rollBack.mutate(deployment.id)}
            data-autofocus
          >
            Roll back
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
