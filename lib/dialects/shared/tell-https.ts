// Listeners of a gateway that end TLS, for products whose gateways are not given certificates by an export.
// The rule: what was meant for TLS is never written as plain HTTP: it is left out, and told.
import { type Gateway, isHttpsListener } from "@/lib/mesh";
import type { ExportContext } from "./export-context";

type Listener = Gateway["spec"]["listeners"][number];

/** The others, after telling that those are lost. */
export function withoutHttps(context: ExportContext, gateway: Gateway, title: string): Listener[] {
  gateway.spec.listeners.forEach((listener, i) => {
    if (!isHttpsListener(listener)) return;
    const reason = `this export to ${title} gives gateways no certificates: set the listener up there`;
    context.lose(gateway, ["spec", "listeners", i], "lost", reason, { changesMeaning: true });
  });
  return gateway.spec.listeners.filter((listener) => !isHttpsListener(listener));
}
