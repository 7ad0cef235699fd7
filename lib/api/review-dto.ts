// Reviews as the API shows them: what was said, what counts, and what this caller may do.
// The rule: every figure and every "why not" comes from lib/review, so that a screen never decides by itself.
import type { Principal } from "@/lib/auth/permissions";
import { authorsOf, type ReviewRow, toBlocking, toRound } from "@/lib/data/reviews/rows";
import { votingRoles } from "@/lib/data/reviews/vote";
import { type ReviewRule, type ReviewState, tally, waitsFor, whyNotVoter } from "@/lib/review";
import type * as schema from "./schema";

const iso = (date: Date | null) => date?.toISOString() ?? null;

interface Of {
  meshId: string;
  row: ReviewRow;
  rule: ReviewRule;
}

export function toSummary({ meshId, row, rule }: Of, principal: Principal): schema.ReviewSummaryDto {
  const round = row.rounds.at(-1);
  const state = row.state as ReviewState;
  const result = round && tally(rule, toRound(round), toBlocking(row.comments));
  return {
    number: row.number,
    title: row.title,
    state,
    author: row.authorName,
    createdAt: row.createdAt.toISOString(),
    submittedAt: iso(row.submittedAt),
    decidedAt: iso(row.decidedAt),
    round: round ? { number: round.number, revision: round.revision.number, digest: round.digest } : null,
    approvals: result?.approvals ?? 0,
    needed: rule.quorum,
    blocking: result?.blocking ?? 0,
    openComments: row.comments.filter(({ resolvedAt, parentId }) => resolvedAt === null && parentId === null).length,
    tests: round ? toRound(round).tests : null,
    unmetConditions: row.conditions.filter(({ metAt }) => metAt === null).length,
    sentence: result?.sentence ?? "Not submitted yet.",
    waitsForYou: waitsFor(
      { state, rule, round: round && toRound(round) },
      { voterId: principal.userId, roles: votingRoles(principal, meshId) },
    ),
  };
}

function toVotes(round: ReviewRow["rounds"][number], rule: ReviewRule, userId: string): schema.ReviewVoteDto[] {
  const { ignored } = tally(rule, toRound(round), []);
  return round.votes.map((vote) => ({
    voter: vote.voterName,
    role: vote.role as schema.ReviewVoteDto["role"],
    decision: vote.decision as schema.ReviewVoteDto["decision"],
    comment: vote.comment,
    digest: vote.digest,
    at: vote.at.toISOString(),
    isMine: vote.voterId === userId,
    ignored: ignored.find((each) => each.vote.voterId === vote.voterId)?.why ?? null,
  }));
}

interface Shown extends Of {
  supersedes: number | null;
}

export function toReview({ meshId, row, rule, supersedes }: Shown, principal: Principal): schema.ReviewDto {
  const { userId } = principal;
  const last = row.rounds.at(-1);
  const refusal = whyNotVoter(
    { state: row.state as ReviewState, rule, round: last && toRound(last) },
    { voterId: userId, roles: votingRoles(principal, meshId) },
  );
  return {
    ...toSummary({ meshId, row, rule }, principal),
    version: row.version,
    what: row.what,
    why: row.why,
    notes: row.notes as Record<string, string>,
    base: row.baseRevision && { revision: row.baseRevision.number, digest: row.baseRevision.digest },
    supersedes,
    rule: { ...rule, roles: [...rule.roles] },
    rounds: row.rounds.map((round) => ({
      number: round.number,
      revision: round.revision.number,
      digest: round.digest,
      authors: authorsOf(round).map(({ name }) => name),
      answer: round.answer,
      submittedBy: round.submittedByName,
      createdAt: round.createdAt.toISOString(),
      tests: toRound(round).tests,
      votes: toVotes(round, rule, userId),
    })),
    comments: row.comments.map((comment) => ({
      id: comment.id,
      round: comment.round,
      station: comment.station as schema.ReviewCommentDto["station"],
      anchor: comment.anchor,
      parent: comment.parentId,
      body: comment.body,
      blocking: comment.blocking,
      author: comment.authorName,
      isMine: comment.authorId === userId,
      createdAt: comment.createdAt.toISOString(),
      resolvedAt: iso(comment.resolvedAt),
      resolvedBy: comment.resolvedByName,
      resolution: comment.resolution,
    })),
    conditions: row.conditions.map(toCondition),
    you: {
      isAuthor: row.rounds.some((round) => authorsOf(round).some(({ id }) => id === userId)) || row.authorId === userId,
      whyNotVote: refusal?.sentence ?? null,
    },
  };
}

export function toCondition(condition: ReviewRow["conditions"][number]): schema.ReviewConditionDto {
  return {
    id: condition.id,
    text: condition.text,
    owner: condition.owner,
    dueOn: condition.dueOn,
    beforeDeploy: condition.beforeDeploy,
    control: condition.control,
    setBy: condition.setByName,
    metAt: iso(condition.metAt),
    metBy: condition.metByName,
    evidence: condition.evidence,
  };
}
