// Golden signals of the mesh, a service or a dependency.

import { readEnvironment, runningDesign } from "@/lib/data/environments";
import { eventsBetween } from "@/lib/data/events";
import { hasEverSeen } from "@/lib/data/signals";
import { AppError } from "@/lib/errors";
import { type MeshDocument, objectKey, parseKey, refKey } from "@/lib/mesh";
import {
  addBuckets,
  BOUNDS_MS,
  emptyBuckets,
  flowsOf,
  isRangeName,
  type MeasuredWindow,
  RANGES,
  type Scope,
  type SeriesInput,
  signalSeries,
  versionShares,
  windowsPerStep,
} from "@/lib/signals";
import {
  flowsIn,
  type Measured,
  measure,
  nowOf,
  recentWindows,
  signalsOf,
  stateOf,
  withGatewayAsCallee,
} from "../measure";
import { defineRoute, onMesh } from "../route";
import { proxiesOf, saturationOf } from "../saturation";
import * as schema from "../schema";

const MARK_KINDS = [
  "deployment.queued",
  "deployment.rollback",
  "deployment.finished",
  "deployment.failed",
  "deployment.restored",
  "binding.changed",
  "certificate.revoked",
];
const MAX_POINTS = 600;
const MARK_WORDS: Readonly<Record<string, string>> = {
  "deployment.queued": "deployment asked for",
  "deployment.rollback": "roll back asked for",
  "deployment.finished": "deployed",
  "deployment.failed": "deployment failed",
  "deployment.restored": "deployment taken back",
  "binding.changed": "binding changed",
  "certificate.revoked": "certificate revoked",
};

/** What is asked about, in the words of the flows. */
function scopeOf(
  document: MeshDocument | null,
  kind: string,
  name: string | undefined,
): { scope: Scope; gateway: string | null } {
  if (kind === "mesh") return { scope: { kind: "mesh" }, gateway: null };
  if (!name)
    throw new AppError("invalid-request", {
      violations: [{ path: "query.name", message: `is needed for scope=${kind}` }],
    });
  if (kind === "service") {
    const gateway = parseKey(name)?.kind === "Gateway" ? name : null;
    return { scope: gateway ? { kind: "mesh" } : { kind: "service", key: name }, gateway };
  }
  const [source, destination] = name.split(">");
  if (source && destination) return { scope: { kind: "dependency", source, destination }, gateway: null };
  const drawn = document?.objects.find((object) => object.kind === "Dependency" && objectKey(object) === name);
  if (drawn?.kind !== "Dependency") {
    throw new AppError("not-found", {
      detail: `"${name}" does not run. Give a Dependency's key, or "source>target" keys.`,
    });
  }
  const { from, to } = drawn.spec;
  return { scope: { kind: "dependency", source: refKey(from, drawn), destination: refKey(to, drawn) }, gateway: null };
}

function stepOf(range: string, step: string | undefined): { rangeMs: number; stepMs: number } {
  const rangeMs = schema.rangeToMs(range);
  const wished = step
    ? schema.rangeToMs(step)
    : isRangeName(range)
      ? RANGES[range].stepMs
      : Math.ceil(rangeMs / 60_000) * 1_000;
  // Beyond the control plane's memory a point is a minute at least.
  const least = rangeMs > 15 * 60_000 ? 60_000 : 2_000;
  return { rangeMs, stepMs: Math.max(wished, least, Math.ceil(rangeMs / MAX_POINTS / 1_000) * 1_000) };
}

/** Requests per step and latency bucket. A window that speaks for several steps gives each its share: every request is told once. */
function heatmapOf(scope: Scope, steps: Omit<SeriesInput, "scope">): number[][] {
  const perStep = windowsPerStep(steps);
  const spokenFor = new Map<MeasuredWindow, number>();
  for (const window of perStep.flatMap(({ windows }) => windows)) {
    spokenFor.set(window, (spokenFor.get(window) ?? 0) + 1);
  }
  return perStep.map(({ windows }) => {
    const counts = emptyBuckets();
    for (const window of windows) {
      const share = 1 / (spokenFor.get(window) ?? 1);
      for (const flow of flowsOf(scope, window.flows)) {
        addBuckets(
          counts,
          flow.bucketCounts.map((count) => count * share),
        );
      }
    }
    return counts;
  });
}

