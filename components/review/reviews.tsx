"use client";
// "What waits for a decision?" Job: the reviews of a mesh, open ones first. Rule: the answer on top says what waits for this person.
import { Anchor, Button, Group, SegmentedControl, Text } from "@mantine/core";
import { IconGavel, IconPlus } from "@tabler/icons-react";
import Link from "next/link";
import { useReviews } from "@/components/api-client";
import { useMe, useMesh, useUrlParameters } from "@/components/shell";
import {
  Answer,
  absent,
  type Column,
  DataTable,
  EmptyState,
  LoadingRows,
  Mono,
  Page,
  Panel,
  plural,
  ReadingState,
  readingAnswer,
  StatusBadge,
  shortDigest,
  TimeAgo,
} from "@/components/ui";
import type { ReviewSummaryDto } from "@/lib/api/schema";
import { reviewsAnswer, stateStatus, stateWord } from "./words";

const filters = [
  { value: "open", label: "Open" },
  { value: "decided", label: "Decided" },
  { value: "all", label: "All" },
] as const;

export function Reviews() {
  const { mesh } = useMesh();
  const { can } = useMe();
  const { search, set } = useUrlParameters();
  const state = filters.find(({ value }) => value === search.get("state"))?.value ?? "all";
  const reviews = useReviews(mesh, state);
  const open = useReviews(mesh, "open");
  const items = reviews.data?.items ?? [];
  const maySubmit = can("review.submit");
  const newReview = (
    <Button component={Link} href={`/meshes/${mesh}/reviews/new`} leftSection={<IconPlus size={16} />}>
      New review
    </Button>
  );
  return (
    <Page>
      <Answer
        eyebrow="Reviews"
        {...(open.data ? reviewsAnswer(open.data.items) : { answer: readingAnswer(open, "the reviews").text })}
        actions={maySubmit ? newReview : null}
      />
      <ReadingState of={reviews} />
      <Group>
        <SegmentedControl
          aria-label="Which reviews"
          size="xs"
          data={[...filters]}
          value={state}
          onChange={(value) => set({ state: value === "all" ? null : value })}
        />
      </Group>
      {reviews.error && !reviews.data ? null : (
        <Panel flush>
          {reviews.isLoading ? (
            <LoadingRows />
          ) : items.length === 0 ? (
            <EmptyState
              icon={<IconGavel size={32} stroke={1.5} />}
              title={state === "all" ? "No review yet" : "None of this kind"}
              action={state === "all" && maySubmit ? newReview : null}
            >
              A review freezes the draft as a revision and walks a board through it in nine stations: what changes, who
              may call whom, what would be answered differently, and the decision.
              {maySubmit ? null : " An author submits one; you decide on it here."}
            </EmptyState>
          ) : (
            <ReviewTable mesh={mesh} items={items} />
          )}
        </Panel>
      )}
    </Page>
  );
}

function ReviewTable({ mesh, items }: { mesh: string; items: readonly ReviewSummaryDto[] }) {
  const columns: Column<ReviewSummaryDto>[] = [
    {
      title: "Review",
      cell: ({ number, title }) => (
        <Anchor component={Link} href={`/meshes/${mesh}/reviews/${number}/purpose`} fw={500} size="sm">
          #{number} {title}
        </Anchor>
      ),
    },
    {
      title: "State",
      folded: "aside",
      isWhole: true,
      cell: ({ state }) => <StatusBadge status={stateStatus(state)}>{stateWord[state]}</StatusBadge>,
    },
    { title: "Revision", cell: ({ round }) => <Revision round={round} /> },
    {
      title: "Where it stands",
      folded: "line",
      cell: (review) => (
        <>
          <Text size="sm">{review.sentence}</Text>
          <Left review={review} />
        </>
      ),
    },
    { title: "Author", cell: ({ author }) => author },
    { title: "Submitted", isWhole: true, cell: ({ submittedAt }) => <TimeAgo at={submittedAt} /> },
  ];
  return <DataTable label="Reviews" columns={columns} rows={items} keyOf={keyOf} minWidth={760} />;
}

const keyOf = ({ number }: ReviewSummaryDto) => String(number);

function Revision({ round }: Pick<ReviewSummaryDto, "round">) {
  if (!round) return absent;
  return (
    <>
      r{round.revision}
      {round.number > 1 ? ` · round ${round.number}` : ""} <Mono title={round.digest}>{shortDigest(round.digest)}</Mono>
    </>
  );
}

/** What is left to do, where something is. */
function Left({ review }: { review: ReviewSummaryDto }) {
  const text =
    review.state === "approved-with-conditions" && review.unmetConditions > 0
      ? `${plural(review.unmetConditions, "condition")} not met`
      : review.openComments > 0
        ? plural(review.openComments, "open comment")
        : null;
  if (text === null) return null;
  return (
    <Text size="xs" c="dimmed" component="span">
      {text}
    </Text>
  );
}
