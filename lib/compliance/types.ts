// What a control is, and what is known of it. Shared by evaluation, storage, reports and screens.
// One rule: not measured, stale and failed are three different things, and none of them is a pass.
import type { MeshDocument, MeshIndex, ObjectKey } from "@/lib/mesh";
import type { CompiledMesh } from "./compiled-mesh";

export const LAYERS = ["design", "compiled", "live"] as const;
export type Layer = (typeof LAYERS)[number];

/** What a layer can say by itself. Stale and waived come on top, from time and from people. */
export type MeasuredState = "pass" | "fail" | "partly" | "not-measured" | "does-not-apply";
export type State = MeasuredState | "stale" | "waived";

export type Severity = "critical" | "high" | "medium";

export const AREAS = ["transport", "identity", "authorization", "reliability", "egress", "governance"] as const;
export type Area = (typeof AREAS)[number];

/** One thing that a layer looked at: a service, a gateway, a dependency, a proxy. */
export interface SubjectResult {
  /** Object key, or the key of a proxy. */
  subject: string;
  state: "pass" | "fail" | "not-measured";
  /** One sentence. */
  text: string;
  /** Where it is said: `spec.rules[0].timeoutMs` of the subject, or a place in the compiled configuration. */
  path?: string;
  /** Ids of the evidence it rests on; live only. */
  evidence?: string[];
}

export interface LayerResult {
  state: MeasuredState;
  /** One sentence: what was found, or why the layer does not apply. */
  summary: string;
  subjects: SubjectResult[];
}

export interface ControlResult {
  control: string;
  layers: Record<Layer, LayerResult>;
}

export const PROBE_KINDS = [
  "mutual-tls",
  "allowed-call",
  "plaintext",
  "no-certificate",
  "foreign-ca",
  "unknown-identity",
  "forbidden-caller",
  "forbidden-path",
  "old-tls",
  "public-tls",
  "certificate",
  "undeclared-host",
  "declared-host",
  "running-routes",
  "access-log",
  "audit-chain",
] as const;
export type ProbeKind = (typeof PROBE_KINDS)[number];

/** Facts of a certificate that a sidecar served. */
export interface CertificateFacts {
  spiffeIds: string[];
  serial: string;
  notBefore: string;
  notAfter: string;
  isCa: boolean;
  keyType: string;
  extendedKeyUsage: string[];
}

/** A way out of one proxy, as its route configuration says. */
export interface RouteFacts {
  /** Service or gateway whose proxy this is. */
  from: ObjectKey;
  /** Service, or `external/<host>` for a way out of the mesh. */
  to: string;
  name: string;
  /** 0: it waits for ever. */
  timeoutMs: number;
  /** Tries after the first. */
  retries: number;
  path: string;
}

/** A record of one measurement. It never changes; whether it still counts is decided when it is read. */
export interface Evidence {
  id: string;
  kind: ProbeKind;
  /** Object key of what was asked. */
  subject: string;
  /** The proxy that was asked, and the digest of the configuration it said it ran. */
  proxyKey: string | null;
  digest: string | null;
  /** as-expected and not-as-expected are measurements; not-measured says why there is none. */
  outcome: "as-expected" | "not-as-expected" | "not-measured";
  sentence: string;
  transcript: string[];
  /** The evidence without which this refusal would prove nothing. */
  twin: string | null;
  facts: { certificate?: CertificateFacts; routes?: RouteFacts[] };
  startedAt: string;
  finishedAt: string;
  expiresAt: string;
}

export interface DesignContext {
  document: MeshDocument;
  index: MeshIndex;
}
export interface CompiledContext extends DesignContext {
  compiled: CompiledMesh;
}
export interface LiveContext extends DesignContext {
  evidence: readonly Evidence[];
}

/** A layer either looks, or says why there is nothing to look at. */
type Look<Context> = { look(context: Context): SubjectResult[] } | { doesNotApply: string };

export interface Control {
  id: string;
  title: string;
  area: Area;
  severity: Severity;
  /** What it asks, in one or two sentences. */
  asks: string;
  design: Look<DesignContext>;
  compiled: Look<CompiledContext>;
  live: Look<LiveContext> & { probes?: readonly ProbeKind[] };
  /** How long a live measurement counts. */
  validHours: number;
  mappings: readonly Mapping[];
}

/** The longest that a waiver may last, by severity of its control. */
export const MAX_WAIVER_DAYS = { critical: 30, high: 90, medium: 90 } as const satisfies Record<Severity, number>;

export const REPORT_FORMATS = ["oscal", "sarif", "junit", "csv", "html"] as const;
export type ReportFormat = (typeof REPORT_FORMATS)[number];

export const FRAMEWORKS = ["nist-800-53", "nist-800-204a", "pci-dss", "soc-2"] as const;
export type FrameworkId = (typeof FRAMEWORKS)[number];

export interface Mapping {
  framework: FrameworkId;
  ids: readonly string[];
  /**
   * primary: read in the primary text; reproduced: read in a reproduction of it; title: matched by title only;
   * uncertain: plausible, not confirmed.
   */
  confidence: "primary" | "reproduced" | "title" | "uncertain";
  note?: string;
}
