// MW1073: TLS that a gateway passes on to a port where nobody begins with TLS.
import {
  decidingRules,
  type Gateway,
  type MeshIndex,
  objectKey,
  type Service,
  type ServicePort,
  serviceRefKey,
  type TcpRoute,
  type TcpRule,
  tcpTargetKey,
} from "@/lib/mesh";
import type { FindingBody, ObjectAnalyzer } from "../finding";

export const mw1073PlaintextBehindTls: ObjectAnalyzer<"TcpRoute"> = {
  code: "MW1073",
  title: "TLS for a port that does not begin with it",
  area: "encryption",
  scope: "object",
  kind: "TcpRoute",
  run(index, route) {
    const gateway = route.spec.gateway && index.find("Gateway", tcpTargetKey(route));
    if (!gateway) return [];
    const listeners = gateway.spec.listeners.filter(({ protocol }) => protocol === "tls");
    const isOwn = (r: number) => listeners.some((each) => decidingRules([route], each).some(({ rule }) => rule === r));
    return route.spec.rules.flatMap((rule, r) =>
      isOwn(r) ? rule.destinations.flatMap((each, d) => check(index, gateway, route, { r, d }, each)) : [],
    );
  },
};

function check(
  index: MeshIndex,
  gateway: Gateway,
  route: TcpRoute,
  { r, d }: { r: number; d: number },
  destination: TcpRule["destinations"][number],
): FindingBody[] {
  const service = index.find("Service", serviceRefKey(destination.service, route));
  const port = service && portOf(service, destination.port);
  const why = port && whyNot(port);
  if (!service || !port || !why) return [];
  return [
    {
      code: "MW1073",
      severity: "warning",
      message: `Rule ${r + 1} of ${route.metadata.name} passes TLS on to port ${port.port} (${port.name}) of ${service.metadata.name}, which ${why.short}.`,
      cause: `${gateway.metadata.name} does not decrypt it at a listener of protocol tls, so the service gets the client's first TLS bytes. ${why.long}`,
      refs: [objectKey(route), objectKey(service), objectKey(gateway)],
      path: `spec.rules[${r}].destinations[${d}]`,
    },
  ];
}

/** As the compiler: the port that is named, or the only TCP port. */
function portOf({ spec: { ports } }: Service, named: number | undefined): ServicePort | undefined {
  const tcp = ports.filter(({ protocol, port }) => protocol === "tcp" && port === (named ?? port));
  return tcp.length === 1 ? tcp[0] : undefined;
}

/** Istio's naming of ports: `<protocol>` or `<protocol>-<suffix>`. */
function whyNot({ name }: ServicePort): { short: string; long: string } | undefined {
  const [protocol = ""] = name.split("-");
  if (PLAIN.has(protocol)) {
    return {
      short: "by its name speaks HTTP without TLS",
      long: "Without TLS of its own it cannot read them. End TLS at the gateway (protocol https), or name a port where the service ends it.",
    };
  }
  if (!SERVER_FIRST.has(protocol)) return undefined;
  return {
    short: "by its name speaks first",
    long: "In such a protocol the server greets before TLS begins: the client waits for the greeting and the gateway for a server name, until one gives up. Use a listener of protocol tcp with a port of its own.",
  };
}

const PLAIN = new Set(["http", "http2", "h2c", "grpc"]);
const SERVER_FIRST = new Set(["mysql", "mariadb", "smtp", "imap", "pop3", "ftp"]);
