// Rules of routes for some callers only, for a product that cannot say who calls: they go, and each loss is told.
// The rule: a rule without its condition would take everybody's calls, so it goes whole; those calls go on to the rules after it.
import { type MeshDocument, type MeshObject, type ObjectKey, objectKey, type Route } from "@/lib/mesh";
import { callerText } from "@/lib/mesh/diff/words";
import type { ReportEntry } from "./dialect";

export type WithoutCallers = {
  document: MeshDocument;
  losses: ReportEntry[];
  /** What is said of a rule of the shorter route, at the rule's place in the design. */
  placed(entry: ReportEntry): ReportEntry;
};

export function withoutCallers(document: MeshDocument, title: string): WithoutCallers {
  const losses: ReportEntry[] = [];
  const left = new Map<ObjectKey, number[]>();
  const objects = document.objects.flatMap((object): MeshObject[] =>
    object.kind === "Route" && asksForCallers(object) ? plainRoute(object, title, losses, left) : [object],
  );
  const placed = (entry: ReportEntry): ReportEntry => {
    const rules = left.get(entry.key);
    if (!rules) return entry;
    return { ...entry, path: entry.path.replace(/^spec\.rules\[(\d+)\]/, (_, i) => `spec.rules[${rules[Number(i)]}]`) };
  };
  return { document: losses.length > 0 ? { objects } : document, losses, placed };
}

const asksForCallers = ({ spec }: Route): boolean =>
  spec.rules.some(({ matches }) => matches.some(({ caller }) => caller !== undefined));

function plainRoute(route: Route, title: string, losses: ReportEntry[], left: Map<ObjectKey, number[]>): Route[] {
  const key = objectKey(route);
  const places: number[] = [];
  const rules = route.spec.rules.flatMap((rule, r) => {
    const matches = rule.matches.filter(({ caller }) => caller === undefined);
    const isGone = rule.matches.length > 0 && matches.length === 0;
    const meant = [...new Set(rule.matches.flatMap(({ caller }) => (caller ? [callerText(caller)] : [])))];
    if (meant.length > 0) {
      const what = isGone ? "the rule is left out" : "these matches are left out";
      const reason = `this export to ${title} cannot say who calls (${meant.join("; ")}): ${what}, and their calls go on to the rules after it`;
      losses.push({ key, path: `spec.rules[${r}]`, verdict: "lost", reason, changesMeaning: true });
    }
    if (isGone) return [];
    places.push(r);
    return [{ ...rule, matches }];
  });
  left.set(key, places);
  return rules.length > 0 ? [{ ...route, spec: { ...route.spec, rules } }] : [];
}
