"use client";
// From the draft or a revision to a deployment: what changes in sentences, what it does in numbers, then go.
import { Button, Group, List, Select, Stack, Text, TextInput } from "@mantine/core";
import { IconRocket } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import {
  ApiError,
  type DeploymentDto,
  type DeploymentPlanDto,
  type DiffDto,
  get,
  keys,
  type RevisionDto,
  send,
} from "@/components/api-client";
import { useDraft } from "@/components/draft";
import { useMe, useMesh } from "@/components/shell";
import { ErrorText, LoadingRows, Panel, plural, StatusBadge } from "@/components/ui";
import { ApprovalNote, useApproval } from "./approval-note";
import { PlanDetails } from "./plan-details";
import { frozenAlready, planInWords } from "./words";

export function NewDeployment({ isBusy }: { isBusy: boolean }) {
  const { mesh, environment, revisions } = useMesh();
  const { can } = useMe();
  const draft = useDraft(mesh);
  const client = useQueryClient();
  const [chosen, setFrom] = useState<string | null>(null);
  const mayFreeze = can("revision.create");
  const from = chosen ?? (mayFreeze ? "draft" : `r${revisions[0]?.number ?? 1}`);
  const [message, setMessage] = useState("");
  const [planned, setPlanned] = useState<{ revision: number; plan: DeploymentPlanDto } | null>(null);
  const running = environment?.running ? `r${environment.running.revision}` : null;
  const diff = useQuery({
    queryKey: keys.mesh(mesh, "diff", running, from, draft.snapshot?.version),
    queryFn: ({ signal }) => get<DiffDto>(`/meshes/${mesh}/diff?from=${running}&to=${from}`, signal),
    enabled: running !== null,
  });
  const plan = useMutation({
    mutationFn: async () => {
      const refused = await draft.flush();
      if (refused) throw new Error(refused.detail);
      const revision =
        from === "draft" ? await freeze(mesh, message.trim() || "Deployed from the draft") : Number(from.slice(1));
      return {
        revision,
        plan: await send<DeploymentPlanDto>("POST", `/meshes/${mesh}/environments/${environment?.name}/plan`, {
          revision,
        }),
      };
    },
    onSuccess: (made) => {
      setPlanned(made);
      setFrom(`r${made.revision}`);
      setMessage("");
      void client.invalidateQueries({ queryKey: keys.mesh(mesh, "revisions") });
    },
  });
  const deploy = useMutation({
    mutationFn: (revision: number) =>
      send<DeploymentDto>("POST", `/meshes/${mesh}/environments/${environment?.name}/deployments`, { revision }),
    onSuccess: () => setPlanned(null),
    onSettled: () => client.invalidateQueries({ queryKey: keys.mesh(mesh) }),
  });
  const approval = useApproval(mesh, environment?.name, planned?.revision ?? revisionOf(from));
  const isRefused = approval.data?.allowed === false;
  if (!can("deployment.plan") || (!mayFreeze && revisions.length === 0)) return null;
  const changes = diff.data?.changes ?? [];
  const options = [
    ...(mayFreeze ? [{ value: "draft", label: "The draft, as a new revision" }] : []),
    ...revisions.map((each) => ({
      value: `r${each.number}`,
      label: `r${each.number}${each.message ? `: ${each.message}` : ""}`,
    })),
  ];
  return (
    <Panel title="Deploy" hint={running ? `Compared with ${running}, which runs` : "Nothing runs yet"}>
      <Stack gap="md">
        <Group align="flex-end" gap={12}>
          <Select
            label="What"
            w={300}
            maw="100%"
            data={options}
            value={from}
            allowDeselect={false}
            onChange={(value) => {
              setFrom(value ?? "draft");
              setPlanned(null);
            }}
          />
          {from === "draft" ? (
            <TextInput
              label="In a few words"
              placeholder="10 % of checkout's calls to payment v2"
              flex={1}
              miw={220}
              maxLength={200}
              value={message}
              onChange={(event) => setMessage(event.currentTarget.value)}
            />
          ) : null}
          <Button
            variant={planned ? "default" : "filled"}
            loading={plan.isPending}
            onClick={() => plan.mutate()}
            disabled={!environment}
          >
            {from === "draft" ? "Freeze and plan" : "Show the plan"}
          </Button>
        </Group>
        {running === null ? null : diff.isLoading ? (
          <LoadingRows rows={2} height={20} />
        ) : diff.error ? (
          <ErrorText>{`What would change could not be read. ${diff.error.message}`}</ErrorText>
        ) : changes.length === 0 ? (
          <Text size="sm" c="dimmed">
            The same as what runs.
          </Text>
        ) : (
          <div>
            <Text size="sm" fw={600} mb={4}>
              {plural(changes.length, "change")}
            </Text>
            <List size="sm" spacing={4}>
              {changes.slice(0, 12).map((change) => (
                <List.Item key={`${change.kind} ${change.key} ${change.sentence}`}>{change.sentence}</List.Item>
              ))}
            </List>
            {changes.length > 12 ? (
              <Text size="xs" c="dimmed" mt={4}>
                and {changes.length - 12} more
              </Text>
            ) : null}
          </div>
        )}
        {approval.data ? <ApprovalNote mesh={mesh} approval={approval.data} /> : null}
        <ErrorText>{(plan.error ?? deploy.error)?.message}</ErrorText>
        {planned ? (
          <Stack gap="sm">
            <Group gap={8}>
              <StatusBadge status="ok">Plan for r{planned.revision}</StatusBadge>
              {planned.plan.summary.length === 0 ? <Text size="sm">{planInWords(planned.plan.proxies)}</Text> : null}
            </Group>
            <PlanDetails plan={planned.plan} />
            <Group>
              <Button
                leftSection={<IconRocket size={16} />}
                loading={deploy.isPending}
                disabled={isBusy || isRefused || !can("deployment.create")}
                onClick={() => deploy.mutate(planned.revision)}
              >
                Deploy r{planned.revision} to {environment?.name}
              </Button>
              {!can("deployment.create") ? (
                <Text size="sm" c="dimmed">
                  An operator may deploy it.
                </Text>
              ) : isRefused ? (
                <Text size="sm" c="dimmed">
                  The environment does not allow this revision.
                </Text>
              ) : isBusy ? (
                <Text size="sm" c="dimmed">
                  Another rollout is under way; wait until it is done.
                </Text>
              ) : null}
            </Group>
          </Stack>
        ) : null}
      </Stack>
    </Panel>
  );
}

/** A draft that is the same as the newest revision is that one. */
async function freeze(mesh: string, message: string): Promise<number> {
  try {
    return (await send<RevisionDto>("POST", `/meshes/${mesh}/revisions`, { message })).number;
  } catch (error) {
    const revision = error instanceof ApiError ? frozenAlready(error.problem) : null;
    if (revision === null) throw error;
    return revision;
  }
}

/** `r12` is 12; the draft has none yet. */
const revisionOf = (from: string): number | null => (from.startsWith("r") ? Number(from.slice(1)) : null);
