// The inbound listener of a compiled sidecar, as controls ask about it.

import type { MeshIndex, ObjectKey } from "@/lib/mesh";
import { objectKey } from "@/lib/mesh";
import { at, type CompiledMesh, type CompiledProxy, type Json, listAt, textAt } from "./compiled-mesh";
import { fail } from "./results";
import { meshServices } from "./services";
import type { SubjectResult } from "./types";

export interface Inbound {
  proxy: CompiledProxy;
  owner: ObjectKey;
  /** DownstreamTlsContext of the TLS chain; undefined when there is none. */
  tls: Json | undefined;
  takesPlaintext: boolean;
  /** What decides here: HTTP ports of the service together, or one TCP port. */
  carries: "http" | "tcp";
  /** Of requests, or of connections. */
  filters: Json[];
  accessLogs: Json[];
  /** Where the TLS chain stands. */
  path: string;
}

/** One for each filter chain in TLS: for the HTTP ports of the service, and for each TCP port. */
export function inboundsOf(proxy: CompiledProxy): Inbound[] {
  const listener = proxy.listeners["inbound"];
  if (!listener) return [];
  const chains = listAt(listener, "filter_chains");
  const isTls = (chain: Json) => textAt(chain, "filter_chain_match", "transport_protocol") === "tls";
  const takesPlaintext = chains.some((chain) => !isTls(chain));
  const looked = chains.some(isTls) ? chains.filter(isTls) : chains.slice(0, 1);
  return looked.map((chain) => {
    const filters = listAt(chain, "filters");
    const last = at(filters.at(-1), "typed_config");
    const carries = (textAt(last, "@type") ?? "").endsWith(".TcpProxy") ? "tcp" : "http";
    return {
      proxy,
      owner: proxy.owner,
      tls: isTls(chain) ? at(chain, "transport_socket", "typed_config") : undefined,
      takesPlaintext,
      carries,
      filters: carries === "http" ? listAt(last, "http_filters") : filters.slice(0, -1),
      accessLogs: listAt(last, "access_log"),
      path: `${proxy.proxyId}: listener inbound, filter_chains[${chains.indexOf(chain)}]`,
    };
  });
}

/** One result for each workload of each service in the mesh; a service that does not compile fails with its reason. */
export function eachInbound(
  { index, compiled }: { index: MeshIndex; compiled: CompiledMesh },
  judge: (inbound: Inbound) => SubjectResult,
): SubjectResult[] {
  return meshServices(index).flatMap((service) => {
    const key = objectKey(service);
    const problem = compiled.problems.get(key);
    if (problem) return [fail(key, `${service.metadata.name} has no configuration: ${problem}`)];
    return compiled.proxies.filter((proxy) => proxy.owner === key).flatMap((proxy) => inboundsOf(proxy).map(judge));
  });
}

/** The enforced list of callers: policies of the last ALLOW filter with rules; null when everybody is let in. */
export function enforcedCallers(inbound: Inbound): Record<string, Json> | null {
  for (const filter of inbound.filters) {
    const rules = at(filter, "typed_config", "rules");
    if (rules === undefined || rules === null) continue;
    const action = textAt(rules, "action") ?? "ALLOW"; // the default value is left out of JSON
    if (action !== "ALLOW") continue;
    const policies = at(rules, "policies");
    return typeof policies === "object" && policies !== null && !Array.isArray(policies) ? policies : {};
  }
  return null;
}
