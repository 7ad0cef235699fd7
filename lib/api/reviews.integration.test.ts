// A change on its way through its review over the API, and every way that must not lead around it.
import { describe, expect, test } from "vitest";
import type { ReviewDto, StationOf } from "./schema";
import {
  administrator,
  anyVersion,
  api,
  author,
  call,
  deploy,
  digestOf,
  edit,
  kinds,
  reviewer,
  second,
  setRule,
  submit,
  vote,
  withReviewPeople,
} from "./testing/reviews";

withReviewPeople();

type ChangesStation = StationOf<"changes">;

describe("submitting", () => {
  test("freezes the draft as a revision and its digest", async () => {
    const review = await submit();
    const draft = await call(author, "GET", "/draft");
    expect(review).toMatchObject({
      state: "open",
      base: { revision: 1 },
      round: { number: 1, digest: draft.body["digest"] },
      rounds: [{ authors: [expect.stringMatching(/^author/)], votes: [] }],
      you: { isAuthor: true },
    });
    await edit();
    expect((await call<ReviewDto>(author, "GET", `/reviews/${review.number}`)).body.round).toEqual(review.round);
  });

  test("needs the version of the draft that was looked at, and something to review", async () => {
    const body = { title: "Nothing", against: 1 };
    expect((await call(author, "POST", "/reviews", body)).status).toBe(428);
    const old = await call(author, "POST", "/reviews", body, { "if-match": '"v1"' });
    expect([old.status, old.body["code"]]).toEqual([412, "version-mismatch"]);
    const review = await submit();
    const same = await call(author, "POST", "/reviews", { title: "Same", against: review.round?.revision }, anyVersion);
    expect([same.status, same.body["code"]]).toEqual([409, "nothing-changed"]);
  });

  test("the next round may be compared with what runs by then; the round before keeps its own", async () => {
    const { database } = api.runtime;
    const review = await submit();
    const before = await call<ChangesStation>(author, "GET", `/reviews/${review.number}/stations/changes`);
    await edit();
    const frozen = await call<{ number: number }>(author, "POST", "/revisions", { message: "goes on" });
    const { number } = frozen.body;
    const rounds = `/reviews/${review.number}/rounds`;
    await edit();
    const early = await call(author, "POST", rounds, { against: number }, anyVersion);
    expect([early.status, early.body["violations"]]).toMatchObject([
      400,
      [{ path: "body.against", message: `r${number} runs in no environment` }],
    ]);

    const deployed = await deploy(number);
    expect(deployed.status).toBe(201);
    await database.deployment.updateMany({ data: { state: "done", finishedAt: new Date() } });
    const sent = await call<ReviewDto>(author, "POST", rounds, { against: number }, anyVersion);
    expect([sent.status, sent.body.base]).toMatchObject([201, { revision: number }]);
    const now = await call<ChangesStation>(author, "GET", `/reviews/${review.number}/stations/changes`);
    expect(now.body).toMatchObject({ from: `r${number}`, to: `r${sent.body.round?.revision}` });
    expect(now.body.changes).toHaveLength(1);
    const first = await call<ChangesStation>(author, "GET", `/reviews/${review.number}/stations/changes?round=1`);
    expect(first.body).toEqual(before.body);
    expect(first.body.from).toBe("r1");
  });

  test("text may be kept before anything is frozen, and then nothing can be voted on", async () => {
    await edit();
    const kept = await call<ReviewDto>(author, "POST", "/reviews", { title: "Later", submit: false }, anyVersion);
    expect(kept.body).toMatchObject({ state: "draft", round: null });
    const early = await call(reviewer, "POST", `/reviews/${kept.body.number}/votes`, {
      digest: "a".repeat(64),
      decision: "approve",
    });
    expect([early.status, early.body["code"]]).toEqual([409, "review-closed"]);
    const sent = await call<ReviewDto>(author, "POST", `/reviews/${kept.body.number}/rounds`, {}, anyVersion);
    expect([sent.status, sent.body.state]).toEqual([201, "open"]);
  });

  test("everybody whose edits are in the change is its author", async () => {
    await edit(administrator);
    const review = await submit();
    expect(review.rounds[0]?.authors).toHaveLength(2);
    const own = await vote(administrator, review);
    expect([own.status, own.body]).toEqual([403, expect.objectContaining({ code: "vote-refused" })]);
  });
});

