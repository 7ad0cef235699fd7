"use client";
// Comments of a station, pinned to objects; open questions of older rounds say so. Rule: resolving keeps the comment, and only a
// reviewer who is no author of the change settles what blocks.
import { Anchor, Button, Checkbox, Group, Select, Stack, Text, Textarea } from "@mantine/core";
import { useState } from "react";
import { objectName } from "@/components/comments";
import { useMe, useUrlParameters } from "@/components/shell";
import { ErrorText, Panel, plural, StatusBadge, TimeAgo } from "@/components/ui";
import type { ReviewCommentDto, ReviewDto } from "@/lib/api/schema";
import { FINAL_STATES, type StationId } from "@/lib/review";
import { useReviewStep } from "./queries";
import classes from "./review.module.css";

interface CommentsProps {
  mesh: string;
  review: ReviewDto;
  station: StationId;
}

export function Comments({ mesh, review, station }: CommentsProps) {
  const { can } = useMe();
  const threads = review.comments.filter((comment) => comment.station === station && comment.parent === null);
  const open = threads.filter(({ resolvedAt }) => resolvedAt === null);
  const elsewhere = review.openComments - open.length;
  if (!review.round) return null;
  return (
    <Panel
      title={`Comments on this station`}
      hint={open.length > 0 ? `${plural(open.length, "open question")}` : "No open question here"}
    >
      <Stack gap="md">
        {threads.map((comment) => (
          <Thread key={comment.id} mesh={mesh} review={review} comment={comment} />
        ))}
        {elsewhere > 0 ? (
          <Text size="xs" c="dimmed">
            {plural(elsewhere, "open question")} on other stations; all are listed at the decision.
          </Text>
        ) : null}
        {can("review.comment") ? <NewComment mesh={mesh} review={review} station={station} /> : null}
      </Stack>
    </Panel>
  );
}

export function Thread({ mesh, review, comment }: { mesh: string; review: ReviewDto; comment: ReviewCommentDto }) {
  const { can } = useMe();
  const { set } = useUrlParameters();
  const step = useReviewStep(mesh, review.number);
  const [answer, setAnswer] = useState<string | null>(null);
  const answers = review.comments.filter(({ parent }) => parent === comment.id);
  const isOpen = comment.resolvedAt === null;
  const maySettle = comment.blocking ? can("review.vote") && !review.you.isAuthor : can("review.comment");
  const isOld = review.round !== null && comment.round < review.round.number;
  const path = `/comments/${comment.id}`;
  return (
    <article className={classes.thread} id={`comment-${comment.id}`}>
      <Group gap={6}>
        {comment.blocking ? (
          <StatusBadge status={isOpen ? "failing" : "ok"}>{isOpen ? "blocks" : "no longer blocks"}</StatusBadge>
        ) : null}
        <Text size="sm" fw={600}>
          {comment.author}
        </Text>
        <Text size="xs" c="dimmed">
          <TimeAgo at={comment.createdAt} />
        </Text>
      </Group>
      {isOld ? (
        <Text size="xs" c="dimmed">
          {isOpen ? `From round ${comment.round}. Does it still hold?` : `From round ${comment.round}`}
        </Text>
      ) : null}
      {comment.anchor ? (
        <Anchor component="button" size="xs" onClick={() => set({ sel: comment.anchor })} className={classes.anchor}>
          on {objectName(comment.anchor)}
        </Anchor>
      ) : null}
      <Text size="sm" className={classes.body}>
        {comment.body}
      </Text>
      {answers.map((each) => (
        <div key={each.id} className={classes.reply}>
          <Text size="xs" c="dimmed">
            {each.author} <TimeAgo at={each.createdAt} />
          </Text>
          <Text size="sm" className={classes.body}>
            {each.body}
          </Text>
        </div>
      ))}
      {isOpen ? null : (
        <Text size="xs" c="dimmed">
          Resolved by {comment.resolvedBy} <TimeAgo at={comment.resolvedAt} />
          {comment.resolution ? `: ${comment.resolution}` : ""}
        </Text>
      )}
      {answer !== null ? (
        <Textarea
          aria-label="Answer"
          size="xs"
          autosize
          minRows={2}
          maxLength={10_000}
          value={answer}
          onChange={(event) => setAnswer(event.currentTarget.value)}
        />
      ) : null}
      <ErrorText size="xs">{step.error?.message}</ErrorText>
      <Group gap={6}>
        {can("review.comment") ? (
          answer === null ? (
            <Button size="compact-xs" variant="subtle" onClick={() => setAnswer("")}>
              Answer
            </Button>
          ) : (
            <Button
              size="compact-xs"
              disabled={answer.trim() === ""}
              loading={step.isPending}
              onClick={() =>
                step.mutate(
                  { path: "/comments", body: { station: comment.station, parent: comment.id, body: answer } },
                  { onSuccess: () => setAnswer(null) },
                )
              }
            >
              Send the answer
            </Button>
          )
        ) : null}
        {maySettle && isOpen ? (
          <Button
            size="compact-xs"
            variant="default"
            loading={step.isPending}
            onClick={() =>
              step.mutate(
                { path: `${path}/resolve`, body: { resolution: answer?.trim() ?? "" } },
                { onSuccess: () => setAnswer(null) },
              )
            }
          >
            Resolve
          </Button>
        ) : null}
        {maySettle && !isOpen && !FINAL_STATES.has(review.state) ? (
          <Button
            size="compact-xs"
            variant="subtle"
            loading={step.isPending}
            onClick={() => step.mutate({ path: `${path}/reopen`, body: {} })}
          >
            Open again
          </Button>
        ) : null}
      </Group>
    </article>
  );
}

