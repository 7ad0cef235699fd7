// What a keepalive of connections to hosts may say, and what is refused by its path.

import type { JsonObject } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { decodeJson } from "../contract/decode";
import { findUnsupported } from "../contract/find-unsupported";
import { ClusterSchema } from "../contract/messages";
import { clusterPlan } from "./clusters";
import { Scope } from "./scope";

function planned(upstream_connection_options: JsonObject) {
  const decoded = decodeJson(ClusterSchema, {
    name: "app",
    load_assignment: { cluster_name: "app" },
    upstream_connection_options,
  });
  if (!decoded.ok) throw new Error(JSON.stringify(decoded.violations));
  const found: { path: string; message: string }[] = [];
  const plan = clusterPlan(decoded.value, undefined, new Scope("cluster", found), {
    names: new Set(),
    sources: new Map(),
    areDiscovered: false,
  });
  const refused = [...findUnsupported(ClusterSchema, decoded.value, "cluster"), ...found];
  return { keepaliveMs: plan.tcpKeepaliveMs, problems: refused.map(({ path }) => path) };
}
const OPTIONS = "cluster.upstream_connection_options";

test("a time is taken, and Linux' own where there is none; with what Node.js sets anyway", () => {
  expect(planned({ tcp_keepalive: { keepalive_time: 90 } })).toEqual({ keepaliveMs: 90_000, problems: [] });
  expect(planned({ tcp_keepalive: {} })).toEqual({ keepaliveMs: 7_200_000, problems: [] });
  expect(planned({})).toEqual({ keepaliveMs: null, problems: [] });
  const node = { keepalive_time: 1, keepalive_interval: 1, keepalive_probes: 10 };
  expect(planned({ tcp_keepalive: node })).toEqual({ keepaliveMs: 1000, problems: [] });
});

test.each<[string, JsonObject, string]>([
  ["no time at all", { tcp_keepalive: { keepalive_time: 0 } }, "tcp_keepalive.keepalive_time"],
  ["more than a socket takes", { tcp_keepalive: { keepalive_time: 32_768 } }, "tcp_keepalive.keepalive_time"],
  ["another distance", { tcp_keepalive: { keepalive_interval: 75 } }, "tcp_keepalive.keepalive_interval"],
  ["another number", { tcp_keepalive: { keepalive_probes: 9 } }, "tcp_keepalive.keepalive_probes"],
  ["another option", { happy_eyeballs_config: {} }, "happy_eyeballs_config"],
])("%s is refused", (_name, options, path) => {
  expect(planned(options).problems).toEqual([`${OPTIONS}.${path}`]);
});
