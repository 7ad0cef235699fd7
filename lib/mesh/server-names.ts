// Server names of TLS at the listeners of a gateway: which name a wildcard stands for, and which rule of a route decides about each.
// The rule: a proxy picks the closest name it knows, a route the first rule that matches; so each name is given to the rule that the list says.
import { objectKey } from "./refs";
import type { Listener, TcpRoute, TcpRule } from "./types";

/** Does it carry connections as they are, without requests? */
export const isConnectionListener = ({ protocol }: Pick<Listener, "protocol">): boolean =>
  protocol === "tcp" || protocol === "tls";

/** Does it take requests in TLS, with a certificate of its own? */
export const isHttpsListener = ({ protocol }: Pick<Listener, "protocol">): boolean => protocol === "https";

/** Does it take requests without TLS? */
export const isPlainListener = (listener: Pick<Listener, "protocol">): boolean =>
  !isConnectionListener(listener) && !isHttpsListener(listener);

/** Listeners of protocol https that a name belongs to: of those at one port the one that names it most closely. */
export function httpsListenersOf(listeners: readonly Listener[], name: string): Listener[] {
  const closest = new Map<number, { listener: Listener; length: number }>();
  for (const listener of listeners.filter(isHttpsListener)) {
    const length = closeness(listener, name);
    if (length > (closest.get(listener.port)?.length ?? 0)) closest.set(listener.port, { listener, length });
  }
  return [...closest.values()].map(({ listener }) => listener);
}

/**
 * The listener whose a host is that is asked for without TLS. Such listeners share one port of the machine whatever theirs is: the closest
 * name decides, and of two for one name the one that sends on to HTTPS.
 */
export function plainListenerOf(listeners: readonly Listener[], host: string): Listener | undefined {
  const plain = listeners.filter(isPlainListener);
  const closest = Math.max(0, ...plain.map((each) => closeness(each, host)));
  const meant = closest === 0 ? [] : plain.filter((each) => closeness(each, host) === closest);
  return meant.find(({ httpsRedirect }) => httpsRedirect) ?? meant[0];
}

/** 0: no host of it stands for the name. A name itself is closer than any wildcard, a long wildcard than a short one. */
function closeness({ hosts }: Listener, name: string): number {
  const lengths = hosts
    .filter((host) => coversServerName(host, name))
    .map((host) => (plainHost(host) === plainHost(name) ? Number.POSITIVE_INFINITY : plainHost(host).length));
  return Math.max(0, ...lengths);
}

/** Where a redirect of this host leads: 443 before other ports, the lowest of others. Undefined: nobody serves it in TLS. */
export function redirectTarget(listeners: readonly Listener[], host: string): Listener | undefined {
  const meant = httpsListenersOf(listeners, host);
  const some = listeners.filter(
    (each) => isHttpsListener(each) && each.hosts.some((own) => serverNamesMeet(own, host)),
  );
  const open = meant.length > 0 ? meant : some;
  return open.find(({ port }) => port === HTTPS_PORT) ?? [...open].sort((a, b) => a.port - b.port)[0];
}

/** RFC 9110 section 4.2.2: what an https URI without a port means. */
export const HTTPS_PORT = 443;

/** A host as it is compared: in lower case, without a port. */
export const plainHost = (host: string): string => host.replace(/:\d+$/, "").toLowerCase();

/** Is every name that `narrow` stands for one of `wide`? As Envoy's server_names: a wildcard is every name below, however deep. */
export function coversServerName(wide: string, narrow: string): boolean {
  const [all, some] = [plainHost(wide), plainHost(narrow)];
  if (all === "*" || all === some) return true;
  return all.startsWith("*.") && some.endsWith(all.slice(1));
}

/** Is there a name that both stand for? */
export const serverNamesMeet = (a: string, b: string): boolean => coversServerName(a, b) || coversServerName(b, a);

/** The names of a rule that a listener takes; "*": every one, and TLS without a name. `rule`: its place in `rules`. */
export type NamesOfRule = { rule: number; names: string[] };

/**
 * For each rule that decides something at a listener of protocol tls, the names that it decides about, in the order of the rules.
 *
 * @param rules of the gateway's TcpRoute; none: those of the listener's hosts are nobody's
 */
export function serverNamesAt(rules: readonly TcpRule[], listener: Listener): NamesOfRule[] {
  const wanted = rules.map((rule) => namesOf(rule, listener.port));
  const hosts = listener.hosts.map(plainHost);
  const names = new Set(wanted.flatMap((each) => each.flatMap((name) => hosts.flatMap((host) => shared(name, host)))));
  const decided = new Map<number, string[]>();
  for (const name of names) {
    const rule = wanted.findIndex((each) => each.some((wide) => coversServerName(wide, name)));
    decided.set(rule, [...(decided.get(rule) ?? []), name]);
  }
  return [...decided]
    .sort(([a], [b]) => a - b)
    .map(([rule, each]) => ({ rule, names: each.filter((name) => !isWithinAnother(name, each)) }));
}

/** The rule that decides about connections to a listener of protocol tcp: none says a name, and who calls is not known. -1: none does. */
function tcpRuleAt(rules: readonly TcpRule[], { port: own }: Pick<Listener, "port">): number {
  const takes = ({ port, serverNames, caller }: TcpRule["matches"][number]) =>
    serverNames === undefined && caller === undefined && (port ?? own) === own;
  return rules.findIndex(({ matches }) => matches.length === 0 || matches.some(takes));
}

/** What decides at a listener: a rule of a route, and the server names that it decides about; at a listener of protocol tcp there are none. */
export type DecidingRule = { route: TcpRoute; rule: number; names: string[] | null };

/**
 * Of all routes of a gateway. Within a route the first rule decides, between routes the closest name, and of two for one name the first
 * route by its key.
 */
export function decidingRules(all: readonly TcpRoute[], listener: Listener): DecidingRule[] {
  const routes = [...all].sort((a, b) => (objectKey(a) < objectKey(b) ? -1 : 1));
  if (listener.protocol === "tcp") {
    const found = routes.map((route) => ({ route, rule: tcpRuleAt(route.spec.rules, listener), names: null }));
    return found.filter(({ rule }) => rule >= 0).slice(0, 1);
  }
  const taken = new Set<string>();
  return routes.flatMap((route) =>
    serverNamesAt(route.spec.rules, listener).flatMap(({ rule, names: all }) => {
      const names = all.filter((name) => !taken.has(name));
      for (const name of names) taken.add(name);
      return names.length > 0 ? [{ route, rule, names }] : [];
    }),
  );
}

/** Of the matches for this port; "*" where one asks for no name. */
function namesOf({ matches }: TcpRule, port: number): string[] {
  if (matches.length === 0) return ["*"];
  const own = matches.filter((match) => match.caller === undefined && (match.port ?? port) === port);
  return own.flatMap(({ serverNames }) => serverNames ?? ["*"]);
}

const isWithinAnother = (name: string, names: readonly string[]): boolean =>
  names.some((wide) => wide !== name && coversServerName(wide, name));

function shared(a: string, b: string): string[] {
  if (coversServerName(a, b)) return [plainHost(b)];
  return coversServerName(b, a) ? [plainHost(a)] : [];
}