export const signalsRoute = defineRoute({
  id: "getSignals",
  method: "GET",
  path: "/meshes/{mesh}/environments/{environment}/signals",
  tag: "signals",
  summary: "Golden signals over time: latency, traffic, errors, saturation",
  access: onMesh("mesh.read"),
  query: schema.signalsQuery,
  answer: schema.signals,
  async handle({ runtime, principal, params, query }) {
    const environment = await readEnvironment(runtime.database, principal, {
      slug: params.mesh,
      environment: params.environment,
    });
    const document = (await runningDesign(runtime.database, environment.id))?.document ?? null;
    const { scope, gateway } = scopeOf(document, query.scope, query.name);
    const { rangeMs, stepMs } = stepOf(query.range, query.step);
    // Twice the range, to compare with the time before.
    const all = await measure(runtime, { environmentId: environment.id, rangeMs: rangeMs * 2 });
    const fromMs = all.nowMs - rangeMs;
    const own = gateway ? withGatewayAsCallee(all.windows, gateway) : all.windows;
    const measured: Measured = { ...all, windows: own.filter(({ endMs }) => endMs > fromMs) };
    const recent = recentWindows(measured);
    const { now, hasTraffic } = signalsOf(scope, recent);
    const inRange = signalsOf(scope, measured.windows);
    const seenBefore = inRange.hasTraffic || (await everSeen(runtime.database, environment.id, scope, gateway));
    const steps = { fromMs, toMs: all.nowMs, stepMs, windows: measured.windows };
    const series = signalSeries({ scope, ...steps });
    const marks = await eventsBetween(runtime.database, {
      environmentId: environment.id,
      from: new Date(fromMs),
      to: new Date(all.nowMs),
      kinds: MARK_KINDS,
    });
    const before = own.filter(({ endMs }) => endMs <= fromMs);
    return {
      body: {
        scope: query.scope,
        name: query.name ?? null,
        range: query.range,
        step: `${Math.round(stepMs / 1_000)}s`,
        state: stateOf(measured, hasTraffic, seenBefore),
        lastScrapeAt: all.lastScrapeAtMs === null ? null : new Date(all.lastScrapeAtMs).toISOString(),
        now: nowOf(measured, now),
        total: { ...inRange.now, requests: inRange.requests, errors: inRange.errors },
        before: signalsOf(scope, before).now,
        points: series.map(({ atMs, ...point }) => ({ at: new Date(atMs).toISOString(), ...point })),
        heatmap: { bounds: [...BOUNDS_MS], counts: heatmapOf(scope, steps) },
        saturation: saturationOf(all, proxiesOf(scope, gateway, document), document, stepMs, fromMs),
        versions: versionsOf(scope, measured.windows),
        marks: marks.map(({ at, kind, subject, seq }) => ({
          at: at.toISOString(),
          kind,
          text: `${subject} ${MARK_WORDS[kind] ?? kind}`,
          id: String(seq),
        })),
      },
    };
  },
});

async function everSeen(
  database: Parameters<typeof hasEverSeen>[0],
  environmentId: string,
  scope: Scope,
  gateway: string | null,
): Promise<boolean> {
  if (gateway) return hasEverSeen(database, { environmentId, source: gateway });
  if (scope.kind === "mesh") return hasEverSeen(database, { environmentId });
  if (scope.kind === "service") return hasEverSeen(database, { environmentId, destination: scope.key });
  return hasEverSeen(database, { environmentId, source: scope.source, destination: scope.destination });
}

function versionsOf(scope: Scope, windows: readonly MeasuredWindow[]) {
  if (scope.kind === "mesh") return [];
  const service = scope.kind === "service" ? scope.key : scope.destination;
  const relevant =
    scope.kind === "service"
      ? windows
      : windows.map((window) => ({ ...window, flows: window.flows.filter(({ source }) => source === scope.source) }));
  return Object.entries(versionShares(service, flowsIn(relevant))).map(([version, share]) => {
    const { now, requests } = signalsOf({ kind: "service", key: service, version }, relevant);
    return { version, share, requests, now };
  });
}
