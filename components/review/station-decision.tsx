"use client";
// Station 9: the decision. Rule: quorum, roles and digest stand above the vote, open questions before it; who may not vote reads why.
import { Anchor, Group, Text } from "@mantine/core";
import Link from "next/link";
import { Panel, plural, StatusBadge, TimeAgo } from "@/components/ui";
import type { ReviewDto } from "@/lib/api/schema";
import { FINAL_STATES, testsSentence } from "@/lib/review";
import { Thread } from "./comments";
import { Conditions } from "./conditions";
import { Resubmit } from "./resubmit";
import classes from "./review.module.css";
import { VoteForm } from "./vote-form";
import { decisionStatus, decisionWord, stateStatus, stateWord, testsStatus, testsWord } from "./words";

export function DecisionStation({ mesh, review }: { mesh: string; review: ReviewDto }) {
  const round = review.rounds.at(-1);
  const open = review.comments.filter(({ parent, resolvedAt }) => parent === null && resolvedAt === null);
  const earlier = review.rounds.filter(({ number, votes }) => number !== round?.number && votes.length > 0);
  if (!round) return null;
  return (
    <>
      <Panel
        title="Where it stands"
        aside={<StatusBadge status={stateStatus(review.state)}>{stateWord[review.state]}</StatusBadge>}
      >
        <dl className={classes.facts}>
          <dt>Votes</dt>
          <dd>{review.sentence}</dd>
          {open.length === 0 ? (
            <>
              <dt>Open questions</dt>
              <dd>Every comment is answered.</dd>
            </>
          ) : null}
          <dt>Rule of this mesh</dt>
          <dd>
            {plural(review.rule.quorum, "approval")} by {review.rule.roles.join(" or ")}, none of an author; one
            rejection or one request for changes is heard first.
            {review.rule.testsMustPass ? " Nothing is approved whose policy tests do not all hold." : ""}
          </dd>
          <dt>Policy tests</dt>
          <dd data-testid="policy-tests">
            <Group gap={8}>
              <StatusBadge status={testsStatus(round.tests)}>{testsWord(round.tests)}</StatusBadge>
              <Anchor component={Link} href={`/meshes/${mesh}/reviews/${review.number}/routing`} size="sm">
                {testsSentence(round.tests)}
              </Anchor>
            </Group>
          </dd>
          <dt>Authors</dt>
          <dd>{round.authors.join(", ")}</dd>
          <dt>{FINAL_STATES.has(review.state) ? "Decided on" : "To decide on"}</dt>
          <dd>
            r{round.revision}, round {round.number}
            <div className={classes.full} data-testid="digest">
              {round.digest}
            </div>
          </dd>
        </dl>
      </Panel>
      {open.length > 0 ? (
        <Panel
          title="Open questions"
          hint={`${open.length}, ${open.filter(({ blocking }) => blocking).length} of them blocking`}
        >
          {open.map((comment) => (
            <Thread key={comment.id} mesh={mesh} review={review} comment={comment} />
          ))}
        </Panel>
      ) : null}
      {round.votes.length > 0 ? (
        <Panel title="Votes of this round" hint={plural(round.votes.length, "vote")}>
          <Votes votes={round.votes} />
        </Panel>
      ) : null}
      {review.conditions.length > 0 ? <Conditions mesh={mesh} review={review} /> : null}
      <VoteForm mesh={mesh} review={review} round={round} />
      <Resubmit mesh={mesh} review={review} />
      {earlier.map((each) => (
        <Panel
          key={each.number}
          title={`Votes of round ${each.number}`}
          hint={`On r${each.revision}; they count for nothing now`}
        >
          <Votes votes={each.votes} />
        </Panel>
      ))}
    </>
  );
}

function Votes({ votes }: { votes: ReviewDto["rounds"][number]["votes"] }) {
  return (
    <>
      {votes.map((vote) => (
        <div key={`${vote.voter} ${vote.at}`} className={classes.thread}>
          <Group gap={8}>
            <StatusBadge status={vote.ignored ? "stale" : decisionStatus(vote.decision)}>
              {decisionWord[vote.decision]}
            </StatusBadge>
            <Text size="sm" fw={600}>
              {vote.voter}
              {vote.isMine ? " (you)" : ""}
            </Text>
            <Text size="xs" c="dimmed">
              as {vote.role}, <TimeAgo at={vote.at} />
            </Text>
          </Group>
          {vote.comment ? (
            <Text size="sm" className={classes.body}>
              {vote.comment}
            </Text>
          ) : null}
          {vote.ignored ? (
            <Text size="xs" c="dimmed">
              It does not count: {vote.ignored}.
            </Text>
          ) : null}
        </div>
      ))}
    </>
  );
}