test("comments pinned to an object are read for the topology while they are open and the review undecided", async () => {
  const review = await submit({ title: "With a pin" });
  const anchor = "Service/production/payment-service";
  const pinned = async () => {
    type Pinned = {
      reviews: { number: number }[];
      items: { anchor: string; body: string; review: number; id: string }[];
    };
    const { body } = await call<Pinned>(author, "GET", "/pinned-comments");
    return { ...body, items: body.items.filter((each) => each.review === review.number) };
  };
  const say = (body: string, more: object = {}) =>
    call<ReviewDto>(reviewer, "POST", `/reviews/${review.number}/comments`, { station: "changes", body, ...more });
  await say("On the whole.");
  await say("Why so slow?", { anchor });
  const [found, ...others] = (await pinned()).items;
  expect([found, others]).toEqual([expect.objectContaining({ anchor, body: "Why so slow?" }), []]);
  await say("Because.", { parent: found?.id, anchor });
  expect((await pinned()).items).toHaveLength(1);
  await call(reviewer, "POST", `/reviews/${review.number}/comments/${found?.id}/resolve`, { resolution: "Fine." });
  expect((await pinned()).items).toEqual([]);
  await say("And this?", { anchor });
  expect((await pinned()).reviews.map(({ number }) => number)).toContain(review.number);
  await vote(reviewer, review);
  const after = await pinned();
  expect([after.items, after.reviews.map(({ number }) => number)]).toEqual([
    [],
    expect.not.arrayContaining([review.number]),
  ]);
});

describe("policy tests", () => {
  const question = {
    from: { kind: "workload", workload: "Workload/production/checkout-v1" },
    to: { host: "payment-service" },
    method: "GET",
    path: "/pay",
    headers: {},
  };
  const save = (id: string, outcome: string) =>
    call(author, "PUT", `/policy-tests/${id}`, { name: `${id} holds`, question, expect: { outcome } });
  const removeAll = () =>
    Promise.all(["paying", "refusing"].map((id) => call(author, "DELETE", `/policy-tests/${id}`)));
  const station = (review: ReviewDto, round?: number) =>
    call<{ tests: { id: string; state: string; failures: string[] }[] }>(
      reviewer,
      "GET",
      `/reviews/${review.number}/stations/routing${round ? `?round=${round}` : ""}`,
    );

  test("are asked of what is frozen, and stay what they were when the tests change", async () => {
    await save("paying", "forwarded");
    await save("refusing", "denied");
    const review = await submit();
    expect(review.tests).toEqual({ total: 2, failed: 1, notRun: 0 });
    await removeAll();
    const { body } = await station(review);
    expect(body.tests.map(({ id, state, failures }) => [id, state, failures])).toEqual([
      ["refusing", "failed", ["expected denied, got forwarded"]],
      ["paying", "passed", []],
    ]);
    expect((await vote(reviewer, review)).body.state).toBe("approved");
  });

  test("hold an approval back where the mesh's rule says so; the next round is asked anew", async () => {
    await setRule("/review-rule", { quorum: 1, roles: ["reviewer"], testsMustPass: true });
    await setRule("/environments/local/approval-rule", {
      kind: "approved",
      quorum: 1,
      roles: ["reviewer"],
      testsMustPass: true,
    });
    await save("refusing", "denied");
    const review = await submit();
    const refused = await vote(reviewer, review);
    expect([refused.status, refused.body]).toEqual([
      409,
      expect.objectContaining({ code: "tests-failing", detail: expect.stringContaining("1 of 1 policy test") }),
    ]);
    await removeAll();
    await edit();
    const next = await call<ReviewDto>(author, "POST", `/reviews/${review.number}/rounds`, {}, anyVersion);
    expect(next.body.rounds.map(({ tests }) => tests?.failed)).toEqual([1, 0]);
    expect((await station(review, 1)).body.tests).toHaveLength(1);
    expect((await vote(reviewer, next.body)).body.state).toBe("approved");
  });
});

