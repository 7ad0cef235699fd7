import { describe, expect, it } from "vitest";
import { endpoint, cluster as planOf, proxyPlan } from "../../test/support/plans";
import type { ClusterStatus } from "../admin/clusters-page";
import { RateLimits } from "../http/rate-limits";
import { MergedShapes } from "./merged-shapes";
import { partOf } from "./part";
import { countedMetrics, countersOf, sumClusters, sumMetrics, sumStats } from "./sum";

describe("what several processes counted", () => {
  it("is added, and what each sees for itself is not", () => {
    const a = new Map([
      ["cluster.app.upstream_rq_total", 3],
      ["cluster.app.upstream_rq_active", 1],
      ["cluster.app.membership_healthy", 2],
      ["cluster.app.circuit_breakers.default.rq_open", 1],
    ]);
    const b = new Map([
      ["cluster.app.upstream_rq_total", 4],
      ["cluster.app.upstream_rq_active", 2],
      ["cluster.app.membership_healthy", 1],
      ["cluster.app.circuit_breakers.default.rq_open", 0],
      ["http.in.downstream_rq_total", 7],
    ]);
    expect(Object.fromEntries(sumStats([a, b]))).toEqual({
      "cluster.app.upstream_rq_total": 7,
      "cluster.app.upstream_rq_active": 3,
      "cluster.app.membership_healthy": 2,
      "cluster.app.circuit_breakers.default.rq_open": 1,
      "http.in.downstream_rq_total": 7,
    });
    expect([...countersOf(a).keys()]).toEqual(["cluster.app.upstream_rq_total"]);
  });

  it("is one Prometheus text, with the latest loop and the first start", () => {
    const text = (requests: number, more = ""): string =>
      [
        "# TYPE istio_requests_total counter",
        `istio_requests_total{a="x y",code="200"} ${requests}`,
        ...(more === "" ? [] : [more]),
        "# TYPE meshwright_event_loop_delay_seconds gauge",
        `meshwright_event_loop_delay_seconds{quantile="0.5"} 0.0${requests}`,
        "# TYPE process_start_time_seconds gauge",
        `process_start_time_seconds ${1000 + requests}`,
        "",
      ].join("\n");
    expect(sumMetrics([text(2), text(3, 'istio_requests_total{a="x y",code="503"} 1')])).toBe(
      [
        "# TYPE istio_requests_total counter",
        'istio_requests_total{a="x y",code="200"} 5',
        'istio_requests_total{a="x y",code="503"} 1',
        "# TYPE meshwright_event_loop_delay_seconds gauge",
        'meshwright_event_loop_delay_seconds{quantile="0.5"} 0.03',
        "# TYPE process_start_time_seconds gauge",
        "process_start_time_seconds 1002",
        "",
      ].join("\n"),
    );
    expect(countedMetrics(text(2))).toBe(
      '# TYPE istio_requests_total counter\nistio_requests_total{a="x y",code="200"} 2',
    );
  });

  it("is one status of a cluster, with everything that is held against a host", () => {
    const status = (total: number, health: string, port = 1): ClusterStatus => ({
      name: "app",
      observabilityName: "app",
      circuitBreakers: partOf(whole, 2).clusters.get("app")!.circuitBreakers,
      hosts: [
        {
          address: "127.0.0.1",
          port,
          hostname: "",
          locality: "",
          health,
          weight: 1,
          priority: 0,
          activeRequests: 1,
          totalRequests: total,
          connections: 1,
        },
      ],
    });
    const [sum, ...others] = sumClusters([
      [status(3, "healthy")],
      [status(4, "/failed_outlier_check")],
      [status(5, "/failed_outlier_check/active_hc_timeout", 2)],
    ]);
    expect(others).toEqual([]);
    expect(sum?.hosts[0]?.connections).toBe(2);
    expect(sum?.hosts.map(({ health, totalRequests }) => [health, totalRequests])).toEqual([
      ["/failed_outlier_check", 7],
      ["/failed_outlier_check/active_hc_timeout", 5],
    ]);
  });

  it("of shapes is one count each, told again only when it changed", () => {
    const merged = new MergedShapes();
    const shape = (count: number) => ({ caller: "a", callee: "b", method: "GET", pathPattern: "/", code: 200, count });
    merged.take(1, { seq: 2, shapes: [shape(3)] });
    merged.take(2, { seq: 2, shapes: [shape(4)] });
    expect([merged.readOf(1), merged.readOf(3)]).toEqual([2, 0]);
    const { seq, shapes } = merged.read(0);
    expect(shapes).toEqual([shape(7)]);
    merged.take(1, { seq: 3, shapes: [shape(3)] });
    const second = merged.read(seq);
    expect(second.shapes).toEqual([]);
    // The first one is gone; the one in its place begins at nothing.
    merged.take(3, { seq: 2, shapes: [shape(1)] });
    expect(merged.read(second.seq).shapes).toEqual([shape(8)]);
  });
});

const whole = proxyPlan({
  listeners: [],
  routes: [],
  clusters: [
    planOf("app", [endpoint(1)], {
      circuitBreakers: {
        maxConnections: 9,
        maxPendingRequests: 1,
        maxRequests: 1024,
        maxRetries: 3,
        retryBudget: { percent: 20, minConcurrency: 3 },
      },
    }),
  ],
});

describe("the part of one process", () => {
  it("of a bucket is filled by its part", () => {
    const plan = { key: "k", maxTokens: 5, tokensPerSecond: 4 };
    const tokens = (processes: number, atMs: number): number => {
      const bucket = new RateLimits(processes).of(plan, 0);
      let taken = 0;
      while (bucket.take(0)) taken++;
      return taken * 10 + bucket.remaining(atMs);
    };
    expect([tokens(1, 1000), tokens(2, 1000), tokens(8, 1000), tokens(8, 2000)]).toEqual([54, 32, 10, 11]);
  });

  it("is everything where it is alone", () => {
    expect(partOf(whole, 1)).toBe(whole);
  });

  it("has at least one of each, and shares stay shares", () => {
    expect(partOf(whole, 4).clusters.get("app")?.circuitBreakers).toEqual({
      maxConnections: 3,
      maxPendingRequests: 1,
      maxRequests: 256,
      maxRetries: 1,
      retryBudget: { percent: 20, minConcurrency: 1 },
    });
    expect(partOf(whole, 4).clusters.get("app")?.contentKey).toBe(whole.clusters.get("app")?.contentKey);
  });
});
