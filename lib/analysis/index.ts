// Findings of a design. Pure and the same in browser worker, server and CLI.
import { type MeshDocument, type ObjectKey, objectKey } from "@/lib/mesh";
import { createAnalysis } from "./engine";
import type { Facts, Finding } from "./finding";

export { type AcceptedRisk, isInForce, MAX_ACCEPTANCE_DAYS, withAccepted } from "./accepted";
export { analyzers } from "./analyzers";
export { type Analysis, createAnalysis } from "./engine";
export type { Area, Facts, Finding, Fix, Severity } from "./finding";

export type AnalyzeOptions = {
  /** Endpoints that really run, by workload key; absent: the replicas of the design. */
  endpointsPerWorkload?: Readonly<Record<ObjectKey, number>>;
  /** `2026-11-21`: judges what ends on a date. Absent: dates are not judged. */
  today?: string;
};

export function factsFrom({ endpointsPerWorkload, today }: AnalyzeOptions = {}): Facts {
  return {
    endpointsOf: (workload) => endpointsPerWorkload?.[objectKey(workload)] ?? workload.spec.replicas ?? 1,
    today,
  };
}

/** All findings, worst first, then by code and object. */
export function analyze(document: MeshDocument, options: AnalyzeOptions = {}): Finding[] {
  const analysis = createAnalysis(factsFrom(options));
  analysis.update(document);
  return analysis.findings();
}