/** The object is the one that is selected on the station (`sel` in the URL), or chosen here. */
function NewComment({ mesh, review, station }: CommentsProps) {
  const { can } = useMe();
  const { search, set } = useUrlParameters();
  const step = useReviewStep(mesh, review.number);
  const [body, setBody] = useState("");
  const [blocking, setBlocking] = useState(false);
  const anchor = search.get("sel");
  const mayBlock = can("review.vote") && !FINAL_STATES.has(review.state) && !review.you.isAuthor;
  const known = [...new Set(review.comments.flatMap((comment) => (comment.anchor ? [comment.anchor] : [])))];
  const options = [...new Set([...(anchor ? [anchor] : []), ...known])];
  return (
    <Stack gap={8}>
      <Textarea
        id="review-comment"
        label="New comment"
        placeholder="What should be asked or changed here?"
        autosize
        minRows={2}
        maxLength={10_000}
        value={body}
        onChange={(event) => setBody(event.currentTarget.value)}
      />
      {options.length > 0 ? (
        <Select
          label="On"
          size="xs"
          clearable
          placeholder="the whole station"
          data={options.map((key) => ({ value: key, label: objectName(key) }))}
          value={anchor}
          onChange={(value) => set({ sel: value })}
        />
      ) : null}
      <Group gap={12}>
        <Button
          size="xs"
          disabled={body.trim() === ""}
          loading={step.isPending}
          onClick={() =>
            step.mutate(
              {
                path: "/comments",
                body: { station, body, blocking: blocking && mayBlock, ...(anchor ? { anchor } : {}) },
              },
              {
                onSuccess: () => {
                  setBody("");
                  setBlocking(false);
                },
              },
            )
          }
        >
          Comment
        </Button>
        {mayBlock ? (
          <Checkbox
            size="xs"
            label="It blocks the approval"
            checked={blocking}
            onChange={(event) => setBlocking(event.currentTarget.checked)}
          />
        ) : null}
      </Group>
      <ErrorText size="xs">{step.error?.message}</ErrorText>
    </Stack>
  );
}
