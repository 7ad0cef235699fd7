// What cases about clusters and their limits share. Rule: two hosts, each an application that says its name.

import { web } from "../config";
import type { Case, Config, UpstreamKind } from "../types";

const TWO: Readonly<Record<string, UpstreamKind>> = { app: "http", b: "http" };
export const endpoints = (list: readonly Config[], over: Config = {}, locality: Config = {}): Config => ({
  name: "app",
  load_assignment: { cluster_name: "app", endpoints: [{ lb_endpoints: list, ...locality }] },
  ...over,
});
export const served = (id: string, app: Config, run: Case["run"], more: Partial<Case> = {}): Case => ({
  id: `cluster ${id}`,
  config: web({ clusters: [app] }),
  upstreams: TWO,
  run,
  ...more,
});
export const breakers = (thresholds: Config): Config => ({ circuit_breakers: { thresholds: [thresholds] } });
export const CLUSTER = "cluster.v3.Cluster.";
