// Reviews as rows, and the same as the plain facts that lib/review decides on.
// The rule: a review is found by its number in its mesh; who changes one holds its row until the transaction ends.
import { AppError } from "@/lib/errors";
import {
  DEFAULT_REVIEW_RULE,
  type EnvironmentRule,
  NO_RULE,
  type ReviewFacts,
  type ReviewRule,
  type ReviewState,
  type Round,
  type TestCounts,
  type Vote,
} from "@/lib/review";
import type { MeshRef } from "../access";
import type { Connection } from "../client";
import type { Prisma } from "../generated/client";
import { fromJson } from "../json";

export const reviewParts = {
  baseRevision: { select: { number: true, digest: true, createdAt: true } },
  rounds: {
    orderBy: { number: "asc" },
    omit: { testResults: true },
    include: {
      votes: { orderBy: { at: "asc" } },
      revision: { select: { number: true } },
      baseRevision: { select: { number: true, digest: true } },
    },
  },
  conditions: { orderBy: { createdAt: "asc" } },
  comments: { orderBy: { createdAt: "asc" } },
} as const satisfies Prisma.ReviewInclude;

export type ReviewRow = Prisma.ReviewGetPayload<{ include: typeof reviewParts }>;
export type CommentRow = ReviewRow["comments"][number];
export type ConditionRow = ReviewRow["conditions"][number];
type RoundRow = ReviewRow["rounds"][number];

export interface Author {
  id: string;
  name: string;
}

export const authorsOf = (round: { authors: unknown }): Author[] => fromJson<Author[]>(round.authors);

export async function findReview(connection: Connection, mesh: MeshRef, number: number): Promise<ReviewRow> {
  const row = await connection.review.findUnique({
    where: { meshId_number: { meshId: mesh.id, number } },
    include: reviewParts,
  });
  if (!row) throw new AppError("not-found", { detail: `There is no review #${number} of ${mesh.slug}.` });
  return row;
}

/** Votes, comments and rounds of one review come one after the other. */
export async function lockReview(connection: Connection, mesh: MeshRef, number: number): Promise<ReviewRow> {
  await connection.$queryRaw`SELECT 1 FROM "Review" WHERE "meshId" = ${mesh.id} AND "number" = ${number} FOR UPDATE`;
  return findReview(connection, mesh, number);
}

export async function ruleOf(connection: Connection, meshId: string): Promise<ReviewRule> {
  const row = await connection.mesh.findUnique({ where: { id: meshId }, select: { reviewRule: true } });
  return row ? fromJson<ReviewRule>(row.reviewRule) : DEFAULT_REVIEW_RULE;
}

export function environmentRuleOf(row: { approvalRule: unknown } | null): EnvironmentRule {
  return row ? fromJson<EnvironmentRule>(row.approvalRule) : NO_RULE;
}

export function toRound(row: RoundRow): Round {
  return {
    number: row.number,
    revision: row.revision.number,
    digest: row.digest,
    authorIds: authorsOf(row).map(({ id }) => id),
    tests: row.tests === null ? null : fromJson<TestCounts>(row.tests),
    votes: row.votes.map((vote) => ({
      voterId: vote.voterId,
      voterName: vote.voterName,
      role: vote.role as Vote["role"],
      decision: vote.decision as Vote["decision"],
      digest: vote.digest,
    })),
  };
}

const iso = (date: Date | null) => date?.toISOString() ?? null;

export function toFacts(row: ReviewRow, rule: ReviewRule): ReviewFacts {
  return {
    id: row.id,
    number: row.number,
    title: row.title,
    state: row.state as ReviewState,
    rule,
    rounds: row.rounds.map(toRound),
    conditions: row.conditions.map((condition) => ({
      ...condition,
      metAt: iso(condition.metAt),
      metBy: condition.metByName,
    })),
  };
}

/** Comments as the decision sees them: what blocks, and what is settled. */
export function toBlocking(comments: readonly CommentRow[]) {
  return comments.map(({ id, authorName, blocking, resolvedAt }) => ({
    id,
    authorName,
    blocking,
    resolvedAt: iso(resolvedAt),
  }));
}
