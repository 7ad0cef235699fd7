import fc from "fast-check";
import { expect, test } from "vitest";
import { demoMesh } from "@/lib/mesh";
import { directoryOf } from "./directory";
import { SeriesCache } from "./exposition";
import { flowsBetween, isProbe, mergeFlows, PROBE_MARK } from "./flow";
import { dependenciesSeen, goldenSignals, versionShares } from "./golden";
import { BOUNDS_MS, bucketOf } from "./histogram";
import { counterDelta, readScrape } from "./scrape";

const directory = directoryOf(demoMesh());
const cache = new SeriesCache();
const CHECKOUT = "Service/production/checkout";
const PAYMENT = "Service/production/payment-service";

type Call = {
  grpc?: number;
  code?: string;
  flags?: string;
  ms?: number;
  version?: string;
  security?: string;
  reporter?: string;
  callerVersion?: string;
};

/** A metrics page as the payment sidecar (or checkout's, for reporter source) would show it after these calls. */
function page(calls: readonly Call[], destination = "payment-service"): string {
  const counts = new Map<string, number>();
  const add = (key: string, by = 1) => counts.set(key, (counts.get(key) ?? 0) + by);
  for (const call of calls) {
    const labels = [
      `reporter="${call.reporter ?? "destination"}"`,
      `source_workload="checkout",source_workload_namespace="production"`,
      `source_principal="spiffe://shop.mesh.local/ns/production/sa/checkout",source_version="${call.callerVersion ?? "unknown"}"`,
      `destination_service="${destination}.production",destination_service_name="${destination}"`,
      `destination_service_namespace="production",destination_version="${call.version ?? "v1"}"`,
      `connection_security_policy="${call.security ?? "mutual_tls"}"`,
    ].join(",");
    const grpc = call.grpc === undefined ? "" : `,grpc_response_status="${call.grpc}"`;
    const answer = `response_code="${call.code ?? "200"}",response_flags="${call.flags ?? "-"}"${grpc}`;
    add(`istio_requests_total{${labels},${answer}}`);
    const ms = call.ms ?? 3;
    BOUNDS_MS.forEach((bound, index) => {
      if (index >= bucketOf(ms)) add(`istio_request_duration_milliseconds_bucket{${labels},le="${bound}"}`);
    });
    add(`istio_request_duration_milliseconds_bucket{${labels},le="+Inf"}`);
    add(`istio_request_duration_milliseconds_sum{${labels}}`, ms);
  }
  return [...counts].map(([key, value]) => `${key} ${value}`).join("\n");
}

const flows = (calls: readonly Call[], destination?: string) =>
  flowsBetween(new Map(), readScrape(page(calls, destination)), cache, directory);

test("counts each request of a service once although both sides report it", () => {
  const both = [...flows([{}, {}]), ...flows([{ reporter: "source" }, { reporter: "source" }])];
  for (const scope of [
    { kind: "mesh" },
    { kind: "service", key: PAYMENT },
    { kind: "dependency", source: CHECKOUT, destination: PAYMENT },
  ] as const) {
    expect(goldenSignals(scope, both, 1)).toMatchObject({ requests: 2, errors: 0, requestsPerSecond: 2, mtlsRatio: 1 });
  }
});

test("counts what no callee could see from the caller's side, so an outage is not silence", () => {
  const seen = flows([{ reporter: "source", code: "503", flags: "UF,URX" }, { reporter: "source" }]);
  expect(goldenSignals({ kind: "service", key: PAYMENT }, seen, 1)).toMatchObject({ requests: 1, errors: 1 });
});

test("an error that the caller's sidecar made on purpose counts as one", () => {
  const seen = flows([
    { reporter: "source", code: "503", flags: "DI,FI" },
    { reporter: "source", flags: "DI" },
  ]);
  expect(goldenSignals({ kind: "service", key: PAYMENT }, seen, 1)).toMatchObject({ requests: 1, errors: 1 });
});

test("counts calls to an external service from the caller's side", () => {
  const seen = flows([{ reporter: "source" }, { reporter: "source", code: "503", flags: "UF" }], "carrier-api");
  const key = "ExternalService/production/carrier-api";
  expect(goldenSignals({ kind: "service", key }, seen, 1)).toMatchObject({ requests: 2, errors: 1, mtlsRatio: null });
});

test("a dependency on an external service says whether its caller sent plain text", () => {
  const dependency = {
    kind: "dependency",
    source: CHECKOUT,
    destination: "ExternalService/production/carrier-api",
  } as const;
  const plain = flows([{ reporter: "source", security: "none" }], "carrier-api");
  expect(goldenSignals(dependency, plain, 1).mtlsRatio).toBe(0);
  expect(goldenSignals({ kind: "mesh" }, plain, 1).mtlsRatio).toBeNull();
});

test("5xx and no response at all are errors, 4xx is not", () => {
  const seen = flows([{ code: "404" }, { code: "500" }, { code: "0" }, {}]);
  expect(goldenSignals({ kind: "mesh" }, seen, 2)).toMatchObject({ errorRatio: 0.5, requestsPerSecond: 2 });
});

