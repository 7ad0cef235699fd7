"use client";
// The author's way on: answer with a new round, or take the review back. Rule: says that no vote is carried over before it is done.
import { Button, Checkbox, Group, Stack, Text, Textarea } from "@mantine/core";
import Link from "next/link";
import { useMemo, useState } from "react";
import { useDraft } from "@/components/draft";
import { useMe, useMesh } from "@/components/shell";
import { ErrorText, Panel, plural, shortDigest, useConfirm } from "@/components/ui";
import type { ReviewDto } from "@/lib/api/schema";
import { digestOf, type MeshDocument } from "@/lib/mesh";
import { FINAL_STATES } from "@/lib/review";
import { useReviewStep } from "./queries";
import { TestsBefore } from "./tests-before";
import { movedOnTo } from "./words";

export function Resubmit({ mesh, review }: { mesh: string; review: ReviewDto }) {
  const { can } = useMe();
  const draft = useDraft(mesh);
  const step = useReviewStep(mesh, review.number);
  const [answer, setAnswer] = useState("");
  const confirm = useConfirm();
  const { environment } = useMesh();
  const movedOn = movedOnTo(review, environment?.running?.revision);
  const [isMoving, setMoving] = useState(true);
  const against = review.round !== null && movedOn !== null && isMoving ? { against: movedOn } : {};
  const document: MeshDocument | undefined = draft.snapshot?.document;
  const digest = useMemo(() => (document ? digestOf(document) : null), [document]);
  if (!can("review.submit")) return null;
  const isOver = ["rejected", "superseded", "withdrawn"].includes(review.state);
  if (isOver) return null;
  const isOpen = !FINAL_STATES.has(review.state);
  const snapshot = draft.snapshot;
  const isSame = digest !== null && digest === review.round?.digest;
  const votes = review.rounds.at(-1)?.votes.length ?? 0;
  const next = (review.round?.number ?? 0) + 1;
  const askToWithdraw = () =>
    confirm.ask({
      title: `Withdraw review #${review.number}`,
      consequence: `Nobody can vote on it any more${isOpen ? "" : `, and r${review.round?.revision} may no longer be deployed where an approval is asked for`}. Its ${plural(review.rounds.length, "round")} and ${plural(review.comments.length, "comment")} stay readable.`,
      action: "Withdraw",
      act: () => step.mutateAsync({ path: "/withdraw", body: { reason: answer } }),
    });
  return (
    <>
      {isOpen && !isSame ? (
        <TestsBefore
          mesh={mesh}
          version={snapshot?.saveState === "saved" ? snapshot.version : null}
          rule={review.rule}
        />
      ) : null}
      <Panel
        title={isOpen ? (review.round ? "Answer with a new round" : "Submit it") : "Take it back"}
        hint={isOpen && review.round ? `Freezes the draft as round ${next}` : undefined}
      >
        <Stack gap="sm">
          {isOpen ? (
            <>
              <Textarea
                label="What did you change, and what do you answer?"
                autosize
                minRows={2}
                maxLength={20_000}
                value={answer}
                onChange={(event) => setAnswer(event.currentTarget.value)}
              />
              {review.round !== null && movedOn !== null ? (
                <Checkbox
                  label={`Compare with r${movedOn}, which runs in ${environment?.name} now`}
                  description={`${review.base ? `r${review.base.revision}` : "An empty mesh"} is what the rounds before were compared with, and stays so for them.`}
                  checked={isMoving}
                  onChange={(event) => setMoving(event.currentTarget.checked)}
                />
              ) : null}
              <Text size="sm" c="dimmed">
                {isSame
                  ? "The draft is the same as this round: change it first."
                  : `${votes > 0 ? `${plural(votes, "vote")} on this round ${votes === 1 ? "does" : "do"} not count for the next. ` : ""}Open comments are asked again.${digest ? ` Draft digest ${shortDigest(digest)}.` : ""}`}
              </Text>
            </>
          ) : (
            <Text size="sm" c="dimmed">
              It is decided. Taking it back also takes back what it allowed.
            </Text>
          )}
          <ErrorText>{step.error?.message}</ErrorText>
          <Group>
            {isOpen ? (
              <Button
                loading={step.isPending}
                disabled={isSame || snapshot?.saveState !== "saved"}
                onClick={() =>
                  step.mutate(
                    { path: "/rounds", body: { answer, ...against }, ifMatch: `"v${snapshot?.version}"` },
                    { onSuccess: () => setAnswer("") },
                  )
                }
              >
                Submit round {next}
              </Button>
            ) : null}
            {isOpen && !isSame && review.round ? (
              <Button
                component={Link}
                variant="default"
                href={`/meshes/${mesh}/merge?base=${review.base ? `r${review.base.revision}` : "empty"}&mine=r${review.round.revision}&review=${review.number}`}
              >
                Bring it up to date with the draft
              </Button>
            ) : null}
            <Button variant="default" onClick={askToWithdraw}>
              Withdraw the review
            </Button>
          </Group>
        </Stack>
        {confirm.dialog}
      </Panel>
    </>
  );
}
