"use client";
// The conditions of an approval, and meeting one. Rule: met means that somebody who is no author says how it was checked.
import { Button, Group, Stack, Text, TextInput } from "@mantine/core";
import { useState } from "react";
import { useMe } from "@/components/shell";
import { ErrorText, Panel, plural, StatusBadge, TimeAgo } from "@/components/ui";
import type { ReviewConditionDto, ReviewDto } from "@/lib/api/schema";
import { useReviewStep } from "./queries";
import classes from "./review.module.css";

export function Conditions({ mesh, review }: { mesh: string; review: ReviewDto }) {
  const unmet = review.conditions.filter(({ metAt }) => metAt === null).length;
  return (
    <Panel
      title="Conditions"
      hint={unmet === 0 ? "All are met" : `${plural(unmet, "condition")} ${unmet === 1 ? "is" : "are"} not met`}
    >
      {review.conditions.map((condition) => (
        <Condition key={condition.id} mesh={mesh} review={review} condition={condition} />
      ))}
    </Panel>
  );
}

function Condition({ mesh, review, condition }: { mesh: string; review: ReviewDto; condition: ReviewConditionDto }) {
  const { can } = useMe();
  const step = useReviewStep(mesh, review.number);
  const [evidence, setEvidence] = useState("");
  const isMet = condition.metAt !== null;
  const isLate = !isMet && condition.dueOn < new Date().toISOString().slice(0, 10);
  const mayMeet = !isMet && can("condition.meet") && !review.you.isAuthor;
  return (
    <div className={classes.thread}>
      <Group gap={8}>
        <StatusBadge status={isMet ? "ok" : isLate ? "failing" : "attention"}>
          {isMet ? "met" : isLate ? "overdue" : "not met"}
        </StatusBadge>
        <Text size="sm" fw={600}>
          {condition.text}
        </Text>
      </Group>
      <Text size="xs" c="dimmed">
        {condition.owner} sees to it {condition.beforeDeploy ? "before it is deployed" : "while it runs"}, until{" "}
        {condition.dueOn}. Asked by {condition.setBy}.
      </Text>
      {isMet ? (
        <Text size="sm">
          {condition.metBy} <TimeAgo at={condition.metAt} />: {condition.evidence}
        </Text>
      ) : mayMeet ? (
        <Stack gap={6}>
          <Group align="flex-end" gap={8}>
            <TextInput
              flex={1}
              miw={220}
              size="xs"
              label="How was it checked?"
              maxLength={4_000}
              value={evidence}
              onChange={(event) => setEvidence(event.currentTarget.value)}
            />
            <Button
              size="xs"
              disabled={evidence.trim().length < 3}
              loading={step.isPending}
              onClick={() => step.mutate({ path: `/conditions/${condition.id}/meet`, body: { evidence } })}
            >
              Mark as met
            </Button>
          </Group>
          <ErrorText size="xs">{step.error?.message}</ErrorText>
        </Stack>
      ) : (
        <Text size="xs" c="dimmed">
          {review.you.isAuthor
            ? "A reviewer or an operator marks it as met; you are an author of the change."
            : "A reviewer or an operator marks it as met."}
        </Text>
      )}
    </div>
  );
}
