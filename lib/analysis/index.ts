// Runs every analyzer over a design. Pure and the same in browser worker, server and CLI.
import {
  buildIndex,
  type Kind,
  type MeshDocument,
  type MeshIndex,
  type ObjectKey,
  type ObjectOf,
  objectKey,
} from "@/lib/mesh";
import { analyzers } from "./analyzers";
import type { Analyzer, Facts, Finding, ObjectAnalyzer, Severity } from "./finding";

export { analyzers } from "./analyzers";
export type { Analyzer, Facts, Finding, Fix, Severity } from "./finding";

export type AnalyzeOptions = {
  /** Endpoints that really run, by workload key; absent: the replicas of the design. */
  endpointsPerWorkload?: Readonly<Record<ObjectKey, number>>;
  /** An index of the same document, when the caller has one. */
  index?: MeshIndex;
};

/** All findings, worst first, then by code and object. */
export function analyze(document: MeshDocument, options: AnalyzeOptions = {}): Finding[] {
  const index = options.index ?? buildIndex(document);
  const facts: Facts = {
    endpointsOf: (workload) => options.endpointsPerWorkload?.[objectKey(workload)] ?? workload.spec.replicas ?? 1,
  };
  return analyzers.flatMap((analyzer) => runOne(analyzer, index, facts)).sort(compare);
}

function runOne(analyzer: Analyzer, index: MeshIndex, facts: Facts): Finding[] {
  if (analyzer.scope === "mesh") return analyzer.run(index, facts);
  return runOnKind(analyzer as unknown as ObjectAnalyzer<Kind>, index, facts);
}

function runOnKind<K extends Kind>(analyzer: ObjectAnalyzer<K>, index: MeshIndex, facts: Facts): Finding[] {
  return index.all(analyzer.kind).flatMap((object: ObjectOf<K>) => analyzer.run(index, object, facts));
}

const RANK: Record<Severity, number> = { error: 0, warning: 1, info: 2 };

function compare(a: Finding, b: Finding): number {
  const byText = (x: string, y: string) => (x < y ? -1 : x > y ? 1 : 0);
  return (
    RANK[a.severity] - RANK[b.severity] ||
    byText(a.code, b.code) ||
    byText(a.refs[0] ?? "", b.refs[0] ?? "") ||
    byText(a.path ?? "", b.path ?? "")
  );
}
