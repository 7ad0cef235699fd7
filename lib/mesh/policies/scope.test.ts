import { expect, test } from "vitest";
import type { RateLimit } from "../types";
import { withScope } from "./scope";

const service: RateLimit["spec"]["service"] = { namespace: "production", name: "cart" };

test("limits that all share leave the burst out and keep the rate in periods of a second and more", () => {
  const own = {
    service,
    limits: [
      { name: "reads", requests: 10, perMs: 250, burst: 30 },
      { requests: 100, perMs: 60_000 },
    ],
  };
  expect(withScope(own, "global")).toEqual({
    service,
    scope: "global",
    limits: [
      { name: "reads", requests: 40, perMs: 1000 },
      { requests: 100, perMs: 60_000 },
    ],
  });
});

test("limits of each instance leave out what only a shared count has", () => {
  const limits = [{ requests: 10, perMs: 1000, per: { type: "caller" as const } }];
  const shared = { service, scope: "global" as const, whenAway: "deny" as const, shadow: true, limits };
  expect(withScope(shared, undefined)).toEqual({ service, shadow: true, limits: [{ requests: 10, perMs: 1000 }] });
  expect(withScope(shared, "instance").scope).toBe("instance");
});

test("new connections are counted by each instance in both scopes, and limits that are not there stay away", () => {
  const connectionRate = { connections: 5, perMs: 1000, burst: 9 };
  expect(withScope({ service, connectionRate }, "global")).toEqual({ service, scope: "global", connectionRate });
  expect(withScope({ service, scope: "global", connectionRate }, undefined)).toEqual({ service, connectionRate });
});
