// The access log: operators, forms, empty values. Rule: a line is compared field by field, times by whether they are there.

import { cluster, direct, fileLog, hcm, logging, TO_APP, web } from "../config";
import type { Case, Config } from "../types";
import type { Ask, Wire } from "../wire";

const ASKS: readonly (Ask | string)[] = [
  { path: "/a?x=1", headers: { "x-a": "one", "user-agent": "case" } },
  { method: "POST", path: "/direct", body: "hello" },
  { path: "/none" },
  { path: "/dead" },
  { path: "/slow", headers: { "x-do": "slow800" } },
  { path: "/grpc", method: "POST", headers: { "content-type": "application/grpc", te: "trailers", "x-do": "grpc5" } },
  { path: "/retry", headers: { "x-do": "503,200" } },
  { path: "/reset", headers: { "x-do": "reset" } },
];
const ROUTES: readonly Config[] = [
  { name: "direct", match: { prefix: "/direct" }, ...direct(201, "made") },
  { name: "dead", match: { prefix: "/dead" }, route: { cluster: "gone" } },
  { name: "slow", match: { prefix: "/slow" }, route: { cluster: "app", timeout: "0.2s" } },
  { name: "retry", match: { prefix: "/retry" }, route: { cluster: "app", retry_policy: { retry_on: "5xx" } } },
  {
    name: "reset",
    match: { prefix: "/reset" },
    route: { cluster: "app", retry_policy: { retry_on: "gateway-error", num_retries: 0 } },
  },
  { name: "grpc", match: { prefix: "/grpc" }, route: { cluster: "app" } },
  { name: "a", match: { prefix: "/a" }, route: { cluster: "app", prefix_rewrite: "/b" } },
];
const logged = (id: string, log: Config, more: Partial<Case> = {}): Case => ({
  id: `log ${id}`,
  config: web({ routes: ROUTES, hcm: log, clusters: [cluster("app"), cluster("gone")] }),
  upstreams: { app: "http", gone: "dead" },
  run: async (wire) => {
    const lines: string[] = [];
    for (const [index, ask] of ASKS.entries()) {
      await wire.call(ask);
      lines.push((await wire.log(index + 1)).at(-1) ?? "");
    }
    return lines;
  },
  ...more,
});
/** Times and sizes are some; the service time is Envoy's header. */
const ones = (line: string): string =>
  line.replace(/^\[.*?\]/, "[time]").replace(/ 200 - \d+ \d+ \d+ (\d+|-) /, " 200 - n n n n ");
const one = async (wire: Wire): Promise<unknown> => {
  await wire.call(ASKS[0]);
  return (await wire.log(1)).map(ones);
};
const text = (format: string): Config => ({
  access_log: [fileLog({ text_format_source: { inline_string: `${format}\n` } })],
});
const shown = (format: Config): Config => ({ access_log: [fileLog(format)] });
const OPERATORS = [
  "TRACE_ID",
  "SPAN_ID",
  "RESPONSE_CODE",
  "RESPONSE_FLAGS",
  "RESPONSE_CODE_DETAILS",
  "BYTES_RECEIVED",
  "PROTOCOL",
  "REQ(:METHOD)",
  "REQ(X-ENVOY-ORIGINAL-PATH?:PATH)",
  "REQ(:AUTHORITY)",
  "REQ(X-A):2",
  "REQ(MISSING)",
  "RESP(X-UPSTREAM)",
  "ROUTE_NAME",
  "UPSTREAM_CLUSTER",
  "UPSTREAM_HOST",
  "UPSTREAM_REQUEST_ATTEMPT_COUNT",
  "GRPC_STATUS",
  "GRPC_STATUS_NUMBER",
  "REQUESTED_SERVER_NAME",
  "DOWNSTREAM_TLS_VERSION",
  "DOWNSTREAM_PEER_URI_SAN",
  "DOWNSTREAM_LOCAL_ADDRESS",
  "CONNECTION_TERMINATION_DETAILS",
];
const JSON_FORMAT = {
  code: "%RESPONSE_CODE%",
  path: "%REQ(:PATH)%",
  none: "%REQ(MISSING)%",
  list: ["%PROTOCOL%", 1, true],
  in: { b: "x", a: "%BYTES_RECEIVED%" },
};
const INSPECTOR = {
  name: "tls_inspector",
  typed_config: { "@type": "type.googleapis.com/envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector" },
};
const DIRECT_REMOTE = /127\.0\.0\.1/;
const FORMAT = "SubstitutionFormatString.";

