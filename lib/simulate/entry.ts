// Where a request comes to its first proxy: a sidecar's outbound listener, or a gateway's listener and filter chain.
// The rule: the question's port names the listener of the design, its host the server name of TLS; the gateway's own chains decide.
import type { FilterChainPlan, HttpConnectionPlan, ListenerPlan } from "@meshwright/proxy/plan";
import { pickFilterChain } from "@meshwright/proxy/semantics";
import { httpsChainName } from "@/lib/compile/gateway-https";
import { type Gateway, httpsListenersOf, isConnectionListener, isHttpsListener, isPlainListener } from "@/lib/mesh";
import { dead } from "./bare";
import { arriving, serverNameOf } from "./connect";
import type { Message } from "./message";
import { nameOf } from "./names";
import type { PlannedProxy, Scene } from "./scene";
import type { Answer, Question } from "./types";

type Planned = Extract<PlannedProxy, { ok: true }>;
type Listener = Gateway["spec"]["listeners"][number];

export type Entrance = {
  listener: ListenerPlan;
  connection: HttpConnectionPlan;
  isTls: boolean;
  /** Of TLS; "" without. */
  serverName: string;
};

/** Null: this proxy has no listener that takes calls from its side. */
export function entranceOf(
  { index }: Scene,
  proxy: Planned,
  { to }: Pick<Question, "to">,
  message: Message,
): Entrance | { closed: Answer } | null {
  const gateway = index.find("Gateway", proxy.owner);
  const asked = gateway && requestListenerOf(gateway, to);
  if (!asked || !isHttpsListener(asked)) return plainEntrance(proxy);
  const name = nameOf(proxy.owner);
  const isOurs = ({ name }: FilterChainPlan) => name === httpsChainName(asked.name);
  const listener = proxy.plan.listeners.find(({ filterChains }) => filterChains.some(isOurs));
  const at = `listener ${asked.name} (port ${asked.port})`;
  if (!listener) {
    const why = `${name} does not serve ${at}: the environment does not say where its certificate is.`;
    return { closed: dead("unreachable", why) };
  }
  const serverName = serverNameOf(message);
  const chain = pickFilterChain(listener.filterChains, (each) => each, arriving(listener, serverName, message));
  if (chain?.network.kind === "http" && chain.tls !== null)
    return { listener, connection: chain.network, isTls: true, serverName };
  const whom = serverName === "" ? "TLS without a server name" : `"${serverName}"`;
  return { closed: dead("no-route", `${name} closes the connection: it has no certificate for ${whom} at ${at}.`) };
}

function plainEntrance({ plan }: Planned): Entrance | null {
  for (const listener of plan.listeners) {
    if (listener.name !== "outbound" && !listener.name.startsWith("gateway-")) continue;
    const chain = listener.filterChains.find(({ network, tls }) => network.kind === "http" && tls === null);
    if (chain?.network.kind === "http") return { listener, connection: chain.network, isTls: false, serverName: "" };
  }
  return null;
}

/** By the port; without one plain HTTP before TLS. A port that is none of its own is that of a forwarding before it. */
export function requestListenerOf(
  { spec: { listeners } }: Gateway,
  { port, host }: Question["to"],
): Listener | undefined {
  const all = listeners.filter((each) => !isConnectionListener(each));
  const asked = all.filter((each) => each.port === port);
  const open = asked.length > 0 ? asked : all;
  return open.find(isPlainListener) ?? httpsListenersOf(open, host)[0] ?? open[0];
}
