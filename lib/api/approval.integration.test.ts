// What an approval allows, what the rules refuse, and what the board is shown, over the API.
import { describe, expect, test } from "vitest";
import { STATIONS } from "@/lib/review";
import type { ApprovalDto, ReviewDto } from "./schema";
import {
  administrator,
  anyVersion,
  api,
  author,
  call,
  deploy,
  digestOf,
  kinds,
  operator,
  reviewer,
  setRule,
  submit,
  vote,
  withReviewPeople,
} from "./testing/reviews";

withReviewPeople();

describe("deploying", () => {
  const needsApproval = { kind: "approved", quorum: 1, roles: ["reviewer", "administrator"] };
  const expectRefused = (answer: { status: number; body: Record<string, unknown> }, reason: RegExp) => {
    expect([answer.status, answer.body["code"]]).toEqual([403, "approval-required"]);
    expect(answer.body["detail"]).toMatch(reason);
  };

  test("asks for nothing by default", async () => {
    expect((await deploy(1)).status).toBe(201);
  });

  test("an unapproved revision is refused with the reason and the way on, and the refusal is logged", async () => {
    await setRule("/environments/local/approval-rule", needsApproval);
    expectRefused(await deploy(1), /never reviewed.*Submit it for review/s);
    const review = await submit();
    const revision = review.round?.revision ?? 0;
    expectRefused(await deploy(revision, administrator), /not decided yet/);
    expect(await kinds()).toContain("deployment.refused");
    await vote(reviewer, review);
    expect((await deploy(revision)).status).toBe(201);
    const asked = await call<ApprovalDto>(operator, "GET", `/environments/local/approval?revision=${revision}`);
    expect(asked.body).toMatchObject({ allowed: true, review: { number: review.number }, digest: digestOf(review) });
  });

  test("a withdrawn approval allows nothing any more", async () => {
    await setRule("/environments/local/approval-rule", needsApproval);
    const review = await submit();
    await vote(reviewer, review);
    await call(author, "POST", `/reviews/${review.number}/withdraw`, { reason: "It was wrong." });
    expectRefused(await deploy(review.round?.revision ?? 0), /withdrawn/);
  });

  test("an unmet condition is refused; the author cannot meet it; an operator can, with evidence", async () => {
    await setRule("/environments/local/approval-rule", needsApproval);
    const review = await submit();
    const conditions = [{ text: "Alert on 504", owner: "payments", dueOn: "2099-12-31" }];
    const plain = await vote(reviewer, review, { conditions });
    expect(plain.status).toBe(400);
    const approved = await vote(reviewer, review, { decision: "approve-with-conditions", conditions });
    expect(approved.body).toMatchObject({ state: "approved-with-conditions", unmetConditions: 1 });
    const revision = review.round?.revision ?? 0;
    expectRefused(await deploy(revision), /"Alert on 504" \(payments\)/);
    const path = `/reviews/${review.number}/conditions/${approved.body.conditions[0]?.id}/meet`;
    const both = await api.tokenFor("administrator");
    expect((await call(author, "POST", path, { evidence: "done" })).status).toBe(403);
    expect((await call(both, "POST", path, { evidence: "" })).status).toBe(400);
    const met = await call<ReviewDto>(operator, "POST", path, { evidence: "Alert 17 fires in staging." });
    expect(met.body.conditions[0]).toMatchObject({ metBy: expect.stringMatching(/^operator/) });
    expect((await deploy(revision)).status).toBe(201);
  });

  test("going back to what ran here before stays possible", async () => {
    const { database } = api.runtime;
    await database.deployment.updateMany({ data: { state: "done", finishedAt: new Date() } });
    await setRule("/environments/local/approval-rule", needsApproval);
    const review = await submit();
    await vote(reviewer, review);
    const next = await deploy(review.round?.revision ?? 0);
    const id = next.body["id"] as string;
    await database.deployment.update({ where: { id }, data: { state: "done", finishedAt: new Date() } });
    const back = await call(operator, "POST", `/environments/local/deployments/${id}/rollback`);
    expect(back.status).toBe(201);
  });
});

describe("rules", () => {
  test("are set by administrators, against what was read", async () => {
    const read = await call(reviewer, "GET", "/review-rule");
    const rule = { quorum: 3, roles: ["reviewer"] };
    expect((await call(reviewer, "PUT", "/review-rule", rule, anyVersion)).status).toBe(403);
    const etag = read.headers.get("etag") ?? "";
    const written = await call(administrator, "PUT", "/review-rule", rule, { "if-match": etag });
    expect(written.body).toEqual(rule);
    const stale = await call(administrator, "PUT", "/review-rule", { ...rule, quorum: 4 }, { "if-match": etag });
    expect(stale.status).toBe(412);
    const fresh = { "if-match": written.headers.get("etag") ?? "" };
    expect((await call(administrator, "PUT", "/review-rule", { ...rule, quorum: 2 }, fresh)).status).toBe(200);
  });

  test.each([
    ["no quorum", { quorum: 0, roles: ["reviewer"] }],
    ["a quorum nobody reaches", { quorum: 10, roles: ["reviewer"] }],
    ["no role", { quorum: 1, roles: [] }],
    ["a role that cannot vote", { quorum: 1, roles: ["author"] }],
    ["a role twice", { quorum: 1, roles: ["reviewer", "reviewer"] }],
    ["an unknown field", { quorum: 1, roles: ["reviewer"], bypass: true }],
  ])("with %s are refused", async (_, rule) => {
    expect((await setRule("/review-rule", rule)).status).toBe(400);
    expect((await setRule("/environments/local/approval-rule", { kind: "approved", ...rule })).status).toBe(400);
  });
});

describe("the walkthrough", () => {
  test("every station answers with what its question asks for", async () => {
    const review = await submit();
    const stations = new Map<string, Record<string, unknown>>();
    for (const { id } of STATIONS) {
      const answer = await call(reviewer, "GET", `/reviews/${review.number}/stations/${id}`);
      expect([id, answer.status, answer.body["code"]]).toEqual([id, 200, undefined]);
      expect(answer.body).toMatchObject({ station: id, from: "r1", to: `r${review.round?.revision}` });
      stations.set(id, answer.body);
    }
    expect(stations.get("changes")).toMatchObject({
      changes: [{ key: "Route/production/payment-service", sentence: expect.stringContaining("timeout") }],
      picture: { counts: { added: 0, removed: 0, changed: 1 } },
    });
    expect(stations.get("routing")).toMatchObject({ consequences: [{ kind: "timeout" }] });
    expect(stations.get("access")).toMatchObject({ gained: [], lost: [] });
    expect(stations.get("checklist")).toHaveProperty("controls.14");
    // Without a control plane the plan says so, and the rest stands.
    expect(stations.get("rollout")).toMatchObject({ environments: [{ name: "local", allowed: true, plan: null }] });
  }, 60_000);

  test("a station or a round that is none is not found", async () => {
    const review = await submit();
    expect((await call(reviewer, "GET", `/reviews/${review.number}/stations/nothing`)).status).toBe(404);
    expect((await call(reviewer, "GET", `/reviews/${review.number}/stations/changes?round=7`)).status).toBe(409);
    expect((await call(reviewer, "GET", "/reviews/999/stations/changes")).status).toBe(404);
    expect((await call(reviewer, "GET", "/reviews/nothing")).status).toBe(404);
  });
});
