import { expect, test } from "vitest";
import type { Hop } from "@/lib/simulate";
import { factsOf } from "./hop-facts";

const hop = (more: Partial<Hop>): Hop => ({
  proxy: "default/web-v1/0",
  direction: "outbound",
  listener: "outbound",
  considered: [],
  mtls: "mutual",
  sentence: "",
  ...more,
});

test.each([
  [900, "900 ms"],
  [1500, "1.5 s"],
  [90_000, "90 s"],
])("times of %i ms are told as they are", (ms, text) => {
  const retries = { attempts: 1, perTryTimeoutMs: ms, on: ["connect-failure"] };
  const facts = factsOf(hop({ timeoutMs: ms, retries, fault: { delay: { probability: 1, ms }, abort: null } }));
  expect(facts).toEqual([
    ["Timeout", text],
    ["Retries", `up to 1, each up to ${text}, on connect-failure`],
    ["Delayed", `100 % by ${text}`],
  ]);
});

test("idle times and waits before retries are told where the design has them", () => {
  const backoff = { baseMs: 100, maxMs: 2000 };
  const retries = { attempts: 3, perTryTimeoutMs: null, backoff, on: ["reset"] };
  expect(factsOf(hop({ timeoutMs: null, idleTimeoutMs: 45_000, retries }))).toEqual([
    ["Timeout", "none"],
    ["Idle timeout", "45 s"],
    ["Retries", "up to 3, on reset, waiting up to 100 ms at first and 2 s at most"],
  ]);
  const remote = { attempts: 3, perTryTimeoutMs: null, remoteLocalities: true as const, on: ["reset"] };
  expect(factsOf(hop({ retries: remote }))).toEqual([
    ["Retries", "up to 3, on reset, in other localities after two tries"],
  ]);
  expect(factsOf(hop({ internalRedirects: { max: 2, codes: [303, 307], crossScheme: "any" } }))).toContainEqual([
    "Redirects followed",
    "at most 2 with 303 or 307, also to the other scheme",
  ]);
  const again = { attempts: 3, perTryTimeoutMs: null, sameHosts: true as const, on: ["reset"] };
  expect(factsOf(hop({ retries: again }))).toEqual([["Retries", "up to 3, on reset, at hosts that were tried too"]]);
});

test("keys that a host is chosen by are told with their values, and which are not there", () => {
  const keys = [
    { key: "header x-user", value: null },
    { key: "cookie sid", value: null, isGiven: true as const },
    { key: "query user", value: "a" },
  ];
  expect(factsOf(hop({ hash: { table: "ring", keys, why: "" } }))).toEqual([
    ["Hashed: header x-user", "not there"],
    ["Hashed: cookie sid", "given with the answer"],
    ["Hashed: query user", "a"],
  ]);
});
