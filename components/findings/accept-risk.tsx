"use client";
// The form that accepts the risk of a finding. Rule: reason, owner and last day are asked for, and what was typed stays when it is refused.
import { Button, Group, Stack, Text, Textarea, TextInput } from "@mantine/core";
import { useState } from "react";
import { ApiError, type FindingDto } from "@/components/api-client";
import { ErrorText } from "@/components/ui";
import { useRiskActions } from "./use-findings-now";

const DAY_MS = 86_400_000;
const dayIn = (days: number) => new Date(Date.now() + days * DAY_MS).toISOString().slice(0, 10);

export function AcceptRisk({ mesh, finding, onDone }: { mesh: string; finding: FindingDto; onDone: () => void }) {
  const { accept } = useRiskActions(mesh);
  const [reason, setReason] = useState("");
  const [owner, setOwner] = useState("");
  const [lastDay, setLastDay] = useState(dayIn(90));
  const submit = () =>
    accept.mutate(
      { findingId: finding.id, message: finding.message, reason, owner, expiresAt: `${lastDay}T23:59:59Z` },
      { onSuccess: onDone },
    );
  const problems = accept.error instanceof ApiError ? accept.error.violations : [];
  const at = (field: string) =>
    problems.flatMap((each) => (each.path === `body.${field}` ? [`It ${each.message}. ${each.fix ?? ""}`] : []))[0];
  const isElsewhere = accept.error && problems.length === 0;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <Stack gap={8} mt={8} maw={560}>
        <Text size="sm">
          The finding stays, but is not counted until the last day. Reviewers see who accepted it, and why.
        </Text>
        <Textarea
          label="Reason"
          description="Why this can be borne, and what protects meanwhile"
          size="xs"
          autosize
          minRows={2}
          required
          maxLength={2000}
          value={reason}
          error={at("reason")}
          onChange={(event) => setReason(event.currentTarget.value)}
        />
        <Group gap={12} align="flex-start">
          <TextInput
            label="Owner"
            description="Who answers for it"
            size="xs"
            required
            maxLength={256}
            value={owner}
            error={at("owner")}
            onChange={(event) => setOwner(event.currentTarget.value)}
          />
          <TextInput
            type="date"
            label="Last day"
            description="At most a year ahead"
            size="xs"
            required
            min={dayIn(1)}
            max={dayIn(365)}
            value={lastDay}
            error={at("expiresAt")}
            onChange={(event) => setLastDay(event.currentTarget.value)}
          />
        </Group>
        <ErrorText>{isElsewhere ? accept.error.message : null}</ErrorText>
        <Group gap={8}>
          <Button type="submit" size="xs" loading={accept.isPending}>
            Accept the risk
          </Button>
          <Button size="xs" variant="default" onClick={onDone}>
            Cancel
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
