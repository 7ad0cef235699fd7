// Listeners of a gateway that end TLS, for products whose gateways are not given certificates by an export.
// The rule: what was meant for TLS is never written as plain HTTP: it is left out, and told.
import { type Gateway, httpsListenersOf, isHttpsListener, type Listener, plainListenerOf } from "@/lib/mesh";
import type { ExportContext } from "./export-context";

/** The others, after telling that those are lost, and those that would only lead to them. */
export function withoutHttps(context: ExportContext, gateway: Gateway, title: string): Listener[] {
  gateway.spec.listeners.forEach((listener, i) => {
    if (!isHttpsListener(listener) && !listener.httpsRedirect) return;
    const reason = listener.httpsRedirect
      ? `it sends plain HTTP on to HTTPS, which this export to ${title} does not set up: set both up there`
      : `this export to ${title} gives gateways no certificates: set the listener up there`;
    context.lose(gateway, ["spec", "listeners", i], "lost", reason, { changesMeaning: true });
  });
  return gateway.spec.listeners.filter((listener) => !isHttpsListener(listener) && !listener.httpsRedirect);
}

/** May a host of a route be written for listeners without TLS? */
export function isServedPlain({ spec: { listeners } }: Gateway, host: string): boolean {
  const plain = plainListenerOf(listeners, host);
  return plain ? !plain.httpsRedirect : httpsListenersOf(listeners, host).length === 0;
}
