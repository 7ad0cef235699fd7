// Gateway -> Gateway, and what a gateway without a route means.
import { factsOf, httpPorts, serviceOfRef } from "@/lib/compile/facts";
import { type Gateway, isConnectionListener, isPlainListener, objectKey } from "@/lib/mesh";
import { type ExportContext, metadataOf } from "../shared/export-context";
import { GENERATED_LABEL } from "../shared/generated";
import { coversHost } from "../shared/hostnames";
import { tellUnrouted } from "../shared/tell-connections";
import { hostNames, hostOf } from "./export-route";
import { assumedLabels } from "./gateway-target";

export function exportGateway(context: ExportContext, gateway: Gateway): void {
  const { listeners } = gateway.spec;
  const selector = assumedLabels(gateway);
  const unserved = unservedHosts(context, gateway);
  const first = listeners.findIndex(isPlainListener);
  const spec = {
    selector,
    servers: listeners.map(({ name, port, protocol, hosts, tls }, i) => ({
      port: { number: port, name, protocol: protocol.toUpperCase() },
      hosts: [...hostNames(hosts), ...(i === first ? unserved : [])],
      ...(protocol === "tls" ? { tls: { mode: "PASSTHROUGH" } } : {}),
      ...(tls ? { tls: { mode: "SIMPLE", credentialName: tls.certificate } } : {}),
    })),
  };
  const metadata = metadataOf(gateway, gateway.metadata.name, gateway.metadata.namespace);
  context.add({ apiVersion: "networking.istio.io/v1", kind: "Gateway", metadata, spec }, gateway);
  exportOnlyService(context, gateway);
  tellUnrouted(context, gateway, "Istio");
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
