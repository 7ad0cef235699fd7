// From a draft to a review: freezing a revision, asking for a decision on it, answering with the next round, taking it back.
// The rule: a round is a frozen revision and its digest. Nothing is carried from one round to the next but open comments, and
// those say which round they are from.
import type { Principal } from "@/lib/auth/permissions";
import { AppError } from "@/lib/errors";
import { emptyMesh, type MeshDocument, validateDocument } from "@/lib/mesh";
import { FINAL_STATES, type ReviewState } from "@/lib/review";
import { accessMesh, type MeshRef } from "../access";
import type { Connection, Database } from "../client";
import type { BaseVersion } from "../drafts";
import { runningIn } from "../environments";
import { fromJson, toJson } from "../json";
import { actor, freezeDraft } from "../meshes";
import { appendEvent } from "../system/events";
import { authorsBetween } from "./authors";
import { type RoundTests, testDraft } from "./round-tests";
import { findReview, lockReview, type ReviewRow } from "./rows";

const SUBMIT_TIMEOUT = { maxWait: 10_000, timeout: 30_000 };

export interface ReviewText {
  title: string;
  what: string;
  why: string;
  notes: Record<string, string>;
}

interface NewReview extends ReviewText {
  slug: string;
  /** Of the draft. */
  base: BaseVersion;
  /** False keeps it as a draft of a review: text without a frozen revision. */
  submit: boolean;
  /** Number of the revision to compare with; absent: what runs in the first environment, else an empty mesh. */
  against?: number | undefined;
  supersedes?: number | undefined;
}

export async function createReview(database: Database, principal: Principal, input: NewReview): Promise<ReviewRow> {
  const tests = input.submit ? await testDraft(database, principal, input.slug) : null;
  return database.$transaction(async (connection) => {
    const mesh = await accessMesh(connection, principal, input.slug, "review.submit");
    // The number is counted under the mesh's row, so that two people never get the same.
    await connection.$queryRaw`SELECT 1 FROM "Mesh" WHERE "id" = ${mesh.id} FOR UPDATE`;
    const last = await connection.review.findFirst({ where: { meshId: mesh.id }, orderBy: { number: "desc" } });
    const replaced = input.supersedes === undefined ? null : await lockReview(connection, mesh, input.supersedes);
    if (replaced) requireUndecided(replaced, "It cannot be replaced any more.");
    const compared = await baseOf(connection, mesh, input.against);
    const review = await connection.review.create({
      data: {
        meshId: mesh.id,
        number: (last?.number ?? 0) + 1,
        title: input.title,
        what: input.what,
        why: input.why,
        notes: toJson(input.notes),
        authorId: principal.userId,
        authorName: principal.name,
        baseRevisionId: compared?.id ?? null,
        supersedesId: replaced?.id ?? null,
      },
    });
    if (replaced) await close(connection, principal, mesh, replaced, "superseded", `by #${review.number}`);
    if (tests)
      await addRound(connection, principal, mesh, { number: review.number, base: input.base, answer: "", tests });
    else await log(connection, principal, mesh, "review.created", review.number, { title: input.title });
    return findReview(connection, mesh, review.number);
  }, SUBMIT_TIMEOUT);
}

interface NextRound {
  slug: string;
  number: number;
  /** Of the draft. */
  base: BaseVersion;
  answer: string;
  /** Number of a running revision that this round and later ones are compared with; absent: what the round before was. */
  against?: number | undefined;
}

export async function submitRound(
  database: Database,
  principal: Principal,
  { slug, number, base, answer, against }: NextRound,
): Promise<ReviewRow> {
  const tests = await testDraft(database, principal, slug);
  return database.$transaction(async (connection) => {
    const mesh = await accessMesh(connection, principal, slug, "review.submit");
    if (against !== undefined) await moveBase(connection, mesh, number, against);
    await addRound(connection, principal, mesh, { number, base, answer, tests });
    return findReview(connection, mesh, number);
  }, SUBMIT_TIMEOUT);
}

/** Only onto what runs: of anything else a part of the change could be made to look as if it had been there. */
async function moveBase(connection: Connection, mesh: MeshRef, number: number, against: number): Promise<void> {
  const review = await lockReview(connection, mesh, number);
  if (review.baseRevision?.number === against) return;
  requireUndecided(review, "What it was compared with stays.");
  const environments = await connection.environment.findMany({ where: { meshId: mesh.id }, select: { id: true } });
  let isRunning = false;
  for (const { id } of environments) {
    isRunning ||= (await runningIn(connection, id)).running?.revision === against;
  }
  if (!isRunning) {
    const message = `r${against} runs in no environment`;
    const fix = "Name a revision that runs, or leave it out to compare with the same as before.";
    throw new AppError("invalid-request", { violations: [{ path: "body.against", message, fix }] });
  }
  const base = await baseOf(connection, mesh, against);
  await connection.review.update({ where: { id: review.id }, data: { baseRevisionId: base?.id ?? null } });
}

