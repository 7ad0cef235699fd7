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
  httpFilters: Json[];
  accessLogs: Json[];
  /** Where the TLS chain stands. */
  path: string;
}

export function inboundOf(proxy: CompiledProxy): Inbound | null {
  const listener = proxy.listeners["inbound"];
  if (!listener) return null;
  const chains = listAt(listener, "filter_chains");
  const tlsIndex = chains.findIndex((chain) => textAt(chain, "filter_chain_match", "transport_protocol") === "tls");
  const chain = chains[Math.max(tlsIndex, 0)];
  const manager = at(chain, "filters", 0, "typed_config");
  return {
    proxy,
    owner: proxy.owner,
    tls: tlsIndex < 0 ? undefined : at(chains[tlsIndex], "transport_socket", "typed_config"),
    takesPlaintext: chains.some((each) => textAt(each, "filter_chain_match", "transport_protocol") !== "tls"),
    httpFilters: listAt(manager, "http_filters"),
    accessLogs: listAt(manager, "access_log"),
    path: `${proxy.proxyId}: listener inbound, filter_chains[${Math.max(tlsIndex, 0)}]`,
  };
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
    return compiled.proxies
      .filter((proxy) => proxy.owner === key)
      .flatMap((proxy) => {
        const inbound = inboundOf(proxy);
        return inbound ? [judge(inbound)] : [];
      });
  });
}

/** The enforced list of callers: policies of the last ALLOW filter with rules; null when everybody is let in. */
export function enforcedCallers(inbound: Inbound): Record<string, Json> | null {
  for (const filter of inbound.httpFilters) {
    const rules = at(filter, "typed_config", "rules");
    if (rules === undefined || rules === null) continue;
    const action = textAt(rules, "action") ?? "ALLOW"; // the default value is left out of JSON
    if (action !== "ALLOW") continue;
    const policies = at(rules, "policies");
    return typeof policies === "object" && policies !== null && !Array.isArray(policies) ? policies : {};
  }
  return null;
}
