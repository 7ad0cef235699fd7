import { expect, it } from "vitest";
import { decodeBootstrap } from "../contract/decode";
import { formatViolation } from "../contract/violations";
import { planBootstrap } from "./plan-bootstrap";

const TYPE = "type.googleapis.com/envoy.extensions.resource_monitors";
const heap = (name = "heap") => ({
  name,
  typed_config: { "@type": `${TYPE}.fixed_heap.v3.FixedHeapConfig`, max_heap_size_bytes: 1000 },
});
const limit = (name = "envoy.resource_monitors.global_downstream_max_connections") => ({
  name,
  typed_config: {
    "@type": `${TYPE}.downstream_connections.v3.DownstreamConnectionsConfig`,
    max_active_downstream_connections: 7,
  },
});
const action = (name: string, ...triggers: unknown[]) => ({ name: `envoy.overload_actions.${name}`, triggers });
const atOnce = (name = "heap") => ({ name, threshold: { value: 0.9 } });

function planned(overload_manager: unknown) {
  const decoded = decodeBootstrap(JSON.stringify({ overload_manager, static_resources: {} }));
  if (!decoded.ok) return decoded.violations.map(formatViolation);
  const result = planBootstrap(decoded.value);
  return result.ok ? result.result.overload : result.violations.map(formatViolation);
}

it("has monitors, a limit of connections, and actions with what triggers them", () => {
  const scaled = { name: "heap", scaled: { scaling_threshold: 0.8, saturation_threshold: 0.95 } };
  expect(
    planned({
      refresh_interval: "0.25s",
      resource_monitors: [heap(), limit()],
      actions: [action("stop_accepting_requests", scaled), action("reject_incoming_connections", atOnce())],
    }),
  ).toEqual({
    refreshMs: 250,
    heaps: [{ name: "heap", maxBytes: 1000 }],
    maxConnections: 7,
    actions: [
      {
        kind: "stop-requests",
        name: "envoy.overload_actions.stop_accepting_requests",
        triggers: [{ monitor: "heap", from: 0.8, to: 0.95 }],
      },
      {
        kind: "reject-connections",
        name: "envoy.overload_actions.reject_incoming_connections",
        triggers: [{ monitor: "heap", from: 0.9, to: 0.9 }],
      },
    ],
  });
  expect(planned({ resource_monitors: [limit()] })).toMatchObject({ refreshMs: 1000, heaps: [], actions: [] });
});

it("refuses what could not act, with its path and what to do", () => {
  const of = (monitors: unknown[], ...actions: unknown[]) => planned({ resource_monitors: monitors, actions });
  const stop = (...triggers: unknown[]) => action("stop_accepting_requests", ...triggers);
  expect(of([heap(), heap()])).toEqual([
    expect.stringMatching(/^overload_manager\.resource_monitors\[1\]\.name: "heap" is taken/),
  ]);
  expect(of([limit("mine")])).toEqual([
    expect.stringContaining(
      "resource_monitors[0].name: must be envoy.resource_monitors.global_downstream_max_connections",
    ),
  ]);
  expect(of([heap()], stop(atOnce("other")))).toEqual([
    expect.stringMatching(/^overload_manager\.actions\[0\]\.triggers\[0\]\.name: there is no monitor "other"/),
  ]);
  expect(of([limit()], stop(atOnce(limit().name)))).toEqual([expect.stringContaining("triggers nothing")]);
  expect(of([heap()], stop(atOnce(), atOnce()))).toEqual([expect.stringContaining("triggers this action already")]);
  expect(of([heap()], stop(atOnce()), stop(atOnce()))).toEqual([expect.stringContaining("is there twice")]);
  expect(of([heap()], stop({ name: "heap", scaled: { scaling_threshold: 0.9, saturation_threshold: 0.9 } }))).toEqual([
    expect.stringContaining("needs a scaling_threshold below its saturation_threshold"),
  ]);
  expect(planned({ refresh_interval: "0s", resource_monitors: [heap()] })).toEqual([
    expect.stringContaining("overload_manager.refresh_interval: must be at least a millisecond"),
  ]);
});

it("refuses actions and monitors that this proxy has not, by name", () => {
  for (const name of ["stop_accepting_connections", "reduce_timeouts", "reset_high_memory_stream", "shrink_heap"]) {
    expect(planned({ resource_monitors: [heap()], actions: [action(name, atOnce())] })).toEqual([
      expect.stringMatching(new RegExp(`actions\\[0\\]\\.name: "envoy.overload_actions.${name}" is not supported`)),
    ]);
  }
  expect(planned({ resource_monitors: [heap()], loadshed_points: [{ name: "some", triggers: [atOnce()] }] })).toEqual([
    expect.stringContaining("overload_manager.loadshed_points"),
  ]);
  const injected = { name: "injected", typed_config: { "@type": `${TYPE}.cpu_utilization.v3.CpuUtilizationConfig` } };
  expect(planned({ resource_monitors: [injected] })).toEqual([expect.stringContaining("CpuUtilizationConfig")]);
});
