// Which host a key has while hosts come and go. The tables themselves are held against Envoy by conformance.

import { describe, expect, test } from "vitest";
import type { HashTablePlan } from "../plan/types";
import { hashTable, xxHash64 } from "../semantics";
import { HashChoice } from "./hash-choice";
import { TableQueue } from "./table-queue";

const ring: HashTablePlan = {
  kind: "ring",
  minimumSize: 1024,
  maximumSize: 8_388_608,
  isMurmur: false,
  usesHostname: false,
};
const maglev: HashTablePlan = { kind: "maglev", tableSize: 65_537, usesHostname: false };
const host = (port: number, over: { weight?: number; localityWeight?: number; locality?: string } = {}) => ({
  isHealthy: true,
  isDegraded: false,
  isExcluded: false,
  activeRequests: 0,
  startedAt: 0,
  address: "10.0.0.1",
  plan: {
    weight: 1,
    health: "healthy",
    locality: "",
    localityWeight: 0,
    port,
    priority: 0,
    hostname: "",
    hashKey: "",
    ...over,
  },
});
const keys = Array.from({ length: 600 }, (_, index) => xxHash64(Buffer.from(`key-${index}`)));

describe.each([
  ["ring", ring],
  ["maglev", maglev],
])("%s", (_, plan) => {
  test("a host that leaves takes only its own keys along, nearly", () => {
    const hosts = [host(1), host(2), host(3), host(4)];
    const choice = new HashChoice<(typeof hosts)[number]>(plan);
    choice.update(hosts, null);
    const before = keys.map((key) => choice.pick(key)?.plan.port);
    choice.update(hosts.slice(0, 3), null);
    const after = keys.map((key) => choice.pick(key)?.plan.port);
    const stayed = before.flatMap((port, index) => (port === 4 ? [] : [port === after[index]]));
    expect(after).not.toContain(4);
    expect(stayed.filter(Boolean).length / stayed.length).toBeGreaterThan(0.8);
    choice.update(hosts, null);
    expect(keys.map((key) => choice.pick(key)?.plan.port)).toEqual(before);
  });

  test("weights are kept, and a locality that weighs nothing gets nobody", () => {
    const hosts = [host(1, { weight: 3 }), host(2)];
    const choice = new HashChoice<(typeof hosts)[number]>(plan);
    choice.update(hosts, null);
    const first = keys.filter((key) => choice.pick(key)?.plan.port === 1).length / keys.length;
    expect(first).toBeGreaterThan(0.65);
    expect(first).toBeLessThan(0.85);
    const apart = [host(1, { locality: "a", localityWeight: 1 }), host(2, { locality: "b" })];
    choice.update(apart, apart);
    expect(new Set(keys.map((key) => choice.pick(key)?.plan.port))).toEqual(new Set([1]));
  });

  test("another host is found for a retry; without hosts there is none", () => {
    const hosts = [host(1), host(2)];
    const choice = new HashChoice<(typeof hosts)[number]>(plan);
    expect(choice.pick({ hi: 1, lo: 2 })).toBeNull();
    choice.update(hosts, null);
    for (const key of keys.slice(0, 40)) {
      const tried = choice.pick(key);
      expect(tried).not.toBeNull();
      expect(choice.pick(key, (host) => host === tried, 60)).not.toBe(tried);
    }
  });
});

describe("a large table, which is made bit by bit", () => {
  const large: HashTablePlan = { ...ring, minimumSize: 70_000 };
  const hosts = [1, 2, 3, 4].map((port) => host(port));

  test("keys have a host at once, and in the end the one that the table says", async () => {
    const queue = new TableQueue();
    const choice = new HashChoice<(typeof hosts)[number]>(large, queue);
    choice.update(hosts, null);
    expect(queue.isIdle).toBe(false);
    expect(keys.every((key) => hosts.includes(choice.pick(key) as (typeof hosts)[number]))).toBe(true);
    await queue.whenIdle();
    const table = hashTable(
      large,
      hosts.map(({ plan }) => ({ key: `10.0.0.1:${plan.port}`, share: 1 / hosts.length })),
    );
    expect(keys.map((key) => choice.pick(key)?.plan.port)).toEqual(
      keys.map((key) => hosts[table.find(key, 0)]?.plan.port),
    );
  });

  test("keys keep their host while it stays, and nobody gets one that is gone", async () => {
    const queue = new TableQueue();
    const choice = new HashChoice<(typeof hosts)[number]>(large, queue);
    choice.update(hosts, null);
    await queue.whenIdle();
    const before = keys.map((key) => choice.pick(key));
    const [gone, ...left] = hosts;
    choice.update(left, null);
    expect(queue.isIdle).toBe(false);
    const meanwhile = keys.map((key) => choice.pick(key));
    expect(before).toContain(gone);
    for (const [index, picked] of meanwhile.entries()) {
      if (before[index] === gone) expect(left).toContain(picked);
      else expect(picked).toBe(before[index]);
    }
    await queue.whenIdle();
    const after = keys.map((key) => choice.pick(key));
    expect(after).not.toContain(gone);
    // Back to who was there: the table of now is wanted still, another one is not begun for nothing.
    choice.update(hosts, null);
    choice.update(left, null);
    expect(keys.map((key) => choice.pick(key))).toEqual(after);
    await queue.whenIdle();
    expect(keys.map((key) => choice.pick(key))).toEqual(after);
    choice.update([], null);
    expect(choice.pick(keys[0] as (typeof keys)[number])).toBeNull();
  });
});
