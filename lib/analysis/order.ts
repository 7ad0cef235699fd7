// The order of findings, and their names.
// The rule: a finding's id stays the same while code, first object and place stay the same, also over a rename of the object.
import type { MeshObject, ObjectKey } from "@/lib/mesh";
import type { Finding, FindingBody, Severity } from "./finding";

const RANK: Record<Severity, number> = { error: 0, warning: 1, info: 2 };
const byText = (x: string, y: string) => (x < y ? -1 : x > y ? 1 : 0);

/** Worst first, then by code, object and place. */
export function sortFindings(findings: Finding[]): Finding[] {
  return findings.sort((a, b) => RANK[a.severity] - RANK[b.severity] || byText(a.code, b.code) || byText(a.id, b.id));
}

/** `MW1003:TrafficPolicy/production/catalog#spec.outlierDetection`; the object by its uid, which survives a rename. */
export function withIds<F extends FindingBody>(
  findings: readonly F[],
  objects: ReadonlyMap<ObjectKey, MeshObject>,
): (F & { id: string })[] {
  const sorted = findings
    .map((finding) => ({ base: baseId(finding, objects), finding }))
    .sort((a, b) => byText(a.base, b.base) || byText(a.finding.message, b.finding.message));
  let before = "";
  let count = 1;
  return sorted.map(({ base, finding }) => {
    count = base === before ? count + 1 : 1;
    before = base;
    return { ...finding, id: count === 1 ? base : `${base}~${count}` };
  });
}

function baseId(finding: FindingBody, objects: ReadonlyMap<ObjectKey, MeshObject>): string {
  const key = finding.refs[0] ?? "";
  const object = objects.get(key)?.metadata.uid ?? key;
  return `${finding.code}:${object}${finding.path ? `#${finding.path}` : ""}`;
}
