// Findings of a design. Pure and the same in browser worker, server and CLI.
import { type MeshDocument, type ObjectKey, objectKey } from "@/lib/mesh";
import { analyzers } from "./analyzers";
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
  /** manifests: read from a product's files, which say nothing of owners, budgets or who is drawn to call whom. */
  source?: "design" | "manifests";
};

const OF_DESIGN: ReadonlySet<string> = new Set(analyzers.flatMap(({ code, ofDesign }) => (ofDesign ? [code] : [])));

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
  const findings = analysis.findings();
  return options.source === "manifests" ? findings.filter(({ code }) => !OF_DESIGN.has(code)) : findings;
}
