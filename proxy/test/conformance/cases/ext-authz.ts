// External authorization by gRPC: what is asked, what an answer changes, and every way in which there may be none. Rule: as in
// ext-authz-parts.ts.

import { OK } from "../../support/authorizers";
import { cluster, EXT, HTTP2, httpFilter, ROUTER, TO_APP, web } from "../config";
import type { Case, Config } from "../types";
import { moreExtAuthzCases } from "./ext-authz-more";
import {
  ACTIONS,
  allow,
  authz,
  DENIES,
  deny,
  does,
  FAILURES,
  GRPC,
  hp,
  logged,
  NEVER,
  patterns,
  post,
  seen,
  service,
} from "./ext-authz-parts";

const FILTER = "ExtAuthz.";

const rbac = httpFilter("rbac", "rbac.v3.RBAC", {
  rules: {
    policies: {
      one: {
        permissions: [{ any: true }],
        principals: [
          {
            metadata: {
              filter: "envoy.filters.http.ext_authz",
              path: [{ key: "role" }],
              value: { string_match: { exact: "admin" } },
            },
          },
        ],
      },
    },
  },
});

const tls = (value: Config): Config => ({
  transport_socket: {
    name: "tls",
    typed_config: {
      "@type": `${EXT}.transport_sockets.tls.v3.DownstreamTlsContext`,
      common_tls_context: {
        tls_certificates: [
          {
            certificate_chain: { inline_string: "@pem:server.cert" },
            private_key: { inline_string: "@pem:server.key" },
          },
        ],
        validation_context: { trusted_ca: { inline_string: "@pem:ca.cert" } },
      },
      ...value,
    },
  },
});
const byTls = (id: string, filter: Config, proves: readonly string[]): Case => ({
  ...authz(id, {}, { proves }),
  config: web({
    chain: tls({ require_client_certificate: true }),
    hcm: { http_filters: [httpFilter("authz", "ext_authz.v3.ExtAuthz", { ...GRPC, ...filter }), ROUTER] },
    clusters: [cluster("app"), cluster("grpc", HTTP2)],
  }),
  run: seen(does(OK, { tls: { as: "client", sni: "app.test" } })),
});

