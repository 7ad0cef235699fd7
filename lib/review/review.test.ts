// The workflow as tables, and as laws that hold for every random course of events. The seed of a failing course is printed.
import { describe, expect, test } from "vitest";
import {
  type Approval,
  approvalFor,
  type BlockingComment,
  type Condition,
  DECISIONS,
  type Decision,
  type EnvironmentRule,
  isStation,
  neighboursOf,
  numberOf,
  REVIEW_STATES,
  type ReviewFacts,
  type ReviewRule,
  type ReviewState,
  type Round,
  STATIONS,
  type TestCounts,
  tally,
  testsSentence,
  VOTING_ROLES,
  type Vote,
  waitsFor,
  whyNotVote,
  whyNotVoter,
} from "./index";

const DIGEST = "a".repeat(64);
const OTHER = "b".repeat(64);
const TODAY = "2026-11-21";
const rule: ReviewRule = { quorum: 1, roles: ["reviewer", "administrator"] };

const vote = (voterId: string, decision: Decision, more: Partial<Vote> = {}): Vote => ({
  voterId,
  voterName: voterId,
  role: "reviewer",
  decision,
  digest: DIGEST,
  ...more,
});
const round = (votes: Vote[], more: Partial<Round> = {}): Round => ({
  number: 1,
  revision: 2,
  digest: DIGEST,
  authorIds: ["author"],
  votes,
  tests: null,
  ...more,
});
const comment = (more: Partial<BlockingComment> = {}): BlockingComment => ({
  id: "c",
  authorName: "Rita",
  blocking: true,
  resolvedAt: null,
  ...more,
});
const condition = (more: Partial<Condition> = {}): Condition => ({
  id: "k",
  text: "Alert on 403",
  owner: "payments",
  dueOn: "2026-12-01",
  beforeDeploy: true,
  metAt: null,
  metBy: null,
  ...more,
});
const review = (more: Partial<ReviewFacts> = {}): ReviewFacts => ({
  id: "r",
  number: 7,
  title: "t",
  state: "approved",
  rule,
  rounds: [round([vote("rita", "approve")])],
  conditions: [],
  ...more,
});

test.each<[string, Parameters<typeof waitsFor>[0], string, "decision" | "answer" | null]>([
  ["a reviewer who has not voted", { state: "open", rule, round: round([]) }, "rita", "decision"],
  ["one who has", { state: "open", rule, round: round([vote("rita", "approve")]) }, "rita", null],
  [
    "one who voted on an older digest",
    { state: "open", rule, round: round([vote("rita", "approve", { digest: OTHER })]) },
    "rita",
    "decision",
  ],
  ["the author", { state: "open", rule, round: round([]) }, "author", null],
  ["the author who is asked for changes", { state: "changes-asked", rule, round: round([]) }, "author", "answer"],
  ["a reviewer meanwhile", { state: "changes-asked", rule, round: round([]) }, "rita", null],
  [
    "a role that the rule does not count",
    { state: "open", rule: { quorum: 1, roles: ["administrator"] }, round: round([]) },
    "rita",
    null,
  ],
  ["a decided review", { state: "approved", rule, round: round([]) }, "rita", null],
  ["a draft of one", { state: "draft", rule, round: undefined }, "rita", null],
])("what waits for %s", (_, situation, voterId, what) => {
  expect(waitsFor(situation, { voterId, roles: ["reviewer"] })).toBe(what);
});

