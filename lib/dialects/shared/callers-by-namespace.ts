// Conditions on the labels of callers, for a product that knows callers by their namespace only: said by namespace where that means the same callers.
// The rule: of the callers that are drawn the same ones are meant; that others of the namespace would be meant as well is told.
import {
  buildIndex,
  type CallerMatch,
  isMeantCaller,
  type MeshDocument,
  type MeshIndex,
  type MeshObject,
  objectKey,
  pathText,
  refKey,
  tcpTargetKey,
  type Workload,
} from "@/lib/mesh";
import { callerText } from "@/lib/mesh/diff/words";
import type { ReportEntry } from "./dialect";

type Routed = Extract<MeshObject, { kind: "Route" | "TcpRoute" }>;
type Kind = Routed["kind"];

/** @param kinds those whose callers the product can tell apart by namespace */
export function callersByNamespace(
  document: MeshDocument,
  title: string,
  kinds: ReadonlySet<Kind>,
): { document: MeshDocument; told: ReportEntry[] } {
  const asking = document.objects.filter((object) => isRouted(object, kinds) && asksForLabels(object));
  if (asking.length === 0) return { document, told: [] };
  const index = buildIndex(document);
  const told: ReportEntry[] = [];
  const objects = document.objects.map((object) =>
    isRouted(object, kinds) && asksForLabels(object) ? said(index, object, title, told) : object,
  );
  return { document: told.length > 0 ? { objects } : document, told };
}

const isRouted = (object: MeshObject, kinds: ReadonlySet<Kind>): object is Routed =>
  (object.kind === "Route" || object.kind === "TcpRoute") && kinds.has(object.kind);

const asksForLabels = ({ spec }: Routed): boolean =>
  spec.rules.some(({ matches }) => matches.some(({ caller }) => caller?.labels !== undefined));

function said(index: MeshIndex, object: Routed, title: string, told: ReportEntry[]): Routed {
  const target = object.kind === "Route" ? refKey(object.spec.target, object) : tcpTargetKey(object);
  const home = index.find("Service", target)?.metadata.namespace;
  if (home === undefined) return object;
  const callers = callersOf(index, target);
  const rules = object.spec.rules.map((rule, r) => {
    const matches = (rule.matches as readonly { caller?: CallerMatch | undefined }[]).flatMap((match, m) => {
      const { caller, ...rest } = match;
      const instead = caller?.labels === undefined ? undefined : namespacesOf(caller, callers, home);
      if (!caller || !instead) return [match];
      const where = instead.map(({ namespace }) => `namespace ${namespace}`).join(" and ");
      told.push({
        key: objectKey(object),
        path: pathText(["spec", "rules", r, "matches", m, "caller", "labels"]),
        verdict: "approximate",
        reason: `${title} knows callers by their namespace only; of those that are drawn ${callerText(caller)} are all of ${where}, so it is said of ${where}: others there would be meant, too`,
      });
      return instead.map((own) => ({ ...rest, caller: own }));
    });
    return { ...rule, matches };
  });
  return { ...object, spec: { ...object.spec, rules } } as Routed;
}

/** Workloads that have a line to it. */
function callersOf(index: MeshIndex, target: string): Workload[] {
  return index.dependenciesTo(target).flatMap((dependency): Workload[] => {
    const from = index.get(refKey(dependency.spec.from, dependency));
    if (from?.kind === "Workload") return [from];
    return from?.kind === "Service" ? [...index.workloadsOf(objectKey(from))] : [];
  });
}

/** Undefined: a namespace has drawn callers that are meant and others that are not, or they are in the service's own, whose route is for everybody. */
function namespacesOf(
  caller: CallerMatch,
  callers: readonly Workload[],
  home: string,
): { namespace: string }[] | undefined {
  const meant = callers.filter((each) => isMeantCaller(caller, each));
  const namespaces = [...new Set(meant.flatMap(({ metadata }) => metadata.namespace ?? []))].sort();
  const isWhole = callers.every(
    (each) => !namespaces.includes(each.metadata.namespace ?? "") || isMeantCaller(caller, each),
  );
  return namespaces.length > 0 && isWhole && !namespaces.includes(home)
    ? namespaces.map((namespace) => ({ namespace }))
    : undefined;
}