async function addRound(
  connection: Connection,
  principal: Principal,
  mesh: MeshRef,
  { number, base, answer, tests }: { number: number; base: BaseVersion; answer: string; tests: RoundTests },
): Promise<void> {
  const review = await lockReview(connection, mesh, number);
  requireUndecided(review, "Submit a new review for a further change.");
  const { revision, document } = await freezeDraft(connection, principal, mesh, { message: review.title, base });
  const violations = validateDocument(document);
  if (violations.length > 0) {
    throw new AppError("model-violation", {
      detail: "The draft does not hold together yet. Correct what is listed, then submit it.",
      violations,
    });
  }
  const previous = review.rounds.at(-1);
  if (previous?.digest === revision.digest) {
    throw new AppError("nothing-changed", {
      detail: `The draft is the same as round ${previous.number} (r${previous.revision.number}): change it first.`,
    });
  }
  if (review.baseRevision?.digest === revision.digest) {
    throw new AppError("nothing-changed", {
      detail: `The draft is the same as r${review.baseRevision.number}, which it is compared with: there is nothing to review.`,
    });
  }
  if (tests.digest !== revision.digest) {
    throw new AppError("version-mismatch", {
      detail: "The draft was changed while its policy tests were asked: look at it again, then submit it.",
    });
  }
  const before = review.baseRevisionId
    ? fromJson<MeshDocument>(
        (await connection.revision.findUniqueOrThrow({ where: { id: review.baseRevisionId } })).document,
      )
    : emptyMesh(mesh.slug);
  const authors = await authorsBetween(connection, principal, {
    meshId: mesh.id,
    since: review.baseRevision?.createdAt ?? null,
    before,
    after: document,
  });
  const round = (previous?.number ?? 0) + 1;
  await connection.reviewRound.create({
    data: {
      reviewId: review.id,
      number: round,
      revisionId: revision.id,
      baseRevisionId: review.baseRevisionId,
      digest: revision.digest,
      authors: toJson(authors),
      answer,
      tests: toJson(tests.counts),
      testResults: toJson(tests.results),
      submittedById: principal.userId,
      submittedByName: principal.name,
    },
  });
  const now = new Date();
  await connection.review.update({
    where: { id: review.id },
    data: {
      state: "open",
      version: { increment: 1 },
      updatedAt: now,
      submittedAt: review.submittedAt ?? now,
    },
  });
  await log(connection, principal, mesh, "review.submitted", number, {
    round,
    revision: revision.number,
    against: review.baseRevision?.number ?? null,
    digest: revision.digest,
    authors: authors.map(({ name }) => name),
    tests: tests.counts,
  });
}

export function changeReviewText(
  database: Database,
  principal: Principal,
  { slug, number, version, text }: { slug: string; number: number; version: BaseVersion; text: Partial<ReviewText> },
): Promise<ReviewRow> {
  return database.$transaction(async (connection) => {
    const mesh = await accessMesh(connection, principal, slug, "review.submit");
    const review = await lockReview(connection, mesh, number);
    requireUndecided(review, "Its text stays as it was decided on.");
    if (version !== null && version !== review.version) {
      throw new AppError("version-mismatch", { extra: { version: review.version } });
    }
    const { notes, ...words } = text;
    await connection.review.update({
      where: { id: review.id },
      data: {
        ...words,
        ...(notes ? { notes: toJson(notes) } : {}),
        version: { increment: 1 },
        updatedAt: new Date(),
      },
    });
    // Notes are for the presenter; only what the board reads is logged.
    if (Object.keys(words).length > 0) await log(connection, principal, mesh, "review.edited", number, { ...words });
    return findReview(connection, mesh, number);
  });
}

/** Also an approval can be taken back: what it allowed is then no longer allowed. */
export function withdrawReview(
  database: Database,
  principal: Principal,
  { slug, number, reason }: { slug: string; number: number; reason: string },
): Promise<ReviewRow> {
  return database.$transaction(async (connection) => {
    const mesh = await accessMesh(connection, principal, slug, "review.submit");
    const review = await lockReview(connection, mesh, number);
    if (["rejected", "superseded", "withdrawn"].includes(review.state)) {
      throw new AppError("review-closed", { detail: `Review #${number} is ${review.state} already.` });
    }
    await close(connection, principal, mesh, review, "withdrawn", reason);
    return findReview(connection, mesh, number);
  });
}

async function close(
  connection: Connection,
  principal: Principal,
  mesh: MeshRef,
  review: ReviewRow,
  state: "withdrawn" | "superseded",
  reason: string,
): Promise<void> {
  const now = new Date();
  await connection.review.update({
    where: { id: review.id },
    data: { state, decidedAt: now, updatedAt: now, version: { increment: 1 } },
  });
  await log(connection, principal, mesh, `review.${state}`, review.number, {
    reason,
    digest: review.rounds.at(-1)?.digest ?? null,
  });
}

export function requireUndecided(review: ReviewRow, wayOn: string): void {
  if (!FINAL_STATES.has(review.state as ReviewState)) return;
  throw new AppError("review-closed", {
    detail: `Review #${review.number} is ${review.state.replaceAll("-", " ")}. ${wayOn}`,
  });
}

async function baseOf(
  connection: Connection,
  mesh: MeshRef,
  against: number | undefined,
): Promise<{ id: string } | null> {
  if (against !== undefined) {
    const row = await connection.revision.findUnique({
      where: { meshId_number: { meshId: mesh.id, number: against } },
    });
    if (!row) throw new AppError("not-found", { detail: `There is no revision r${against} to compare with.` });
    return row;
  }
  const environment = await connection.environment.findFirst({
    where: { meshId: mesh.id },
    orderBy: { createdAt: "asc" },
    select: { id: true },
  });
  const running = environment && (await runningIn(connection, environment.id)).running;
  // Nothing runs: then everything is new.
  if (!running) return null;
  return connection.revision.findUnique({
    where: { meshId_number: { meshId: mesh.id, number: running.revision } },
    select: { id: true },
  });
}

/** Every step of a review is an event of the hash-chained log. */
export async function log(
  connection: Connection,
  principal: Principal,
  mesh: MeshRef,
  kind: string,
  number: number,
  payload: Record<string, unknown>,
): Promise<void> {
  await appendEvent(connection, {
    ...actor(principal),
    meshId: mesh.id,
    kind,
    subject: `review #${number}`,
    payload: { review: number, ...payload },
  });
}
