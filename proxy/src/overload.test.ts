import { EventEmitter } from "node:events";
import type { Socket } from "node:net";
import { expect, it, vi } from "vitest";
import { proxyPlan } from "../test/support/plans";
import { Overload } from "./overload";
import type { OverloadPlan } from "./plan/overload-types";
import { NamedCounts } from "./telemetry/named-counts";
import { partOf } from "./workers/part";
import { countersOf, sumStats } from "./workers/sum";

const HEAP = "envoy.resource_monitors.fixed_heap";
const STOP = "envoy.overload_actions.stop_accepting_requests";
const plan = (over: Partial<OverloadPlan>): OverloadPlan => ({
  refreshMs: 1000,
  heaps: [{ name: HEAP, maxBytes: 1000 }],
  maxConnections: null,
  actions: [
    { kind: "stop-requests", name: STOP, triggers: [{ monitor: HEAP, from: 0.5, to: 0.9 }] },
    {
      kind: "disable-keep-alive",
      name: "envoy.overload_actions.disable_http_keepalive",
      triggers: [
        { monitor: HEAP, from: 0.95, to: 0.95 },
        { monitor: "small", from: 0.5, to: 0.5 },
      ],
    },
  ],
  ...over,
});

it("sheds nothing below a threshold, a growing share above it, everything when it is reached, and recovers", () => {
  const counts = new NamedCounts();
  let bytes = 0;
  const overload = new Overload(plan({}), counts, () => bytes);
  const seen = (now: number) => {
    bytes = now;
    overload.refresh();
    const { pressure } = counts.of("overloadMonitor", `overload.${HEAP}.`);
    return { pressure, ...counts.of("overloadAction", `overload.${STOP}.`) };
  };
  expect(overload.sheds("stop-requests"), "before anybody looked").toBe(false);
  expect(seen(500)).toEqual({ pressure: 50, active: 0, scale_percent: 0 });
  expect(overload.sheds("stop-requests")).toBe(false);
  expect(seen(700)).toEqual({ pressure: 70, active: 0, scale_percent: 49 });
  const random = vi.spyOn(Math, "random");
  random.mockReturnValueOnce(0.49);
  expect(overload.sheds("stop-requests")).toBe(true);
  random.mockReturnValueOnce(0.51);
  expect(overload.sheds("stop-requests")).toBe(false);
  random.mockRestore();
  expect(seen(900)).toEqual({ pressure: 90, active: 1, scale_percent: 100 });
  expect(overload.sheds("stop-requests")).toBe(true);
  expect(overload.sheds("disable-keep-alive"), "another threshold").toBe(false);
  expect(overload.sheds("reject-connections"), "no such action").toBe(false);
  seen(100);
  expect(overload.sheds("stop-requests")).toBe(false);
});

it("is triggered by the strongest of several monitors", () => {
  const heaps = [
    { name: HEAP, maxBytes: 1000 },
    { name: "small", maxBytes: 10 },
  ];
  const overload = new Overload(plan({ heaps }), new NamedCounts(), () => 20);
  overload.refresh();
  expect([overload.sheds("stop-requests"), overload.sheds("disable-keep-alive")]).toEqual([false, true]);
});

it("has room for so many connections until one closes", () => {
  const counts = new NamedCounts();
  const overload = new Overload(plan({ heaps: [], maxConnections: 2 }), counts);
  const sockets = [1, 2, 3, 4].map(() => new EventEmitter() as Socket);
  expect(sockets.slice(0, 3).map((socket) => overload.hasRoomFor(socket))).toEqual([true, true, false]);
  sockets[0]?.emit("close");
  expect(overload.hasRoomFor(sockets[3] as Socket)).toBe(true);
  expect(Object.fromEntries(counts.all())).toEqual({
    "overload.envoy.resource_monitors.global_downstream_max_connections.failed_updates": 1,
  });
});

it("looks at the memory of the process", () => {
  const counts = new NamedCounts();
  new Overload(plan({ heaps: [{ name: HEAP, maxBytes: 1e12 }] }), counts).refresh();
  expect(counts.of("overloadMonitor", `overload.${HEAP}.`).pressure).toBe(0);
  new Overload(plan({ heaps: [{ name: HEAP, maxBytes: 1 }] }), counts).refresh();
  expect(counts.of("overloadMonitor", `overload.${HEAP}.`).pressure).toBeGreaterThan(100_000_000);
});

it("is shared out among processes, whose worst is told", () => {
  const { overload } = partOf({ ...proxyPlan({ listeners: [] }), overload: plan({ maxConnections: 3 }) }, 2);
  expect([overload?.maxConnections, overload?.heaps[0]?.maxBytes]).toEqual([2, 500]);
  const one = new Map([[`overload.${HEAP}.pressure`, 40]]);
  const other = new Map([[`overload.${HEAP}.pressure`, 70]]);
  expect(sumStats([one, other])).toEqual(other);
  expect(countersOf(one).size).toBe(0);
});
