// Connections at a gateway that no TcpRoute leads on: the design sends them to the one service behind, products close them.
import { type Gateway, isConnectionListener, objectKey } from "@/lib/mesh";
import type { ExportContext } from "./export-context";

export function tellUnrouted(context: ExportContext, gateway: Gateway, title: string): void {
  const { index } = context;
  const key = objectKey(gateway);
  const isLed = index.tcpRoutesOf(key).length > 0 || index.dependenciesFrom(key).length !== 1;
  if (isLed || !gateway.spec.listeners.some(isConnectionListener)) return;
  const reason = `no TcpRoute says where its connections go: ${title} closes them. Write one for the service behind it`;
  context.lose(gateway, ["spec", "listeners"], "lost", reason, { changesMeaning: true });
}
