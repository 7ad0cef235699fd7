// Statistics of one configuration, of what a side has counted for all. Rule: counters that both expose under Envoy's name, and no
// gauges; where chance or time decides how often something was done, only whether it was.

type Counts = Readonly<Record<string, number | "some">>;

const CLUSTER = [
  "upstream_rq_(?:total|completed|\\dxx|\\d\\d\\d|timeout|per_try_timeout|per_try_idle_timeout|pending_overflow|active_overflow)",
  "upstream_rq_(?:retry|retry_success|retry_overflow|retry_limit_exceeded)",
  "upstream_internal_redirect_(?:succeeded|failed)_total",
  "upstream_cx_(?:total|connect_fail|none_healthy|overflow)",
  "outlier_detection\\.ejections_(?:overflow|enforced_\\w+)",
  "health_check\\.(?:attempt|success|failure|passive_failure|network_failure)",
  "ratelimit\\.(?:\\w+\\.)?(?:ok|error|over_limit|failure_mode_allowed)",
  "ext_authz\\.(?:\\w+\\.)?(?:ok|denied|error|disabled|failure_mode_allowed|invalid)",
];
const MANAGER = [
  "downstream_rq_(?:total|completed|\\dxx)|downstream_cx_total|no_route|no_cluster",
  "passthrough_internal_redirect_\\w+",
  "rbac\\.(?:\\w+\\.)?(?:shadow_)?(?:allowed|denied)",
  "jwt_authn\\.(?:allowed|denied|cors_preflight_bypassed|jwks_fetch_success|jwks_fetch_failed)",
  "fault\\.(?:delays_injected|aborts_injected|response_rl_injected|faults_overflow)",
  "cors\\.origin_(?:valid|invalid)",
  "health_check\\.\\w+",
  "ext_authz\\.(?:\\w+\\.)?(?:ok|denied|error|disabled|failure_mode_allowed|invalid)",
];
const TCP = ["downstream_cx_(?:total|no_route|rx_bytes_total|tx_bytes_total)", "idle_timeout"];
const LISTENER = [
  "downstream_cx_total|downstream_pre_cx_timeout|no_filter_chain_match",
  "ssl\\.(?:handshake|no_certificate|connection_error|fail_verify_\\w+)",
];
const OWN = ["http_local_rate_limit\\.\\w+", "rbac\\.(?:\\w+\\.)?(?:shadow_)?(?:allowed|denied)"];

/** What stands before the name of the configuration, and what may stand behind it. */
const PLACES: readonly (readonly [place: string, counters: readonly string[]])[] = [
  ["cluster.", CLUSTER],
  ["http.", MANAGER],
  ["tcp.", TCP],
  ["listener.", LISTENER],
  ["access_logs.open_telemetry_access_log.", ["logs_(?:written|dropped)"]],
  ["proxy_proto.", ["not_found_(?:dis)?allowed|versions\\.v[12]\\.(?:found|disallowed|error)"]],
  ["connection_limit.", ["limited_connections"]],
  ["local_rate_limit.", ["rate_limited"]],
  ["", OWN],
];
const WORDS: Readonly<Record<string, string>> = {
  "tcp.": "tcp ",
  "listener.": "listener ",
  "proxy_proto.": "proxy protocol ",
  "connection_limit.": "connection limit ",
  "local_rate_limit.": "local rate limit ",
  "": "filter ",
};
const COUNTERS = PLACES.map(([place, counters]) => ({
  word: WORDS[place] ?? "",
  name: new RegExp(`^${place.replaceAll(".", "\\.")}(.+)~(\\d+)~\\.(${counters.join("|")})$`),
}));

/** By the number of the configuration. */
export function countsOf(stats: readonly { readonly name: string; readonly value: number }[]): Map<number, Counts> {
  const found = new Map<number, Record<string, number | "some">>();
  for (const { name, value } of stats) {
    if (value === 0) continue;
    for (const one of COUNTERS) {
      const match = one.name.exec(name);
      if (match === null) continue;
      const [, of = "", index = "", counter = ""] = match;
      const counts = found.get(Number(index)) ?? {};
      counts[`${one.word}${of} ${counter}`] = OWN_WAY.test(counter) ? "some" : value;
      found.set(Number(index), counts);
      break;
    }
  }
  for (const counts of found.values()) if (Object.keys(counts).some(isRefusal)) leaveOutWhatIsUnseen(counts);
  return found;
}

/** A caller that network RBAC refuses: Envoy has connected to the upstream by then, and read what he said. */
const isRefusal = (name: string): boolean => /^filter .+ rbac\..*denied$/.test(name) && !name.endsWith("shadow_denied");

function leaveOutWhatIsUnseen(counts: Record<string, unknown>): void {
  for (const name of Object.keys(counts))
    if (/ upstream_(?:cx|rq)_total$|^tcp .+ downstream_cx_rx_bytes_total$/.test(name)) delete counts[name];
}

/** Of listener filters, which count for the whole process. */
export const inspectorsOf = (stats: readonly { readonly name: string; readonly value: number }[]): Counts =>
  Object.fromEntries(
    stats
      .filter(({ name, value }) => /^(?:tls|http)_inspector\.\w+$/.test(name) && value > 0)
      .map(({ name, value }) => [name, value]),
  );

/** How many connections it takes is each proxy's own: Envoy ends those whose request is tried again. */
const OWN_WAY = /^upstream_cx_(?:total|overflow)$/;

export function inWords(counts: Counts = {}): Counts {
  return Object.fromEntries(Object.keys(counts).map((name) => [name, "some"]));
}
