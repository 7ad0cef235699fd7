// Statistics of one configuration, of what a side has counted for all. Rule: counters that both expose under Envoy's name, and no
// gauges; where chance or time decides how often something was done, only whether it was.

type Counts = Readonly<Record<string, number | "some">>;

const UPSTREAM =
  "upstream_rq_(?:total|completed|\\dxx|\\d\\d\\d|timeout|per_try_timeout|pending_overflow|active_overflow|retry|retry_success|retry_overflow|retry_limit_exceeded)|upstream_cx_(?:total|connect_fail|none_healthy|overflow)|outlier_detection\\.ejections_(?:overflow|enforced_\\w+)|health_check\\.(?:attempt|success|failure|passive_failure|network_failure)";
const DOWNSTREAM = "downstream_rq_(?:total|completed|\\dxx)|downstream_cx_total|no_route|no_cluster";
const LOGS = "logs_(?:written|dropped)";
const COUNTER = new RegExp(
  `^(?:cluster\\.(.+)~(\\d+)~\\.(${UPSTREAM})|http\\.(.+)~(\\d+)~\\.(${DOWNSTREAM})|access_logs\\.open_telemetry_access_log\\.(.+)~(\\d+)~\\.(${LOGS}))$`,
);

/** By the number of the configuration. */
export function countsOf(stats: readonly { readonly name: string; readonly value: number }[]): Map<number, Counts> {
  const found = new Map<number, Record<string, number | "some">>();
  for (const { name, value } of stats) {
    const match = COUNTER.exec(name);
    if (match === null || value === 0) continue;
    const [, cluster, ofCluster, upstream, prefix, ofPrefix, downstream, log, ofLog, logged] = match;
    const index = Number(ofCluster ?? ofPrefix ?? ofLog);
    const counts = found.get(index) ?? {};
    counts[[cluster ?? prefix ?? log, upstream ?? downstream ?? logged].join(" ")] = OWN.test(upstream ?? "")
      ? "some"
      : value;
    found.set(index, counts);
  }
  // A TCP proxy's connections: Envoy has one to the upstream before network RBAC has judged the caller's.
  for (const [index, counts] of found) if (!Object.keys(counts).some(isDownstream)) found.delete(index);
  return found;
}

const isDownstream = (name: string): boolean => name.endsWith(" downstream_cx_total");

/** How many connections it takes is each proxy's own: Envoy ends those whose request is tried again. */
const OWN = /^upstream_cx_(?:total|overflow)$/;

export function inWords(counts: Counts = {}): Counts {
  return Object.fromEntries(Object.keys(counts).map((name) => [name, "some"]));
}
