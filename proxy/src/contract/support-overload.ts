// What this proxy takes of Envoy's overload manager. Rule: an action is named here only when the proxy can do it; the rest is refused.

import { fields, type MessageSupport, types, yes } from "./support-words";

const MONITORS = "envoy.extensions.resource_monitors";
const HEAP = `${MONITORS}.fixed_heap.v3.FixedHeapConfig`;
const CONNECTIONS = `${MONITORS}.downstream_connections.v3.DownstreamConnectionsConfig`;
const OVERLOAD = "envoy.config.overload.v3";

export const OVERLOAD_SUPPORT: Readonly<Record<string, MessageSupport>> = {
  [`${OVERLOAD}.OverloadManager`]: fields("refresh_interval resource_monitors actions"),
  [`${OVERLOAD}.ResourceMonitor`]: {
    name: { note: "of DownstreamConnectionsConfig envoy.resource_monitors.global_downstream_max_connections" },
    typed_config: types(HEAP, CONNECTIONS),
  },
  [HEAP]: { max_heap_size_bytes: { note: "held against the heaps of V8 and what they hold outside" } },
  [CONNECTIONS]: { max_active_downstream_connections: { note: "connections to the admin interface do not count" } },
  [`${OVERLOAD}.OverloadAction`]: {
    name: {
      note: "envoy.overload_actions. before stop_accepting_requests, disable_http_keepalive or reject_incoming_connections",
    },
    triggers: yes,
  },
  [`${OVERLOAD}.Trigger`]: { name: { note: "of a FixedHeapConfig" }, ...fields("threshold scaled") },
  [`${OVERLOAD}.ThresholdTrigger`]: fields("value"),
  [`${OVERLOAD}.ScaledTrigger`]: fields("scaling_threshold saturation_threshold"),
};
