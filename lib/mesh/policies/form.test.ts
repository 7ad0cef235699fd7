import { expect, test } from "vitest";
import { API_VERSION, type MeshObject } from "../index";
import { withField } from "./form";
import { isPolicy, type PolicyObject } from "./kinds";

function policy(kind: string, spec: unknown): PolicyObject {
  const object = { apiVersion: API_VERSION, kind, metadata: { name: "x", namespace: "a" }, spec } as MeshObject;
  if (!isPolicy(object)) throw new Error("a policy");
  return object;
}
const traffic = policy("TrafficPolicy", { service: { name: "cart" }, connectionPool: { maxConnections: 3 } });

test("a field is set where it belongs, also in a block that is not there yet", () => {
  expect(withField(traffic, ["spec", "outlierDetection", "consecutive5xxErrors"], 5)).toMatchObject({
    ok: true,
    object: { spec: { outlierDetection: { consecutive5xxErrors: 5 } } },
  });
});

test("a block goes with its last field, unless it is needed", () => {
  expect(withField(traffic, ["spec", "connectionPool", "maxConnections"], undefined)).toEqual({
    ok: true,
    object: policy("TrafficPolicy", { service: { name: "cart" } }),
  });
  const deny = policy("AuthorizationPolicy", { target: { service: "cart" }, action: "deny", rules: [] });
  expect(withField(deny, ["spec", "target", "service"], "")).toMatchObject({
    ok: true,
    object: { spec: { target: {} } },
  });
});

test("a field that its block needs takes the block with it, unless the block says more", () => {
  const keepalive = policy("TrafficPolicy", {
    service: { name: "cart" },
    connectionPool: { maxConnections: 3, tcpKeepalive: { timeMs: 90_000 } },
  });
  const place = ["spec", "connectionPool", "tcpKeepalive", "timeMs"];
  expect(withField(keepalive, place, undefined)).toEqual({ ok: true, object: traffic });
  const warmup = (more: object) =>
    policy("TrafficPolicy", {
      service: { name: "cart" },
      loadBalancing: { policy: "round-robin", warmup: { durationMs: 9000, ...more } },
    });
  const duration = ["spec", "loadBalancing", "warmup", "durationMs"];
  expect(withField(warmup({}), duration, undefined)).toMatchObject({ ok: true });
  expect(withField(warmup({ aggression: 2 }), duration, undefined)).toMatchObject({ ok: false });
});

test("an empty list of an optional field is no list, of a needed one it is empty", () => {
  const rules = [{ to: [{ methods: ["GET"], paths: ["/a"] }] }];
  const deny = policy("AuthorizationPolicy", { target: {}, action: "deny", rules });
  expect(withField(deny, ["spec", "rules", 0, "to", 0, "methods"], [])).toMatchObject({
    ok: true,
    object: { spec: { rules: [{ to: [{ paths: ["/a"] }] }] } },
  });
  expect(withField(deny, ["spec", "rules"], [])).toMatchObject({ ok: true, object: { spec: { rules: [] } } });
});

test("what the model refuses is said with what to do", () => {
  expect(withField(traffic, ["spec", "connectionPool", "maxConnections"], 0)).toEqual({
    ok: false,
    message: "must be 1 or more. Change the value to fit.",
  });
});
