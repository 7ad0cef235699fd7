"use client";
// The walkthrough's frame: nine stations in a row, walked by arrow keys, full screen, with the presenter's clock and notes.
// Rule: it stays while stations change, so the clock runs on and full screen holds; keys never take a letter from a text field.
import { ActionIcon, Button, Group, Text, Title, Tooltip } from "@mantine/core";
import { IconArrowLeft, IconArrowRight, IconMaximize, IconMinimize, IconNotes } from "@tabler/icons-react";
import Link from "next/link";
import { useParams, useRouter } from "next/navigation";
import { type ReactNode, useCallback, useEffect, useRef, useState } from "react";
import { useMesh } from "@/components/shell";
import { EmptyState, ErrorState, LoadingRows, Page, ReadingHead, StatusBadge, shortDigest } from "@/components/ui";
import type { ReviewDto } from "@/lib/api/schema";
import { isStation, neighboursOf, numberOf, STATIONS, type StationId } from "@/lib/review";
import { Comments } from "./comments";
import { Notes } from "./notes";
import { PresenterClock, useClock } from "./presenter-clock";
import { useReadAhead, useReview } from "./queries";
import classes from "./review.module.css";
import { useStationKeys } from "./use-station-keys";
import { movedOnTo, stateStatus, stateWord } from "./words";

export function ReviewFrame({ children }: { children: ReactNode }) {
  const { mesh } = useMesh();
  const params = useParams<{ review: string; station?: string }>();
  const review = useReview(mesh, params.review);
  const station = params.station && isStation(params.station) ? params.station : "purpose";
  if (review.error) {
    return (
      <Page>
        <ReadingHead eyebrow={`Review #${params.review}`} of={review} what="the review" />
        <ErrorState error={review.error} onRetry={() => void review.refetch()} />
        <Group>
          <Button component={Link} href={`/meshes/${mesh}/reviews`} variant="default">
            All reviews
          </Button>
        </Group>
      </Page>
    );
  }
  if (!review.data) {
    return (
      <Page>
        <ReadingHead eyebrow={`Review #${params.review}`} of={review} what="the review" />
        <LoadingRows rows={8} />
      </Page>
    );
  }
  return (
    <Walk mesh={mesh} review={review.data} station={station}>
      {children}
    </Walk>
  );
}

