"use client";
// Station 1: the author's own words, and the facts of what was submitted.
import { Text } from "@mantine/core";
import { Panel, TimeAgo } from "@/components/ui";
import type { ReviewDto } from "@/lib/api/schema";
import { Resubmit } from "./resubmit";
import classes from "./review.module.css";

export function PurposeStation({ mesh, review }: { mesh: string; review: ReviewDto }) {
  const round = review.rounds.at(-1);
  const answers = review.rounds.filter(({ number }) => number > 1);
  return (
    <>
      <Panel title={review.title}>
        <Text className={classes.prose} c={review.what ? undefined : "dimmed"}>
          {review.what || "The author did not say what it is beyond the title."}
        </Text>
      </Panel>
      <Panel title="Why">
        <Text className={classes.prose} c={review.why ? undefined : "dimmed"}>
          {review.why || "The author gave no reason. Ask for one in a comment."}
        </Text>
      </Panel>
      {answers.map((each) => (
        <Panel key={each.number} title={`Round ${each.number}`} hint={`${each.submittedBy} answers the round before`}>
          <Text className={classes.prose} c={each.answer ? undefined : "dimmed"}>
            {each.answer || "No answer in words: station 2 shows what changed since."}
          </Text>
        </Panel>
      ))}
      <Panel title="What was submitted">
        <dl className={classes.facts}>
          <dt>Author</dt>
          <dd>{round && round.authors.length > 0 ? round.authors.join(", ") : review.author}</dd>
          <dt>Submitted</dt>
          <dd>{round ? <TimeAgo at={round.createdAt} /> : "not yet"}</dd>
          {round ? (
            <>
              <dt>Revision</dt>
              <dd>
                r{round.revision}, round {round.number}
              </dd>
              <dt>Digest</dt>
              <dd className={classes.full}>{round.digest}</dd>
            </>
          ) : null}
          <dt>Compared with</dt>
          <dd>{review.base ? `r${review.base.revision}` : "an empty mesh"}</dd>
          {review.supersedes ? (
            <>
              <dt>Replaces</dt>
              <dd>#{review.supersedes}</dd>
            </>
          ) : null}
        </dl>
      </Panel>
      <Resubmit mesh={mesh} review={review} />
    </>
  );
}