test("of gRPC calls the statuses that mean a 5xx are errors, whatever the response code says", () => {
  const all = Array.from({ length: 17 }, (_, grpc) => ({ grpc }));
  const { errors, codes } = goldenSignals({ kind: "mesh" }, flows([...all, { code: "404" }]), 1);
  expect(errors).toBe(6);
  expect(codes).toMatchObject({ "grpc 0": 1, "grpc 14": 1, "404": 1 });
  const failing = [2, 4, 12, 13, 14, 15].map((grpc) => ({ grpc }));
  expect(goldenSignals({ kind: "mesh" }, flows(failing), 1).errorRatio).toBe(1);
  // A cancelled call has no response code; the caller changed its mind.
  expect(goldenSignals({ kind: "mesh" }, flows([{ grpc: 1, code: "0", flags: "DC" }]), 1).errorRatio).toBe(0);
});

test("tells versions and plain text apart", () => {
  const seen = flows([{ version: "v2" }, {}, {}, { security: "none" }]);
  expect(versionShares(PAYMENT, seen)).toEqual({ v1: 0.75, v2: 0.25 });
  expect(goldenSignals({ kind: "mesh" }, seen, 1).mtlsRatio).toBe(0.75);
  expect(dependenciesSeen(seen)).toEqual([{ source: CHECKOUT, destination: PAYMENT }]);
});

test("latencies read back within one bucket, window by window and merged", () => {
  const calls: Call[] = Array.from({ length: 100 }, (_, i) => ({ ms: i < 60 ? 20 : i < 96 ? 200 : 900 }));
  const halves = [flows(calls.slice(0, 50)), flows(calls.slice(50))].flat();
  const { p50, p95, p99 } = goldenSignals({ kind: "mesh" }, mergeFlows(halves), 1);
  expect([p50!.lowerMs, p50!.upperMs]).toEqual([10, 25]);
  expect([p95!.lowerMs, p95!.upperMs]).toEqual([150, 200]);
  expect([p99!.lowerMs, p99!.upperMs]).toEqual([750, 1000]);
});

test("without requests the ratio and the quantiles are unknown, not zero", () => {
  expect(goldenSignals({ kind: "mesh" }, [], 5)).toMatchObject({
    requestsPerSecond: 0,
    errorRatio: null,
    p99: null,
    mtlsRatio: null,
  });
});

test("a first scrape is a baseline, and only growth counts after it", () => {
  const first = readScrape(page([{}, {}]));
  const second = readScrape(page([{}, {}, {}, { code: "500" }]));
  expect(flowsBetween(undefined, first, cache, directory)).toEqual([]);
  expect(goldenSignals({ kind: "mesh" }, flowsBetween(first, second, cache, directory), 1)).toMatchObject({
    requests: 2,
    errors: 1,
  });
});

test("a restarted proxy's counters count from zero", () => {
  const before = readScrape(page([{}, {}, {}]));
  const after = readScrape(page([{}]));
  expect(goldenSignals({ kind: "mesh" }, flowsBetween(before, after, cache, directory), 1).requests).toBe(1);
});

test("however a counter's history is cut into scrapes, its growth adds up to the same", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(50), { minLength: 2, maxLength: 40 }), fc.nat(39), (steps, cut) => {
      // Restart at `cut`: the counter begins again from 0 and then grows by `steps`.
      let value = 0;
      let previous = 0;
      let grown = 0;
      steps.forEach((step, i) => {
        const restarted = i === cut % steps.length && step > 0 && step < previous;
        value = restarted ? step : value + step;
        grown += counterDelta(previous, value);
        previous = value;
      });
      expect(grown).toBe(steps.reduce((sum, step) => sum + step, 0));
    }),
  );
});

test("merging does not depend on order or grouping", () => {
  const call = fc.record({
    code: fc.constantFrom("200", "404", "500"),
    ms: fc.integer({ min: 1, max: 2000 }),
    version: fc.constantFrom("v1", "v2"),
  });
  fc.assert(
    fc.property(fc.array(call, { maxLength: 30 }), fc.nat(30), (calls, cut) => {
      const parts = [...flows(calls.slice(cut)), ...flows(calls.slice(0, cut))];
      expect(goldenSignals({ kind: "mesh" }, mergeFlows(parts), 1)).toEqual(
        goldenSignals({ kind: "mesh" }, flows(calls), 1),
      );
    }),
    { numRuns: 50 },
  );
});

const PARTIES = [
  `source_workload="checkout",source_workload_namespace="production"`,
  `source_principal="spiffe://shop.mesh.local/ns/production/sa/checkout",source_version="unknown"`,
  `destination_service="payment-service.production",destination_service_name="payment-service"`,
  `destination_service_namespace="production",destination_version="v1"`,
  `request_protocol="tcp",connection_security_policy="mutual_tls"`,
].join(",");
const DEPENDENCY = { kind: "dependency", source: CHECKOUT, destination: PAYMENT } as const;