function Walk(props: { mesh: string; review: ReviewDto; station: StationId; children: ReactNode }) {
  const { mesh, review, station, children } = props;
  const { environment } = useMesh();
  const movedOn = movedOnTo(review, environment?.running?.revision);
  const router = useRouter();
  const frame = useRef<HTMLDivElement>(null);
  const heading = useRef<HTMLHeadingElement>(null);
  const [isFull, setFull] = useState(false);
  const [hasNotes, setNotes] = useState(false);
  const clock = useClock(review.number, station);
  const root = `/meshes/${mesh}/reviews/${review.number}`;
  const { before, after } = neighboursOf(station);
  useReadAhead(mesh, review, after);
  const walked = useRef(false);

  const go = useCallback(
    (to: StationId | null) => {
      if (!to) return;
      walked.current = true;
      router.push(`${root}/${to}`);
    },
    [router, root],
  );
  useEffect(() => {
    // Who walks by key hears where they are; who came by a link keeps their place.
    if (walked.current && station) heading.current?.focus();
  }, [station]);
  useEffect(() => {
    const follow = () => setFull(document.fullscreenElement === frame.current);
    document.addEventListener("fullscreenchange", follow);
    return () => document.removeEventListener("fullscreenchange", follow);
  }, []);
  const toggleFull = useCallback(() => {
    if (document.fullscreenElement) void document.exitFullscreen();
    else void frame.current?.requestFullscreen().catch(() => undefined);
  }, []);
  useStationKeys({
    before: () => go(before),
    after: () => go(after),
    jump: (number) => go(STATIONS[number - 1]?.id ?? null),
    full: toggleFull,
    notes: () => setNotes((shown) => !shown),
    clock: clock.toggle,
    comment: () => document.getElementById("review-comment")?.focus(),
  });

  const here = STATIONS[numberOf(station) - 1] ?? STATIONS[0];
  return (
    <div ref={frame} className={classes.frame}>
      <div className={classes.bar}>
        <div className={classes.barTitle}>
          <Text size="xs" c="dimmed" component="div" truncate>
            <Link href={`/meshes/${mesh}/reviews`} className={classes.quietLink}>
              Reviews
            </Link>{" "}
            / #{review.number} {review.title}
          </Text>
          <Group gap={8} wrap="wrap">
            <StatusBadge status={stateStatus(review.state)}>{stateWord[review.state]}</StatusBadge>
            {review.round ? (
              <Text size="xs" c="dimmed" component="span" title={review.round.digest}>
                r{review.round.revision} · round {review.round.number} ·{" "}
                <span className={classes.digest}>{shortDigest(review.round.digest)}</span>
                {review.base ? ` · against r${review.base.revision}` : " · against an empty mesh"}
              </Text>
            ) : null}
            {movedOn === null ? null : (
              <StatusBadge status="attention">
                r{movedOn} runs in {environment?.name} now
              </StatusBadge>
            )}
          </Group>
        </div>
        <Group gap={6} wrap="nowrap" className={classes.tools}>
          <PresenterClock clock={clock} />
          <Tooltip label="Notes (n)">
            <ActionIcon
              onClick={() => setNotes((shown) => !shown)}
              aria-label="Presenter's notes"
              aria-pressed={hasNotes}
              variant={hasNotes ? "light" : "default"}
            >
              <IconNotes size={16} />
            </ActionIcon>
          </Tooltip>
          <Tooltip label="Full screen (f)">
            <ActionIcon
              onClick={toggleFull}
              aria-label={isFull ? "Leave full screen" : "Full screen"}
              variant="default"
            >
              {isFull ? <IconMinimize size={16} /> : <IconMaximize size={16} />}
            </ActionIcon>
          </Tooltip>
        </Group>
      </div>
      <nav className={classes.stations} aria-label="Stations">
        {STATIONS.map(({ id, short, title }, place) => (
          <Link
            key={id}
            href={`${root}/${id}`}
            className={classes.station}
            aria-current={id === station ? "step" : undefined}
            aria-label={`${place + 1} ${title}${openHere(review, id) ? `, ${openHere(review, id)} open` : ""}`}
            prefetch={false}
          >
            <span className={classes.stationNumber}>{place + 1}</span>
            <span className={classes.stationTitle}>{short}</span>
            {openHere(review, id) > 0 ? <span className={classes.stationOpen}>{openHere(review, id)}</span> : null}
          </Link>
        ))}
      </nav>
      <div className={classes.scroll}>
        <div className={classes.columns}>
          <div className={classes.content}>
            <div>
              <Text size="xs" c="dimmed" fw={500}>
                Station {numberOf(station)} of 9 · {here.title}
              </Text>
              <Title order={1} ref={heading} tabIndex={-1} className={classes.question}>
                {here.question}
              </Title>
            </div>
            {review.round || station === "purpose" ? (
              children
            ) : (
              <EmptyState title="Not submitted yet">
                This review is only a text so far. Its author submits the draft, which freezes a revision; then there is
                something to walk through.
              </EmptyState>
            )}
            <Group justify="space-between" mt="sm">
              <Step to={before} root={root} direction="before" />
              <Step to={after} root={root} direction="after" />
            </Group>
          </div>
          <aside className={classes.side} aria-label="Notes and comments">
            {hasNotes ? <Notes mesh={mesh} review={review} station={station} /> : null}
            <Comments mesh={mesh} review={review} station={station} />
          </aside>
        </div>
      </div>
    </div>
  );
}

function openHere(review: ReviewDto, station: StationId): number {
  return review.comments.filter(
    (comment) => comment.station === station && comment.parent === null && comment.resolvedAt === null,
  ).length;
}

function Step({ to, root, direction }: { to: StationId | null; root: string; direction: "before" | "after" }) {
  const station = STATIONS.find(({ id }) => id === to);
  if (!station) return <span />;
  return (
    <Button
      component={Link}
      href={`${root}/${station.id}`}
      variant={direction === "after" ? "light" : "default"}
      size="xs"
      leftSection={direction === "before" ? <IconArrowLeft size={14} /> : null}
      rightSection={direction === "after" ? <IconArrowRight size={14} /> : null}
    >
      {station.title}
    </Button>
  );
}
