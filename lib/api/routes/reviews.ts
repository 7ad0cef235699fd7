// Reviews over HTTP: list, read, submit, answer, vote, comment, meet, withdraw.
// The rule: nothing is decided here; lib/review decides and lib/data/reviews holds it.
import type { Principal } from "@/lib/auth/permissions";
import type { Database } from "@/lib/data/client";
import { addComment, meetCondition, reopenComment, resolveComment } from "@/lib/data/reviews/comments";
import { pinnedComments } from "@/lib/data/reviews/pinned";
import { listReviews, readReview } from "@/lib/data/reviews/read";
import { changeReviewText, createReview, submitRound, withdrawReview } from "@/lib/data/reviews/submit";
import { castVote } from "@/lib/data/reviews/vote";
import { AppError } from "@/lib/errors";
import { FINAL_STATES, isStation, REVIEW_STATES, STATION_IDS } from "@/lib/review";
import { readSeqCursor } from "../cursor";
import { versionTag } from "../etag";
import { toReview, toSummary } from "../review-dto";
import { defineRoute, onMesh, page } from "../route";
import * as schema from "../schema";
import { stationContent } from "../walkthrough";

const tag = "reviews";
const path = "/meshes/{mesh}/reviews";

/** `7`: people say "review #7". */
function numberFrom(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new AppError("not-found", { detail: "A review is named by its number." });
}

/** The review again, whole, after each step: screens show what the server holds and nothing they guessed. */
async function answer(
  database: Database,
  principal: Principal,
  params: { mesh: string; review: string },
  status = 200,
) {
  const { mesh, row, rule, supersedes } = await readReview(database, principal, {
    slug: params.mesh,
    number: numberFrom(params.review),
  });
  const body = toReview({ meshId: mesh.id, row, rule, supersedes }, principal);
  return { status, body, etag: versionTag(row.version) };
}

const STATES: Record<"open" | "decided", readonly string[]> = {
  open: REVIEW_STATES.filter((state) => !FINAL_STATES.has(state)),
  decided: [...FINAL_STATES],
};

