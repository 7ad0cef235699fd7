// Questions to the simulator, policy tests and replay.
// The rule: what comes in is lib/simulate's own schema; what goes out is described here for the reference and for other programs.
import { z } from "zod";
import { OUTCOMES, policyTest, question } from "@/lib/simulate/schema";
import { at, range, timestamp } from "./common";

export const simulateRequest = z.strictObject({ at: at.default("draft"), question });
export const atRequest = z.strictObject({ at: at.default("draft") });
export const replayRequest = z.strictObject({
  at: at.default("draft"),
  environment: z.string().min(1).max(63),
  range: range.default("1h"),
});
export { policyTest as policyTestBody } from "@/lib/simulate/schema";

const outcome = z.enum(OUTCOMES);
const mtls = z.enum(["mutual", "plaintext", "refused", "none"]);
const ruleOrigin = z.object({
  object: z.string(),
  path: z.string(),
  name: z.string().optional(),
  file: z.string().optional(),
  line: z.int().optional(),
});
const headerChange = z.object({ op: z.enum(["set", "add", "remove"]), name: z.string(), value: z.string().optional() });
const change = z.object({ from: z.string(), to: z.string() });
/** Times in milliseconds; null: no limit. */
const pool = z.object({
  maxConnections: z.int(),
  connectTimeoutMs: z.number(),
  tcpKeepaliveMs: z.number().nullable(),
  http: z
    .object({
      maxPendingRequests: z.int(),
      maxRequests: z.int(),
      retries: z.union([z.object({ percent: z.number(), minConcurrency: z.int() }), z.object({ most: z.int() })]),
      idleTimeoutMs: z.number().nullable(),
      maxRequestsPerConnection: z.int().nullable(),
      maxConnectionDurationMs: z.number().nullable(),
      protocol: z.enum(["http1", "http2", "auto"]),
      maxConcurrentStreams: z.int().nullable(),
    })
    .optional(),
});
/** Counters that are null do not eject. */
const ejection = z.object({
  errorStatuses: z.array(z.int()).nullable(),
  consecutive5xxErrors: z.int().nullable(),
  consecutiveGatewayErrors: z.int().nullable(),
  isLocalOriginSplit: z.boolean(),
  consecutiveLocalOriginFailures: z.int().nullable(),
  successRate: z.object({ standardDeviations: z.number(), minimumHosts: z.int(), requestVolume: z.int() }).nullable(),
  failurePercentage: z.object({ percent: z.number(), minimumHosts: z.int(), requestVolume: z.int() }).nullable(),
  intervalMs: z.number(),
  baseEjectionTimeMs: z.number(),
  maxEjectionPercent: z.number(),
  alwaysEjectOneHost: z.boolean(),
  panicPercent: z.number(),
});
const destination = z.object({
  service: z.string(),
  subset: z.string().optional(),
  workloads: z.array(z.string()),
  probability: z.number(),
  localities: z
    .array(
      z.object({
        locality: z.string(),
        priority: z.int(),
        probability: z.number(),
        whenFirstIsGone: z.number(),
        workloads: z.array(z.string()),
      }),
    )
    .optional(),
  pool: pool.optional(),
  ejection: ejection.optional(),
  outcome,
  status: z.int().nullable(),
});
const hop = z.object({
  proxy: z.string(),
  direction: z.enum(["outbound", "inbound", "gateway"]),
  listener: z.string(),
  virtualHost: z.string().optional(),
  rule: ruleOrigin.optional(),
  considered: z.array(ruleOrigin.extend({ matched: z.boolean(), why: z.string() })),
  cluster: z.string().optional(),
  timeoutMs: z.number().nullable().optional(),
  idleTimeoutMs: z.number().optional(),
  retries: z
    .object({
      attempts: z.int(),
      perTryTimeoutMs: z.number().nullable(),
      backoff: z.object({ baseMs: z.number(), maxMs: z.number() }).optional(),
      remoteLocalities: z.literal(true).optional(),
      sameHosts: z.literal(true).optional(),
      on: z.array(z.string()),
    })
    .nullable()
    .optional(),
  internalRedirects: z
    .object({
      max: z.int(),
      codes: z.array(z.int()),
      crossScheme: z.enum(["safe", "any"]).optional(),
      oncePerRule: z.literal(true).optional(),
      copyHeaders: z.array(z.string()).optional(),
    })
    .optional(),
  hash: z
    .object({
      table: z.enum(["ring", "maglev"]),
      keys: z.array(z.object({ key: z.string(), value: z.string().nullable(), isGiven: z.literal(true).optional() })),
      why: z.string(),
    })
    .optional(),
  fault: z
    .object({
      delay: z.object({ probability: z.number(), ms: z.number() }).nullable(),
      abort: z.object({ probability: z.number(), status: z.int(), grpcStatus: z.int().nullable() }).nullable(),
      responseBandwidth: z.object({ probability: z.number(), kibPerSecond: z.number() }).optional(),
    })
    .optional(),
  mirrors: z.array(destination.extend({ why: z.string().optional() })).optional(),
  cors: z
    .object({
      origin: z.string(),
      isAllowed: z.boolean(),
      isPreflight: z.boolean(),
      headers: z.array(z.object({ name: z.string(), value: z.string() })),
    })
    .optional(),
  token: z.object({ status: z.int().nullable(), why: z.string(), rule: ruleOrigin.optional() }).optional(),
  rateLimit: z
    .object({
      perSecond: z.number(),
      burst: z.number(),
      status: z.int().nullable(),
      shared: z
        .object({
          requests: z.int(),
          perMs: z.int(),
          key: z.string().nullable(),
          whenAway: z.enum(["allow", "deny"]),
        })
        .optional(),
      rule: ruleOrigin.optional(),
    })
    .optional(),
  connectionRate: z.object({ perSecond: z.number(), burst: z.number(), rule: ruleOrigin.optional() }).optional(),
  mtls,
  mtlsRule: ruleOrigin.optional(),
  tls: z
    .object({
      serverName: z.string().nullable(),
      names: z.array(z.string()),
      authorities: z.enum(["public", "environment"]).nullable(),
      isMutual: z.boolean(),
    })
    .optional(),
  proxyProtocol: z.enum(["v1", "v2"]).optional(),
  takesPlainText: z.literal(true).optional(),
  authorization: z
    .object({
      allowed: z.boolean(),
      policy: z.string().optional(),
      rule: ruleOrigin.optional(),
      why: z.string(),
      shadow: z.array(z.object({ policy: z.string().optional(), why: z.string() })),
    })
    .optional(),
  rewrites: z
    .object({
      path: change.optional(),
      host: change.optional(),
      headers: z.array(headerChange),
      responseHeaders: z.array(headerChange),
    })
    .optional(),
  isConnection: z.literal(true).optional(),
  reply: z.object({ status: z.int(), location: z.string().optional(), body: z.string().optional() }).optional(),
  identity: z.object({ own: z.string(), peer: z.string().nullable() }).optional(),
  sentence: z.string(),
});
export const answer = z.object({
  outcome,
  /** The mesh's own answer; null: the app answers, or the connection is closed without one. */
  status: z.int().nullable(),
  /** As a gRPC caller reads it. */
  grpcStatus: z.int().optional(),
  sentence: z.string(),
  hops: z.array(hop),
  destinations: z.array(destination),
});

