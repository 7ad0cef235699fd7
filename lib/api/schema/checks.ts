// The checklist: runs, what counts now, evidence, comparison, waivers.
import { z } from "zod";
import { AREAS, FRAMEWORKS, PROBE_KINDS, REPORT_FORMATS } from "@/lib/compliance/types";
import { at, objectKeyText, timestamp } from "./common";

const subject = z.object({
  subject: z.string(),
  state: z.enum(["pass", "fail", "not-measured", "stale", "waived"]),
  was: z.enum(["pass", "fail", "not-measured"]).optional(),
  text: z.string(),
  path: z.string().optional(),
  evidence: z.array(z.string()).optional(),
});
const STATES = ["pass", "fail", "partly", "not-measured", "stale", "does-not-apply", "waived"] as const;
const layer = z.object({
  state: z.enum(STATES),
  summary: z.string(),
  subjects: z.array(subject),
  measuredAt: timestamp.nullable(),
  expiresAt: timestamp.nullable(),
});
const layers = z.object({ design: layer, compiled: layer, live: layer });

export const waiver = z.object({
  id: z.string(),
  control: z.string(),
  subject: z.string().nullable(),
  reason: z.string(),
  owner: z.string(),
  compensatingControl: z.string(),
  expiresAt: timestamp,
  grantedBy: z.string(),
  grantedAt: timestamp,
  withdrawnAt: timestamp.nullable(),
});
const sentence = z.string().trim().min(3, "must say it in a sentence").max(2_000);
export const newWaiver = z.strictObject({
  control: z.string().min(1).max(32),
  /** Absent: every subject of the control; not for critical ones. */
  subject: objectKeyText.nullish(),
  reason: sentence,
  owner: z.string().trim().min(1).max(200),
  compensatingControl: sentence,
  expiresAt: z.iso.datetime({ offset: true }),
});

const mapping = z.object({
  framework: z.enum(FRAMEWORKS),
  ids: z.array(z.string()),
  confidence: z.enum(["primary", "reproduced", "title", "uncertain"]),
  words: z.string(),
  note: z.string().optional(),
});
const control = z.object({
  id: z.string(),
  title: z.string(),
  area: z.enum(AREAS),
  severity: z.enum(["critical", "high", "medium"]),
  asks: z.string(),
  mappings: z.array(mapping),
  state: z.enum(STATES),
  layers,
  waivers: z.array(z.object({ waiver, isLive: z.boolean() })),
});
export type ControlDto = z.infer<typeof control>;

const step = z.object({
  id: z.string(),
  title: z.string(),
  subject: z.string(),
  state: z.enum(["waiting", "running", "done"]),
  outcome: z.enum(["as-expected", "not-as-expected", "not-measured"]).optional(),
  sentence: z.string().optional(),
});
export const checkRun = z.object({
  id: z.string(),
  state: z.enum(["queued", "running", "done", "failed"]),
  requestedBy: z.string(),
  revision: z.int().nullable(),
  digest: z.string().nullable(),
  error: z.string().nullable(),
  createdAt: timestamp,
  startedAt: timestamp.nullable(),
  finishedAt: timestamp.nullable(),
  progress: z.object({ done: z.int(), total: z.int(), unexpected: z.int(), notMeasured: z.int() }),
});
export type CheckRunDto = z.infer<typeof checkRun>;

/** `steps` only of a run that is open or that was asked for by its id. */
export const checkRunWithSteps = checkRun.extend({
  steps: z.array(step),
  results: z.array(
    z.object({
      control: z.string(),
      layers: z.record(z.string(), z.object({ state: z.string(), summary: z.string(), subjects: z.array(subject) })),
    }),
  ),
});
export type CheckRunWithSteps = z.infer<typeof checkRunWithSteps>;

export const checksNow = z.object({
  environment: z.string(),
  design: z.object({ at: z.string(), digest: z.string(), isRunning: z.boolean() }),
  run: checkRun.nullable(),
  open: checkRun.extend({ steps: z.array(step) }).nullable(),
  controls: z.array(control),
  frameworks: z.array(z.object({ id: z.enum(FRAMEWORKS), name: z.string(), edition: z.string(), basis: z.string() })),
});
export type ChecksNowDto = z.infer<typeof checksNow>;
export const checksQuery = z.strictObject({ at: at.optional() });

const record = z.object({
  id: z.string(),
  kind: z.enum(PROBE_KINDS),
  subject: z.string(),
  proxyKey: z.string().nullable(),
  digest: z.string().nullable(),
  outcome: z.enum(["as-expected", "not-as-expected", "not-measured"]),
  sentence: z.string(),
  transcript: z.array(z.string()),
  twin: z.string().nullable(),
  facts: z.looseObject({
    certificate: z
      .object({
        spiffeIds: z.array(z.string()),
        serial: z.string(),
        notBefore: timestamp,
        notAfter: timestamp,
        isCa: z.boolean(),
        keyType: z.string(),
        extendedKeyUsage: z.array(z.string()),
      })
      .optional(),
  }),
  startedAt: timestamp,
  finishedAt: timestamp,
  expiresAt: timestamp,
});
export const evidence = record.extend({ twinEvidence: record.nullable() });
export type EvidenceDto = z.infer<typeof evidence>;

export const changesQuery = z.strictObject({ since: z.string().min(1).max(64) });
export const checkChanges = z.object({
  before: checkRun,
  after: checkRun,
  changes: z.array(
    z.object({
      control: z.string(),
      title: z.string(),
      layer: z.enum(["design", "compiled", "live"]),
      before: z.string().nullable(),
      after: z.string().nullable(),
      direction: z.enum(["better", "worse", "changed"]),
      newlyFailing: z.array(z.string()),
      noLongerFailing: z.array(z.string()),
    }),
  ),
});
export type CheckChangesDto = z.infer<typeof checkChanges>;

export const checkExportQuery = z.strictObject({
  format: z.enum(REPORT_FORMATS),
  framework: z.enum(FRAMEWORKS).optional(),
});
