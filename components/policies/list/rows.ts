// The rows of the list of policies. Pure: document, findings and history in, words out.
// Rule: every policy of the design is in exactly one family; what a filter hides is counted, so that an empty list says why.
import { type MeshIndex, objectKey } from "@/lib/mesh";
import {
  effectOf,
  familyOf,
  isPolicy,
  POLICY_FAMILIES,
  type PolicyFamily,
  type PolicyObject,
  targetOf,
} from "@/lib/mesh/policies";

export interface PolicyRow {
  key: string;
  name: string;
  namespace: string;
  family: PolicyFamily;
  kind: PolicyObject["kind"];
  target: string;
  effect: string;
  errors: number;
  warnings: number;
  hints: number;
  changed: { at: string; by: string } | null;
  policy: PolicyObject;
}
export interface FindingLike {
  severity: "error" | "warning" | "info";
  refs: readonly string[];
}
export interface HistoryLike {
  at: string;
  by: string;
  touched: readonly string[];
  isUndone: boolean;
}

export function policyRows(
  index: MeshIndex,
  findings: readonly FindingLike[],
  history: readonly HistoryLike[],
): PolicyRow[] {
  const counts = new Map<string, Record<FindingLike["severity"], number>>();
  for (const finding of findings) {
    for (const key of new Set(finding.refs)) {
      const count = counts.get(key) ?? { error: 0, warning: 0, info: 0 };
      count[finding.severity] += 1;
      counts.set(key, count);
    }
  }
  const changed = lastChanges(history);
  return index.document.objects.filter(isPolicy).map((policy) => {
    const key = objectKey(policy);
    const count = counts.get(key);
    return {
      key,
      name: policy.metadata.name,
      namespace: policy.metadata.namespace,
      family: familyOf(policy.kind),
      kind: policy.kind,
      target: targetOf(policy).words,
      effect: effectOf(policy, index),
      errors: count?.error ?? 0,
      warnings: count?.warning ?? 0,
      hints: count?.info ?? 0,
      changed: changed.get(key) ?? null,
      policy,
    };
  });
}

/** History is newest first. */
function lastChanges(history: readonly HistoryLike[]): Map<string, { at: string; by: string }> {
  const found = new Map<string, { at: string; by: string }>();
  for (const entry of history) {
    if (entry.isUndone) continue;
    for (const key of entry.touched) if (!found.has(key)) found.set(key, { at: entry.at, by: entry.by });
  }
  return found;
}

export interface PolicyFilter {
  search: string;
  family: string;
  /** Only those with findings. */
  findings: boolean;
}

export function shownRows(rows: readonly PolicyRow[], filter: PolicyFilter): PolicyRow[] {
  const words = filter.search.toLowerCase().split(/\s+/).filter(Boolean);
  return rows.filter((row) => {
    if (filter.family !== "" && row.family !== filter.family) return false;
    if (filter.findings && row.errors + row.warnings + row.hints === 0) return false;
    const text = `${row.name} ${row.namespace} ${row.target} ${row.effect} ${row.kind}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

export function byFamily(rows: readonly PolicyRow[]) {
  return POLICY_FAMILIES.map((family) => ({
    ...family,
    rows: rows
      .filter((row) => row.family === family.id)
      .sort((a, b) =>
        a.target < b.target
          ? -1
          : a.target > b.target
            ? 1
            : a.kind < b.kind
              ? -1
              : a.kind > b.kind
                ? 1
                : a.name < b.name
                  ? -1
                  : 1,
      ),
  })).filter((family) => family.rows.length > 0);
}

export function policyHref(mesh: string, policy: PolicyObject): string {
  return `/meshes/${mesh}/policies/${objectKey(policy)}`;
}

/** The screen's answer in one sentence. */
export function listAnswer(rows: readonly PolicyRow[]): {
  status: "ok" | "attention" | "failing" | "note";
  text: string;
} {
  const errors = rows.filter((row) => row.errors > 0).length;
  const warnings = rows.filter((row) => row.errors === 0 && row.warnings > 0).length;
  const count = rows.length === 1 ? "1 policy" : `${rows.length} policies`;
  if (rows.length === 0) return { status: "note", text: "No policy yet: the mesh's defaults decide everything." };
  if (errors > 0)
    return {
      status: "failing",
      text: `${errors} of ${count} ${errors === 1 ? "does" : "do"} not do what ${errors === 1 ? "it says" : "they say"}.`,
    };
  if (warnings > 0)
    return { status: "attention", text: `${count}; ${warnings} ${warnings === 1 ? "has" : "have"} a warning.` };
  return { status: "ok", text: `${count}, and no analyzer has a warning about them.` };
}
