// Bar 2 of the first milestone: the seed's Istio document goes live through the API on the running demo, under load. Beta
// testers get version 2 always, the others at every tenth call; the golden signals say the same; nobody sees an error.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { DeploymentPlanDto } from "@/lib/api/schema";
import { LiveStack } from "./testing/live-stack";
import { Caller, type Reply, statusCounts } from "./testing/load";
import { until } from "./wait.mjs";

const START_LIMIT_MS = 600_000;
const PART_LIMIT_MS = 180_000;
const CALLS = 5_000;
const CONCURRENCY = 12;
/** The load during a deployment leaves the machine room to deploy. */
const STEADY = 4;
/** A deployment that takes a second on a quick machine is followed by more calls, up to this many. */
const CALLS_AROUND_CHANGE = 60;
const WANTED_SHARE = 0.1;
const TOLERANCE = 0.02;
const DEPENDENCY = "Service/production/checkout>Service/production/payment-service";
const seed = readFileSync(new URL("../dialects/istio/fixtures/seed.yaml", import.meta.url), "utf8");

let stack: LiveStack;
let outbound: number;
let firstRevision: number;
let deployed: string;

beforeAll(async () => {
  stack = await LiveStack.start({ demo: true });
  outbound = await stack.outboundPort("production/checkout-v1/0");
  // The visitors of the demo would be counted with ours.
  await fetch(`http://127.0.0.1:${stack.started.switchesPort}/switches`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ load: 0 }),
  });
}, START_LIMIT_MS);

afterAll(() => stack?.stop(), 30_000);

/** Calls of checkout to payment-service, through checkout's own sidecar. */
async function calling<T>(headers: Record<string, string>, concurrency: number, work: (caller: Caller) => Promise<T>) {
  const target = { port: outbound, host: "payment-service:8080", path: "/payments", headers };
  const caller = new Caller(target, concurrency);
  try {
    return await work(caller);
  } finally {
    caller.close();
  }
}

const beta = { "x-user-type": "beta-tester" };
const versionOf = ({ body }: Reply): unknown => JSON.parse(body).version;

function shareOfSecond(replies: readonly Reply[]): number {
  return replies.filter((reply) => versionOf(reply) === "v2").length / replies.length;
}

interface Counted {
  v1: number;
  v2: number;
}

/** What the golden signals have counted of the dependency so far. */
async function counted(): Promise<Counted> {
  const { versions } = await stack.signals(DEPENDENCY, "15m");
  const of = (name: string) => versions.find(({ version }) => version === name)?.requests ?? 0;
  return { v1: of("v1"), v2: of("v2") };
}

/** Sends, waits until the signals hold every one of these requests, and returns what they say of them. */
async function measured(headers: Record<string, string>): Promise<{ replies: Reply[]; shareInSignals: number }> {
  const before = await settledCount();
  const replies = await calling(headers, CONCURRENCY, (caller) => caller.times(CALLS));
  let after = before;
  const allCounted = async () => {
    after = await counted();
    return after.v1 + after.v2 - before.v1 - before.v2 >= CALLS;
  };
  expect(await until(allCounted, 30_000, 500), "the signals count every request").toBe(true);
  const [v1, v2] = [after.v1 - before.v1, after.v2 - before.v2];
  expect(v1 + v2).toBe(CALLS);
  return { replies, shareInSignals: v2 / (v1 + v2) };
}

/** The count once it stands still over a scrape: what was sent before is in it. */
async function settledCount(): Promise<Counted> {
  let last = await stack.signals(DEPENDENCY, "15m");
  const isStill = async () => {
    const now = await stack.signals(DEPENDENCY, "15m");
    const isNewer = now.lastScrapeAt !== last.lastScrapeAt;
    const isSame = now.total.requests === last.total.requests;
    if (isNewer) last = now;
    return isNewer && isSame;
  };
  expect(await until(isStill, 30_000, 500)).toBe(true);
  return counted();
}

