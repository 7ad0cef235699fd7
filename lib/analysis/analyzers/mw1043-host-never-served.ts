// MW1043: a route on a gateway for hosts that none of its listeners serves.
import { isConnectionListener, objectKey, refKey } from "@/lib/mesh";
import type { FindingBody, ObjectAnalyzer } from "../finding";

export const mw1043HostNeverServed: ObjectAnalyzer<"Route"> = {
  code: "MW1043",
  title: "Host that the gateway does not serve",
  area: "routing",
  scope: "object",
  kind: "Route",
  run(index, route) {
    if (route.spec.target.kind !== "Gateway") return [];
    const gateway = index.find("Gateway", refKey(route.spec.target, route));
    if (!gateway) return [];
    const { listeners } = gateway.spec;
    const http = listeners.filter((listener) => !isConnectionListener(listener));
    const served = http.flatMap((listener) => listener.hosts);
    return (route.spec.hosts ?? []).flatMap((host, i): FindingBody[] => {
      if (served.some((each) => meet(each, host))) return [];
      const key = objectKey(gateway);
      const [first] = http;
      const at = first ? listeners.indexOf(first) : 0;
      return [
        {
          code: "MW1043",
          severity: "warning",
          message: `No listener of ${gateway.metadata.name} serves ${host}, for which ${route.metadata.name} has rules.`,
          cause: first
            ? `The listeners serve ${served.join(", ")}. Requests for another host get 404 before a route is looked for.`
            : "None of its listeners takes requests: they carry connections only, which a TcpRoute leads on.",
          refs: [objectKey(route), key],
          path: `spec.hosts[${i}]`,
          fixes: first
            ? [
                {
                  title: `Serve ${host} on the first listener`,
                  command: {
                    type: "patchSpec",
                    key,
                    path: ["listeners", at, "hosts", first.hosts.length],
                    value: host,
                  },
                },
              ]
            : [],
        },
      ];
    });
  },
};

/** Is there a host that both take? */
function meet(a: string, b: string): boolean {
  if (a === "*" || b === "*" || a === b) return true;
  const under = (wide: string, narrow: string) => wide.startsWith("*.") && narrow.endsWith(wide.slice(1));
  return under(a, b) || under(b, a);
}
