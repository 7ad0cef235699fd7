// Who gets the next try: levels that were not tried, hosts that are not omitted. Rule: where a try is a matter of chance, there are so many
// that each would be seen.

import { endpoint, REFUSED_HERE, typed, web } from "../config";
import type { Case, Config } from "../types";

const FAST = { retry_back_off: { base_interval: "0.001s", max_interval: "0.002s" } };
const THREE = { app: "http", b: "http", c: "http" } as const;
const routeOf = (policy: Config): Config => ({
  match: { prefix: "/" },
  route: { cluster: "app", retry_policy: { retry_on: "5xx", num_retries: 5, ...FAST, ...policy } },
});

type Level = readonly Config[];
const clusterOf = (levels: readonly Level[], over: Config): Config => ({
  name: "app",
  load_assignment: {
    cluster_name: "app",
    endpoints: levels.map((hosts, priority) => ({ priority, lb_endpoints: hosts })),
  },
  ...over,
});
const priorities = (updateFrequency: number): Config => ({
  retry_priority: {
    name: "previous_priorities",
    typed_config: typed("retry.priority.previous_priorities.v3.PreviousPrioritiesConfig", {
      update_frequency: updateFrequency,
    }),
  },
});
const levels = (
  id: string,
  policy: Config,
  list: readonly Level[],
  more: Partial<Case> = {},
  over: Config = {},
): Case => ({
  id: `retry priority ${id}`,
  config: web({ routes: [routeOf(policy)], clusters: [clusterOf(list, over)] }),
  upstreams: THREE,
  run: async (wire) => {
    await wire.call({ headers: { "x-do": "500" } });
    return wire.received().map((line) => line.split(" ")[0]);
  },
  ...more,
});
const EACH: readonly Level[] = [[endpoint("@app")], [endpoint("@b")], [endpoint("@c")]];
const ILL = { health_status: "UNHEALTHY" };
const DEGRADED = { health_status: "DEGRADED" };

/** Of 30 requests that fail once, where the second try went. */
const omitting = (id: string, predicate: Config, hosts: readonly Config[], more: Partial<Case> = {}): Case => ({
  id: `retry host ${id}`,
  config: web({
    routes: [routeOf({ retry_host_predicate: [predicate], host_selection_retry_max_attempts: 60 })],
    clusters: [clusterOf([hosts], { lb_policy: "RANDOM" })],
  }),
  upstreams: THREE,
  isChance: true,
  run: async (wire) => {
    const second = new Set<string>();
    for (let index = 0; index < 30; index++) {
      const before = wire.received().length;
      await wire.call({ headers: { "x-do": "500,200", "x-key": String(index) } });
      second.add(wire.received()[before + 1]?.split(" ")[0] ?? "nowhere");
    }
    return [...second].sort();
  },
  ...more,
});
const labelled = (port: string, lb: Config): Config =>
  endpoint(port, { metadata: { filter_metadata: { "envoy.lb": lb } } });
const omitMetadata = (lb: Config, namespace = "envoy.lb"): Config => ({
  name: "omit",
  typed_config: typed("retry.host.omit_host_metadata.v3.OmitHostMetadataConfig", {
    metadata_match: { filter_metadata: { [namespace]: lb } },
  }),
});
const OMIT_CANARY = { name: "omit", typed_config: typed("retry.host.omit_canary_hosts.v3.OmitCanaryHostsPredicate") };

export const retryHostCases: readonly Case[] = [
  levels("after each try", priorities(1), EACH, {
    proves: ["route.v3.RetryPolicy.retry_priority"],
    needs: ["RetryPriority.name", "RetryPriority.typed_config", "PreviousPrioritiesConfig.update_frequency"],
    explained: { "PreviousPrioritiesConfig.update_frequency": REFUSED_HERE },
  }),
  levels("after each second try", priorities(2), EACH),
  levels("after more tries than there are", priorities(9), EACH),
  levels("with a level that nobody is in", priorities(1), [
    [endpoint("@app")],
    [endpoint("@b", ILL)],
    [endpoint("@c")],
  ]),
  levels("with degraded hosts", priorities(1), [[endpoint("@app", DEGRADED)], [endpoint("@b")], [endpoint("@c")]]),
  levels("with one level", priorities(1), [[endpoint("@app")]]),
  omitting(
    "not of a label",
    omitMetadata({ stage: "try" }),
    [labelled("@app", { stage: "try", more: 1 }), labelled("@b", { stage: "good" }), endpoint("@c")],
    {
      proves: ["OmitHostMetadataConfig.metadata_match"],
    },
  ),
  omitting("not of a label in a list", omitMetadata({ stage: "try" }), [
    labelled("@app", { stage: ["old", "try"] }),
    labelled("@b", { stage: ["old"] }),
  ]),
  omitting("not of all labels", omitMetadata({ stage: "try", rank: 2 }), [
    labelled("@app", { stage: "try", rank: 2 }),
    labelled("@b", { stage: "try", rank: 3 }),
    labelled("@c", { stage: "try" }),
  ]),
  omitting("of labels of somebody else", omitMetadata({ stage: "try" }, "other"), [
    labelled("@app", { stage: "try" }),
    endpoint("@b"),
  ]),
  omitting("when all are omitted", omitMetadata({ stage: "try" }), [
    labelled("@app", { stage: "try" }),
    labelled("@b", { stage: "try" }),
  ]),
  omitting("no canary", OMIT_CANARY, [
    labelled("@app", { canary: true }),
    labelled("@b", { canary: false }),
    endpoint("@c"),
  ]),
];