const checks: readonly Case[] = [
  authz(
    "by gRPC",
    {},
    {
      run: seen(
        does(OK, { path: "/p?q", headers: { "x-two": ["a", "b"] } }),
        post("untold"),
        does(OK, { http2: true }),
      ),
      proves: [`${FILTER}grpc_service`],
      inert: [`${FILTER}transport_api_version`],
      removal: { [`${FILTER}grpc_service`]: () => authz("", { filter: service() }, {}).config },
    },
  ),
  authz(
    "changes a request",
    {},
    {
      run: seen(
        allow({ headers: [hp("x-old", "a", { append: true }), hp("x-new", "a", { append: true })] }),
        allow({ headers: [hp("x-old", "a", { append: false }), hp("x-new", "a"), hp("x-new", "b")] }),
        ...ACTIONS.map((append_action) => allow({ headers: [hp("x-old", "a", { append_action })] })),
        allow({ headers_to_remove: ["x-old", ":path", "host"] }),
        allow({ headers: [hp(":path", "/other"), hp("host", "other.test"), hp("X-UPPER", "1")] }),
      ),
    },
  ),
  authz(
    "changes a query",
    {},
    {
      run: seen(
        ...["/p?c&a=1&b=1&a=2", "/p", "/p?a=1"].map((path) => ({
          ...allow({ query_parameters_to_set: [{ key: "b", value: "2" }], query_parameters_to_remove: ["a"] }),
          path,
        })),
        { ...allow({ query_parameters_to_remove: ["a"] }), path: "/p?a=1" },
      ),
    },
  ),
  authz(
    "adds to a response",
    {},
    {
      run: seen(
        ...ACTIONS.map((append_action) =>
          allow({
            response_headers_to_add: [hp("x-upstream", "z", { append_action }), hp("x-new", "z", { append_action })],
          }),
        ),
        allow({ response_headers_to_add: [hp("x-new", "1", { append: true }), hp("x-new", "2", { append: false })] }),
      ),
    },
  ),
  authz(
    "refuses",
    {},
    {
      run: seen(
        deny({}),
        does({ status: { code: 16 } }),
        does({ status: { code: 3 }, ok_response: {} }),
        deny({ status: { code: "Unauthorized" }, headers: [hp("www-authenticate", "x")], body: "no" }),
        deny({ headers: [hp("x-a", "1", { append: true }), hp("set-cookie", "a"), hp("set-cookie", "b")] }),
        deny({ status: { code: "OK" }, headers: [hp("content-type", "text/html")], body: "fine" }),
        { ...deny({ body: "no" }), headers: { ...deny({ body: "no" }).headers, "content-type": "application/grpc" } },
        { ...deny({ body: "no" }), method: "HEAD" },
      ),
    },
  ),
  authz(
    "without much of an answer",
    {},
    { run: seen(does({}), does({ status: {} }), does({ status: {}, denied_response: {} })) },
  ),
  authz(
    "says why in the log",
    {},
    {
      run: logged(does(OK), deny({}), does("grpc 13"), deny({ status: { code: "NotFound" } })),
    },
  ),
  authz(
    "has a time limit",
    { filter: { ...GRPC, grpc_service: { envoy_grpc: { cluster_name: "grpc" }, timeout: "0.1s" } } },
    {
      run: logged(does("silent")),
    },
  ),
  authz(
    "has a time limit of its own",
    { filter: { ...GRPC, grpc_service: { envoy_grpc: { cluster_name: "grpc" } } } },
    { run: logged(does("silent")) },
  ),
  ...["dead", "missing"].map((name) =>
    authz(
      `by a cluster that is ${name}`,
      { filter: { ...GRPC, grpc_service: { envoy_grpc: { cluster_name: name }, timeout: "5s" } } },
      { run: logged(does(OK)) },
    ),
  ),
  authz(
    "under another authority",
    {
      filter: {
        ...GRPC,
        grpc_service: { envoy_grpc: { cluster_name: "grpc", authority: "other.test" }, timeout: "5s" },
      },
    },
    { proves: ["EnvoyGrpc.authority"] },
  ),
  authz("fails", {}, { run: (wire) => wire.calls(FAILURES.map((one) => does(one))) }),
  authz(
    "fails and lets on",
    { filter: { ...GRPC, failure_mode_allow: true } },
    {
      proves: [`${FILTER}failure_mode_allow`],
      run: (wire) => wire.statuses(FAILURES.map((one) => does(one))),
    },
  ),
  authz(
    "fails and says so",
    { filter: { ...GRPC, failure_mode_allow: true, failure_mode_allow_header_add: true } },
    {
      proves: [`${FILTER}failure_mode_allow_header_add`],
      run: seen(does("grpc 13"), does({})),
    },
  ),
  authz(
    "fails with a status",
    { filter: { ...GRPC, status_on_error: { code: "ServiceUnavailable" } } },
    {
      proves: [`${FILTER}status_on_error`],
      run: seen(does("grpc 13"), deny({})),
    },
  ),
  authz(
    "looks for the route again",
    {
      filter: { ...GRPC, clear_route_cache: true },
      host: { routes: [{ match: { path: "/moved" }, direct_response: { status: 299 } }, TO_APP] },
    },
    {
      proves: [`${FILTER}clear_route_cache`],
      run: (wire) =>
        wire.statuses([does(OK), allow({ headers: [hp(":path", "/moved")] }), { ...does(OK), path: "/moved" }]),
    },
  ),
  authz(
    "is off",
    { filter: { ...GRPC, filter_enabled: NEVER } },
    {
      proves: [`${FILTER}filter_enabled`],
      run: logged(deny({})),
    },
  ),
  authz(
    "is off and denies",
    { filter: { ...GRPC, filter_enabled: NEVER, ...DENIES } },
    {
      proves: [`${FILTER}deny_at_disable`],
      needs: ["RuntimeFeatureFlag.default_value"],
      run: logged(does(OK)),
    },
  ),
  authz(
    "tells some headers",
    { filter: { ...GRPC, allowed_headers: patterns({ prefix: "x-" }) } },
    {
      proves: [`${FILTER}allowed_headers`],
      needs: ["ListStringMatcher.patterns"],
    },
  ),
  authz(
    "keeps some headers",
    { filter: { ...GRPC, disallowed_headers: patterns({ exact: "x-old" }) } },
    {
      proves: [`${FILTER}disallowed_headers`],
    },
  ),
  authz(
    "tells metadata",
    { more: [rbac] },
    {
      run: (wire) =>
        wire.statuses([
          does({ status: {}, dynamic_metadata: { role: "admin" } }),
          does({ status: {}, dynamic_metadata: { role: "x" } }),
          does({}),
        ]),
    },
  ),
  authz(
    "keeps metadata",
    { filter: { ...GRPC, enable_dynamic_metadata_ingestion: false }, more: [rbac] },
    {
      proves: [`${FILTER}enable_dynamic_metadata_ingestion`],
      run: (wire) => wire.statuses([does({ status: {}, dynamic_metadata: { role: "admin" } })]),
    },
  ),
  authz(
    "is counted and looked at",
    { filter: { ...GRPC, stat_prefix: "x", validate_mutations: true } },
    {
      proves: [`${FILTER}stat_prefix`],
      inert: [`${FILTER}validate_mutations`],
      run: seen(does(OK), deny({})),
    },
  ),
  authz(
    "is not counted for the cluster",
    { filter: { ...GRPC, charge_cluster_response_stats: false } },
    { proves: [`${FILTER}charge_cluster_response_stats`], run: (wire) => wire.statuses([deny({})]) },
  ),
  authz(
    "says what is no header",
    { filter: { ...GRPC, validate_mutations: true } },
    {
      run: seen(allow({ headers: [hp("x-a", "a\r\nx-evil: 1")] }), allow({ headers: [hp("x a", "1")] })),
    },
  ),
  byTls("tells a certificate", { include_peer_certificate: true }, [`${FILTER}include_peer_certificate`]),
  byTls("tells a server name", { include_tls_session: true }, [`${FILTER}include_tls_session`]),
];

export const extAuthzCases: readonly Case[] = [...checks, ...moreExtAuthzCases];
