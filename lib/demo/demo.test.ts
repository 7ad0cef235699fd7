import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { demoMesh } from "@/lib/mesh";
import { knownAnswer } from "./echo";
import { sampleDurationMs } from "./latency";
import { SHOP_APPS } from "./shop";
import { INITIAL_SWITCHES, serveSwitches, switchFor } from "./switches";

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

test("every service that the demo mesh draws has an app", () => {
  const drawn = demoMesh()
    .objects.filter((object) => object.kind === "Service")
    .map((object) => object.metadata.name);
  expect(Object.keys(SHOP_APPS).sort()).toEqual(drawn.sort());
});

test("of each hundred known answers p50, p95 and p99 are 20, 200 and 900 ms and seven are errors", () => {
  for (const offset of [0, 100, 4_300]) {
    const answers = Array.from({ length: 100 }, (_, i) => knownAnswer(offset + i));
    const delays = answers.map(({ delayMs }) => delayMs).sort((a, b) => a - b);
    expect([delays[49], delays[94], delays[98]]).toEqual([20, 200, 900]);
    expect(answers.filter(({ status }) => status >= 500)).toHaveLength(7);
  }
});

test("durations are spread around their median", () => {
  let seed = 7;
  const random = () => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed / 2_147_483_647;
  };
  const samples = Array.from({ length: 2_000 }, () => sampleDurationMs(40, random)).sort((a, b) => a - b);
  expect(samples[1_000]).toBeGreaterThan(37);
  expect(samples[1_000]).toBeLessThan(43);
  expect(samples[1_980]! / samples[1_000]!).toBeGreaterThan(1.8);
});

test("a version's own switch wins over the one of all versions", () => {
  const table = { "payment-service": 10, "payment-service@v2": 250 };
  expect(switchFor(table, "payment-service", "v1")).toBe(10);
  expect(switchFor(table, "payment-service", "v2")).toBe(250);
  expect(switchFor(table, "cart", "v1")).toBe(0);
});

async function switchesUrl(): Promise<string> {
  const server = serveSwitches(0, structuredClone(INITIAL_SWITCHES));
  closing.push(() => server.close());
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/switches`;
}

const post = (url: string, body: string, headers: Record<string, string> = {}) =>
  fetch(url, { method: "POST", body, headers: { "content-type": "application/json", ...headers } });

test("switches are read and changed over HTTP, and what is not named stays", async () => {
  const url = await switchesUrl();
  const changed = await post(url, JSON.stringify({ latencyMs: { cart: 120 } }));
  expect(await changed.json()).toMatchObject({ load: 20, latencyMs: { cart: 120 } });
  expect(await (await fetch(url)).json()).toMatchObject({ latencyMs: { cart: 120 } });
});

test("switches refuse a web page, unknown names and nonsense, and say why", async () => {
  const url = await switchesUrl();
  expect((await post(url, "{}", { origin: "http://evil.example" })).status).toBe(403);
  expect((await post(url, "{}", { "content-type": "text/plain" })).status).toBe(403);
  const unknown = await post(url, JSON.stringify({ lod: 1 }));
  expect(unknown.status).toBe(400);
  expect(((await unknown.json()) as { error: string }).error).toContain("lod");
  expect((await post(url, "{")).status).toBe(400);
});