describe("the outcome of a round", () => {
  test.each<[string, ReviewRule, Vote[], BlockingComment[], ReviewState]>([
    ["no vote", rule, [], [], "open"],
    ["one approval of one", rule, [vote("rita", "approve")], [], "approved"],
    ["one approval of two", { ...rule, quorum: 2 }, [vote("rita", "approve")], [], "open"],
    ["two approvals of two", { ...rule, quorum: 2 }, [vote("rita", "approve"), vote("rob", "approve")], [], "approved"],
    ["an approval with conditions", rule, [vote("rita", "approve-with-conditions")], [], "approved-with-conditions"],
    ["a blocking comment holds back", rule, [vote("rita", "approve")], [comment()], "open"],
    ["a resolved one does not", rule, [vote("rita", "approve")], [comment({ resolvedAt: TODAY })], "approved"],
    ["a remark does not", rule, [vote("rita", "approve")], [comment({ blocking: false })], "approved"],
    ["changes win over an approval", rule, [vote("rita", "approve"), vote("rob", "changes")], [], "changes-asked"],
    ["a rejection wins over all", rule, [vote("rita", "changes"), vote("rob", "reject")], [], "rejected"],
    ["the author's own approval", rule, [vote("author", "approve")], [], "open"],
    ["a vote on another digest", rule, [vote("rita", "approve", { digest: OTHER })], [], "open"],
    ["a role the rule does not count", { quorum: 1, roles: ["administrator"] }, [vote("rita", "approve")], [], "open"],
  ])("%s", (_, ofRule, votes, comments, outcome) => {
    expect(tally(ofRule, round(votes), comments).outcome).toBe(outcome);
  });

  const strict: ReviewRule = { ...rule, testsMustPass: true };
  test.each<[string, ReviewRule, TestCounts | null, ReviewState, RegExp]>([
    [
      "failing tests hold back where the rule says so",
      strict,
      { total: 3, failed: 1, notRun: 0 },
      "open",
      /^1 of 1 approval; 1 of 3 policy tests does not hold\.$/,
    ],
    [
      "so do tests that were not asked in time",
      strict,
      { total: 3, failed: 0, notRun: 2 },
      "open",
      /1 of 3 policy tests holds; 2 were not asked in time/,
    ],
    ["and a round that was never asked", strict, null, "open", /were not asked about this round/],
    ["passing ones do not", strict, { total: 3, failed: 0, notRun: 0 }, "approved", /^1 of 1 approval\.$/],
    ["no tests at all do not", strict, { total: 0, failed: 0, notRun: 0 }, "approved", /./],
    ["failing ones are left to the reviewer otherwise", rule, { total: 3, failed: 3, notRun: 0 }, "approved", /./],
  ])("%s", (_, ofRule, tests, outcome, sentence) => {
    const result = tally(ofRule, round([vote("rita", "approve")], { tests }), []);
    expect(result.outcome).toBe(outcome);
    expect(result.sentence).toMatch(sentence);
  });

  test("policy tests are told in figures", () => {
    expect(testsSentence({ total: 1, failed: 0, notRun: 0 })).toBe("The policy test holds.");
    expect(testsSentence({ total: 1, failed: 1, notRun: 0 })).toBe("1 of 1 policy test does not hold.");
    expect(testsSentence({ total: 9, failed: 2, notRun: 1 })).toBe(
      "2 of 9 policy tests do not hold; 1 was not asked in time.",
    );
    expect(testsSentence({ total: 9, failed: 0, notRun: 0 })).toBe("All 9 policy tests hold.");
  });

  test("a vote that does not count says why", () => {
    const { ignored } = tally(rule, round([vote("author", "approve"), vote("rita", "approve", { digest: OTHER })]), []);
    expect(ignored.map(({ why }) => why)).toEqual([
      "its voter is an author of the change",
      "it was cast on another digest",
    ]);
  });
});

describe("a vote is refused", () => {
  const situation = { state: "open" as ReviewState, rule, round: round([]), comments: [] as BlockingComment[] };
  const asked = {
    voterId: "rita",
    roles: ["reviewer" as const],
    decision: "approve" as Decision,
    digest: DIGEST,
    conditions: 0,
  };
  test.each<[string, Partial<typeof situation>, Partial<typeof asked>, string]>([
    ["of an author", {}, { voterId: "author" }, "author"],
    ["of an author who is an administrator", {}, { voterId: "author", roles: ["administrator"] as never }, "author"],
    ["without a role that counts", {}, { roles: [] as never }, "role"],
    ["on an old digest", {}, { digest: OTHER }, "old-digest"],
    ["while a blocking comment is open", { comments: [comment()] }, {}, "blocked"],
    [
      "while policy tests fail that the rule wants to hold",
      { rule: { ...rule, testsMustPass: true }, round: round([], { tests: { total: 1, failed: 1, notRun: 0 } }) },
      {},
      "tests",
    ],
    ["before it is submitted", { state: "draft" }, {}, "not-open"],
    ["after the decision", { state: "approved" }, {}, "not-open"],
    ["after it was withdrawn", { state: "withdrawn" }, {}, "not-open"],
    ["with conditions that are none", {}, { decision: "approve-with-conditions" }, "conditions"],
    ["that approves plainly and brings conditions", {}, { conditions: 1 }, "conditions"],
  ])("%s", (_, change, ask, code) => {
    expect(whyNotVote({ ...situation, ...change }, { ...asked, ...ask })?.code).toBe(code);
  });

  test("and taken otherwise, also to ask for changes while a comment blocks", () => {
    expect(whyNotVote(situation, asked)).toBeNull();
    expect(whyNotVote({ ...situation, comments: [comment()] }, { ...asked, decision: "changes" })).toBeNull();
    const untested = { ...situation, rule: { ...rule, testsMustPass: true } };
    expect(whyNotVote(untested, { ...asked, decision: "reject" })).toBeNull();
    expect(whyNotVote({ ...situation, state: "changes-asked" }, asked)).toBeNull();
    expect(whyNotVoter(situation, asked)).toBeNull();
  });

  test("an old digest is refused naming both", () => {
    const refusal = whyNotVote(situation, { ...asked, digest: OTHER });
    expect(refusal?.sentence).toContain(DIGEST.slice(0, 12));
    expect(refusal?.sentence).toContain(OTHER.slice(0, 12));
  });
});

