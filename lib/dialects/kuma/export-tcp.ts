// TcpRoute -> one MeshTCPRoute for everybody, and one in each namespace whose callers have rules of their own.
// The rule: what Kuma merges is one rule for each port and namespace of callers: the one of the list that decides there.
import { serviceRefKey, type TcpRoute, tcpTargetKey } from "@/lib/mesh";
import { partsOf, portOf, type TcpPart, type TcpProduct, tellTcpRules } from "../gateway-api/export-tcp";
import { backendRef, type Versions } from "./export-http-route";
import type { KumaExport, Ref } from "./export-refs";

const KUMA: TcpProduct = { title: "Kuma", takesName: () => false };

export function exportTcpRoute(out: KumaExport, route: TcpRoute, versions: Versions): void {
  const { context } = out;
  const service = context.index.find("Service", tcpTargetKey(route));
  if (!service) return;
  const { name, namespace } = service.metadata;
  // in 3.x only policies of the system are for everybody
  const forAll = out.isThree ? undefined : namespace;
  const parts = partsOf(route, service, forAll);
  const names = new Map<number, string[]>();
  for (const consumer of new Set(parts.map((part) => part.consumer))) {
    const own = parts.filter((part) => part.consumer === consumer);
    const to = own.flatMap((part) => {
      const rules = [{ default: { backendRefs: backendsOf(out, route, part, versions) } }];
      const sections = part.ports?.map(
        (port) => service.spec.ports.find((each) => each.port === port)?.name ?? `${port}`,
      );
      return (sections ?? [undefined]).map((sectionName) => ({
        targetRef: { ...out.service(name, namespace), ...(sectionName === undefined ? {} : { sectionName }) },
        rules,
      }));
    });
    const home = { name: route.metadata.name, namespace: consumer ?? out.homeOf(namespace) };
    const made = out.add("MeshTCPRoute", home, { to }, { of: route });
    for (const { rule } of own) names.set(rule, [...new Set([...(names.get(rule) ?? []), `MeshTCPRoute ${made}`])]);
  }
  tellTcpRules(context, route, { home: forAll, names, product: KUMA });
}

function backendsOf(out: KumaExport, route: TcpRoute, { rule, called }: TcpPart, versions: Versions): Ref[] {
  const destinations = route.spec.rules[rule]?.destinations ?? [];
  return destinations.flatMap((each) => {
    const service = out.context.index.find("Service", serviceRefKey(each.service, route));
    if (!service) return [];
    const weight = destinations.length === 1 && each.weight === 0 ? 1 : each.weight;
    return [{ ...backendRef(out, service, each.subset, portOf(each, service, called), versions), weight }];
  });
}
