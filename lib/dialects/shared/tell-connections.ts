// Connections at a gateway that no TcpRoute leads on: the design sends them to the one service behind, products close them.
import { type Gateway, isConnectionListener, objectKey } from "@/lib/mesh";
import type { ExportContext } from "./export-context";

/** What products say elsewhere, if at all: of the pods, of a balancer, or in patches of the proxy's configuration. */
export function tellGuards(context: ExportContext, gateway: Gateway, title: string): void {
  gateway.spec.listeners.forEach(({ proxyProtocol, connectionLimit }, i) => {
    const path = ["spec", "listeners", i];
    if (proxyProtocol) {
      const reason = `this export to ${title} does not set the PROXY protocol up: without it the gateway closes what the balancer sends, or takes the balancer for the client`;
      context.lose(gateway, [...path, "proxyProtocol"], "lost", reason, { changesMeaning: true });
    }
    if (connectionLimit) {
      const reason = `this export to ${title} limits no connections at a gateway: any number may be open`;
      context.lose(gateway, [...path, "connectionLimit"], "lost", reason, { changesMeaning: true });
    }
  });
}

export function tellUnrouted(context: ExportContext, gateway: Gateway, title: string): void {
  const { index } = context;
  const key = objectKey(gateway);
  const isLed = index.tcpRoutesOf(key).length > 0 || index.dependenciesFrom(key).length !== 1;
  if (isLed || !gateway.spec.listeners.some(isConnectionListener)) return;
  const reason = `no TcpRoute says where its connections go: ${title} closes them. Write one for the service behind it`;
  context.lose(gateway, ["spec", "listeners"], "lost", reason, { changesMeaning: true });
}
