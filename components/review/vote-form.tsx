"use client";
// The vote. Rule: it is cast on the digest that stood on the page when the reader chose; if a new round came meanwhile, the server
// refuses and the page says so instead of voting on something unread.
import { ActionIcon, Alert, Button, Checkbox, Group, Radio, Stack, Text, Textarea, TextInput } from "@mantine/core";
import { IconPlus, IconTrash } from "@tabler/icons-react";
import { useState } from "react";
import { ApiError } from "@/components/api-client";
import { Panel, shortDigest, useConfirm } from "@/components/ui";
import type { ReviewDto, ReviewRoundDto } from "@/lib/api/schema";
import { type Decision, testsInTheWay, testsSentence } from "@/lib/review";
import { useReviewStep } from "./queries";

interface ConditionText {
  id: number;
  text: string;
  owner: string;
  dueOn: string;
  beforeDeploy: boolean;
}

const options: { value: Decision; label: string; description: string }[] = [
  { value: "approve", label: "Approve", description: "It may go live as it is." },
  {
    value: "approve-with-conditions",
    label: "Approve with conditions",
    description: "It may go live when the checks that you name are met.",
  },
  { value: "changes", label: "Ask for changes", description: "The author answers with a new round." },
  { value: "reject", label: "Reject", description: "It is not made. This ends the review." },
];

export function VoteForm({ mesh, review, round }: { mesh: string; review: ReviewDto; round: ReviewRoundDto }) {
  const step = useReviewStep(mesh, review.number);
  const confirm = useConfirm();
  const [decision, setDecision] = useState<Decision | null>(null);
  const [readDigest, setReadDigest] = useState(round.digest);
  const [comment, setComment] = useState("");
  const [conditions, setConditions] = useState<ConditionText[]>([]);
  if (review.you.whyNotVote !== null) {
    return (
      <Panel title="Your vote">
        <Text size="sm">{review.you.whyNotVote}</Text>
      </Panel>
    );
  }
  const isMoved = readDigest !== round.digest;
  const isConditional = decision === "approve-with-conditions";
  const isApproval = decision === "approve" || isConditional;
  const isBlocked = isApproval && review.blocking > 0;
  const tests = testsInTheWay(review.rule, round);
  const isWhole = !isConditional || (conditions.length > 0 && conditions.every(isFilled));
  const choose = (value: string) => {
    const chosen = options.find((each) => each.value === value)?.value ?? null;
    setDecision(chosen);
    if (chosen === "approve-with-conditions" && conditions.length === 0) setConditions([newCondition(0)]);
  };
  const cast = async (chosen: Decision) => {
    await step.mutateAsync({
      path: "/votes",
      body: {
        digest: readDigest,
        decision: chosen,
        comment,
        conditions: isConditional ? conditions.map(({ id: _local, ...condition }) => condition) : [],
      },
    });
    setDecision(null);
    setComment("");
    setConditions([]);
  };
  const vote = () => {
    // What the server refuses stands above the button; a rejection waits for it in the question.
    if (decision && decision !== "reject") cast(decision).catch(() => undefined);
    if (decision !== "reject") return;
    confirm.ask({
      title: `Reject review #${review.number}`,
      consequence: `This ends the review: nobody can vote on r${round.revision} any more, and it may not be deployed where an approval is asked for. There is no way back, only a new review.`,
      action: "Reject it",
      keep: "Cancel",
      act: () => cast(decision),
    });
  };
  return (
    <Panel title="Your vote" hint={`On r${round.revision}, digest ${shortDigest(readDigest)}`}>
      <Stack gap="sm">
        {isMoved ? (
          <Alert color="yellow" variant="light" title="A new round was submitted while you read">
            <Text size="sm">Your vote would be on the old digest. Read what changed since, then go on.</Text>
            <Button mt={8} size="xs" variant="default" onClick={() => setReadDigest(round.digest)}>
              I have read round {round.number}
            </Button>
          </Alert>
        ) : null}
        <Radio.Group label="What do you decide?" value={decision ?? ""} onChange={choose}>
          <Stack gap={8} mt={6}>
            {options.map(({ value, label, description }) => (
              <Radio key={value} value={value} label={label} description={description} />
            ))}
          </Stack>
        </Radio.Group>
        {isBlocked ? (
          <Text size="sm" c="var(--mw-failing)">
            {review.blocking === 1 ? "A blocking comment is" : `${review.blocking} blocking comments are`} open: settle{" "}
            {review.blocking === 1 ? "it" : "them"} above first.
          </Text>
        ) : null}
        {isApproval && tests && !isBlocked ? (
          <Text size="sm" c="var(--mw-failing)">
            {tests} This mesh approves only what they all hold for: ask for changes.
          </Text>
        ) : null}
        {isApproval && !tests && round.tests && round.tests.failed > 0 ? (
          <Text size="sm" c="var(--mw-attention)">
            {testsSentence(round.tests)} The rule of this mesh leaves it to you.
          </Text>
        ) : null}
        {isConditional ? (
          <Stack gap={8}>
            {conditions.map((condition, place) => (
              <ConditionFields
                key={condition.id}
                place={place + 1}
                condition={condition}
                onChange={(next) => setConditions(conditions.map((each) => (each.id === condition.id ? next : each)))}
                onRemove={() => setConditions(conditions.filter(({ id }) => id !== condition.id))}
              />
            ))}
            <Group>
              <Button
                size="compact-xs"
                variant="default"
                leftSection={<IconPlus size={12} />}
                disabled={conditions.length >= 20}
                onClick={() =>
                  setConditions([...conditions, newCondition(1 + Math.max(0, ...conditions.map(({ id }) => id)))])
                }
              >
                Another condition
              </Button>
            </Group>
          </Stack>
        ) : null}
        <Textarea
          label="Reason"
          autosize
          minRows={2}
          maxLength={10_000}
          value={comment}
          onChange={(event) => setComment(event.currentTarget.value)}
        />
        {step.error ? (
          <Text size="sm" c="var(--mw-failing)" role="alert">
            {step.error.message}
            {step.error instanceof ApiError ? step.error.violations.map(({ message }) => ` ${message}.`).join("") : ""}
          </Text>
        ) : null}
        <Group>
          <Button
            disabled={decision === null || isBlocked || (isApproval && tests !== null) || !isWhole || isMoved}
            loading={step.isPending}
            onClick={vote}
            color={decision === "reject" ? "red" : undefined}
          >
            Vote
          </Button>
        </Group>
        {confirm.dialog}
      </Stack>
    </Panel>
  );
}