test("connections are no requests: opened, refused and failed ones, with the bytes that passed so far", () => {
  const labels = `reporter="destination",${PARTIES}`;
  const text = [
    `istio_tcp_connections_opened_total{${labels}} 8`,
    `istio_tcp_connections_closed_total{${labels},response_flags="-"} 6`,
    `istio_tcp_connections_closed_total{${labels},response_flags="UF,URX"} 1`,
    `istio_tcp_received_bytes_total{${labels}} 40`,
    `istio_tcp_sent_bytes_total{${labels}} 50`,
    `meshwright_tcp_connections_refused_total{${labels}} 2`,
  ].join("\n");
  const seen = flowsBetween(new Map(), readScrape(text), cache, directory);
  expect(seen).toHaveLength(1);
  expect(seen[0]).toMatchObject({
    reporter: "destination",
    requests: 0,
    errors: 0,
    requestBytes: 0,
    sumMs: 0,
    codes: {},
  });
  for (const scope of [{ kind: "mesh" }, { kind: "service", key: PAYMENT }, DEPENDENCY] as const) {
    expect(goldenSignals(scope, mergeFlows([...seen, ...seen]), 4)).toMatchObject({
      ...{ requests: 0, errorRatio: null, p99: null, mtlsRatio: 1 },
      tcp: {
        ...{ connections: 20, failedConnections: 6, connectionsPerSecond: 5, failedRatio: 0.3 },
        ...{ receivedBytesPerSecond: 20, sentBytesPerSecond: 25 },
      },
    });
  }
  expect(versionShares(PAYMENT, seen)).toEqual({ v1: 1 });
});

test("bytes on connections of the past are traffic, and without any there is no TCP to tell of", () => {
  const labels = `reporter="destination",${PARTIES}`;
  const at = (bytes: number) =>
    readScrape(`istio_tcp_connections_opened_total{${labels}} 1\nistio_tcp_sent_bytes_total{${labels}} ${bytes}`);
  const flowing = flowsBetween(at(10), at(30), cache, directory);
  expect(dependenciesSeen(flowing)).toEqual([{ source: CHECKOUT, destination: PAYMENT }]);
  expect(goldenSignals(DEPENDENCY, flowing, 2).tcp).toMatchObject({
    ...{ connections: 0, failedRatio: null, sentBytesPerSecond: 10, receivedBytesPerSecond: 0 },
  });
  const still = flowsBetween(at(30), at(30), cache, directory);
  expect(dependenciesSeen(still)).toEqual([]);
  expect(goldenSignals(DEPENDENCY, still, 2).tcp).toBeNull();
});

test("of tunnels the caller's word counts where no callee has seen them", () => {
  const labels = `reporter="source",${PARTIES}`;
  const text = [
    `istio_tcp_connections_opened_total{${labels}} 3`,
    `istio_tcp_connections_closed_total{${labels},response_flags="-"} 2`,
    `istio_tcp_connections_closed_total{${labels},response_flags="UF,URX"} 1`,
  ].join("\n");
  const seen = flowsBetween(new Map(), readScrape(text), cache, directory);
  expect(goldenSignals(DEPENDENCY, seen, 1).tcp).toMatchObject({ connections: 1, failedConnections: 1 });
});

test("a tunnel to an external service is told by its caller", () => {
  const [external] = [...directory.externals];
  const name = external?.split("/")[2] ?? "";
  const labels = `reporter="source",${PARTIES}`.replaceAll("payment-service", name);
  const seen = flowsBetween(
    new Map(),
    readScrape(`istio_tcp_connections_opened_total{${labels}} 3\nistio_tcp_sent_bytes_total{${labels}} 9`),
    cache,
    directory,
  );
  const scope = { kind: "dependency", source: CHECKOUT, destination: external ?? "" } as const;
  expect(goldenSignals(scope, seen, 3)).toMatchObject({
    tcp: { connectionsPerSecond: 1, failedRatio: 0, sentBytesPerSecond: 3 },
    mtlsRatio: 1,
  });
});

test("probes are measured, and are no traffic of the mesh", () => {
  const probes = flows([{ callerVersion: PROBE_MARK, code: "403" }, { callerVersion: PROBE_MARK }]);
  expect(probes.map(({ requests }) => requests)).toEqual([2]);
  expect(probes.every(isProbe)).toBe(true);
  expect(dependenciesSeen(probes)).toEqual([]);
  expect(versionShares(PAYMENT, probes)).toEqual({});
  const both = [...flows([{}]), ...probes];
  for (const scope of [{ kind: "mesh" }, { kind: "service", key: PAYMENT }, DEPENDENCY] as const)
    expect(goldenSignals(scope, mergeFlows(both), 1)).toMatchObject({ requests: 1, codes: { 200: 1 } });
  expect(dependenciesSeen(both)).toHaveLength(1);
});