export const logCases: readonly Case[] = [
  ...OPERATORS.map((operator) => logged(`%${operator}%`, logging(`%${operator}%`))),
  {
    id: "log of a certificate",
    config: web({
      hcm: text("%DOWNSTREAM_PEER_URI_SAN% %DOWNSTREAM_TLS_VERSION% %REQUESTED_SERVER_NAME%"),
      chain: tls(),
      listener: { listener_filters: [INSPECTOR] },
    }),
    run: async (wire) => {
      await wire.call({ tls: { as: "client", sni: "named.test" } });
      return wire.log(1);
    },
    proves: ["Listener.listener_filters"],
    inert: ["ListenerFilter.name"].slice(1),
    needs: ["ListenerFilter.typed_config"],
  },
  {
    id: "log of addresses and times",
    config: web({
      hcm: text(
        "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS%|%DOWNSTREAM_REMOTE_ADDRESS%|%UPSTREAM_LOCAL_ADDRESS%|%START_TIME%|%DURATION%|%REQUEST_DURATION%|%RESPONSE_DURATION%|%BYTES_SENT%",
      ),
    }),
    run: async (wire) => {
      await wire.call();
      const parts = ((await wire.log(1))[0] ?? "").split("|");
      return parts.map((part) =>
        DIRECT_REMOTE.test(part)
          ? "address"
          : /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(part)
            ? "time"
            : /^\d+$/.test(part)
              ? "number"
              : part,
      );
    },
  },
  {
    id: "log in the default format",
    config: web({ hcm: { access_log: [fileLog()] } }),
    run: one,
    proves: ["HttpConnectionManager.access_log"],
    needs: ["FileAccessLog.path", "AccessLog.typed_config"],
  },
  {
    id: "log in text",
    config: web({ hcm: shown({ text_format_source: { inline_string: "%REQ(:METHOD)% 100%% %REQ(MISSING)%\n" } }) }),
    run: one,
    proves: ["FileAccessLog.log_format"],
    needs: [`${FORMAT}text_format_source`],
  },
  {
    id: "log in old text",
    config: web({ hcm: shown({ text_format: "%REQ(:METHOD)% %REQ(MISSING)%\n", omit_empty_values: true }) }),
    run: one,
    proves: [`${FORMAT}omit_empty_values`],
    needs: [`${FORMAT}text_format`],
  },
  {
    id: "log in JSON",
    config: web({ hcm: shown({ json_format: JSON_FORMAT, json_format_options: { sort_properties: true } }) }),
    run: async (wire) => ((await one(wire)) as string[]).map((line) => JSON.parse(line)),
    needs: [`${FORMAT}json_format`],
    inert: ["JsonFormatOptions.sort_properties", `${FORMAT}json_format_options`],
  },
  {
    id: "log in JSON without empty values",
    config: web({ hcm: shown({ json_format: JSON_FORMAT, omit_empty_values: true }) }),
    run: async (wire) => ((await one(wire)) as string[]).map((line) => JSON.parse(line)),
    proves: [`${FORMAT}omit_empty_values`],
  },
  {
    id: "two logs",
    config: {
      listeners: [
        {
          name: "main",
          address: { socket_address: { address: "127.0.0.1", port_value: 0 } },
          filter_chains: [
            {
              filters: [
                hcm({
                  route_config: { virtual_hosts: [{ name: "all", domains: ["*"], routes: [TO_APP] }] },
                  access_log: [fileLog({ text_format: "a\n" }), fileLog({ text_format: "b\n" })],
                }),
              ],
            },
          ],
        },
      ],
      clusters: [cluster("app")],
    },
    run: async (wire) => {
      await wire.call();
      return (await wire.log(2)).sort();
    },
  },
];

function tls(): Config {
  return {
    transport_socket: {
      name: "tls",
      typed_config: {
        "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext",
        common_tls_context: {
          tls_certificates: [
            {
              certificate_chain: { inline_string: "@pem:server.cert" },
              private_key: { inline_string: "@pem:server.key" },
            },
          ],
          validation_context: { trusted_ca: { inline_string: "@pem:ca.cert" } },
        },
      },
    },
  };
}
