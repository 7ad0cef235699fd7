// MW1056: copies that nobody allowed. The target's sidecar refuses each of them, and no caller ever hears of it.
import {
  API_VERSION,
  type Command,
  keyOf,
  type MeshIndex,
  type Mirror,
  type ObjectKey,
  objectKey,
  parseKey,
  type Route,
  refKey,
  refTo,
  serviceRefKey,
} from "@/lib/mesh";
import { namesCaller } from "../callers";
import type { FindingBody, ObjectAnalyzer } from "../finding";
import { protectionIn } from "../protection";

export const mw1056CopyRefused: ObjectAnalyzer<"Route"> = {
  code: "MW1056",
  title: "Copies are refused",
  area: "access",
  scope: "object",
  kind: "Route",
  run(index, route) {
    if (!route.spec.rules.some(({ mirrors }) => mirrors)) return [];
    const callers = callersOf(index, route);
    return route.spec.rules.flatMap(({ mirrors = [] }, i) =>
      mirrors.flatMap((mirror, m) => {
        const refused = mirror.percent > 0 ? callers.filter((caller) => isRefused(index, caller, mirror, route)) : [];
        return refused.length > 0 ? [findingOf(index, route, `spec.rules[${i}].mirrors[${m}]`, mirror, refused)] : [];
      }),
    );
  },
};

/** Who uses the route: the gateway itself, or the services with a line to its target. */
function callersOf(index: MeshIndex, route: Route): ObjectKey[] {
  const target = refKey(route.spec.target, route);
  if (route.spec.target.kind === "Gateway") return index.get(target) ? [target] : [];
  const callers = index.dependenciesTo(target).map((dependency) => refKey(dependency.spec.from, dependency));
  return [...new Set(callers.filter((caller) => parseKey(caller)?.kind === "Service"))];
}

function isRefused(index: MeshIndex, caller: ObjectKey, mirror: Mirror, route: Route): boolean {
  const key = serviceRefKey(mirror.service, route);
  const service = index.find("Service", key);
  if (!service || service.spec.optOut || protectionIn(index, service, mirror.port).allowed !== "enforced") return false;
  const policies = index
    .authorizationsOn(key)
    .filter((policy) => !policy.spec.shadow && policy.spec.action === "allow");
  const isAllowed = policies.some((policy) =>
    policy.spec.rules.some((rule) => namesCaller(index, rule, policy, caller)),
  );
  const isDrawn = index
    .dependenciesFrom(caller)
    .some((dependency) => refKey(dependency.spec.to, dependency) === key || isWorkloadOf(index, dependency.spec, key));
  switch (index.mesh?.spec.defaults.authorization ?? "drawn") {
    case "drawn":
      return !isDrawn && !isAllowed;
    case "deny":
      return !isAllowed;
    case "allow":
      return policies.length > 0 && !isAllowed;
  }
}

type Ends = { to: { kind: string; namespace?: string | undefined; name: string } };

/** A line to one workload of the service is a line to it. */
function isWorkloadOf(index: MeshIndex, { to }: Ends, service: ObjectKey): boolean {
  if (to.kind !== "Workload") return false;
  return index.workloadsOf(service).some(({ metadata }) => metadata.name === to.name);
}

function findingOf(
  index: MeshIndex,
  route: Route,
  path: string,
  mirror: Mirror,
  refused: readonly ObjectKey[],
): FindingBody {
  const target = serviceRefKey(mirror.service, route);
  const names = refused.map((key) => parseKey(key)?.name ?? key);
  return {
    code: "MW1056",
    severity: "warning",
    message: `Copies that ${names.join(" and ")} ${names.length === 1 ? "sends" : "send"} to ${mirror.service.name} get 403.`,
    cause: `The copy is a call of the caller's own proxy, and ${mirror.service.name} lets only those in whom it allows. Its answer is dropped, so nobody sees the refusal.`,
    refs: [objectKey(route), target, ...refused],
    path,
    fixes: refused.flatMap((caller, i) => {
      const command = drawing(index, caller, target);
      return command ? [{ title: `Draw ${names[i]} -> ${mirror.service.name}`, command }] : [];
    }),
  };
}

/** Where lines are what allows a call, a line is the fix. */
function drawing(index: MeshIndex, caller: ObjectKey, target: ObjectKey): Command | undefined {
  const [from, to] = [index.get(caller), index.find("Service", target)];
  const isByLines = (index.mesh?.spec.defaults.authorization ?? "drawn") === "drawn";
  if (!isByLines || !to || (from?.kind !== "Service" && from?.kind !== "Gateway")) return undefined;
  const { namespace, name: callerName } = from.metadata;
  const name = `${callerName}-to-${to.metadata.name}`;
  if (index.get(keyOf("Dependency", namespace, name))) return undefined;
  return {
    type: "addObject",
    object: {
      apiVersion: API_VERSION,
      kind: "Dependency",
      metadata: { name, namespace },
      spec: { from: refTo(from, namespace), to: refTo(to, namespace) },
    },
  };
}
