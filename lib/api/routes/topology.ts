// The one call of the canvas: the design, what runs, and what is measured on each dependency.
import { environmentOf, runningDesign } from "@/lib/data/environments";
import { readDesign } from "@/lib/data/meshes";
import { listProxyStates } from "@/lib/data/proxy-states";
import { isDependencyEnd, type MeshDocument, objectKey, refKey, workloadOwnerKey } from "@/lib/mesh";
import { dependenciesSeen, hasTraffic, isProbe, type SignalState, versionShares } from "@/lib/signals";
import { isOpenedBy } from "../granted";
import {
  flowsIn,
  type Measured,
  measure,
  NOTHING,
  nowOf,
  recentWindows,
  signalsOf,
  stateOf,
  withGatewayAsCallee,
} from "../measure";
import { defineRoute, onMesh } from "../route";
import type { Topology } from "../schema";
import * as schema from "../schema";

const NO_PROXIES = { total: 0, ready: 0, ack: 0, pending: 0, nack: 0, disconnected: 0 };
const UNMEASURED: Measured = { nowMs: 0, windows: [], saturation: [], lastScrapeAtMs: null, intervalMs: 2_000 };

type Dependency = Topology["dependencies"][number];
type Service = Topology["services"][number];

/** Pairs that are drawn, then those that are seen and not drawn. */
function pairsOf(document: MeshDocument, seen: readonly { source: string; destination: string }[]) {
  const pairs: { key: string | null; source: string; target: string }[] = document.objects.flatMap((object) =>
    object.kind === "Dependency"
      ? [{ key: objectKey(object), source: refKey(object.spec.from, object), target: refKey(object.spec.to, object) }]
      : [],
  );
  const drawn = new Set(pairs.map(({ source, target }) => `${source}>${target}`));
  for (const { source, destination } of seen) {
    if (!drawn.has(`${source}>${destination}`)) pairs.push({ key: null, source, target: destination });
  }
  return pairs;
}

function dependenciesOf(document: MeshDocument, running: MeshDocument | null, measured: Measured): Dependency[] {
  const recent = recentWindows(measured);
  const seen = dependenciesSeen(flowsIn(measured.windows));
  const seenPairs = new Set(seen.map(({ source, destination }) => `${source}>${destination}`));
  return pairsOf(document, seen).map(({ key, source, target }) => {
    const { now, hasTraffic: isLive } = signalsOf({ kind: "dependency", source, destination: target }, recent);
    const wasSeen = seenPairs.has(`${source}>${target}`);
    return {
      key,
      source,
      target,
      drawn: key !== null,
      granted: running && isOpenedBy(running, source, target),
      seen: wasSeen,
      now: wasSeen || isLive ? nowOf(measured, now) : NOTHING,
      state: stateOf(measured, isLive, wasSeen),
    };
  });
}

function servicesOf(
  document: MeshDocument,
  measured: Measured,
  proxies: ReadonlyMap<string, Service["proxies"]>,
): Service[] {
  const recent = recentWindows(measured);
  const flows = flowsIn(measured.windows);
  const recentFlows = flowsIn(recent);
  return document.objects.flatMap((object) => {
    if (!isDependencyEnd(object)) return [];
    const key = objectKey(object);
    const isGateway = object.kind === "Gateway";
    const windows = isGateway ? withGatewayAsCallee(recent, key) : recent;
    const { now, hasTraffic: isLive } = signalsOf(isGateway ? { kind: "mesh" } : { kind: "service", key }, windows);
    const wasSeen = flows.some(
      (flow) => (isGateway ? flow.source : flow.destination) === key && hasTraffic(flow) && !isProbe(flow),
    );
    const shares = versionShares(key, recentFlows);
    const versions = document.objects.flatMap((each) =>
      each.kind === "Workload" && workloadOwnerKey(each) === key ? [each.spec.version] : [],
    );
    return [
      {
        key,
        now: wasSeen ? nowOf(measured, now) : NOTHING,
        state: stateOf(measured, isLive, wasSeen),
        versions: [...new Set([...versions, ...Object.keys(shares)])].sort().map((version) => ({
          version,
          share: shares[version] ?? (isLive ? 0 : null),
          requestsPerSecond: wasSeen
            ? signalsOf({ kind: "service", key, version }, recent).now.requestsPerSecond
            : null,
        })),
        proxies: proxies.get(key) ?? NO_PROXIES,
      },
    ];
  });
}

export const topologyRoute = defineRoute({
  id: "getTopology",
  method: "GET",
  path: "/meshes/{mesh}/topology",
  tag: "signals",
  summary: "Design, proxies and live signals in one call",
  access: onMesh("mesh.read"),
  query: schema.topologyQuery,
  answer: schema.topology,
  async handle({ runtime, principal, params, query }) {
    const { database } = runtime;
    const design = await readDesign(database, principal, { slug: params.mesh, at: query.at });
    const environment = await environmentOf(database, design.mesh, query.environment ?? "local").catch((error) => {
      if (query.environment) throw error;
      return null;
    });
    const [running, proxies, measured] = environment
      ? await Promise.all([
          runningDesign(database, environment.id),
          listProxyStates(database, environment.id),
          measure(runtime, { environmentId: environment.id, rangeMs: schema.rangeToMs(query.range) }),
        ])
      : [null, new Map<string, Service["proxies"]>(), UNMEASURED];
    const recent = recentWindows(measured);
    const mesh = signalsOf({ kind: "mesh" }, recent);
    const state: SignalState = stateOf(
      measured,
      mesh.hasTraffic,
      signalsOf({ kind: "mesh" }, measured.windows).hasTraffic,
    );
    return {
      body: {
        at: query.at,
        revision: design.revision?.number ?? null,
        version: design.version,
        digest: design.digest,
        document: design.document,
        positions: design.positions,
        environment: environment?.name ?? null,
        range: query.range,
        measuredAt: measured.lastScrapeAtMs === null ? null : new Date(measured.lastScrapeAtMs).toISOString(),
        state,
        dependencies: dependenciesOf(design.document, running?.document ?? null, measured),
        services: servicesOf(design.document, measured, proxies),
      },
    };
  },
});
