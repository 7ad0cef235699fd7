// Gateway -> Gateway of Gateway API: a listener for each host.
import { type Gateway, isPlainListener, refKey } from "@/lib/mesh";
import { type ExportContext, metadataOf } from "../shared/export-context";
import { tellGuards, tellUnrouted } from "../shared/tell-connections";
import { clientsOf } from "./frontend";
import { exportRedirects, sectionsOf } from "./redirects";
import { GROUP } from "./state";

/** To be replaced by the class of the product that runs the gateways. */
const UNKNOWN_CLASS = "gateway-class";

/** @param known the class of the product that runs the gateways */
export function exportGateway(context: ExportContext, gateway: Gateway, known?: string): void {
  const { type, listeners } = gateway.spec;
  const { name, namespace } = gateway.metadata;
  const isOwn = gateway.metadata.origin?.dialect === "gateway-api";
  const key = `Gateway/${namespace}/${name}`;
  const routes = [
    ...context.index.all("Route").filter((route) => refKey(route.spec.target, route) === key),
    ...context.index.tcpRoutesOf(key),
  ];
  const visitors = routes.some((route) => route.metadata.namespace !== namespace);
  const { tls, left, from } = clientsOf(context, gateway);
  const written = sectionsOf(gateway)
    .filter(({ listener }) => !left.includes(listener))
    .map(({ name, host, listener }) => ({
      name,
      ...(host === "*" ? {} : { hostname: host }),
      port: listener.port,
      protocol: isPlainListener(listener) ? "HTTP" : listener.protocol.toUpperCase(),
      ...(listener.protocol === "tls" ? { tls: { mode: "Passthrough" } } : {}),
      ...(listener.tls ? { tls: { mode: "Terminate", certificateRefs: [{ name: listener.tls.certificate }] } } : {}),
      ...(visitors && !isOwn ? { allowedRoutes: { namespaces: { from: "All" } } } : {}),
    }));
  const spec = { gatewayClassName: known ?? UNKNOWN_CLASS, ...(tls ? { tls } : {}), listeners: written };
  const metadata = metadataOf(gateway, name, namespace);
  context.add({ apiVersion: `${GROUP}/v1`, kind: "Gateway", metadata, spec }, from);
  exportRedirects(context, gateway);
  const target = `Gateway ${name}`;
  tellUnrouted(context, gateway, "Gateway API");
  tellGuards(context, gateway, "Gateway API");
  if (type !== "ingress") {
    context.lose(
      gateway,
      ["spec", "type"],
      "approximate",
      `Gateway API has no ${type} gateways: it is written as one for calls from outside`,
      { target },
    );
  }
  const other = listeners.find(({ protocol }) => protocol === "http2" || protocol === "grpc");
  if (other) {
    context.lose(gateway, ["spec", "listeners"], "approximate", `a listener says HTTP, not ${other.protocol}`, {
      target,
    });
  }
  if (!isOwn && known === undefined) {
    context.lose(
      gateway,
      ["spec"],
      "approximate",
      `gatewayClassName ${UNKNOWN_CLASS} stands for the class of your product: write its name`,
      { target },
    );
  } else if (type === "ingress" && !other)
    context.tell(gateway, ["spec"], "exact", "means the same in Gateway API", { target });
}
