// What several processes counted, as one. Rule: what is counted is added; what is a state (who is healthy, how late a loop is) is the most
// of all; limits are parts of one and are added too.

import type { ClusterStatus, HostStatus } from "../admin/clusters-page";
import { hostKey } from "../admin/clusters-page";
import { isGauge } from "../admin/gauges";

type Combine = (a: number, b: number) => number;
const add: Combine = (a, b) => a + b;

/** Seen by each process for itself: members and their health. */
const SEEN_BY_EACH =
  /\.(?:membership_\w+|health_check\.(?:healthy|degraded)|ejections_active|\w+_open)$|^overload\..*\.(?:pressure|active|scale_percent)$/;

export function sumStats(all: readonly ReadonlyMap<string, number>[]): Map<string, number> {
  const sums = new Map<string, number>();
  for (const [name, value] of all.flatMap((one) => [...one])) {
    const combine = SEEN_BY_EACH.test(name) ? Math.max : add;
    const before = sums.get(name);
    sums.set(name, before === undefined ? value : combine(before, value));
  }
  return sums;
}

/** Without what ends with the process that said it. */
export const countersOf = (stats: ReadonlyMap<string, number>): Map<string, number> =>
  new Map([...stats].filter(([name]) => !isGauge(name)));

/** Of metrics that are not added. */
const BY_NAME: Readonly<Record<string, Combine>> = {
  meshwright_event_loop_delay_seconds: Math.max,
  meshwright_config_info: Math.max,
  meshwright_certificate_not_after_seconds: Math.max,
  meshwright_upstream_ejections_active: Math.max,
  process_start_time_seconds: Math.min,
};

/** Prometheus texts of the same program: samples in the order in which they are first told, under their TYPE. */
export function sumMetrics(texts: readonly string[]): string {
  const groups = new Map<string, Map<string, number>>();
  for (const text of texts) {
    let group = new Map<string, number>();
    for (const line of text.split("\n")) {
      if (line.startsWith("#")) {
        group = groups.get(line) ?? new Map<string, number>();
        groups.set(line, group);
      } else if (line !== "") addSample(group, line);
    }
  }
  const lines = [...groups].flatMap(([type, samples]) => [
    type,
    ...Array.from(samples, ([name, value]) => `${name} ${Number(value.toFixed(6))}`),
  ]);
  return `${lines.join("\n")}\n`;
}

function addSample(group: Map<string, number>, line: string): void {
  const at = line.lastIndexOf(" ");
  const [sample, value] = [line.slice(0, at), Number(line.slice(at + 1))];
  const combine = BY_NAME[/^\w+/.exec(sample)?.[0] ?? ""] ?? add;
  const before = group.get(sample);
  group.set(sample, before === undefined ? value : combine(before, value));
}

/** Only what is counted: what a process that ended leaves behind. */
export function countedMetrics(text: string): string {
  let isCounted = false;
  return text
    .split("\n")
    .filter((line) => {
      if (line.startsWith("#")) isCounted = !line.endsWith(" gauge");
      return isCounted;
    })
    .join("\n");
}

export function sumClusters(all: readonly (readonly ClusterStatus[])[]): ClusterStatus[] {
  const sums = new Map<string, ClusterStatus>();
  for (const status of all.flat()) {
    const before = sums.get(status.name);
    sums.set(status.name, before === undefined ? status : sumOfTwo(before, status));
  }
  return [...sums.values()];
}

function sumOfTwo(a: ClusterStatus, b: ClusterStatus): ClusterStatus {
  const hosts = new Map(a.hosts.map((host) => [hostKey(host), host]));
  for (const host of b.hosts) {
    const before = hosts.get(hostKey(host));
    hosts.set(hostKey(host), before === undefined ? host : sumOfHost(before, host));
  }
  const [x, y] = [a.circuitBreakers, b.circuitBreakers];
  return {
    ...a,
    circuitBreakers: {
      maxConnections: x.maxConnections + y.maxConnections,
      maxPendingRequests: x.maxPendingRequests + y.maxPendingRequests,
      maxRequests: x.maxRequests + y.maxRequests,
      maxRetries: x.maxRetries + y.maxRetries,
      retryBudget: x.retryBudget && {
        ...x.retryBudget,
        minConcurrency: x.retryBudget.minConcurrency + (y.retryBudget?.minConcurrency ?? 0),
      },
    },
    hosts: [...hosts.values()],
  };
}

/** A host that one process has taken out is told so, with everything that any of them holds against it. */
function sumOfHost(a: HostStatus, b: HostStatus): HostStatus {
  const flags = [a, b].flatMap(({ health }) => (health === "healthy" ? [] : health.split("/")));
  const told = [...new Set(flags.filter((flag) => flag !== ""))];
  return {
    ...a,
    health: told.length === 0 ? "healthy" : told.map((flag) => `/${flag}`).join(""),
    activeRequests: a.activeRequests + b.activeRequests,
    totalRequests: a.totalRequests + b.totalRequests,
    connections: a.connections + b.connections,
  };
}