export const reviewRoutes = [
  defineRoute({
    id: "listReviews",
    method: "GET",
    path,
    tag,
    summary: "Reviews, newest first",
    access: onMesh("mesh.read"),
    query: schema.reviewsQuery,
    answer: schema.pageOf(schema.reviewSummary),
    async handle({ runtime, principal, params, query: { cursor, limit, state } }) {
      const before = readSeqCursor(cursor);
      const { mesh, rows, rule } = await listReviews(runtime.database, principal, {
        slug: params.mesh,
        before: before === undefined ? undefined : Math.min(Number(before), 2_147_483_647),
        limit: limit + 1,
        states: state === "all" ? undefined : STATES[state],
      });
      return {
        body: page(
          rows,
          limit,
          (row) => String(row.number),
          (row) => toSummary({ meshId: mesh.id, row, rule }, principal),
        ),
      };
    },
  }),
  defineRoute({
    id: "createReview",
    method: "POST",
    path,
    tag,
    summary: "Submit the draft for review: freezes it as a revision with its digest (If-Match: the draft's version)",
    access: onMesh("review.submit"),
    body: schema.newReview,
    answer: schema.review,
    status: 201,
    ifMatch: "required",
    async handle({ runtime, principal, params, body, baseVersion }) {
      const { submit, against, supersedes, ...text } = body;
      const row = await createReview(runtime.database, principal, {
        ...text,
        slug: params.mesh,
        base: baseVersion(),
        submit,
        against,
        supersedes,
      });
      const made = await answer(runtime.database, principal, { mesh: params.mesh, review: String(row.number) }, 201);
      return { ...made, headers: { location: `/api/v1/meshes/${params.mesh}/reviews/${row.number}` } };
    },
  }),
  defineRoute({
    id: "getReview",
    method: "GET",
    path: `${path}/{review}`,
    tag,
    summary: "One review with its rounds, votes, comments and conditions, by its number",
    access: onMesh("mesh.read"),
    answer: schema.review,
    handle: ({ runtime, principal, params }) => answer(runtime.database, principal, params),
  }),
  defineRoute({
    id: "changeReview",
    method: "PATCH",
    path: `${path}/{review}`,
    tag,
    summary: "Change the author's text or the presenter's notes while it is undecided",
    access: onMesh("review.submit"),
    body: schema.reviewPatch,
    answer: schema.review,
    ifMatch: "required",
    async handle({ runtime, principal, params, body, baseVersion }) {
      const text = Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined));
      await changeReviewText(runtime.database, principal, {
        slug: params.mesh,
        number: numberFrom(params.review),
        version: baseVersion(),
        text,
      });
      return answer(runtime.database, principal, params);
    },
  }),
  defineRoute({
    id: "submitRound",
    method: "POST",
    path: `${path}/{review}/rounds`,
    tag,
    summary: "Submit the draft as the next round: a new digest, no vote carried over (If-Match: the draft's version)",
    access: onMesh("review.submit"),
    body: schema.newRound,
    answer: schema.review,
    status: 201,
    ifMatch: "required",
    async handle({ runtime, principal, params, body, baseVersion }) {
      await submitRound(runtime.database, principal, {
        slug: params.mesh,
        number: numberFrom(params.review),
        base: baseVersion(),
        answer: body.answer,
        against: body.against,
      });
      return answer(runtime.database, principal, params, 201);
    },
  }),
  defineRoute({
    id: "castVote",
    method: "POST",
    path: `${path}/{review}/votes`,
    tag,
    summary: "Vote on a digest; an older digest than the newest round's is refused, and so is an author's vote",
    access: onMesh("review.vote"),
    body: schema.newVote,
    answer: schema.review,
    status: 201,
    async handle({ runtime, principal, params, body }) {
      await castVote(runtime.database, principal, { slug: params.mesh, number: numberFrom(params.review), ...body });
      return answer(runtime.database, principal, params, 201);
    },
  }),
  defineRoute({
    id: "addReviewComment",
    method: "POST",
    path: `${path}/{review}/comments`,
    tag,
    summary: "Comment on a station or on an object; blocking ones hold every approval back",
    access: onMesh("review.comment"),
    body: schema.newComment,
    answer: schema.review,
    status: 201,
    async handle({ runtime, principal, params, body }) {
      await addComment(runtime.database, principal, { slug: params.mesh, number: numberFrom(params.review), ...body });
      return answer(runtime.database, principal, params, 201);
    },
  }),
  defineRoute({
    id: "resolveReviewComment",
    method: "POST",
    path: `${path}/{review}/comments/{comment}/resolve`,
    tag,
    summary: "Settle a comment; what blocks is settled by a reviewer who is no author of the change",
    access: onMesh("review.comment"),
    body: schema.commentResolution,
    answer: schema.review,
    async handle({ runtime, principal, params, body }) {
      const number = numberFrom(params.review);
      await resolveComment(runtime.database, principal, {
        slug: params.mesh,
        number,
        comment: params.comment,
        resolution: body.resolution,
      });
      return answer(runtime.database, principal, params);
    },
  }),
  defineRoute({
    id: "reopenReviewComment",
    method: "POST",
    path: `${path}/{review}/comments/{comment}/reopen`,
    tag,
    summary: "Open a settled comment again",
    access: onMesh("review.comment"),
    answer: schema.review,
    async handle({ runtime, principal, params }) {
      const number = numberFrom(params.review);
      await reopenComment(runtime.database, principal, { slug: params.mesh, number, comment: params.comment });
      return answer(runtime.database, principal, params);
    },
  }),
  defineRoute({
    id: "listPinnedComments",
    method: "GET",
    path: "/meshes/{mesh}/pinned-comments",
    tag,
    summary: "Open comments of undecided reviews that are pinned to an object, newest first",
    access: onMesh("mesh.read"),
    answer: schema.pinnedComments,
    async handle({ runtime, principal, params }) {
      const { reviews, comments } = await pinnedComments(runtime.database, principal, params.mesh);
      const items = comments.map(({ authorName, createdAt, ...comment }) => ({
        ...comment,
        author: authorName,
        createdAt: createdAt.toISOString(),
      }));
      return { body: { reviews, items } };
    },
  }),
  defineRoute({
    id: "meetCondition",
    method: "POST",
    path: `${path}/{review}/conditions/{condition}/meet`,
    tag,
    summary: "Mark a condition of the approval as met, with how it was checked",
    access: onMesh("condition.meet"),
    body: schema.conditionMet,
    answer: schema.review,
    async handle({ runtime, principal, params, body }) {
      await meetCondition(runtime.database, principal, {
        slug: params.mesh,
        number: numberFrom(params.review),
        condition: params.condition,
        evidence: body.evidence,
      });
      return answer(runtime.database, principal, params);
    },
  }),
  defineRoute({
    id: "getStation",
    method: "GET",
    path: `${path}/{review}/stations/{station}`,
    tag,
    summary: "What a station of the walkthrough shows, of the newest round or of an earlier one",
    access: onMesh("mesh.read"),
    query: schema.stationQuery,
    answer: schema.stationContent,
    async handle({ runtime, principal, params, query: { round } }) {
      const number = numberFrom(params.review);
      const { station } = params;
      if (!isStation(station)) {
        throw new AppError("not-found", {
          detail: `There is no station "${station}": it is one of ${STATION_IDS.join(", ")}.`,
        });
      }
      return { body: await stationContent(runtime, principal, { slug: params.mesh, number, station, round }) };
    },
  }),
  defineRoute({
    id: "withdrawReview",
    method: "POST",
    path: `${path}/{review}/withdraw`,
    tag,
    summary: "Take a review back; an approval that it gave is gone with it",
    access: onMesh("review.submit"),
    body: schema.withdrawal,
    answer: schema.review,
    async handle({ runtime, principal, params, body }) {
      await withdrawReview(runtime.database, principal, {
        slug: params.mesh,
        number: numberFrom(params.review),
        reason: body.reason,
      });
      return answer(runtime.database, principal, params);
    },
  }),
];
