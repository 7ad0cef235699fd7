// What the first process and its workers say to each other. Rule: structured clones of plain data; each question has one answer.

import type { ClusterStatus } from "../admin/clusters-page";
import type { ShapesPage } from "../admin/view";
import type { SaturationFacts } from "../telemetry/saturation";
import type { TapRequest } from "../telemetry/tap";
import type { DenyListSets } from "../tls/secrets";
import type { ApplyResult, PlanOrigin } from "../xds/config-source";

/** Questions, and what is answered. */
export interface Questions {
  plan: { readonly ask: PlanOrigin; readonly answer: Applied };
  secrets: { readonly ask: PlanOrigin; readonly answer: null };
  drain: { readonly ask: number; readonly answer: null };
  stats: { readonly ask: null; readonly answer: ReadonlyMap<string, number> };
  metrics: { readonly ask: SaturationFacts; readonly answer: string };
  clusters: { readonly ask: null; readonly answer: readonly ClusterStatus[] };
  shapes: { readonly ask: number; readonly answer: ShapesPage };
}

export interface Applied {
  readonly result: ApplyResult;
  /** Listeners by name. */
  readonly ports: readonly (readonly [string, number])[];
}

/** What is not answered. */
export type Order =
  | { readonly kind: "deny"; readonly denied: DenyListSets }
  | { readonly kind: "health"; readonly isFailed: boolean }
  | { readonly kind: "reopen" }
  | { readonly kind: "tap"; readonly id: number; readonly request: TapRequest }
  | { readonly kind: "untap"; readonly id: number }
  | { readonly kind: "end" };

export type Asked = {
  [K in keyof Questions]: { readonly kind: K; readonly id: number; readonly ask: Questions[K]["ask"] };
}[keyof Questions];

export type ToWorker = Asked | Order;

export type FromWorker =
  | { readonly kind: "here" }
  | { readonly kind: "answer"; readonly id: number; readonly answer: unknown }
  | { readonly kind: "line"; readonly id: number; readonly line: string };
