// What is measured: golden signals, the canvas call, events and the stream of news.
import { z } from "zod";
import { meshDocument, positions } from "@/lib/mesh";
import { at, pageQuery, range, timestamp } from "./common";

const measure = z.number().nullable();
/** Of TCP connections, in the time that is told. Failed ones were refused, or the callee was not reached. */
export const tcpSignals = z.object({
  connections: z.number(),
  failedConnections: z.number(),
  connectionsPerSecond: z.number(),
  failedRatio: measure,
  receivedBytesPerSecond: z.number(),
  sentBytesPerSecond: z.number(),
});
/** Errors and shares are 0..1, latencies milliseconds; null where nothing was measured. `tcp` is null where no connection was seen. */
export const signalNow = z.object({
  requestsPerSecond: measure,
  errorRatio: measure,
  p50: measure,
  p95: measure,
  p99: measure,
  mtlsRatio: measure,
  tcp: tcpSignals.nullable(),
});
export type SignalNow = z.infer<typeof signalNow>;
/** live: requests were seen; zero: scraped, and none came; stale: not scraped for three intervals; no-data: never seen. */
export const signalState = z.enum(["live", "zero", "stale", "no-data"]);
export type SignalState = z.infer<typeof signalState>;
export const signalPoint = signalNow.extend({ at: timestamp });

export const saturation = z.object({
  eventLoopDelayP99Ms: measure,
  cpuMillicores: measure,
  cpuBudgetMillicores: measure,
  residentMb: measure,
  privateMb: measure,
  memoryBudgetMb: measure,
  connectionsActive: measure,
  requestsActive: measure,
  requestsPending: measure,
  /** Worst pool, 0..1 of its limit. */
  poolUse: measure,
  pendingUse: measure,
  requestsUse: measure,
  overflow: measure,
  ejectionsActive: measure,
});
export type Saturation = z.infer<typeof saturation>;

export const SIGNAL_SCOPES = ["mesh", "service", "dependency"] as const;
export const signalsQuery = z.strictObject({
  scope: z.enum(SIGNAL_SCOPES).default("mesh"),
  /** Service or gateway key for scope=service, dependency key (or `source>target` keys) for scope=dependency. */
  name: z.string().max(1_100).optional(),
  range: range.default("15m"),
  step: range.optional(),
});
export const signals = z.object({
  scope: z.enum(SIGNAL_SCOPES),
  name: z.string().nullable(),
  range: z.string(),
  step: z.string(),
  state: signalState,
  lastScrapeAt: timestamp.nullable(),
  now: signalNow,
  /** Over the whole range: every request once. */
  total: signalNow.extend({ requests: z.number(), errors: z.number() }),
  /** The same length of time before this one, for comparison. */
  before: signalNow,
  points: z.array(signalPoint),
  /** Latency counts per point over `bounds` (ms, the last one is +Inf), for heat maps. */
  heatmap: z.object({ bounds: z.array(z.number()), counts: z.array(z.array(z.number())) }),
  saturation: saturation.extend({
    points: z.array(
      saturation
        .pick({
          eventLoopDelayP99Ms: true,
          cpuMillicores: true,
          privateMb: true,
          poolUse: true,
          pendingUse: true,
          requestsUse: true,
        })
        .extend({ at: timestamp }),
    ),
  }),
  /** Versions that answered in the range, with their share of the requests. */
  versions: z.array(z.object({ version: z.string(), share: measure, requests: z.number(), now: signalNow })),
  marks: z.array(z.object({ at: timestamp, kind: z.string(), text: z.string(), id: z.string() })),
});
export type Signals = z.infer<typeof signals>;

export const topologyQuery = z.strictObject({
  at: at.default("draft"),
  environment: z.string().max(63).optional(),
  range: range.default("5m"),
});
export const topologyDependency = z.object({
  /** Key of the Dependency; null when it was seen but is not drawn. */
  key: z.string().nullable(),
  source: z.string(),
  target: z.string(),
  drawn: z.boolean(),
  /** Granted by what runs; null when nothing runs. */
  granted: z.boolean().nullable(),
  seen: z.boolean(),
  now: signalNow,
  state: signalState,
});
export const topologyService = z.object({
  key: z.string(),
  now: signalNow,
  state: signalState,
  versions: z.array(z.object({ version: z.string(), share: measure, requestsPerSecond: measure })),
  proxies: z.object({
    total: z.int(),
    ready: z.int(),
    ack: z.int(),
    pending: z.int(),
    nack: z.int(),
    disconnected: z.int(),
  }),
});
export const topology = z.object({
  at: z.string(),
  revision: z.int().nullable(),
  /** Of the draft; null for revisions. */
  version: z.int().nullable(),
  digest: z.string(),
  document: meshDocument,
  positions,
  environment: z.string().nullable(),
  range: z.string(),
  measuredAt: timestamp.nullable(),
  state: signalState,
  dependencies: z.array(topologyDependency),
  services: z.array(topologyService),
});
export type Topology = z.infer<typeof topology>;

export const event = z.object({
  id: z.string(),
  kind: z.string(),
  at: timestamp,
  mesh: z.string().nullable(),
  environment: z.string().nullable(),
  actorName: z.string(),
  subject: z.string(),
  sentence: z.string(),
  payload: z.unknown(),
  hash: z.string(),
});
export type EventDto = z.infer<typeof event>;
export const eventsQuery = pageQuery.extend({
  environment: z.string().max(63).optional(),
  kind: z.string().max(64).optional(),
});

/** One piece of news on the stream: what to read again, never the data itself. */
export const news = z.object({
  type: z.enum(["draft", "deployment", "proxy", "signals", "event", "check", "presence"]),
  mesh: z.string().nullable(),
  environment: z.string().nullish(),
  id: z.string().nullish(),
});
export type News = z.infer<typeof news>;
