// Statistics of filters and of TCP under Envoy's names. Rule: whoever counts holds the object and adds to a number of it; a name is the
// prefix of the configuration before the name of the number, joined when somebody asks.

const KINDS = {
  rbac: ["allowed", "denied"],
  rbacShadow: ["shadow_allowed", "shadow_denied"],
  jwt: ["allowed", "denied", "cors_preflight_bypassed", "jwks_fetch_success", "jwks_fetch_failed"],
  localRateLimit: ["enabled", "enforced", "rate_limited", "ok"],
  rateLimit: ["ok", "over_limit", "error", "failure_mode_allowed"],
  authorization: ["ok", "denied", "error", "disabled", "failure_mode_allowed", "invalid"],
  fault: ["delays_injected", "aborts_injected", "response_rl_injected", "faults_overflow"],
  cors: ["origin_valid", "origin_invalid"],
  healthCheck: [
    "request_total",
    "ok",
    "failed",
    "cached_response",
    "degraded",
    "failed_cluster_not_found",
    "failed_cluster_empty",
    "failed_cluster_unhealthy",
  ],
  tcp: [
    "downstream_cx_total",
    "downstream_cx_no_route",
    "downstream_cx_rx_bytes_total",
    "downstream_cx_tx_bytes_total",
    "idle_timeout",
  ],
  tlsInspector: [
    "tls_found",
    "tls_not_found",
    "sni_found",
    "sni_not_found",
    "alpn_found",
    "alpn_not_found",
    "client_hello_too_large",
  ],
  httpInspector: ["http10_found", "http11_found", "http2_found", "http_not_found"],
  connectionLimit: ["limited_connections", "active_connections"],
  networkRateLimit: ["rate_limited"],
  proxyProtocol: [
    "not_found_allowed",
    "not_found_disallowed",
    "versions.v1.found",
    "versions.v1.disallowed",
    "versions.v1.error",
    "versions.v2.found",
    "versions.v2.disallowed",
    "versions.v2.error",
  ],
  ssl: [
    "handshake",
    "no_certificate",
    "connection_error",
    "fail_verify_no_cert",
    "fail_verify_error",
    "fail_verify_san",
    "fail_verify_cert_hash",
  ],
  listener: [
    "downstream_cx_total",
    "downstream_pre_cx_timeout",
    "no_filter_chain_match",
    "downstream_cx_overload_reject",
    "downstream_global_cx_overflow",
  ],
  overloadMonitor: ["pressure"],
  overloadLimit: ["failed_updates"],
  overloadAction: ["active", "scale_percent"],
} as const;

export type CountKind = keyof typeof KINDS;
export type CountsOf<Kind extends CountKind> = Record<(typeof KINDS)[Kind][number], number>;

export class NamedCounts {
  private readonly kinds = new Map<CountKind, Map<string, Record<string, number>>>();

  /** The numbers of everything of this kind with this prefix, so that a swap of the plan forgets none. */
  of<Kind extends CountKind>(kind: Kind, prefix: string): CountsOf<Kind> {
    const known = this.kinds.get(kind) ?? new Map<string, Record<string, number>>();
    this.kinds.set(kind, known);
    const counts = known.get(prefix) ?? Object.fromEntries(KINDS[kind].map((name) => [name, 0]));
    known.set(prefix, counts);
    return counts as CountsOf<Kind>;
  }

  *all(): Iterable<readonly [name: string, count: number]> {
    for (const byPrefix of this.kinds.values())
      for (const [prefix, counts] of byPrefix)
        for (const [name, count] of Object.entries(counts)) yield [`${prefix}${name}`, count] as const;
  }
}

/** As Envoy writes names: a colon separates nothing there. */
export const envoyWord = (name: string): string => name.replaceAll(":", "_");

/** What a filter's own prefix puts before its numbers. */
export const ownPrefix = (prefix: string): string =>
  prefix === "" || prefix.endsWith(".") ? envoyWord(prefix) : `${envoyWord(prefix)}.`;
