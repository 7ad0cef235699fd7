"use client";
// What an environment asks of a revision, and how reviews of the mesh decide. Rule: read by everybody, set by an administrator,
// and the consequence stands beside the switch before it is thrown.
import { Button, Checkbox, Group, NumberInput, Stack, Switch, Text } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { keys, request } from "@/components/api-client";
import { useMe, useMesh } from "@/components/shell";
import { ErrorState, ErrorText, LoadingRows, Panel, plural } from "@/components/ui";
import type { ApprovalRuleDto, ReviewRuleDto } from "@/lib/api/schema";
import { DEFAULT_REVIEW_RULE, MAX_QUORUM, VOTING_ROLES } from "@/lib/review";

function useRule<T>(path: string, key: readonly unknown[]) {
  const client = useQueryClient();
  const query = useQuery({ queryKey: key, queryFn: ({ signal }) => request<T>(path, { signal }) });
  const save = useMutation({
    mutationFn: (rule: T) => request<T>(path, { method: "PUT", body: rule, ifMatch: query.data?.etag ?? null }),
    onSettled: () => client.invalidateQueries({ queryKey: key }),
  });
  return { query, save };
}

export function EnvironmentRule() {
  const { mesh, environment } = useMesh();
  if (!environment) return null;
  return <ApprovalRulePanel key={environment.name} mesh={mesh} environment={environment.name} />;
}

function ApprovalRulePanel({ mesh, environment }: { mesh: string; environment: string }) {
  const { can } = useMe();
  const path = `/meshes/${mesh}/environments/${environment}/approval-rule`;
  const { query, save } = useRule<ApprovalRuleDto>(path, keys.mesh(mesh, "review", "approval-rule", environment));
  const [edited, setEdited] = useState<ApprovalRuleDto | null>(null);
  const kept = query.data?.data;
  useEffect(() => {
    if (kept) setEdited(kept);
  }, [kept]);
  const mayWrite = can("mesh.write");
  const fallback: ReviewRuleDto = { quorum: DEFAULT_REVIEW_RULE.quorum, roles: [...DEFAULT_REVIEW_RULE.roles] };
  return (
    <Panel
      title={`What ${environment} asks of a revision`}
      hint="The server refuses a deployment that does not meet it"
    >
      {query.error ? <ErrorState error={query.error} onRetry={() => void query.refetch()} /> : null}
      {!edited ? (
        <LoadingRows rows={2} height={24} />
      ) : (
        <Stack gap="sm">
          <Switch
            label="Only revisions that a review approved"
            description={
              edited.kind === "none"
                ? "Off: any revision may be deployed by an operator."
                : "Unapproved revisions, old digests and unmet conditions are refused; going back to what ran here stays possible."
            }
            checked={edited.kind === "approved"}
            disabled={!mayWrite}
            onChange={(event) =>
              setEdited(event.currentTarget.checked ? { kind: "approved", ...fallback } : { kind: "none" })
            }
          />
          {edited.kind === "approved" ? (
            <RuleFields
              rule={edited}
              disabled={!mayWrite}
              onChange={(rule) => setEdited({ ...rule, kind: "approved" })}
            />
          ) : null}
          <SaveRule
            mayWrite={mayWrite}
            isChanged={JSON.stringify(edited) !== JSON.stringify(kept)}
            isValid={edited.kind === "none" || edited.roles.length > 0}
            isPending={save.isPending}
            error={save.error}
            onSave={() => save.mutate(edited)}
          />
        </Stack>
      )}
    </Panel>
  );
}

export function MeshRule() {
  const { mesh } = useMesh();
  const { can } = useMe();
  const { query, save } = useRule<ReviewRuleDto>(`/meshes/${mesh}/review-rule`, keys.mesh(mesh, "review", "rule"));
  const [edited, setEdited] = useState<ReviewRuleDto | null>(null);
  const kept = query.data?.data;
  useEffect(() => {
    if (kept) setEdited(kept);
  }, [kept]);
  const mayWrite = can("mesh.write");
  return (
    <Panel title="How reviews of this mesh decide" hint="An author of a change never counts">
      {query.error ? <ErrorState error={query.error} onRetry={() => void query.refetch()} /> : null}
      {!edited ? (
        <LoadingRows rows={2} height={24} />
      ) : (
        <Stack gap="sm">
          <RuleFields rule={edited} disabled={!mayWrite} onChange={setEdited} />
          <SaveRule
            mayWrite={mayWrite}
            isChanged={JSON.stringify(edited) !== JSON.stringify(kept)}
            isValid={edited.roles.length > 0}
            isPending={save.isPending}
            error={save.error}
            onSave={() => save.mutate(edited)}
          />
        </Stack>
      )}
    </Panel>
  );
}

function RuleFields(props: { rule: ReviewRuleDto; disabled: boolean; onChange(rule: ReviewRuleDto): void }) {
  const { rule, disabled, onChange } = props;
  return (
    <Group align="flex-end" gap="lg">
      <NumberInput
        label="Approvals"
        w={110}
        min={1}
        max={MAX_QUORUM}
        clampBehavior="strict"
        allowDecimal={false}
        disabled={disabled}
        value={rule.quorum}
        onChange={(value) => {
          const quorum = Number(value);
          if (Number.isInteger(quorum) && quorum >= 1 && quorum <= MAX_QUORUM) onChange({ ...rule, quorum });
        }}
      />
      <Checkbox.Group
        label="of people with the role"
        value={rule.roles}
        onChange={(values) => onChange({ ...rule, roles: VOTING_ROLES.filter((role) => values.includes(role)) })}
      >
        <Group mt={8}>
          {VOTING_ROLES.map((role) => (
            <Checkbox key={role} value={role} label={role} disabled={disabled} />
          ))}
        </Group>
      </Checkbox.Group>
      <Checkbox
        label="and all policy tests hold"
        description="As they were asked when the round was submitted"
        disabled={disabled}
        checked={rule.testsMustPass ?? false}
        onChange={(event) => {
          const { testsMustPass: _, ...rest } = rule;
          onChange(event.currentTarget.checked ? { ...rest, testsMustPass: true } : rest);
        }}
      />
    </Group>
  );
}

function SaveRule(props: {
  mayWrite: boolean;
  isChanged: boolean;
  isValid: boolean;
  isPending: boolean;
  error: Error | null;
  onSave(): void;
}) {
  if (!props.mayWrite)
    return (
      <Text size="xs" c="dimmed">
        An administrator sets it.
      </Text>
    );
  return (
    <Group>
      <Button size="xs" disabled={!props.isChanged || !props.isValid} loading={props.isPending} onClick={props.onSave}>
        Save the rule
      </Button>
      {props.isValid ? null : (
        <Text size="xs" c="var(--mw-failing)">
          Name at least {plural(1, "role")}.
        </Text>
      )}
      <ErrorText size="xs">{props.error?.message}</ErrorText>
    </Group>
  );
}
