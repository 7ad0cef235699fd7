// People and steps of a review, for tests over the API: an author submits, reviewers vote, an operator deploys.
// The rule: one database per test file; each step goes through the API as a person's would.
import { afterAll, beforeAll, beforeEach, expect } from "vitest";
import type { ReviewDto } from "../schema";
import { startTestApi, type TestApi } from "./api";

export let api: TestApi;
export let author: string;
export let reviewer: string;
export let second: string;
export let operator: string;
export let administrator: string;

/** To be called once at the top of a test file: a mesh, its people, and the default rules before each test. */
export function withReviewPeople(): void {
  beforeAll(async () => {
    api = await startTestApi();
    author = await api.tokenFor("author");
    reviewer = await api.tokenFor("reviewer");
    second = await api.tokenFor("reviewer");
    operator = await api.tokenFor("operator");
    administrator = await api.tokenFor("administrator");
  });
  afterAll(() => api?.stop());
  beforeEach(async () => {
    await setRule("/review-rule", { quorum: 1, roles: ["reviewer", "administrator"] });
    await setRule("/environments/local/approval-rule", { kind: "none" });
  });
}

export const call = <T = Record<string, unknown>>(
  token: string,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
) => api.call<T>(method, `/meshes/shop${path}`, { token, headers, ...(body === undefined ? {} : { body }) });
export const anyVersion = { "if-match": "*" };

let timeout = 3_000;
/** An edit of the payment route that no edit before made. */
export async function edit(token = author): Promise<void> {
  timeout += 1;
  const command = {
    type: "patchSpec",
    key: "Route/production/payment-service",
    path: ["rules", 0, "timeoutMs"],
    value: timeout,
  };
  const answer = await call(token, "POST", "/draft/commands", { clientId: "t", commands: [command] }, anyVersion);
  expect(answer.status).toBe(200);
}
export async function submit(more: Record<string, unknown> = {}, token = author): Promise<ReviewDto> {
  await edit(token);
  const body = { title: "Payment answers sooner", why: "Checkout waits too long.", against: 1, ...more };
  const answer = await call<ReviewDto>(token, "POST", "/reviews", body, anyVersion);
  expect([answer.status, answer.body]).toEqual([201, expect.anything()]);
  return answer.body;
}
export const digestOf = (review: ReviewDto) => review.round?.digest ?? "";
export const vote = (token: string, review: ReviewDto, more: Record<string, unknown> = {}) =>
  call<ReviewDto>(token, "POST", `/reviews/${review.number}/votes`, {
    digest: digestOf(review),
    decision: "approve",
    ...more,
  });
export const deploy = (revision: number, token = operator) =>
  call(token, "POST", "/environments/local/deployments", { revision });
export const setRule = (path: string, rule: unknown) => call(administrator, "PUT", path, rule, anyVersion);
export const kinds = async () =>
  (await call<{ items: { kind: string }[] }>(administrator, "GET", "/events?limit=200")).body.items.map(
    ({ kind }) => kind,
  );
