// What holds without a policy -> MeshTrafficPermissions: the drawn callers of each service, or everybody.
// The rule: in 2.x the more particular policy wins, and of two alike the one whose name comes first; so what is denied is said again in each.
import { type AuthorizationPolicy, type MeshRoot, objectKey, refKey, type Service } from "@/lib/mesh";
import { SYSTEM_NAMESPACE } from "./documents";
import {
  anyone,
  type Callers,
  merge,
  objectCallers,
  type Side,
  sourceCallers,
  specOf,
  targetOf,
} from "./export-permissions";
import type { KumaExport } from "./export-refs";

export function exportDefault(out: KumaExport, mesh: MeshRoot): void {
  const policies = out.context.index.all("AuthorizationPolicy");
  const services = out.context.index.all("Service");
  if (mesh.spec.defaults.authorization === "deny") return;
  if (mesh.spec.defaults.authorization === "drawn") {
    for (const service of services) drawnCallers(out, mesh, service, policies);
    return;
  }
  const open = services.filter((service) => !policies.some((policy) => isAllowed(policy) && isOn(policy, service)));
  const everybody = anyone(mesh.spec.trustDomain);
  if (open.length === services.length) {
    const denied = policies.filter((policy) => targetOf(policy).namespace === undefined);
    const spec = specOf(out, { kind: "Mesh" }, [["allow", everybody], ...deniedAgain(out, mesh, denied)]);
    out.add("MeshTrafficPermission", { name: "allow-all", namespace: SYSTEM_NAMESPACE }, spec);
    return;
  }
  for (const service of open) {
    const home = { name: `allow-all-to-${service.metadata.name}`, namespace: service.metadata.namespace };
    const again = deniedAgain(
      out,
      mesh,
      policies.filter((policy) => isOn(policy, service)),
    );
    out.add("MeshTrafficPermission", home, specOf(out, out.pods(service).ref, [["allow", everybody], ...again]));
  }
}

const isAllowed = ({ spec }: AuthorizationPolicy) => spec.action === "allow" && !spec.shadow;

function isOn(policy: AuthorizationPolicy, { metadata }: Service): boolean {
  const target = targetOf(policy);
  return (
    (target.namespace ?? metadata.namespace) === metadata.namespace &&
    (target.service ?? metadata.name) === metadata.name
  );
}

/** In 3.x a denial wins wherever it stands. */
function deniedAgain(out: KumaExport, mesh: MeshRoot, policies: readonly AuthorizationPolicy[]): [Side, Callers][] {
  if (out.isThree) return [];
  return policies
    .filter(({ spec }) => spec.action === "deny" && !spec.shadow)
    .flatMap((policy) =>
      policy.spec.rules
        .filter(({ to }) => !to)
        .flatMap(({ from }) => from ?? [undefined])
        .flatMap((source) => sourceCallers(out, mesh, policy, source) ?? [])
        .map((callers): [Side, Callers] => ["deny", callers]),
    );
}

function drawnCallers(
  out: KumaExport,
  mesh: MeshRoot,
  service: Service,
  policies: readonly AuthorizationPolicy[],
): void {
  const callers = out.context.index
    .dependenciesTo(objectKey(service))
    .map((dependency) => refKey(dependency.spec.from, dependency));
  if (callers.length === 0) return;
  const { name, namespace } = service.metadata;
  const own = merge([...new Set(callers)].sort().map((key) => objectCallers(out, mesh, key)));
  const again = deniedAgain(
    out,
    mesh,
    policies.filter((policy) => isOn(policy, service)),
  );
  const spec = specOf(out, out.pods(service).ref, [["allow", own], ...again]);
  out.add("MeshTrafficPermission", { name: `drawn-callers-of-${name}`, namespace }, spec);
}
