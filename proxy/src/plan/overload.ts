// Envoy OverloadManager -> OverloadPlan. Rule: what could never act (an action that nothing triggers, a trigger of what is measured by
// nobody) is refused, as in Envoy; so are actions that this proxy cannot do.

import { anyUnpack } from "@bufbuild/protobuf/wkt";
import type { OverloadAction, OverloadManager, Trigger } from "../contract/gen/envoy/config/overload/v3/overload_pb";
import { DownstreamConnectionsConfigSchema } from "../contract/gen/envoy/extensions/resource_monitors/downstream_connections/v3/downstream_connections_pb";
import { FixedHeapConfigSchema } from "../contract/gen/envoy/extensions/resource_monitors/fixed_heap/v3/fixed_heap_pb";
import type {
  HeapMonitorPlan,
  OverloadActionKind,
  OverloadActionPlan,
  OverloadPlan,
  OverloadTriggerPlan,
} from "./overload-types";
import type { Scope } from "./scope";
import { milliseconds } from "./values";

/** Envoy default. */
const DEFAULT_REFRESH_MS = 1000;
const CONNECTIONS_MONITOR = "envoy.resource_monitors.global_downstream_max_connections";
const ACTIONS: ReadonlyMap<string, OverloadActionKind> = new Map([
  ["envoy.overload_actions.stop_accepting_requests", "stop-requests"],
  ["envoy.overload_actions.disable_http_keepalive", "disable-keep-alive"],
  ["envoy.overload_actions.reject_incoming_connections", "reject-connections"],
]);

export function overloadPlan(config: OverloadManager | undefined, at: Scope): OverloadPlan | null {
  if (config === undefined) return null;
  const heaps: HeapMonitorPlan[] = [];
  let maxConnections: number | null = null;
  const names = new Set<string>();
  for (const [index, { name, configType }] of config.resourceMonitors.entries()) {
    const here = at.item("resource_monitors", index);
    if (names.has(name))
      here.field("name").fail(`${JSON.stringify(name)} is taken; each monitor needs a name of its own`);
    names.add(name);
    const any = configType.case === "typedConfig" ? configType.value : undefined;
    const connections = any && anyUnpack(any, DownstreamConnectionsConfigSchema);
    const heap = any && anyUnpack(any, FixedHeapConfigSchema);
    if (connections) {
      if (name !== CONNECTIONS_MONITOR)
        here.field("name").fail(`must be ${CONNECTIONS_MONITOR}, by which Envoy finds it`);
      maxConnections = Number(connections.maxActiveDownstreamConnections);
    } else if (heap) heaps.push({ name, maxBytes: Number(heap.maxHeapSizeBytes) });
    else here.fail("needs a typed_config");
  }
  const taken = new Set<string>();
  const actions = config.actions.flatMap((action, index) => {
    const here = at.item("actions", index);
    if (taken.has(action.name))
      here.field("name").fail(`${JSON.stringify(action.name)} is there twice; put all its triggers into one`);
    taken.add(action.name);
    return actionPlan(action, heaps, here) ?? [];
  });
  const refreshMs = config.refreshInterval ? milliseconds(config.refreshInterval) : DEFAULT_REFRESH_MS;
  if (refreshMs < 1) at.field("refresh_interval").fail("must be at least a millisecond");
  return { refreshMs, heaps, maxConnections, actions };
}

function actionPlan(
  { name, triggers }: OverloadAction,
  heaps: readonly HeapMonitorPlan[],
  at: Scope,
): OverloadActionPlan | null {
  const kind = ACTIONS.get(name);
  if (kind === undefined) {
    at.field("name").fail(
      `${JSON.stringify(name)} is not supported by this proxy; supported: ${[...ACTIONS.keys()].join(", ")}`,
    );
    return null;
  }
  const taken = new Set<string>();
  const planned = triggers.map((trigger, index) => {
    const here = at.item("triggers", index);
    if (taken.has(trigger.name))
      here.field("name").fail(`${JSON.stringify(trigger.name)} triggers this action already`);
    taken.add(trigger.name);
    return triggerPlan(trigger, heaps, here);
  });
  return { kind, name, triggers: planned };
}

function triggerPlan(
  { name, triggerOneof: says }: Trigger,
  heaps: readonly HeapMonitorPlan[],
  at: Scope,
): OverloadTriggerPlan {
  if (!heaps.some((heap) => heap.name === name)) {
    at.field("name").fail(
      name === CONNECTIONS_MONITOR
        ? "is a limit by itself and triggers nothing; name a fixed_heap monitor"
        : `there is no monitor ${JSON.stringify(name)} in resource_monitors; add it or correct the name`,
    );
  }
  if (says.case === "threshold") return { monitor: name, from: says.value.value, to: says.value.value };
  const { scalingThreshold: from = 0, saturationThreshold: to = 0 } = says.value ?? {};
  if (from >= to) at.field("scaled").fail("needs a scaling_threshold below its saturation_threshold");
  return { monitor: name, from, to };
}
