// Votes, and what they come to.
// The rule: lib/review says whether a vote is taken and what the round's votes mean; here it is only held, under the review's
// row, so that a vote and a new round cannot pass each other.
import { can, type Principal } from "@/lib/auth/permissions";
import { AppError, type ErrorCode } from "@/lib/errors";
import {
  type Decision,
  FINAL_STATES,
  type ReviewState,
  tally,
  VOTING_ROLES,
  type VotingRole,
  whyNotVote,
} from "@/lib/review";
import { accessMesh, type MeshRef } from "../access";
import type { Connection, Database } from "../client";
import { findReview, lockReview, type ReviewRow, ruleOf, toBlocking, toRound } from "./rows";
import { log } from "./submit";

export interface NewCondition {
  text: string;
  owner: string;
  dueOn: string;
  beforeDeploy: boolean;
  control?: string | undefined;
}

interface NewVote {
  slug: string;
  number: number;
  digest: string;
  decision: Decision;
  comment: string;
  conditions: readonly NewCondition[];
}

/** The roles that this person may vote with here. A token never votes with more than it is limited to. */
export function votingRoles(principal: Principal, meshId: string): VotingRole[] {
  if (!can(principal, "review.vote", { meshId })) return [];
  const held = principal.bindings.filter(
    ({ meshId: of, namespace }) => (of === null || of === meshId) && namespace === null,
  );
  const roles = VOTING_ROLES.filter((role) => held.some((binding) => binding.role === role));
  const limit = principal.limit?.role;
  return limit === "reviewer" ? ["reviewer"] : roles;
}

const CODES: Readonly<Record<string, ErrorCode>> = {
  "not-open": "review-closed",
  author: "vote-refused",
  role: "vote-refused",
  "old-digest": "old-digest",
  blocked: "review-blocked",
  tests: "tests-failing",
  conditions: "invalid-request",
};

export function castVote(database: Database, principal: Principal, input: NewVote): Promise<ReviewRow> {
  return database.$transaction(async (connection) => {
    const mesh = await accessMesh(connection, principal, input.slug, "review.vote");
    const review = await lockReview(connection, mesh, input.number);
    const rule = await ruleOf(connection, mesh.id);
    const row = review.rounds.at(-1);
    const roles = votingRoles(principal, mesh.id);
    const refusal = whyNotVote(
      { state: review.state as ReviewState, rule, round: row && toRound(row), comments: toBlocking(review.comments) },
      {
        voterId: principal.userId,
        roles,
        decision: input.decision,
        digest: input.digest,
        conditions: input.conditions.length,
      },
    );
    if (refusal || !row) {
      throw new AppError(CODES[refusal?.code ?? "not-open"] ?? "vote-refused", {
        ...(refusal ? { detail: refusal.sentence } : {}),
        ...(refusal?.code === "old-digest" ? { extra: { digest: refusal.digest, votedOn: input.digest } } : {}),
      });
    }
    const role = roles.find((each) => rule.roles.includes(each)) ?? "reviewer";
    await connection.reviewVote.deleteMany({ where: { roundId: row.id, voterId: principal.userId } });
    await connection.reviewVote.create({
      data: {
        roundId: row.id,
        digest: input.digest,
        voterId: principal.userId,
        voterName: principal.name,
        role,
        decision: input.decision,
        comment: input.comment,
        conditions: {
          create: input.conditions.map((condition) => ({
            text: condition.text,
            owner: condition.owner,
            dueOn: condition.dueOn,
            beforeDeploy: condition.beforeDeploy,
            control: condition.control ?? null,
            setByName: principal.name,
            reviewId: review.id,
          })),
        },
      },
    });
    await log(connection, principal, mesh, "review.voted", review.number, {
      round: row.number,
      digest: input.digest,
      decision: input.decision,
      role,
      comment: input.comment,
      conditions: input.conditions,
    });
    await settle(connection, principal, mesh, review.number);
    return findReview(connection, mesh, review.number);
  });
}

/** Brings the review's state to what its votes and comments come to now. */
export async function settle(
  connection: Connection,
  principal: Principal,
  mesh: MeshRef,
  number: number,
): Promise<void> {
  const review = await findReview(connection, mesh, number);
  const row = review.rounds.at(-1);
  if (!row || FINAL_STATES.has(review.state as ReviewState)) return;
  const result = tally(await ruleOf(connection, mesh.id), toRound(row), toBlocking(review.comments));
  if (result.outcome === review.state) return;
  const isFinal = FINAL_STATES.has(result.outcome);
  const now = new Date();
  await connection.review.update({
    where: { id: review.id },
    data: {
      state: result.outcome,
      version: { increment: 1 },
      updatedAt: now,
      ...(isFinal ? { decidedAt: now } : {}),
    },
  });
  if (!isFinal && result.outcome === "open") return;
  await log(connection, principal, mesh, `review.${result.outcome}`, number, {
    round: row.number,
    revision: row.revision.number,
    digest: row.digest,
    approvals: result.approvals,
    needed: result.needed,
    sentence: result.sentence,
  });
}
