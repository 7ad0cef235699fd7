// What each station of a review's walkthrough shows. One shape per station; `station` tells them apart.
import { z } from "zod";
import { semanticChange } from "./design";
import { approvalRule, reviewCondition } from "./reviews";
import { deployment } from "./running";

const key = z.string();
const mark = z.enum(["added", "removed", "changed"]);
const access = z.enum(["denied", "partly", "allowed"]).nullable();
const mtls = z.enum(["mutual", "plaintext", "refused", "none"]).nullable();

/** Which two designs are compared. */
const compared = { from: z.string(), to: z.string(), digest: z.string() };

export const changesStation = z.object({
  station: z.literal("changes"),
  ...compared,
  changes: z.array(semanticChange),
  /** Since the round before; null in the first. */
  sinceRound: z.object({ round: z.int(), changes: z.array(semanticChange) }).nullable(),
  picture: z.object({
    boxes: z.array(
      z.object({
        key,
        kind: z.enum(["Service", "Gateway", "ExternalService", "Workload"]),
        name: z.string(),
        namespace: z.string(),
        owner: z.string().nullable(),
        mark: mark.nullable(),
        x: z.number().nullable(),
        y: z.number().nullable(),
      }),
    ),
    lines: z.array(z.object({ key, source: key, target: key, mark: mark.nullable() })),
    counts: z.object({ added: z.int(), removed: z.int(), changed: z.int() }),
  }),
});
const crossing = z.object({
  caller: key,
  callee: key,
  from: z.string(),
  to: z.string(),
  before: mtls,
  after: mtls,
  leaves: z.boolean(),
});
export const trustStation = z.object({
  station: z.literal("trust"),
  ...compared,
  isDrawn: z.boolean(),
  boundaries: z.array(z.object({ key, name: z.string(), description: z.string(), services: z.array(key) })),
  crossings: z.array(crossing),
  inside: z.object({ total: z.int(), mutual: z.int() }),
  changed: z.array(crossing),
});
const accessChange = z.object({
  caller: key,
  callee: key,
  before: access,
  after: access,
  mtlsBefore: mtls,
  mtlsAfter: mtls,
  why: z.array(key),
});
export const accessStation = z.object({
  station: z.literal("access"),
  ...compared,
  callers: z.array(key),
  callees: z.array(key),
  cells: z.array(accessChange),
  gained: z.array(accessChange),
  lost: z.array(accessChange),
  complete: z.boolean(),
});
export const routingStation = z.object({
  station: z.literal("routing"),
  ...compared,
  consequences: z.array(
    z.object({
      kind: z.string(),
      severity: z.enum(["attention", "change"]),
      sentence: z.string(),
      caller: key,
      callee: key,
      request: z.string(),
      before: z.string(),
      after: z.string(),
    }),
  ),
  /** Observed calls that were asked too, beside the drawn ones and what policies speak of. */
  observed: z.int(),
  /** Policy tests as they were asked of this round when it was submitted, failing ones first; null: they were not. */
  tests: z
    .array(
      z.object({
        id: z.string(),
        name: z.string(),
        state: z.enum(["passed", "failed", "not-run"]),
        request: z.string(),
        failures: z.array(z.string()),
        sentence: z.string(),
      }),
    )
    .nullable(),
});
export const findingsStation = z.object({
  station: z.literal("findings"),
  ...compared,
  items: z.array(
    z.object({
      standing: z.enum(["new", "stays", "fixed"]),
      id: z.string(),
      code: z.string(),
      severity: z.enum(["error", "warning", "info"]),
      message: z.string(),
      cause: z.string(),
      refs: z.array(key),
      accepted: z
        .object({ reason: z.string(), owner: z.string(), expiresAt: z.string(), isExpired: z.boolean() })
        .nullable(),
    }),
  ),
});
const layerState = z.enum(["pass", "fail", "partly", "not-measured", "does-not-apply", "stale", "waived"]);
const layer = z.object({ state: layerState, summary: z.string() });
export const checklistStation = z.object({
  station: z.literal("checklist"),
  ...compared,
  environment: z.string().nullable(),
  controls: z.array(
    z.object({
      id: z.string(),
      title: z.string(),
      severity: z.string(),
      before: layerState.nullable(),
      design: layer,
      compiled: layer,
      live: layer.extend({ at: z.string().nullable(), run: z.string().nullable() }),
    }),
  ),
});
export const rolloutStation = z.object({
  station: z.literal("rollout"),
  ...compared,
  environments: z.array(
    z.object({
      name: z.string(),
      rule: approvalRule,
      running: z.int().nullable(),
      runsThis: z.boolean(),
      allowed: z.boolean(),
      sentence: z.string(),
      wayOn: z.string(),
      plan: z.object({ summary: z.array(z.string()), proxies: z.int(), waves: z.int() }).nullable(),
      planProblem: z.string().nullable(),
      deployments: z.array(
        deployment.pick({ id: true, revision: true, state: true, startedBy: true, createdAt: true }),
      ),
      wayBack: z.string(),
    }),
  ),
  conditions: z.array(reviewCondition),
});
export const wordsStation = z.object({ station: z.enum(["purpose", "decision"]), ...compared });

export const stationContent = z.discriminatedUnion("station", [
  wordsStation,
  changesStation,
  trustStation,
  accessStation,
  routingStation,
  findingsStation,
  checklistStation,
  rolloutStation,
]);
export type StationContent = z.infer<typeof stationContent>;
export type StationOf<S extends StationContent["station"]> = Extract<StationContent, { station: S }>;
export const stationQuery = z.strictObject({
  /** Absent: the newest round. */
  round: z.coerce.number().int().min(1).max(10_000).optional(),
});
