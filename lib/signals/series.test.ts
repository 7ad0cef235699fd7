import { expect, test } from "vitest";
import { SeriesCache } from "./exposition";
import type { Flow } from "./flow";
import { emptyBuckets } from "./histogram";
import { marksInRange } from "./marks";
import { mergeSaturation, saturationLevel, saturationOf } from "./saturation";
import { readScrape } from "./scrape";
import { minuteOf, signalSeries, windowsPerStep } from "./series";
import { signalState } from "./state";

const flow = (requests: number): Flow => ({
  reporter: "destination",
  source: "Service/a/b",
  sourceVersion: "unknown",
  destination: "Service/a/c",
  destinationVersion: "v1",
  security: "mutual_tls",
  requests,
  errors: 0,
  codes: { "200": requests },
  bucketCounts: emptyBuckets(),
  sumMs: 0,
  requestBytes: 0,
  responseBytes: 0,
  connections: 0,
  failedConnections: 0,
  receivedBytes: 0,
  sentBytes: 0,
});

test("a minute among fine steps speaks for each step that it covers, with the same rate", () => {
  const points = signalSeries({
    scope: { kind: "mesh" },
    fromMs: 0,
    toMs: 75_000,
    stepMs: 15_000,
    windows: [
      { startMs: 0, endMs: 60_000, flows: [flow(600)] },
      { startMs: 60_000, endMs: 65_000, flows: [flow(25)] },
    ],
  });
  expect(points.map((point) => point.requestsPerSecond)).toEqual([10, 10, 10, 10, 5]);
});

test("every window speaks for a step, also when it reaches over an end of the range", () => {
  const windows = [
    { startMs: 0, endMs: 22_000, flows: [flow(1)] },
    { startMs: 18_000, endMs: 21_000, flows: [flow(2)] },
    { startMs: 60_000, endMs: 120_000, flows: [flow(3)] },
    { startMs: 66_000, endMs: 82_000, flows: [flow(4)] },
  ];
  const steps = windowsPerStep({ fromMs: 20_000, toMs: 70_000, stepMs: 10_000, windows });
  const spokenBy = steps.map((step) => step.windows.map(({ flows }) => flows[0]?.requests));
  expect(steps.map(({ atMs }) => atMs)).toEqual([20_000, 30_000, 40_000, 50_000, 60_000]);
  expect(spokenBy).toEqual([[1, 2], [], [], [], [3, 4]]);
});

test("a step that was measured without traffic is zero, one that was not measured is a gap", () => {
  const points = signalSeries({
    scope: { kind: "mesh" },
    fromMs: 0,
    toMs: 30_000,
    stepMs: 10_000,
    windows: [
      { startMs: 0, endMs: 5000, flows: [flow(10)] },
      { startMs: 5000, endMs: 10_000, flows: [flow(20)] },
      { startMs: 20_000, endMs: 25_000, flows: [] },
    ],
  });
  expect(points.map((point) => point.requestsPerSecond)).toEqual([3, null, 0]);
  expect(points.map((point) => point.atMs)).toEqual([0, 10_000, 20_000]);
});

test("steps are aligned, so that a later refresh gives the same points", () => {
  const series = (fromMs: number) =>
    signalSeries({ scope: { kind: "mesh" }, fromMs, toMs: 60_000, stepMs: 15_000, windows: [] }).map((p) => p.atMs);
  expect(series(14_000)).toEqual([0, 15_000, 30_000, 45_000]);
  expect(series(16_000)).toEqual([15_000, 30_000, 45_000]);
  expect(minuteOf(119_999)).toBe(60_000);
});

test("live, zero, stale and no data are told apart", () => {
  const now = {
    nowMs: 100_000,
    lastScrapeAtMs: 98_000,
    scrapeIntervalMs: 5000,
    hasBeenSeen: true,
    hasTrafficNow: true,
  };
  expect(signalState(now)).toBe("live");
  expect(signalState({ ...now, hasTrafficNow: false })).toBe("zero");
  expect(signalState({ ...now, lastScrapeAtMs: 85_000 })).toBe("live");
  expect(signalState({ ...now, lastScrapeAtMs: 84_999 })).toBe("stale");
  expect(signalState({ ...now, hasBeenSeen: false })).toBe("no-data");
  expect(signalState({ ...now, lastScrapeAtMs: null })).toBe("no-data");
});

test("saturation is the fullest part against its limit, and unknown without one", () => {
  const page = (cpu: number, overflow: number) =>
    readScrape(
      [
        `process_cpu_seconds_total ${cpu}`,
        "process_resident_memory_bytes 67108864",
        "meshwright_private_memory_bytes 33554432",
        'meshwright_event_loop_delay_seconds{quantile="0.99"} 0.012',
        'meshwright_upstream_connections_active{cluster="a"} 10',
        'meshwright_upstream_connections_limit{cluster="a"} 100',
        'meshwright_upstream_connections_active{cluster="b"} 9',
        'meshwright_upstream_connections_limit{cluster="b"} 10',
        'meshwright_upstream_requests_active{cluster="a"} 4',
        `meshwright_upstream_rq_pending_overflow_total{cluster="a"} ${overflow}`,
      ].join("\n"),
    );
  const budget = { cpuMillicores: 100, memoryMb: 64 };
  const saturation = saturationOf(page(1, 5), page(1.25, 7), 5000, new SeriesCache(), budget);
  expect(saturation).toMatchObject({
    eventLoopDelayP99Ms: 12,
    cpuMillicores: 50,
    cpuUse: 0.5,
    memoryUse: 0.5,
    connectionsActive: 19,
    poolUse: 0.9,
    requestsUse: null,
    overflow: 2,
  });
  expect(mergeSaturation([saturation, saturation])).toMatchObject({ cpuMillicores: 100, poolUse: 0.9 });
  expect([null, 0.5, 0.8, 1.2].map(saturationLevel)).toEqual(["unknown", "ok", "high", "full"]);
});

test("marks of one kind within a step become one that counts them", () => {
  const mark = (atMs: number, kind: string) => ({ atMs, kind, text: kind, id: String(atMs) });
  const marks = [mark(5, "deployment"), mark(1, "deployment"), mark(2, "certificate"), mark(50, "deployment")];
  expect(marksInRange(marks, 0, 40, 10).map((m) => m.text)).toEqual(["deployment (+1 more)", "certificate"]);
});
