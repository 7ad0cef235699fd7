// Reviews: what is submitted, said and decided; the rules of mesh and environment; who else is here; the log's chain.
import { z } from "zod";
import { DECISIONS, MAX_QUORUM, REVIEW_STATES, STATION_IDS, VOTING_ROLES } from "@/lib/review";
import { objectKeyText, pageQuery, timestamp } from "./common";

const digest = z.string().regex(/^[0-9a-f]{64}$/, "must be a digest: 64 lower-case hexadecimal characters");
const station = z.enum(STATION_IDS);
const text = (max: number) => z.string().trim().max(max);
const votingRoles = z
  .array(z.enum(VOTING_ROLES))
  .min(1)
  .max(VOTING_ROLES.length)
  .refine((roles) => new Set(roles).size === roles.length, "names a role twice");

const ruleFields = {
  quorum: z.int().min(1).max(MAX_QUORUM),
  roles: votingRoles,
  /** Nothing is approved, or deployed, whose policy tests did not all hold when it was submitted. */
  testsMustPass: z.boolean().optional(),
};
export const reviewRule = z.strictObject(ruleFields);
export type ReviewRuleDto = z.infer<typeof reviewRule>;
export const approvalRule = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("none") }),
  z.strictObject({ kind: z.literal("approved"), ...ruleFields }),
]);
export type ApprovalRuleDto = z.infer<typeof approvalRule>;

export const reviewCondition = z.object({
  id: z.string(),
  text: z.string(),
  owner: z.string(),
  dueOn: z.string(),
  beforeDeploy: z.boolean(),
  control: z.string().nullable(),
  setBy: z.string(),
  metAt: timestamp.nullable(),
  metBy: z.string().nullable(),
  evidence: z.string().nullable(),
});
export type ReviewConditionDto = z.infer<typeof reviewCondition>;

const reviewVote = z.object({
  voter: z.string(),
  role: z.enum(VOTING_ROLES),
  decision: z.enum(DECISIONS),
  comment: z.string(),
  digest: z.string(),
  at: timestamp,
  isMine: z.boolean(),
  /** Why it does not count; null when it does. */
  ignored: z.string().nullable(),
});
export type ReviewVoteDto = z.infer<typeof reviewVote>;

/** Of the policy tests, when the round was submitted. */
const testCounts = z.object({ total: z.int(), failed: z.int(), notRun: z.int() });
const reviewRound = z.object({
  number: z.int(),
  revision: z.int(),
  digest: z.string(),
  authors: z.array(z.string()),
  answer: z.string(),
  submittedBy: z.string(),
  createdAt: timestamp,
  tests: testCounts.nullable(),
  votes: z.array(reviewVote),
});
export type ReviewRoundDto = z.infer<typeof reviewRound>;

const reviewComment = z.object({
  id: z.string(),
  /** The round it was written in: an older one than the newest was carried over as an open question. */
  round: z.int(),
  station,
  anchor: z.string().nullable(),
  parent: z.string().nullable(),
  body: z.string(),
  blocking: z.boolean(),
  author: z.string(),
  isMine: z.boolean(),
  createdAt: timestamp,
  resolvedAt: timestamp.nullable(),
  resolvedBy: z.string().nullable(),
  resolution: z.string().nullable(),
});
export type ReviewCommentDto = z.infer<typeof reviewComment>;

export const reviewSummary = z.object({
  number: z.int(),
  title: z.string(),
  state: z.enum(REVIEW_STATES),
  author: z.string(),
  createdAt: timestamp,
  submittedAt: timestamp.nullable(),
  decidedAt: timestamp.nullable(),
  round: z.object({ number: z.int(), revision: z.int(), digest: z.string() }).nullable(),
  approvals: z.int(),
  needed: z.int(),
  /** Comments that block and are open. */
  blocking: z.int(),
  openComments: z.int(),
  unmetConditions: z.int(),
  /** Policy tests of the newest round; null: they were not asked. */
  tests: testCounts.nullable(),
  /** Where the decision stands. */
  sentence: z.string(),
  /** What it waits for from you: your vote, your answer to changes that were asked for, or nothing. */
  waitsForYou: z.enum(["decision", "answer"]).nullable(),
});
export type ReviewSummaryDto = z.infer<typeof reviewSummary>;

export const review = reviewSummary.extend({
  version: z.int(),
  what: z.string(),
  why: z.string(),
  /** The presenter's notes by station. */
  notes: z.record(z.string(), z.string()),
  base: z.object({ revision: z.int(), digest: z.string() }).nullable(),
  supersedes: z.int().nullable(),
  rule: reviewRule,
  rounds: z.array(reviewRound),
  comments: z.array(reviewComment),
  conditions: z.array(reviewCondition),
  you: z.object({
    isAuthor: z.boolean(),
    /** Why you may not vote; null when you may. */
    whyNotVote: z.string().nullable(),
  }),
});
export type ReviewDto = z.infer<typeof review>;

