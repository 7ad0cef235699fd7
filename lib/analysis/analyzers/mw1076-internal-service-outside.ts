// MW1076: a service that is meant for the inside, and connections to it that an ingress gateway takes from anybody.
import { type MeshIndex, objectKey, serviceRefKey, type TcpRoute, tcpTargetKey } from "@/lib/mesh";
import type { FindingBody, ObjectAnalyzer } from "../finding";

export const mw1076InternalServiceOutside: ObjectAnalyzer<"TcpRoute"> = {
  code: "MW1076",
  title: "Internal service open to connections from outside",
  area: "access",
  ofDesign: true,
  scope: "object",
  kind: "TcpRoute",
  run(index, route) {
    const gateway = route.spec.gateway && index.find("Gateway", tcpTargetKey(route));
    if (gateway?.spec.type !== "ingress") return [];
    const seen = new Set<string>();
    return route.spec.rules.flatMap((rule, r) =>
      rule.destinations.flatMap(({ service, weight }, d): FindingBody[] => {
        const key = serviceRefKey(service, route);
        if (weight === 0 || seen.has(key) || !isInternal(index, key)) return [];
        seen.add(key);
        return [
          findingOf(route, key, { name: service.name, gateway: gateway.metadata.name, at: objectKey(gateway), r, d }),
        ];
      }),
    );
  },
};

const isInternal = (index: MeshIndex, key: string): boolean => index.find("Service", key)?.spec.exposure === "internal";

function findingOf(
  route: TcpRoute,
  key: string,
  { name, gateway, at, r, d }: { name: string; gateway: string; at: string; r: number; d: number },
): FindingBody {
  return {
    code: "MW1076",
    severity: "warning",
    message: `${name} is internal, and rule ${r + 1} of ${route.metadata.name} lets connections from outside in by gateway ${gateway}.`,
    cause:
      "A gateway knows no callers and looks into no connection, so whoever reaches its port reaches the service; only the service itself can tell them apart.",
    refs: [objectKey(route), key, at],
    path: `spec.rules[${r}].destinations[${d}]`,
  };
}
