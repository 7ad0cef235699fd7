// What one listener counts under Envoy's names: connections, handshakes, network RBAC, and what its inspectors find. Rule: made anew with
// each plan of the listener, from numbers that outlive it; the inspectors of all listeners count as one, as in Envoy.

import { type RbacCounts, rbacCounts } from "../http/filter-counts";
import type { ListenerPlan, RbacFilterPlan } from "../plan/types";
import { type CountsOf, envoyWord, type NamedCounts, ownPrefix } from "../telemetry/named-counts";
import { connectionLimitCounts, networkRateLimitCounts } from "./connection-gate";

/** What OpenSSL found, beyond names and pins. */
const NOT_VERIFIED: ReadonlySet<string> = new Set([
  ...["not_signed_by_trust_bundle", "certificate_not_valid_now"],
  ...["certificate_revoked", "no_revocation_list_in_force"],
]);

export class ListenerCounts {
  readonly listener: CountsOf<"listener">;
  readonly tlsInspector: CountsOf<"tlsInspector"> | null;
  readonly httpInspector: CountsOf<"httpInspector"> | null;
  readonly proxyProtocol: CountsOf<"proxyProtocol"> | null;
  /** null: no chain of it ends TLS. */
  private readonly ssl: CountsOf<"ssl"> | null;

  constructor(
    private readonly all: NamedCounts,
    plan: ListenerPlan,
  ) {
    const { address, port } = plan.address;
    const host = address.includes(":") ? `[${address}]` : address;
    const prefix = `listener.${envoyWord(plan.statPrefix || `${host}:${port}`)}.`;
    this.listener = all.of("listener", prefix);
    this.tlsInspector = plan.tlsInspector ? all.of("tlsInspector", "tls_inspector.") : null;
    this.httpInspector = plan.httpInspector ? all.of("httpInspector", "http_inspector.") : null;
    const { proxyProtocol } = plan;
    this.proxyProtocol = proxyProtocol && all.of("proxyProtocol", `proxy_proto.${ownPrefix(proxyProtocol.statPrefix)}`);
    this.ssl = plan.filterChains.some(({ tls }) => tls !== null) ? all.of("ssl", `${prefix}ssl.`) : null;
    // What never happened is a 0 as soon as it is configured.
    for (const { connectionLimits, networkRbac, network } of plan.filterChains) {
      for (const { kind, statPrefix } of connectionLimits) {
        if (kind === "active") connectionLimitCounts(all, statPrefix);
        else networkRateLimitCounts(all, statPrefix);
      }
      for (const filter of networkRbac) this.rbac(filter);
      if (network.kind === "tcp") tcpCounts(all, network.statPrefix);
    }
  }

  readonly rbac = (filter: RbacFilterPlan): RbacCounts =>
    rbacCounts(this.all, `${ownPrefix(filter.statPrefix)}rbac.`, filter);

  handshakeDone(hasCertificate: boolean): void {
    if (this.ssl === null) return;
    this.ssl.handshake++;
    if (!hasCertificate) this.ssl.no_certificate++;
  }

  handshakeFailed(reason: string): void {
    if (this.ssl === null) return;
    if (reason === "no_peer_certificate") this.ssl.fail_verify_no_cert++;
    else if (reason === "san_not_matched") this.ssl.fail_verify_san++;
    else if (reason === "certificate_not_pinned") this.ssl.fail_verify_cert_hash++;
    else if (NOT_VERIFIED.has(reason)) this.ssl.fail_verify_error++;
    else if (reason === "handshake_error") this.ssl.connection_error++;
  }
}

export const tcpCounts = (all: NamedCounts, statPrefix: string): CountsOf<"tcp"> =>
  all.of("tcp", `tcp.${envoyWord(statPrefix)}.`);