const design = { at: z.string(), digest: z.string() };
export const simulateAnswer = z.object({ ...design, answer });
export type SimulateAnswer = z.infer<typeof simulateAnswer>;

export const storedTest = policyTest.extend({
  id: z.string(),
  version: z.int(),
  updatedAt: timestamp,
  updatedBy: z.string(),
});
export type StoredTest = z.infer<typeof storedTest>;
export const policyTests = z.object({ items: z.array(storedTest) });
export type PolicyTests = z.infer<typeof policyTests>;

export const testRun = z.object({
  ...design,
  passed: z.int(),
  failed: z.int(),
  /** Not asked: the time for one run was over. */
  notRun: z.int(),
  results: z.array(
    z.object({ id: z.string(), name: z.string(), passed: z.boolean(), failures: z.array(z.string()), answer }),
  ),
});
export type TestRun = z.infer<typeof testRun>;

export const replayAnswer = z.object({
  ...design,
  environment: z.string(),
  /** Revision that runs there: what the draft is compared with. */
  revision: z.int(),
  range: z.string(),
  calls: z.int(),
  requests: z.int(),
  unknown: z.int(),
  differences: z.array(
    z.object({
      caller: z.string(),
      callee: z.string(),
      method: z.string(),
      path: z.string(),
      count: z.int(),
      sentence: z.string(),
      before: answer,
      after: answer,
    }),
  ),
});
export type ReplayAnswer = z.infer<typeof replayAnswer>;
