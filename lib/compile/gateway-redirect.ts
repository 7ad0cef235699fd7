// Requests without TLS that a gateway sends on to HTTPS instead of serving them.
// The rule: the address that a client is sent to is one that it can reach. The design says the port that clients know; who came straight to
// the machine's own port is sent to the one beside it. Envoy's require_tls would keep the port of plain HTTP.
import {
  type Gateway,
  HTTPS_PORT,
  isPlainListener,
  type Listener,
  objectKey,
  plainListenerOf,
  redirectTarget,
} from "@/lib/mesh";
import { compact, type JsonObject, meshwrightMetadata } from "./envoy-json";
import type { CompileContext } from "./parts";

/** Of the hosts that are asked for without TLS those that are sent on, as virtual hosts. */
export const redirectingHosts = (
  gateway: Gateway,
  hosts: readonly string[],
  portOf: (listener: Listener) => number,
): JsonObject[] =>
  hosts.flatMap((host) => {
    const listener = plainListenerOf(gateway.spec.listeners, host);
    return listener?.httpsRedirect ? [redirectingHost(gateway, listener, host, portOf)] : [];
  });

/**
 * @param listener that the host belongs to
 * @param portOf of the machine, where a listener is served
 */
function redirectingHost(
  gateway: Gateway,
  listener: Listener,
  host: string,
  portOf: (listener: Listener) => number,
): JsonObject {
  const target = redirectTarget(gateway.spec.listeners, host);
  const known = target?.port ?? HTTPS_PORT;
  const route = (ending: string | undefined, port: number | undefined): JsonObject => ({
    name: `${gateway.metadata.name}/https`,
    match: compact({
      prefix: "/",
      headers: ending === undefined ? undefined : [{ name: ":authority", string_match: matchOf(ending) }],
    }),
    redirect: compact({ https_redirect: true, port_redirect: port }),
    metadata: meshwrightMetadata({ gateway: objectKey(gateway), listener: listener.name }),
  });
  return {
    name: host,
    domains: [host],
    routes: [
      ...(target ? [route(`:${portOf(listener)}`, portOf(target))] : []),
      // a name without a port means 443 in HTTPS, and nobody writes it
      ...(known === HTTPS_PORT ? [route(ANY_PORT, known)] : []),
      route(undefined, known === HTTPS_PORT ? undefined : known),
    ],
  };
}

const ANY_PORT = ":[0-9]+";

const matchOf = (ending: string): JsonObject =>
  ending === ANY_PORT ? { safe_regex: { regex: `.*${ANY_PORT}` } } : { suffix: ending };

/** Listeners without TLS share the public port, so what one of them sends on is served by none. */
export function warnOfRedirects({ problems }: CompileContext, gateway: Gateway): void {
  const { listeners } = gateway.spec;
  listeners.forEach((listener, i) => {
    if (!isPlainListener(listener) || listener.httpsRedirect) return;
    const other = listeners.find(
      (each) => isPlainListener(each) && each.httpsRedirect && each.hosts.some((host) => listener.hosts.includes(host)),
    );
    if (!other) return;
    problems.warn(
      gateway,
      `spec.listeners[${i}].hosts`,
      `listener ${other.name} sends its hosts on to HTTPS, and what comes without TLS shares one port: so they are sent on here too`,
      "Give the listeners other hosts, or both the same httpsRedirect.",
    );
  });
}