/** Open comments of undecided reviews that are pinned to an object. */
export const pinnedComments = z.object({
  /** Reviews that take comments now, newest first. */
  reviews: z.array(z.object({ number: z.int(), title: z.string() })),
  items: z.array(
    z.object({
      id: z.string(),
      review: z.int(),
      station: z.string(),
      anchor: z.string(),
      body: z.string(),
      blocking: z.boolean(),
      author: z.string(),
      createdAt: timestamp,
    }),
  ),
});
export type PinnedCommentsDto = z.infer<typeof pinnedComments>;

const notes = z
  .partialRecord(station, z.string().max(4_000))
  .transform((given) =>
    Object.fromEntries(Object.entries(given).flatMap(([id, note]) => (note === undefined ? [] : [[id, note]]))),
  );
const reviewText = {
  title: text(200).min(3, "must say in a few words what the change is"),
  what: text(20_000),
  why: text(20_000),
  notes,
};
export const newReview = z.strictObject({
  title: reviewText.title,
  what: reviewText.what.default(""),
  why: reviewText.why.default(""),
  notes: reviewText.notes.default({}),
  /** False keeps the text and freezes nothing yet. */
  submit: z.boolean().default(true),
  /** The revision to compare with; absent: what runs. */
  against: z.int().min(1).max(2_147_483_647).optional(),
  supersedes: z.int().min(1).max(2_147_483_647).optional(),
});
export const reviewPatch = z.strictObject(reviewText).partial();
export const newRound = z.strictObject({
  answer: text(20_000).default(""),
  /** Number of a revision that runs: this round and later ones are compared with it. Absent: with what the round before was. */
  against: z.int().min(1).max(2_147_483_647).optional(),
});
export const withdrawal = z.strictObject({ reason: text(2_000).default("") });

export const newVote = z.strictObject({
  digest,
  decision: z.enum(DECISIONS),
  comment: text(10_000).default(""),
  conditions: z
    .array(
      z.strictObject({
        text: text(1_000).min(3, "must say what is checked"),
        owner: text(120).min(1, "must name who sees to it"),
        dueOn: z.iso.date("must be a date like 2026-12-01"),
        beforeDeploy: z.boolean().default(true),
        control: text(40).optional(),
      }),
    )
    .max(20)
    .default([]),
});
export type NewVoteDto = z.input<typeof newVote>;
export const newComment = z.strictObject({
  station,
  anchor: objectKeyText.optional(),
  parent: z.string().max(64).optional(),
  body: text(10_000).min(1, "must not be empty"),
  blocking: z.boolean().default(false),
});
export type NewCommentDto = z.input<typeof newComment>;
export const commentResolution = z.strictObject({ resolution: text(2_000).default("") });
export const conditionMet = z.strictObject({ evidence: text(4_000).min(3, "must say how it was checked") });

export const reviewsQuery = pageQuery.extend({ state: z.enum(["open", "decided", "all"]).default("all") });

export const approval = z.object({
  allowed: z.boolean(),
  sentence: z.string(),
  wayOn: z.string(),
  review: z.object({ id: z.string(), number: z.int() }).nullable(),
  unmet: z.array(z.object({ id: z.string(), text: z.string(), owner: z.string(), dueOn: z.string() })),
  rule: approvalRule,
  digest: z.string(),
});
export type ApprovalDto = z.infer<typeof approval>;
export const approvalQuery = z.strictObject({ revision: z.coerce.number().int().min(1).max(2_147_483_647) });

export const presenceRequest = z.strictObject({
  clientId: z.string().min(1).max(64),
  screen: z.string().min(1).max(120),
  selection: objectKeyText.nullish(),
});
export const presence = z.object({
  items: z.array(
    z.object({
      name: z.string(),
      screen: z.string(),
      selection: z.string().nullable(),
      seenAt: timestamp,
      isMe: z.boolean(),
    }),
  ),
  /** More people than are listed. */
  more: z.int(),
});
export type PresenceDto = z.infer<typeof presence>;

export const chain = z.object({
  /** Events whose hash and link were recomputed. */
  events: z.int(),
  verifiedTo: z.string().nullable(),
  head: z.string().nullable(),
  at: timestamp,
  /** The first event that does not fit; null when the chain holds. */
  broken: z.object({ event: z.string(), why: z.string() }).nullable(),
});
export type ChainDto = z.infer<typeof chain>;
