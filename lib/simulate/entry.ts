// Where a request comes to its first proxy: a sidecar's outbound listener, or a gateway's listener and filter chain.
// The rule: the question's port names the listener of the design, its host the server name of TLS; the gateway's own chains decide.
import type { DownstreamTlsPlan, FilterChainPlan, HttpConnectionPlan, ListenerPlan } from "@meshwright/proxy/plan";
import { hasSubjectAltName, pickFilterChain } from "@meshwright/proxy/semantics";
import { httpsChainName } from "@/lib/compile/gateway-https";
import { kindOfClientName } from "@/lib/compile/transport";
import {
  type Gateway,
  httpsListenersOf,
  isConnectionListener,
  isHttpsListener,
  isPlainListener,
  type Listener,
} from "@/lib/mesh";
import { dead } from "./bare";
import { arriving, serverNameOf } from "./connect";
import type { Message } from "./message";
import { nameOf } from "./names";
import type { PlannedProxy, Scene } from "./scene";
import type { Answer, Question, QuestionCertificate } from "./types";

type Planned = Extract<PlannedProxy, { ok: true }>;
export type Entrance = {
  listener: ListenerPlan;
  connection: HttpConnectionPlan;
  isTls: boolean;
  /** Of TLS; "" without. */
  serverName: string;
  /** What the way in hangs on beside the question. */
  proviso?: string;
};

/** Null: this proxy has no listener that takes calls from its side. */
export function entranceOf(
  scene: Scene,
  proxy: Planned,
  { to, certificate }: Pick<Question, "to" | "certificate">,
  message: Message,
): Entrance | { closed: Answer } | null {
  const gateway = scene.index.find("Gateway", proxy.owner);
  const asked = gateway && requestListenerOf(gateway, to);
  if (!asked || !isHttpsListener(asked)) return plainEntrance(proxy);
  const name = nameOf(proxy.owner);
  const isOurs = ({ name }: FilterChainPlan) => name === httpsChainName(asked.name);
  const listener = proxy.plan.listeners.find(({ filterChains }) => filterChains.some(isOurs));
  const at = `listener ${asked.name} (port ${asked.port})`;
  if (!listener) {
    const clients = asked.tls?.clients;
    const orLists = clients?.checkRevocation ? ", or which of them are revoked" : "";
    const orWhose = clients ? `, or who signs those of its clients${orLists}` : "";
    const why = `${name} does not serve ${at}: the environment does not say where its certificate is${orWhose}.`;
    return { closed: dead("unreachable", why) };
  }
  const serverName = serverNameOf(message);
  const chain = pickFilterChain(listener.filterChains, (each) => each, arriving(listener, serverName, message));
  if (chain?.network.kind === "http" && chain.tls !== null) {
    const why = refusalOf(chain.tls, certificate, asked.tls?.clients?.checkRevocation ?? false);
    if (why === null) {
      const pins = certificate ? (chain.tls.pins?.length ?? 0) : 0;
      const proviso = pins > 0 ? { proviso: pinsText(name, at, pins) } : {};
      return { listener, connection: chain.network, isTls: true, serverName, ...proviso };
    }
    return { closed: dead("refused", `${name} refuses the connection at ${at}: ${why}.`) };
  }
  const whom = serverName === "" ? "TLS without a server name" : `"${serverName}"`;
  return { closed: dead("no-route", `${name} closes the connection: it has no certificate for ${whom} at ${at}.`) };
}

/** A question has no key, so it cannot be the wrong one. */
const pinsText = (name: string, at: string, pins: number): string =>
  `${name} takes the client's certificate at ${at} only if it, or its key, is ${pins === 1 ? "the one that is pinned" : `one of the ${pins} that are pinned`}.`;

/** Why TLS ends before a request is read; null: it does not. */
function refusalOf(
  { validationSecret, requireClientCertificate, sanMatchers }: DownstreamTlsPlan,
  shown: QuestionCertificate | undefined,
  isRevocationChecked: boolean,
): string | null {
  if (validationSecret === null) return null;
  if (!shown) return requireClientCertificate ? "it asks for a client certificate, and none is shown" : null;
  if (shown.isForged) return "nobody whom it trusts signed the client's certificate";
  if (shown.isRevoked && isRevocationChecked) return "the client's certificate is on a revocation list";
  const named = (kind: ReturnType<typeof kindOfClientName>) =>
    shown.names.filter((each) => kindOfClientName(each) === kind);
  const names = { uriSans: named("uri"), dnsSans: named("dns"), emailSans: named("email"), ipSans: named("ip") };
  if (hasSubjectAltName(names, sanMatchers)) return null;
  const wanted = sanMatchers.map(({ value }) => value.exact ?? value.text).join(" or ");
  const has = shown.names.length === 0 ? "no name" : shown.names.join(", ");
  return `it asks for a certificate of ${wanted}, and the client's has ${has}`;
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