describe("voting", () => {
  test("is refused to the author, by whatever role and token", async () => {
    const both = await api.tokenFor("administrator");
    const review = await submit({}, both);
    const answer = await vote(both, review);
    expect([answer.status, answer.body]).toEqual([403, expect.objectContaining({ code: "vote-refused" })]);
    expect((await vote(author, review)).status).toBe(403);
    expect((await call<ReviewDto>(both, "GET", `/reviews/${review.number}`)).body.state).toBe("open");
  });

  test("on an old digest is refused naming both, and no vote is carried over", async () => {
    await setRule("/review-rule", { quorum: 2, roles: ["reviewer", "administrator"] });
    const review = await submit();
    expect((await vote(reviewer, review)).body.approvals).toBe(1);
    await edit();
    const next = await call<ReviewDto>(
      author,
      "POST",
      `/reviews/${review.number}/rounds`,
      { answer: "So." },
      anyVersion,
    );
    expect(next.body).toMatchObject({ state: "open", approvals: 0, round: { number: 2 } });
    const late = await vote(second, review);
    expect([late.status, late.body]).toEqual([
      409,
      expect.objectContaining({ code: "old-digest", digest: digestOf(next.body), votedOn: digestOf(review) }),
    ]);
    expect((await vote(reviewer, next.body)).body.state).toBe("open");
    expect((await vote(second, next.body)).body.state).toBe("approved");
    const after = await vote(administrator, next.body);
    expect([after.status, after.body]).toEqual([409, expect.objectContaining({ code: "review-closed" })]);
  });

  test("counts the roles of the rule only", async () => {
    await setRule("/review-rule", { quorum: 1, roles: ["administrator"] });
    const review = await submit();
    const answer = await vote(reviewer, review);
    expect([answer.status, answer.body]).toEqual([403, expect.objectContaining({ code: "vote-refused" })]);
  });

  test("can be changed while the round is open", async () => {
    await setRule("/review-rule", { quorum: 2, roles: ["reviewer"] });
    const review = await submit();
    expect((await vote(reviewer, review, { decision: "changes" })).body.state).toBe("changes-asked");
    const answer = await vote(reviewer, review);
    expect(answer.body).toMatchObject({ state: "open", approvals: 1 });
    expect(answer.body.rounds[0]?.votes).toHaveLength(1);
  });

  test("two votes at once both count", async () => {
    await setRule("/review-rule", { quorum: 2, roles: ["reviewer"] });
    const review = await submit();
    const answers = await Promise.all([vote(reviewer, review), vote(second, review)]);
    expect(answers.map(({ status }) => status)).toEqual([201, 201]);
    expect((await call<ReviewDto>(author, "GET", `/reviews/${review.number}`)).body.state).toBe("approved");
  });
});

