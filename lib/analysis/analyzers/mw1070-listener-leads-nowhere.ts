// MW1070: connections that a gateway takes and closes, because no rule leads them on.
import {
  decidingRules,
  type Gateway,
  isConnectionListener,
  type Listener,
  type MeshIndex,
  objectKey,
  refKey,
  serverNamesMeet,
} from "@/lib/mesh";
import type { FindingBody, ObjectAnalyzer } from "../finding";

export const mw1070ListenerLeadsNowhere: ObjectAnalyzer<"Gateway"> = {
  code: "MW1070",
  title: "Connections that nobody leads on",
  area: "routing",
  // of a set of manifests the routes may be in another
  ofDesign: true,
  scope: "object",
  kind: "Gateway",
  run(index, gateway) {
    if (!gateway.spec.listeners.some(isConnectionListener)) return [];
    const routes = index.tcpRoutesOf(objectKey(gateway));
    if (routes.length === 0 && hasOnePort(index, gateway)) return [];
    return gateway.spec.listeners.flatMap((listener, i): FindingBody[] => {
      if (!isConnectionListener(listener)) return [];
      const deciding = decidingRules(routes, listener);
      if (deciding.length === 0) return [closed(gateway, listener, i, routes.length > 0)];
      const led = deciding.flatMap(({ names }) => names ?? ["*"]);
      return listener.hosts.flatMap((host, h) =>
        led.some((name) => serverNamesMeet(name, host)) ? [] : [nobodys(gateway, listener, i, h)],
      );
    });
  },
};

/** Without a route, one TCP port behind the gateway can only be meant. */
function hasOnePort(index: MeshIndex, gateway: Gateway): boolean {
  const ports = index.dependenciesFrom(objectKey(gateway)).flatMap((dependency) => {
    const callee = refKey(dependency.spec.to, dependency);
    const all = index.find("Service", callee)?.spec.ports ?? [];
    const meant = all.filter(({ port, protocol }) => protocol === "tcp" && port === (dependency.spec.port ?? port));
    return meant.map(({ port }) => `${callee} ${port}`);
  });
  return new Set(ports).size === 1;
}

function closed(gateway: Gateway, { name, port }: Listener, i: number, hasRoutes: boolean): FindingBody {
  const key = objectKey(gateway);
  return {
    code: "MW1070",
    severity: "error",
    message: `Listener ${name} of ${gateway.metadata.name} closes every connection to port ${port}.`,
    cause: hasRoutes
      ? "No rule of the gateway's TCP routes is for this listener, and what no rule takes has nowhere to go."
      : "The gateway has no TCP route, and not one TCP port alone behind it that could be meant.",
    refs: [key],
    path: `spec.listeners[${i}]`,
    fixes:
      gateway.spec.listeners.length > 1
        ? [{ title: `Remove listener ${name}`, command: { type: "patchSpec", key, path: ["listeners", i] } }]
        : [],
  };
}

function nobodys(gateway: Gateway, { name, hosts }: Listener, i: number, h: number): FindingBody {
  const key = objectKey(gateway);
  const host = hosts[h] ?? "";
  return {
    code: "MW1070",
    severity: "warning",
    message: `Listener ${name} of ${gateway.metadata.name} closes connections for ${host}: no rule is for that name.`,
    cause: "It is among the listener's hosts, and none of the gateway's TCP routes says where it leads.",
    refs: [key],
    path: `spec.listeners[${i}].hosts[${h}]`,
    fixes: [
      {
        title: `Take ${host} off the listener`,
        command: { type: "patchSpec", key, path: ["listeners", i, "hosts", h] },
      },
    ],
  };
}
