// TLS-06: a floor for the version of TLS, in the mesh and at its gateways.
import { objectKey } from "@/lib/mesh";
import { at, type CompiledProxy, type Json, textAt } from "../compiled-mesh";
import { nist53, pci } from "../frameworks";
import { eachInbound } from "../inbound";
import { paired } from "../live";
import { fail, pass, unmeasured } from "../results";
import { nameOf } from "../services";
import type { Control, SubjectResult } from "../types";

const FLOORS = ["TLSv1_2", "TLSv1_3"];
const FLOOR = ["common_tls_context", "tls_params", "tls_minimum_protocol_version"] as const;

export const tls06: Control = {
  id: "TLS-06",
  title: "A minimum version of TLS",
  area: "transport",
  severity: "high",
  asks: "Nothing older than TLS 1.2 is spoken, neither between sidecars nor at a gateway; older offers are refused.",
  // The model has no field for it: the compiler writes 1.3 between sidecars and 1.2 for clients. Only a gateway can be drawn without TLS.
  design: {
    look: ({ index }) =>
      index.all("Gateway").map((gateway) => {
        const key = objectKey(gateway);
        if (gateway.spec.type === "ingress" && gateway.spec.listeners.every(({ protocol }) => protocol === "tls"))
          return unmeasured(key, `${gateway.metadata.name} passes TLS on as it is: its version is up to the app.`);
        if (gateway.spec.type !== "ingress") return pass(key, `${gateway.metadata.name} is not open to the outside.`);
        // one that answers nothing but where HTTPS is has no call to protect
        const open = gateway.spec.listeners.findIndex(
          ({ protocol, httpsRedirect }) => protocol !== "tls" && protocol !== "https" && !httpsRedirect,
        );
        const { name, protocol } = gateway.spec.listeners[open] ?? {};
        const how = protocol === "tcp" ? "connections" : "calls";
        const what = protocol === "tcp" ? "as they come" : "in plain HTTP";
        return open < 0
          ? pass(key, `${gateway.metadata.name} takes calls from outside in TLS 1.2 or newer.`)
          : fail(
              key,
              `${gateway.metadata.name} takes ${how} from outside ${what} (listener ${name}): that has no version of TLS at all.`,
              `spec.listeners[${open}]`,
            );
      }),
  },
  compiled: {
    look: (context) => [
      ...eachInbound(context, ({ owner, tls, path }) => {
        const floor = textAt(tls, ...FLOOR);
        return floor !== undefined && FLOORS.includes(floor)
          ? pass(
              owner,
              `${nameOf(owner)}'s listener speaks ${floor.replace("_", ".")} or newer.`,
              `${path}.transport_socket.tls_params`,
            )
          : fail(owner, `${nameOf(owner)}'s listener has no minimum version of TLS.`, path);
      }),
      ...context.compiled.proxies.filter(({ owner }) => owner.startsWith("Gateway/")).flatMap(gatewayListeners),
    ],
  },
  live: { look: (context) => paired(context, "old-tls"), probes: ["old-tls", "mutual-tls", "public-tls"] },
  validHours: 24,
  mappings: [nist53("SC-13", "SC-8(1)"), pci(["4.2.1"], "No fallback to insecure versions; on public edges only.")],
};

function gatewayListeners({ owner, proxyId, listeners, routes }: CompiledProxy): SubjectResult[] {
  return Object.entries(listeners).map(([name, listener]) => {
    const chains = at(listener, "filter_chains");
    const all = Array.isArray(chains) ? chains : [];
    const own = all.flatMap((chain) => at(chain, "transport_socket") ?? []);
    // one that takes nothing but TLS for the app behind, without keys of its own
    if (
      all.length > 0 &&
      own.length === 0 &&
      all.every((chain) => textAt(chain, "filter_chain_match", "transport_protocol") === "tls")
    )
      return unmeasured(
        owner,
        `${nameOf(owner)}'s listener ${name} passes TLS on as it is: its version is up to the app.`,
      );
    const place = `${proxyId}: listener ${name}`;
    const isOpen = (chain: Json) =>
      at(chain, "transport_socket") === undefined &&
      textAt(chain, "filter_chain_match", "transport_protocol") !== "tls" &&
      !onlyRedirects(chain, routes);
    if (all.length > 0 && own.length === 0 && all.every((chain) => onlyRedirects(chain, routes)))
      return pass(owner, `${nameOf(owner)}'s listener ${name} only sends calls on to HTTPS.`, place);
    if (all.some(isOpen)) return fail(owner, `${nameOf(owner)}'s public listener has no TLS.`, place);
    const isOld = own.some((tls) => !FLOORS.includes(textAt(tls, "typed_config", ...FLOOR) ?? ""));
    return isOld
      ? fail(owner, `${nameOf(owner)}'s public listener has no minimum version of TLS.`, place)
      : pass(owner, `${nameOf(owner)}'s public listener speaks TLS 1.2 or newer.`, place);
  });
}

/** Does every route of it answer where HTTPS is? */
function onlyRedirects(chain: Json, routes: CompiledProxy["routes"]): boolean {
  const [filter] = listAt(chain, "filters");
  const name = textAt(filter, "typed_config", "rds", "route_config_name");
  const hosts = listAt(routes[name ?? ""], "virtual_hosts");
  const served = hosts.flatMap((host) => listAt(host, "routes"));
  return served.length > 0 && served.every((route) => at(route, "redirect", "https_redirect") === true);
}

function listAt(value: Json | undefined, field: string): Json[] {
  const found = at(value, field);
  return Array.isArray(found) ? found : [];
}
