// Comments on a review, pinned to a station and an object; and conditions being met.
// The rule: what somebody asked is settled by a reviewer, not by the author of the change; resolving keeps the comment.
import { can, type Principal } from "@/lib/auth/permissions";
import { AppError } from "@/lib/errors";
import type { StationId } from "@/lib/review";
import { accessMesh, forbidden, type MeshRef } from "../access";
import type { Database } from "../client";
import { authorsOf, type CommentRow, findReview, lockReview, type ReviewRow } from "./rows";
import { log } from "./submit";
import { settle } from "./vote";

/** More than any board writes; beyond it somebody's script is at work. */
const MAX_COMMENTS = 2_000;

interface NewComment {
  slug: string;
  number: number;
  station: StationId;
  anchor?: string | undefined;
  parent?: string | undefined;
  body: string;
  blocking: boolean;
}

export function addComment(database: Database, principal: Principal, input: NewComment): Promise<ReviewRow> {
  return database.$transaction(async (connection) => {
    const mesh = await accessMesh(connection, principal, input.slug, "review.comment");
    const review = await lockReview(connection, mesh, input.number);
    const round = review.rounds.at(-1);
    if (!round)
      throw new AppError("review-closed", {
        detail: "This review is not submitted yet: there is nothing to comment on.",
      });
    if (input.blocking && !can(principal, "review.vote", { meshId: mesh.id }))
      throw forbidden("review.vote", " to block");
    if (input.blocking && review.decidedAt) {
      throw new AppError("review-closed", { detail: "The review is decided: a comment cannot block it any more." });
    }
    if (review.comments.length >= MAX_COMMENTS) {
      throw new AppError("conflict", { detail: `A review takes at most ${MAX_COMMENTS} comments.` });
    }
    const parent = input.parent === undefined ? null : commentOf(review, input.parent);
    const comment = await connection.reviewComment.create({
      data: {
        reviewId: review.id,
        round: round.number,
        station: parent?.station ?? input.station,
        anchor: parent ? parent.anchor : (input.anchor ?? null),
        // Answers hang on the first comment: threads have one level.
        parentId: parent ? (parent.parentId ?? parent.id) : null,
        body: input.body,
        blocking: input.blocking && !parent,
        authorId: principal.userId,
        authorName: principal.name,
      },
    });
    await log(connection, principal, mesh, "review.commented", review.number, {
      comment: comment.id,
      round: round.number,
      station: comment.station,
      anchor: comment.anchor,
      blocking: comment.blocking,
      body: input.body,
    });
    return findReview(connection, mesh, review.number);
  });
}

interface CommentAsked {
  slug: string;
  number: number;
  comment: string;
}

export function resolveComment(
  database: Database,
  principal: Principal,
  { slug, number, comment, resolution }: CommentAsked & { resolution: string },
): Promise<ReviewRow> {
  return database.$transaction(async (connection) => {
    const mesh = await accessMesh(connection, principal, slug, "review.comment");
    const review = await lockReview(connection, mesh, number);
    const row = commentOf(review, comment);
    requireMaySettle(principal, mesh, review, row);
    if (row.resolvedAt) throw new AppError("conflict", { detail: `${row.resolvedByName} resolved it already.` });
    await connection.reviewComment.update({
      where: { id: row.id },
      data: { resolvedAt: new Date(), resolvedById: principal.userId, resolvedByName: principal.name, resolution },
    });
    await log(connection, principal, mesh, "review.comment.resolved", number, { comment: row.id, resolution });
    await settle(connection, principal, mesh, number);
    return findReview(connection, mesh, number);
  });
}

export function reopenComment(database: Database, principal: Principal, asked: CommentAsked): Promise<ReviewRow> {
  return database.$transaction(async (connection) => {
    const mesh = await accessMesh(connection, principal, asked.slug, "review.comment");
    const review = await lockReview(connection, mesh, asked.number);
    const row = commentOf(review, asked.comment);
    requireMaySettle(principal, mesh, review, row);
    if (!row.resolvedAt) throw new AppError("conflict", { detail: "It is open." });
    if (row.blocking && review.decidedAt) {
      throw new AppError("review-closed", { detail: "The review is decided: a comment cannot block it any more." });
    }
    await connection.reviewComment.update({
      where: { id: row.id },
      data: { resolvedAt: null, resolvedById: null, resolvedByName: null, resolution: null },
    });
    await log(connection, principal, mesh, "review.comment.reopened", asked.number, { comment: row.id });
    return findReview(connection, mesh, asked.number);
  });
}

/** What blocks is settled by who may vote and is no author of the change; a remark also by who wrote it. */
function requireMaySettle(principal: Principal, mesh: MeshRef, review: ReviewRow, row: CommentRow): void {
  if (!row.blocking) return;
  const isAuthor = review.rounds.some((round) => authorsOf(round).some(({ id }) => id === principal.userId));
  if (isAuthor) {
    throw new AppError("forbidden", {
      detail: `${row.authorName} or another reviewer settles this: you are an author of the change. Answer it instead.`,
    });
  }
  if (!can(principal, "review.vote", { meshId: mesh.id })) throw forbidden("review.vote", " to settle what blocks");
}

function commentOf(review: ReviewRow, id: string): CommentRow {
  const row = review.comments.find((comment) => comment.id === id);
  if (!row) throw new AppError("not-found", { detail: `Review #${review.number} has no such comment.` });
  return row;
}

export function meetCondition(
  database: Database,
  principal: Principal,
  { slug, number, condition, evidence }: { slug: string; number: number; condition: string; evidence: string },
): Promise<ReviewRow> {
  return database.$transaction(async (connection) => {
    const mesh = await accessMesh(connection, principal, slug, "condition.meet");
    const review = await lockReview(connection, mesh, number);
    const row = review.conditions.find(({ id }) => id === condition);
    if (!row) throw new AppError("not-found", { detail: `Review #${number} has no such condition.` });
    if (row.metAt) throw new AppError("conflict", { detail: `${row.metByName} marked it as met already.` });
    const round = review.rounds.at(-1);
    if (round && authorsOf(round).some(({ id }) => id === principal.userId)) {
      throw new AppError("forbidden", {
        detail: "You are an author of the change: a reviewer or an operator marks its conditions as met.",
      });
    }
    await connection.reviewCondition.update({
      where: { id: row.id },
      data: { metAt: new Date(), metById: principal.userId, metByName: principal.name, evidence },
    });
    await log(connection, principal, mesh, "review.condition.met", number, {
      condition: row.id,
      text: row.text,
      owner: row.owner,
      evidence,
    });
    return findReview(connection, mesh, number);
  });
}
