// What the mesh's defaults, drawn dependencies and steps of adoption mean -> generated AuthorizationPolicy.
// The rule: what the design grants by drawing is written out, so that Istio refuses what the design refuses; where the design only counts
// whom its list would refuse, Istio only counts as well.
import { dependenciesOn, type Facts, factsOf } from "@/lib/compile/facts";
import { protectionIn } from "@/lib/compile/modes";
import {
  type AuthorizationPolicy,
  type Dependency,
  type MeshRoot,
  objectKey,
  refKey,
  type Service,
  targetKey,
} from "@/lib/mesh";
import { podPorts, selectorOf } from "../kubernetes/selectors";
import type { ExportContext } from "../shared/export-context";
import { principalsOf } from "../shared/principals";
import { generated } from "./generated";
import { toPodPorts } from "./pod-ports";
import { DRY_RUN, ROOT_NAMESPACE } from "./security";
import { writePrincipal } from "./trust-domain";

export function exportDefaults(context: ExportContext, mesh: MeshRoot): void {
  const facts = factsOf(context.index.document);
  if (mesh.spec.defaults.authorization === "deny")
    context.add(generated("AuthorizationPolicy", "allow-nothing", ROOT_NAMESPACE, "default", {}), undefined);
  for (const service of context.index.all("Service")) {
    const counted = countedPorts(facts, service);
    if (mesh.spec.defaults.authorization === "drawn") drawnCallers(context, facts, mesh, service, counted);
    letCounted(context, facts, service, counted);
  }
}

/** On which nobody is refused for not being on the list. */
function countedPorts(facts: Facts, service: Service): number[] {
  // a list that was written where everybody may call is meant, whatever the connection
  if (facts.defaults.authorization === "allow" && service.spec.mode === undefined) return [];
  return service.spec.ports
    .map(({ port }) => port)
    .filter((port) => protectionIn(facts, service, port).allowed === "shadow");
}

function drawnCallers(
  context: ExportContext,
  facts: Facts,
  mesh: MeshRoot,
  service: Service,
  counted: readonly number[],
): void {
  const { name, namespace } = service.metadata;
  const { trustDomain } = mesh.spec;
  const byPorts = new Map<string, Set<string>>();
  for (const dependency of dependenciesOn(facts, objectKey(service))) {
    const callers = principalsOf(context.index, trustDomain, refKey(dependency.spec.from, dependency));
    const ports = portsMeant(context, service, dependency);
    byPorts.set(ports, new Set([...(byPorts.get(ports) ?? []), ...callers]));
  }
  const anywhere = byPorts.get(EVERY_PORT) ?? new Set();
  const rules = [...byPorts].sort().flatMap(([port, all]) => {
    const principals = [...all]
      .filter((each) => port === EVERY_PORT || !anywhere.has(each))
      .map((each) => writePrincipal(trustDomain, each))
      .sort();
    if (principals.length === 0) return [];
    const to = port === EVERY_PORT ? {} : { to: [{ operation: { ports: [port] } }] };
    return [{ from: [{ source: { principals } }], ...to }];
  });
  const spec = {
    selector: { matchLabels: selectorOf(service) },
    action: "ALLOW",
    // no rule: an ALLOW policy that matches nobody
    ...(rules.length === 0 ? {} : { rules }),
  };
  const isCounted = counted.length === service.spec.ports.length;
  const annotations = isCounted ? { [DRY_RUN]: "true" } : undefined;
  const resource = generated("AuthorizationPolicy", `drawn-callers-of-${name}`, namespace, "drawn", spec, annotations);
  context.add(resource, undefined);
}

const EVERY_PORT = "";

/** The port of the pods that a line is for. */
function portsMeant(context: ExportContext, service: Service, dependency: Dependency): string {
  const { port } = dependency.spec;
  if (port === undefined || service.spec.ports.length === 1) return EVERY_PORT;
  const all = podPorts(service);
  const pod = all.find((each) => each.port === port)?.pod;
  if (typeof pod === "number" && all.filter((each) => each.pod === pod).length === 1) return String(pod);
  const reason = `Istio means a port of the pods, and no number stands for port ${port} alone: it is granted on every port`;
  context.tell(dependency, ["spec", "port"], "approximate", reason, { changesMeaning: true });
  return EVERY_PORT;
}

/** Where a list is only counted, everybody is let by beside it. */
function letCounted(context: ExportContext, facts: Facts, service: Service, counted: readonly number[]): void {
  const isAll = counted.length === service.spec.ports.length;
  const { authorization } = facts.defaults;
  const isListed =
    authorization === "deny" || (authorization === "drawn" && !isAll) || listsOn(context, service).length > 0;
  if (counted.length === 0 || !isListed) return;
  const { name, namespace } = service.metadata;
  const ports = toPodPorts([service])(counted) ?? counted;
  const rule = isAll ? {} : { to: [{ operation: { ports: ports.map(String) } }] };
  const spec = { selector: { matchLabels: selectorOf(service) }, action: "ALLOW", rules: [rule] };
  context.add(generated("AuthorizationPolicy", `only-counted-at-${name}`, namespace, "step", spec), undefined);
}

const listsOn = ({ index }: ExportContext, service: Service): readonly AuthorizationPolicy[] =>
  index.authorizationsOn(objectKey(service)).filter(({ spec }) => spec.action === "allow" && spec.shadow !== true);

/** A service at the first step refuses nothing: denials for it alone are only counted. */
export function isCountedDenial({ index }: ExportContext, policy: AuthorizationPolicy): boolean {
  const { action, target } = policy.spec;
  if (action !== "deny" || !target.service) return false;
  return index.find("Service", targetKey(target, policy))?.spec.mode === "observe";
}