describe("an environment that wants approval", () => {
  const wanted: EnvironmentRule = { kind: "approved", ...rule };
  const ask = (reviews: ReviewFacts[], more: Partial<Parameters<typeof approvalFor>[0]> = {}): Approval =>
    approvalFor({ rule: wanted, reviews, digest: DIGEST, today: TODAY, ...more });
  const conditional = (more: Partial<Condition>) =>
    review({
      state: "approved-with-conditions",
      rounds: [round([vote("rita", "approve-with-conditions")])],
      conditions: [condition(more)],
    });

  test.each<[string, ReviewFacts[], boolean, RegExp]>([
    ["never reviewed", [], false, /never reviewed/],
    ["approved", [review()], true, /#7 approved it/],
    ["still open", [review({ state: "open", rounds: [round([])] })], false, /not decided yet/],
    ["rejected", [review({ state: "rejected" })], false, /rejected/],
    ["withdrawn", [review({ state: "withdrawn" })], false, /withdrawn/],
    ["superseded", [review({ state: "superseded" })], false, /superseded/],
    ["another digest was approved", [review({ rounds: [round([], { digest: OTHER })] })], false, /never reviewed/],
    [
      "an earlier round of an approved review",
      [review({ rounds: [round([]), round([vote("rita", "approve", { digest: OTHER })], { digest: OTHER })] })],
      false,
      /newer revision/,
    ],
    ["a condition that is not met", [conditional({})], false, /not met: "Alert on 403" \(payments\)/],
    ["a condition that is met", [conditional({ metAt: TODAY, metBy: "Olga" })], true, /approved/],
    ["a condition for later, in time", [conditional({ beforeDeploy: false })], true, /approved/],
    ["a condition for today", [conditional({ beforeDeploy: false, dueOn: TODAY })], true, /approved/],
    ["a condition for later, overdue", [conditional({ beforeDeploy: false, dueOn: "2026-11-20" })], false, /not met/],
    ["rejected, then approved in a newer review", [review({ state: "rejected", number: 5 }), review()], true, /#7/],
    ["approved, then rejected in a newer review", [review(), review({ state: "rejected", number: 8 })], false, /#8/],
  ])("%s", (_, reviews, allowed, sentence) => {
    const answer = ask(reviews);
    expect([answer.allowed, answer.sentence]).toEqual([allowed, expect.stringMatching(sentence)]);
    if (!allowed) expect(answer.wayOn).toMatch(/\w/);
  });

  test("may ask for more approvals than the mesh", () => {
    const answer = ask([review()], { rule: { kind: "approved", quorum: 2, roles: ["reviewer"] } });
    expect([answer.allowed, answer.sentence]).toEqual([false, expect.stringContaining("1 of the 2 approvals")]);
  });

  test("lets go back to what ran here, but never to what was rejected", () => {
    expect(ask([], { isRollback: true }).allowed).toBe(true);
    expect(ask([conditional({})], { isRollback: true }).allowed).toBe(true);
    expect(ask([review({ state: "rejected" })], { isRollback: true }).allowed).toBe(false);
  });

  test("no rule asks for nothing", () => {
    expect(ask([], { rule: { kind: "none" } }).allowed).toBe(true);
  });
});

test("an environment may want policy tests to hold, but a way back stays open", () => {
  const wanted: EnvironmentRule = { kind: "approved", ...rule, testsMustPass: true };
  const ask = (failed: number, isRollback = false) => {
    const tests = { total: 2, failed, notRun: 0 };
    const reviews = [review({ rounds: [round([vote("rita", "approve")], { tests })] })];
    return approvalFor({ rule: wanted, reviews, digest: DIGEST, today: TODAY, isRollback });
  };
  expect(ask(0).allowed).toBe(true);
  expect(ask(1)).toMatchObject({
    allowed: false,
    sentence: expect.stringContaining("1 of 2 policy tests does not hold"),
  });
  expect(ask(1, true).allowed).toBe(true);
});

describe("for every random course of events", () => {
  const seed = Number(process.env["SEED"] ?? 1);
  let state = seed;
  const next = (below: number) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return state % below;
  };
  const one = <T>(values: readonly T[]): T => values[next(values.length)] as T;
  const people = ["author", "second author", "rita", "rob", "ada"];

  test(`an author's word and a word on another digest change nothing (seed ${seed})`, () => {
    for (let course = 0; course < 2_000; course += 1) {
      const votes = Array.from({ length: next(6) }, () =>
        vote(one(people), one(DECISIONS), { digest: one([DIGEST, DIGEST, OTHER]), role: one(VOTING_ROLES) }),
      );
      const ofRule: ReviewRule = { quorum: 1 + next(3), roles: one([["reviewer"], ["administrator"], rule.roles]) };
      const comments = Array.from({ length: next(3) }, () =>
        comment({ blocking: next(2) === 0, resolvedAt: one([null, TODAY]) }),
      );
      const whole = round(votes, { authorIds: ["author", "second author"] });
      const clean = {
        ...whole,
        votes: votes.filter(({ voterId, digest }) => digest === DIGEST && !whole.authorIds.includes(voterId)),
      };
      const context = `seed ${seed}, course ${course}: ${JSON.stringify({ votes, ofRule, comments })}`;
      const result = tally(ofRule, whole, comments);
      expect(result.outcome, context).toBe(tally(ofRule, clean, comments).outcome);
      expect(result.counted.length + result.ignored.length, context).toBe(votes.length);
      if (result.outcome.startsWith("approved")) {
        expect(result.approvals, context).toBeGreaterThanOrEqual(ofRule.quorum);
        expect(result.blocking, context).toBe(0);
      }
      // One more "changes" of a counting reviewer never helps an approval.
      const role = one(ofRule.roles);
      const asked = { ...whole, votes: [...votes, vote("late", "changes", { role })] };
      expect(tally(ofRule, asked, comments).outcome, context).not.toMatch(/^approved/);
    }
  });

  test(`what is allowed stands on enough approvals of this very digest (seed ${seed})`, () => {
    for (let course = 0; course < 2_000; course += 1) {
      const digest = one([DIGEST, OTHER]);
      const reviews = Array.from({ length: next(4) }, (_, place) =>
        review({
          number: place + 1,
          state: one(REVIEW_STATES),
          rounds: Array.from({ length: next(3) }, (__, index) =>
            round(
              Array.from({ length: next(3) }, (_unused, voter) => vote(`v${voter}`, one(DECISIONS), { digest })),
              { number: index + 1, digest: one([DIGEST, OTHER]) },
            ),
          ),
          conditions: next(2) ? [condition({ metAt: one([null, TODAY]), beforeDeploy: next(2) === 0 })] : [],
        }),
      );
      const quorum = 1 + next(2);
      const answer = approvalFor({
        rule: { kind: "approved", quorum, roles: rule.roles },
        reviews,
        digest: DIGEST,
        today: TODAY,
      });
      const context = `seed ${seed}, course ${course}: ${JSON.stringify(reviews)}`;
      if (!answer.allowed) {
        expect(answer.wayOn, context).not.toBe("");
        continue;
      }
      const named = reviews.find(({ number }) => number === answer.review?.number);
      const last = named?.rounds.at(-1);
      expect(named?.state, context).toMatch(/^approved/);
      expect(last?.digest, context).toBe(DIGEST);
      expect(
        last?.votes.filter((each) => each.digest === DIGEST && each.decision.startsWith("approve")).length,
        context,
      ).toBeGreaterThanOrEqual(quorum);
    }
  });
});

test("there are nine stations, walked one after the other", () => {
  expect(STATIONS).toHaveLength(9);
  expect(neighboursOf("purpose")).toEqual({ before: null, after: "changes" });
  expect(neighboursOf("decision")).toEqual({ before: "rollout", after: null });
  expect(numberOf("findings")).toBe(6);
  expect([isStation("access"), isStation("nothing")]).toEqual([true, false]);
});
