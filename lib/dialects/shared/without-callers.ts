// Rules of routes for some callers only, for a product that cannot say who calls: they go, and each loss is told.
// A product with consumer routes says it of namespaces other than the service's own; those rules stay.
// The rule: a rule without its condition would take everybody's calls, so it goes whole; those calls go on to the rules after it.
import {
  type CallerMatch,
  type MeshDocument,
  type MeshObject,
  type ObjectKey,
  objectKey,
  type Route,
} from "@/lib/mesh";
import { callerText } from "@/lib/mesh/diff/words";
import type { ReportEntry } from "./dialect";

export type WithoutCallers = {
  document: MeshDocument;
  losses: ReportEntry[];
  /** What is said of a rule of the shorter route, at the rule's place in the design. */
  placed(entry: ReportEntry): ReportEntry;
};

export function withoutCallers(document: MeshDocument, title: string, hasConsumerRoutes: boolean): WithoutCallers {
  const losses: ReportEntry[] = [];
  const left = new Map<ObjectKey, number[]>();
  const objects = document.objects.flatMap((object): MeshObject[] => {
    if (object.kind !== "Route") return [object];
    const isSaid = (caller: CallerMatch) => hasConsumerRoutes && isConsumer(caller, object);
    return asksForMore(object, isSaid) ? plainRoute(object, title, isSaid, { losses, left }) : [object];
  });
  const placed = (entry: ReportEntry): ReportEntry => {
    const rules = left.get(entry.key);
    if (!rules) return entry;
    return { ...entry, path: entry.path.replace(/^spec\.rules\[(\d+)\]/, (_, i) => `spec.rules[${rules[Number(i)]}]`) };
  };
  return { document: losses.length > 0 ? { objects } : document, losses, placed };
}

/** A route in the caller's namespace is for these callers; one in the service's own is for all. */
const isConsumer = ({ namespace, labels }: CallerMatch, { metadata, spec: { target } }: Route): boolean =>
  target.kind === "Service" &&
  labels === undefined &&
  namespace !== undefined &&
  namespace !== (target.namespace ?? metadata.namespace);

type IsSaid = (caller: CallerMatch) => boolean;

const asksForMore = ({ spec }: Route, isSaid: IsSaid): boolean =>
  spec.rules.some(({ matches }) => matches.some(({ caller }) => caller !== undefined && !isSaid(caller)));

type Told = { losses: ReportEntry[]; left: Map<ObjectKey, number[]> };

function plainRoute(route: Route, title: string, isSaid: IsSaid, { losses, left }: Told): Route[] {
  const key = objectKey(route);
  const places: number[] = [];
  const rules = route.spec.rules.flatMap((rule, r) => {
    const isPlain = (caller: CallerMatch | undefined) => caller === undefined || isSaid(caller);
    const matches = rule.matches.filter(({ caller }) => isPlain(caller));
    const isGone = rule.matches.length > 0 && matches.length === 0;
    const meant = [
      ...new Set(rule.matches.flatMap(({ caller }) => (caller && !isSaid(caller) ? [callerText(caller)] : []))),
    ];
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