test(
  "the document is imported through the API, planned, and deployed under load without a failed call",
  async () => {
    const draft = await stack.draft();
    const request = { dialect: "istio", text: seed, apply: true };
    const imported = await stack.api<{ applied: boolean; findings: { code: string }[] }>(
      "POST",
      "/import",
      request,
      draft.etag,
    );
    expect(imported.body.applied).toBe(true);
    firstRevision = (await stack.api<{ items: { number: number }[] }>("GET", "/revisions")).body.items[0]?.number ?? 0;
    const revision = await stack.freeze("the seed");
    expect(revision).toBe(firstRevision + 1);
    const plan = await stack.api<DeploymentPlanDto>("POST", "/environments/local/plan", { revision });
    const change = plan.body.proxies.find(({ proxyKey }) => proxyKey === "production/checkout-v1/0")?.change;
    expect(change).toBe("update");

    const { replies, result } = await calling({}, STEADY, (caller) =>
      caller.during(() => stack.deploy(revision), CALLS_AROUND_CHANGE),
    );
    expect(result).toMatchObject({ state: "done", revision });
    expect(statusCounts(replies)).toEqual({ "200": replies.length });
    deployed = result.id;
    console.log(`deployment under load: ${replies.length} calls, all 200`);
  },
  PART_LIMIT_MS,
);

test(
  "every call of a beta tester is answered by version 2, and the golden signals say so",
  async () => {
    const { replies, shareInSignals } = await measured(beta);
    expect(statusCounts(replies)).toEqual({ "200": CALLS });
    expect(replies.filter((reply) => versionOf(reply) !== "v2")).toEqual([]);
    expect(shareInSignals).toBe(1);
    console.log(`beta testers: ${CALLS} of ${CALLS} to v2, in the signals 100 %`);
  },
  PART_LIMIT_MS,
);

test(
  "of the other calls version 2 answers a tenth, and the golden signals show the same share",
  async () => {
    const { replies, shareInSignals } = await measured({});
    expect(statusCounts(replies)).toEqual({ "200": CALLS });
    const share = shareOfSecond(replies);
    console.log(`others: ${(share * 100).toFixed(2)} % to v2, in the signals ${(shareInSignals * 100).toFixed(2)} %`);
    expect(Math.abs(share - WANTED_SHARE)).toBeLessThanOrEqual(TOLERANCE);
    // Each request is counted once at the version that answered it, so the two shares are not merely near.
    expect(shareInSignals).toBeCloseTo(share, 6);
  },
  PART_LIMIT_MS,
);

test(
  "rolling back is one step, under load, without a failed call",
  async () => {
    const { replies, result } = await calling({}, STEADY, (caller) =>
      caller.during(() => stack.rollBack(deployed), CALLS_AROUND_CHANGE),
    );
    expect(result).toMatchObject({ state: "done", revision: firstRevision, rollbackOf: deployed });
    expect(statusCounts(replies)).toEqual({ "200": replies.length });
    console.log(`roll back under load: ${replies.length} calls, all 200`);
    // Without the document both versions answer beta testers.
    const after = await calling(beta, STEADY, (caller) => caller.times(200));
    expect(new Set(after.map(versionOf))).toEqual(new Set(["v1", "v2"]));
  },
  PART_LIMIT_MS,
);

test(
  "deleting the mesh is one step: its proxies are drained, their identities end, then it is gone",
  async () => {
    const mesh = await stack.api("GET", "");
    const folders = path.join(stack.started.home, "proxies");
    expect(readdirSync(folders)).toHaveLength(11);
    const pids = (await stack.proxies()).map(({ pid }) => pid ?? 0);
    const { body } = await stack.api("DELETE", "", undefined, mesh.etag);
    expect(body).toEqual({ state: "draining", proxies: 11 });
    expect((await stack.ask("POST", "/revisions", { message: "too late" })).status).toBe(409);
    const kinds = new Set<string>();
    const isGone = async () => {
      const { status, body: page } = await stack.ask("GET", "/events?limit=50");
      for (const { kind } of status === 200 ? (page as { items: { kind: string }[] }).items : []) kinds.add(kind);
      return status === 404;
    };
    expect(await until(isGone, 60_000, 100)).toBe(true);
    expect([...kinds]).toEqual(expect.arrayContaining(["mesh.deletion.asked", "mesh.drained"]));
    expect(readdirSync(folders)).toEqual([]);
    const isAlive = (pid: number) => existsSync(`/proc/${pid}`);
    expect(await until(() => !pids.some(isAlive), 5_000)).toBe(true);
    expect((await stack.ask("DELETE", "", undefined, mesh.etag)).status).toBe(404);
  },
  PART_LIMIT_MS,
);
