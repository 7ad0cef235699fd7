"use client";
// Open comments of reviews that are pinned to what is selected, and a place to write one. Rule: a comment belongs to a review; without an
// open one it is said how to get one, and nothing is kept anywhere else.
import { Anchor, Button, Group, Select, Stack, Text, Textarea } from "@mantine/core";
import Link from "next/link";
import { useState } from "react";
import { objectName, usePinComment } from "@/components/comments";
import { useMe, useMesh } from "@/components/shell";
import { ErrorText, StatusBadge, TimeAgo } from "@/components/ui";
import { isStation } from "@/lib/review";
import type { Topology } from "../use-topology";
import { Section } from "./parts";

/** More than these are read in the review. */
const most = 8;

export function PinnedComments({ topology, place }: { topology: Topology; place: string }) {
  const { mesh } = useMesh();
  const { can } = useMe();
  const { pinned, reviews } = topology;
  const [isWriting, setWriting] = useState(false);
  if (!reviews) return null;
  const comments = pinned.get(place) ?? [];
  const link = (review: number, station: string, anchor: string) =>
    `/meshes/${mesh}/reviews/${review}/${isStation(station) ? station : "changes"}?sel=${encodeURIComponent(anchor)}`;
  return (
    <Section
      title={comments.length > 0 ? `Comments (${comments.length} open)` : "Comments"}
      aside={
        can("review.comment") && reviews.length > 0 && !isWriting ? (
          <Button size="compact-xs" variant="subtle" onClick={() => setWriting(true)}>
            Write one
          </Button>
        ) : null
      }
    >
      <Stack gap={10}>
        {comments.slice(0, most).map((comment) => (
          <div key={comment.id}>
            <Group gap={6}>
              {comment.blocking ? <StatusBadge status="failing">blocks</StatusBadge> : null}
              <Text size="xs" c="dimmed">
                {comment.author} <TimeAgo at={comment.createdAt} />
                {comment.anchor === place ? "" : ` on ${objectName(comment.anchor)}`}
              </Text>
            </Group>
            <Text size="sm" lineClamp={4} style={{ overflowWrap: "anywhere" }}>
              {comment.body}
            </Text>
            <Anchor size="xs" component={Link} href={link(comment.review, comment.station, comment.anchor)}>
              Open in review #{comment.review}
            </Anchor>
          </div>
        ))}
        {comments.length > most ? (
          <Text size="xs" c="dimmed">
            and {comments.length - most} more
          </Text>
        ) : null}
        {isWriting ? (
          <WriteComment mesh={mesh} place={place} reviews={reviews} onDone={() => setWriting(false)} />
        ) : comments.length === 0 ? (
          <Text size="xs" c="dimmed">
            {reviews.length > 0 ? (
              "No open comment on this."
            ) : (
              <>
                A comment belongs to a review, and none is open.{" "}
                {can("review.submit") ? (
                  <Anchor size="xs" component={Link} href={`/meshes/${mesh}/reviews/new`}>
                    Submit the draft for review
                  </Anchor>
                ) : (
                  "An author submits the draft for review."
                )}
              </>
            )}
          </Text>
        ) : null}
      </Stack>
    </Section>
  );
}

function WriteComment(props: {
  mesh: string;
  place: string;
  reviews: readonly { number: number; title: string }[];
  onDone(): void;
}) {
  const { mesh, place, reviews, onDone } = props;
  const [review, setReview] = useState(String(reviews[0]?.number ?? ""));
  const [body, setBody] = useState("");
  const pin = usePinComment(mesh);
  const options = reviews.map(({ number, title }) => ({ value: String(number), label: `#${number} ${title}` }));
  return (
    <Stack gap={6}>
      {reviews.length > 1 ? (
        <Select
          label="To the review"
          size="xs"
          allowDeselect={false}
          data={options}
          value={review}
          onChange={(value) => setReview(value ?? review)}
        />
      ) : null}
      <Textarea
        label={reviews.length > 1 ? "Comment" : `Comment on ${objectName(place)}, in review #${review}`}
        size="xs"
        autosize
        minRows={2}
        maxLength={10_000}
        value={body}
        onChange={(event) => setBody(event.currentTarget.value)}
      />
      <ErrorText size="xs">{pin.error?.message}</ErrorText>
      <Group gap={6}>
        <Button
          size="compact-xs"
          disabled={body.trim() === ""}
          loading={pin.isPending}
          onClick={() =>
            pin.mutate(
              { review: Number(review), comment: { station: "changes", anchor: place, body, blocking: false } },
              { onSuccess: onDone },
            )
          }
        >
          Comment
        </Button>
        <Button size="compact-xs" variant="default" onClick={onDone}>
          Cancel
        </Button>
      </Group>
    </Stack>
  );
}