const IN_TWO_WEEKS_MS = 14 * 86_400_000;
const newCondition = (id: number): ConditionText => ({
  id,
  text: "",
  owner: "",
  dueOn: new Date(Date.now() + IN_TWO_WEEKS_MS).toISOString().slice(0, 10),
  beforeDeploy: true,
});
const isFilled = ({ text, owner, dueOn }: ConditionText) =>
  text.trim().length >= 3 && owner.trim() !== "" && /^\d{4}-\d{2}-\d{2}$/.test(dueOn);

function ConditionFields(props: {
  place: number;
  condition: ConditionText;
  onChange(next: ConditionText): void;
  onRemove(): void;
}) {
  const { place, condition, onChange } = props;
  return (
    <Stack gap={6} component="fieldset" style={{ border: 0, padding: 0, margin: 0 }}>
      <Group align="flex-end" gap={8}>
        <TextInput
          flex={2}
          miw={200}
          size="xs"
          label={`Condition ${place}: what is checked`}
          maxLength={1_000}
          value={condition.text}
          onChange={(event) => onChange({ ...condition, text: event.currentTarget.value })}
        />
        <TextInput
          flex={1}
          miw={120}
          size="xs"
          label="Owner"
          placeholder="payments"
          maxLength={120}
          value={condition.owner}
          onChange={(event) => onChange({ ...condition, owner: event.currentTarget.value })}
        />
        <TextInput
          size="xs"
          w={140}
          type="date"
          label="Until"
          value={condition.dueOn}
          onChange={(event) => onChange({ ...condition, dueOn: event.currentTarget.value })}
        />
        <ActionIcon variant="default" aria-label={`Remove condition ${place}`} onClick={props.onRemove}>
          <IconTrash size={14} />
        </ActionIcon>
      </Group>
      <Checkbox
        size="xs"
        label="Before it is deployed; otherwise it may run until that day"
        checked={condition.beforeDeploy}
        onChange={(event) => onChange({ ...condition, beforeDeploy: event.currentTarget.checked })}
      />
    </Stack>
  );
}
