// Small configurations to begin a case with. Rule: nothing is set here that a proxy does not need to serve at all.

import type { Config } from "./types";

const TYPE = "type.googleapis.com/envoy";
export const EXT = `${TYPE}.extensions`;
/** A row of docs/reference/envoy-differences.md. */
export const REFUSED_HERE = "what cannot work or verifies nothing is refused";
const HTTP_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";

export const typed = (type: string, value: Config = {}): Config => ({ "@type": `${EXT}.${type}`, ...value });
export const httpFilter = (name: string, type: string, value: Config = {}): Config => ({
  name,
  typed_config: typed(`filters.http.${type}`, value),
});
export const ROUTER = httpFilter("router", "router.v3.Router");

export const at = (port: number | string): Config => ({
  socket_address: { address: "127.0.0.1", port_value: port },
});
export const endpoint = (port: string, over: Config = {}): Config => ({ endpoint: { address: at(port) }, ...over });

/** A cluster of the upstreams with these names. */
export const cluster = (name: string, over: Config = {}, upstreams: readonly string[] = [name]): Config => ({
  name,
  load_assignment: {
    cluster_name: name,
    endpoints: [{ lb_endpoints: upstreams.map((each) => endpoint(`@${each}`)) }],
  },
  ...over,
});
export const httpOptions = (value: Config): Config => ({
  typed_extension_protocol_options: { [HTTP_OPTIONS]: typed("upstreams.http.v3.HttpProtocolOptions", value) },
});
export const HTTP2 = httpOptions({ explicit_http_config: { http2_protocol_options: {} } });

export const hcm = (over: Config): Config => ({
  name: "http",
  typed_config: typed("filters.network.http_connection_manager.v3.HttpConnectionManager", {
    stat_prefix: "main",
    http_filters: [ROUTER],
    ...over,
  }),
});
export const listener = (filters: readonly Config[], over: Config = {}, chain: Config = {}): Config => ({
  name: "main",
  address: at(0),
  filter_chains: [{ filters, ...chain }],
  ...over,
});

export interface Web {
  readonly routes?: readonly Config[];
  readonly host?: Config;
  readonly hosts?: readonly Config[];
  readonly routeConfig?: Config;
  readonly hcm?: Config;
  readonly chain?: Config;
  readonly listener?: Config;
  readonly clusters?: readonly Config[];
  readonly more?: Config;
}

export const TO_APP: Config = { match: { prefix: "/" }, route: { cluster: "app" } };

/** One plain listener, one virtual host, one cluster `app`, and what is said otherwise. */
export function web(parts: Web = {}): Config {
  const hosts = parts.hosts ?? [{ name: "all", domains: ["*"], routes: parts.routes ?? [TO_APP], ...parts.host }];
  const manager = hcm({ route_config: { virtual_hosts: hosts, ...parts.routeConfig }, ...parts.hcm });
  return {
    listeners: [listener([manager], parts.listener, parts.chain)],
    clusters: parts.clusters ?? [cluster("app")],
    ...parts.more,
  };
}

export const direct = (status: number, text?: string): Config => ({
  direct_response: { status, ...(text === undefined ? {} : { body: { inline_string: text } }) },
});

/** A log line per request, for `wire.log()`. */
export const logging = (format: string): Config => ({
  access_log: [fileLog({ text_format_source: { inline_string: `${format}\n` } })],
});
export const fileLog = (logFormat?: Config): Config => ({
  name: "file",
  typed_config: typed("access_loggers.file.v3.FileAccessLog", {
    path: "@log",
    ...(logFormat === undefined ? {} : { log_format: logFormat }),
  }),
});
export const header = (key: string, value: string, over: Config = {}): Config => ({ header: { key, value }, ...over });
