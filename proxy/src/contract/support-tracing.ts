// The part of the support table about tracing: the connection manager's tracing, OpenTelemetry's provider, tags. Rule: as in support.ts.

import { fields, type MessageSupport, types } from "./support-words";

const MANAGER = "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager";
const TRACE = "envoy.config.trace.v3";
const TAG = "envoy.type.tracing.v3.CustomTag";

export const OPEN_TELEMETRY_TYPE = `${TRACE}.OpenTelemetryConfig`;

export const TRACING_SUPPORT: Readonly<Record<string, MessageSupport>> = {
  [`${MANAGER}.Tracing`]: {
    ...fields(`client_sampling random_sampling overall_sampling max_path_tag_length custom_tags
      spawn_upstream_span`),
    provider: { note: "without one, requests are drawn and marked in x-request-id, and that is all" },
  },
  "envoy.config.route.v3.Tracing": {
    ...fields("client_sampling random_sampling overall_sampling"),
    custom_tags: {
      note: "beside those of the connection manager; of two with one name the route's counts; a route that a filter has chosen anew adds none",
    },
  },
  [`${TRACE}.Tracing.Http`]: { ...fields("name"), typed_config: types(OPEN_TELEMETRY_TYPE) },
  [OPEN_TELEMETRY_TYPE]: {
    ...fields("http_service service_name"),
    grpc_service: { note: "a cluster that speaks HTTP/2; 10 s for an export where nothing is said" },
    max_cache_size: { note: "spans that wait; at most 8 MiB of them in any case" },
  },
  "envoy.config.core.v3.HttpService": fields("http_uri request_headers_to_add"),
  [TAG]: fields("tag literal environment request_header"),
  [`${TAG}.Literal`]: fields("value"),
  [`${TAG}.Environment`]: fields("name default_value"),
  [`${TAG}.Header`]: fields("name default_value"),
};
