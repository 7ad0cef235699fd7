// Gateway -> Gateway, and what a gateway without a route means.
import { factsOf, httpPorts, serviceOfRef } from "@/lib/compile/facts";
import {
  type Gateway,
  HTTPS_PORT,
  isConnectionListener,
  isPlainListener,
  type Listener,
  objectKey,
  redirectTarget,
} from "@/lib/mesh";
import { type ExportContext, metadataOf } from "../shared/export-context";
import { GENERATED_LABEL } from "../shared/generated";
import { coversHost } from "../shared/hostnames";
import { tellGuards, tellUnrouted } from "../shared/tell-connections";
import { hostNames, hostOf } from "./export-route";
import { assumedLabels } from "./gateway-target";

export function exportGateway(context: ExportContext, gateway: Gateway): void {
  const { listeners } = gateway.spec;
  const selector = assumedLabels(gateway);
  const unserved = unservedHosts(context, gateway);
  const first = listeners.findIndex((each) => isPlainListener(each) && !each.httpsRedirect);
  const spec = {
    selector,
    servers: listeners.map(({ name, port, protocol, hosts, tls, httpsRedirect }, i) => ({
      port: { number: port, name, protocol: protocol.toUpperCase() },
      hosts: [...hostNames(hosts), ...(i === first ? unserved : [])],
      ...(protocol === "tls" ? { tls: { mode: "PASSTHROUGH" } } : {}),
      ...(tls ? { tls: tlsOf(tls) } : {}),
      ...(httpsRedirect ? { tls: { httpsRedirect: true } } : {}),
    })),
  };
  if (first < 0 && unserved.length > 0) spec.servers.push(...openServer(listeners, unserved));
  const metadata = metadataOf(gateway, gateway.metadata.name, gateway.metadata.namespace);
  context.add({ apiVersion: "networking.istio.io/v1", kind: "Gateway", metadata, spec }, gateway);
  tellRedirects(context, gateway);
  tellRevocation(context, gateway);
  exportOnlyService(context, gateway);
  tellUnrouted(context, gateway, "Istio");
  tellGuards(context, gateway, "Istio");
}

/** Istio finds the authorities of clients in ca.crt of the Secret, or in a second one whose name ends with -cacert. */
const tlsOf = ({ certificate, clients }: NonNullable<Listener["tls"]>) => ({
  mode: clients ? { required: "MUTUAL", optional: "OPTIONAL_MUTUAL" }[clients.mode] : "SIMPLE",
  credentialName: certificate,
  ...(clients?.names ? { subjectAltNames: clients.names } : {}),
  ...(clients?.pinnedKeys ? { verifyCertificateSpki: clients.pinnedKeys } : {}),
  ...(clients?.pinnedCertificates ? { verifyCertificateHash: clients.pinnedCertificates } : {}),
});

/** Where every listener without TLS sends on to HTTPS, hosts that none of them names are served beside it. */
function openServer(listeners: readonly Listener[], hosts: string[]) {
  const beside = listeners.find(isPlainListener);
  return beside ? [{ port: { number: beside.port, name: `${beside.name}-open`, protocol: "HTTP" }, hosts }] : [];
}

/** Istio finds lists in ca.crl of the Secret that has the authorities, and lets revoked clients in where there are none. */
function tellRevocation(context: ExportContext, gateway: Gateway): void {
  gateway.spec.listeners.forEach(({ tls }, i) => {
    if (!tls?.clients?.checkRevocation) return;
    const reason = `Istio takes revocation lists of the Secret with the authorities: put them there as ca.crl, of ${tls.certificate} or ${tls.certificate}-cacert; without them revoked clients get in`;
    const path = ["spec", "listeners", i, "tls", "clients", "checkRevocation"];
    context.lose(gateway, path, "approximate", reason, { changesMeaning: true });
  });
}

/** Istio keeps the port of the request. */
function tellRedirects(context: ExportContext, gateway: Gateway): void {
  const { listeners } = gateway.spec;
  listeners.forEach(({ httpsRedirect, hosts }, i) => {
    const port = httpsRedirect && hosts.map((host) => redirectTarget(listeners, host)?.port ?? HTTPS_PORT);
    const other = port ? port.find((each) => each !== HTTPS_PORT) : undefined;
    if (other === undefined) return;
    const reason = `Istio redirects to the port that was asked for, without one to ${HTTPS_PORT}; HTTPS is at ${other}`;
    const path = ["spec", "listeners", i, "httpsRedirect"];
    context.lose(gateway, path, "approximate", reason, { changesMeaning: true });
  });
}

/** Routes add hosts to the first listener here; Istio serves those of the servers alone. */
function unservedHosts({ index }: ExportContext, gateway: Gateway): string[] {
  const http = gateway.spec.listeners.filter((listener) => !isConnectionListener(listener));
  const served = hostNames(http.flatMap(({ hosts }) => hosts));
  const asked = hostNames(index.routesOf(objectKey(gateway)).flatMap(({ spec }) => spec.hosts ?? []));
  return asked.filter((host) => !served.some((each) => coversHost(each, host)));
}

/** Without a route, a gateway with one line to one service can only mean that one; in Istio it would lead nowhere. */
function exportOnlyService(context: ExportContext, gateway: Gateway): void {
  const { index } = context;
  if (index.routesOf(objectKey(gateway)).length > 0 || gateway.spec.listeners.every(isConnectionListener)) return;
  const facts = factsOf(index.document);
  const lines = facts.dependenciesFrom.get(objectKey(gateway)) ?? [];
  const services = new Set(lines.flatMap((each) => serviceOfRef(facts, each.spec.to, each) ?? []));
  const [key, ...more] = services;
  const service = key === undefined || more.length > 0 ? undefined : index.find("Service", key);
  const port = httpPorts(service?.spec.ports ?? [])[0]?.port;
  if (!service || port === undefined) return;
  const { name, namespace } = gateway.metadata;
  const destination = {
    host: hostOf(service.metadata.namespace, service.metadata.name, namespace),
    ...(service.spec.ports.length === 1 ? {} : { port: { number: port } }),
  };
  const metadata = { name: `only-service-of-${name}`, namespace, labels: { [GENERATED_LABEL]: "drawn" } };
  const spec = { hosts: ["*"], gateways: [name], http: [{ route: [{ destination }] }] };
  context.add({ apiVersion: "networking.istio.io/v1", kind: "VirtualService", metadata, spec }, undefined);
}