describe("comments", () => {
  const comment = (token: string, review: ReviewDto, more: Record<string, unknown> = {}) =>
    call<ReviewDto>(token, "POST", `/reviews/${review.number}/comments`, {
      station: "routing",
      anchor: "Route/production/payment-service",
      body: "Is one second enough?",
      blocking: true,
      ...more,
    });

  test("a blocking one holds the approval back until a reviewer resolves it; it goes along into the next round", async () => {
    const review = await submit();
    const blocked = await comment(reviewer, review);
    expect(blocked.body).toMatchObject({ blocking: 1, openComments: 1 });
    const held = await vote(second, review);
    expect([held.status, held.body]).toEqual([409, expect.objectContaining({ code: "review-blocked" })]);
    const id = blocked.body.comments[0]?.id;
    const own = await call(author, "POST", `/reviews/${review.number}/comments/${id}/resolve`, { resolution: "fine" });
    expect(own.status).toBe(403);
    await edit();
    const next = await call<ReviewDto>(author, "POST", `/reviews/${review.number}/rounds`, {}, anyVersion);
    expect(next.body.comments).toEqual([expect.objectContaining({ id, round: 1, resolvedAt: null })]);
    expect((await vote(reviewer, next.body)).status).toBe(409);
    const done = await call<ReviewDto>(reviewer, "POST", `/reviews/${review.number}/comments/${id}/resolve`, {
      resolution: "Two seconds is.",
    });
    expect(done.body).toMatchObject({ blocking: 0, comments: [{ resolution: "Two seconds is." }] });
    expect((await vote(reviewer, next.body)).body.state).toBe("approved");
  });

  test("a comment that comes after the approvals and is resolved lets them decide", async () => {
    await setRule("/review-rule", { quorum: 2, roles: ["reviewer"] });
    const review = await submit();
    await vote(reviewer, review);
    const blocked = await comment(second, review);
    await setRule("/review-rule", { quorum: 1, roles: ["reviewer"] });
    const id = blocked.body.comments[0]?.id;
    const done = await call<ReviewDto>(second, "POST", `/reviews/${review.number}/comments/${id}/resolve`, {});
    expect(done.body.state).toBe("approved");
  });

  test("only who may vote may block; answers hang under the comment", async () => {
    const review = await submit();
    expect((await comment(author, review)).status).toBe(403);
    const first = await comment(author, review, { blocking: false });
    const parent = first.body.comments[0]?.id;
    const answer = await comment(reviewer, review, { parent, blocking: false, body: "Yes." });
    expect(answer.body.comments[1]).toMatchObject({ parent, anchor: "Route/production/payment-service" });
    expect(answer.body.openComments).toBe(1);
  });
});

test("a review can be replaced by a newer one", async () => {
  const old = await submit();
  const review = await submit({ supersedes: old.number });
  expect(review.supersedes).toBe(old.number);
  expect((await call<ReviewDto>(author, "GET", `/reviews/${old.number}`)).body.state).toBe("superseded");
});

test("its text changes against the version that was read, until it is decided", async () => {
  const review = await submit();
  const path = `/reviews/${review.number}`;
  const changed = await call<ReviewDto>(
    author,
    "PATCH",
    path,
    { why: "Because.", notes: { routing: "Say why." } },
    { "if-match": `"v${review.version}"` },
  );
  expect(changed.body).toMatchObject({ why: "Because.", notes: { routing: "Say why." } });
  const stale = await call(author, "PATCH", path, { why: "No." }, { "if-match": `"v${review.version}"` });
  expect(stale.status).toBe(412);
  await vote(reviewer, review, { decision: "reject" });
  const late = await call(author, "PATCH", path, { why: "No." }, anyVersion);
  expect([late.status, late.body["code"]]).toEqual([409, "review-closed"]);
});

test("lists are paged and told apart by state", async () => {
  const first = await call<{ items: { number: number; state: string }[]; nextCursor: string }>(
    author,
    "GET",
    "/reviews?limit=2",
  );
  expect(first.body.items).toHaveLength(2);
  const next = await call<typeof first.body>(author, "GET", `/reviews?limit=2&cursor=${first.body.nextCursor}`);
  expect(next.body.items[0]?.number).toBe((first.body.items[1]?.number ?? 0) - 1);
  const open = await call<typeof first.body>(author, "GET", "/reviews?state=open");
  expect(new Set(open.body.items.map(({ state }) => state))).not.toContain("approved");
});

test("every step is an event, and the chain of events holds", async () => {
  const { events } = await import("@/lib/data/system/events");
  const seen = new Set(await kinds());
  for (const kind of [
    "review.submitted",
    "review.voted",
    "review.approved",
    "review.commented",
    "approval.rule.changed",
  ])
    expect(seen).toContain(kind);
  expect(await events(api.runtime.database).firstBroken()).toBeNull();
});
