// Parts of the data path that need no socket.

import { describe, expect, it } from "vitest";
import packageJson from "../package.json";
import { type BalancePlan, Balancer } from "../src/cluster/balance";
import { OutlierDetector, OutlierState } from "../src/cluster/outlier";
import { ChunkedDecoder } from "../src/http/h1/chunked";
import { HeaderList } from "../src/http/h1/header-list";
import { incomplete, parseRequestHead, RequestHead } from "../src/http/h1/request-head";
import { stripHopByHop } from "../src/http/request-headers";
import { normalizeSerial } from "../src/identity/svid";
import { parseOptions } from "../src/options";
import type { AccessLogFormat, BalancingPlan } from "../src/plan/types";
import { subjectAltNames } from "../src/semantics";
import { type AccessRecord, compileAccessLog, isoTime } from "../src/telemetry/access-log";
import { inboundLabels } from "../src/telemetry/labels";
import { ObservedShapes, pathPattern } from "../src/telemetry/observed-shapes";
import { RequestMetrics, RequestSeries, renderRequestMetrics } from "../src/telemetry/request-metrics";
import { version } from "../src/version";
import { defaultBalancing, outlier, proxyPlan } from "./support/plans";

describe("header list", () => {
  it("writes untouched lines as they came and changed ones anew", () => {
    const head = new RequestHead();
    const text = "GET / HTTP/1.1\r\nHost: a\r\nX-One:  spaced \r\nConnection: x-gone\r\nX-Gone: 1\r\nX-Two: 2\r\n\r\n";
    expect(parseRequestHead(text, 0, head)).toBe(text.length);
    stripHopByHop(head.headers);
    head.headers.set("x-two", "two");
    head.headers.push("x-new", "n");
    expect(head.headers.appendTo("")).toBe("Host: a\r\nX-One: spaced\r\nX-Two: two\r\nx-new: n\r\n");
  });

  it("keeps repeated names apart", () => {
    const list = new HeaderList();
    list.push("Set-Cookie", "a");
    list.push("set-cookie", "b");
    expect(list.getAll("set-cookie")).toEqual(["a", "b"]);
    list.set("set-cookie", "c");
    expect(list.getAll("set-cookie")).toEqual(["c"]);
  });

  it("asks for more bytes at every cut of a good head", () => {
    const text = "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n";
    for (let cut = 0; cut < text.length; cut++)
      expect(parseRequestHead(text.slice(0, cut), 0, new RequestHead())).toBe(incomplete);
  });
});

describe("chunked decoder", () => {
  it("reads the same whatever the cuts", () => {
    const bytes = Buffer.from("5;a=b\r\nhello\r\n6\r\n world\r\n0\r\nX: 1\r\n\r\nrest");
    for (let step = 1; step < bytes.length; step++) {
      const decoder = new ChunkedDecoder(true);
      let text = "";
      let used = 0;
      for (let from = 0; from < bytes.length && !decoder.isDone; from += step) {
        const piece = bytes.subarray(from, from + step);
        const next = decoder.decode(piece, 0, (chunk, start, end) => {
          text += chunk.toString("latin1", start, end);
        });
        expect(typeof next).toBe("number");
        used = from + (next as number);
      }
      expect(text).toBe("hello world");
      expect(bytes.toString("latin1", used)).toBe("rest");
    }
  });
});

type Policy = BalancingPlan["lbPolicy"];
const balancing = (lbPolicy: Policy, healthyPanicThreshold = 50): BalancePlan => ({
  balancing: { ...defaultBalancing, lbPolicy },
  healthyPanicThreshold,
});
const plan = (policy: Policy, weights: readonly number[]) => {
  const balancer = new Balancer<{
    isHealthy: boolean;
    isDegraded: boolean;
    isExcluded: boolean;
    activeRequests: number;
    startedAt: number;
    address: string;
    plan: {
      weight: number;
      health: string;
      locality: string;
      localityWeight: number;
      port: number;
      hostname: string;
      hashKey: string;
      priority: number;
    };
    name: number;
  }>(balancing(policy));
  const hosts = weights.map((weight, name) => ({
    isHealthy: true,
    isDegraded: false,
    isExcluded: false,
    activeRequests: 0,
    startedAt: 0,
    address: "127.0.0.1",
    plan: {
      weight,
      health: "healthy",
      locality: "",
      localityWeight: 0,
      port: name,
      hostname: "",
      hashKey: "",
      priority: 0,
    },
    name,
  }));
  balancer.update(hosts);
  return { balancer, hosts };
};

describe("balancing", () => {
  it("round robin gives weights their share", () => {
    const { balancer } = plan("round-robin", [1, 3]);
    const picks = Array.from({ length: 40 }, () => balancer.pick()?.name);
    expect(picks.filter((name) => name === 1)).toHaveLength(30);
  });

  it("least request avoids the busy host", () => {
    const { balancer, hosts } = plan("least-request", [1, 1]);
    hosts[0]!.activeRequests = 50;
    const picks = Array.from({ length: 1000 }, () => balancer.pick()?.name);
    expect(picks.filter((name) => name === 0).length).toBeLessThan(330);
  });

  it("least request that looks at all never takes a busier one", () => {
    const { hosts } = plan("least-request", [1, 1, 1, 1]);
    const { balancing: least } = balancing("least-request");
    const all = new Balancer<(typeof hosts)[number]>({
      balancing: { ...least, leastRequestChoices: null },
      healthyPanicThreshold: 50,
    });
    all.update(hosts);
    for (const host of hosts) host.activeRequests = host.name === 2 ? 1 : 2;
    expect(new Set(Array.from({ length: 50 }, () => all.pick()?.name))).toEqual(new Set([2]));
  });

  it("gives localities what they weigh, as far as their hosts can carry it", () => {
    const { hosts } = plan("round-robin", [1, 1, 1, 1]);
    const { balancing: round } = balancing("round-robin");
    const weighted = new Balancer<(typeof hosts)[number]>({
      balancing: { ...round, isLocalityWeighted: true },
      healthyPanicThreshold: 0,
    });
    const there = hosts.map((host) => ({
      ...host,
      isHealthy: host.name !== 3,
      plan: { ...host.plan, locality: host.name < 2 ? "a" : "b", localityWeight: host.name < 2 ? 1 : 4 },
    }));
    const share = (overprovisioning: number): number => {
      weighted.update(there, null, overprovisioning);
      return Array.from({ length: 300 }, () => weighted.pick()).filter((host) => host?.plan.locality === "b").length;
    };
    expect([share(100), share(200)]).toEqual([200, 240]);
    weighted.update(hosts);
    expect(new Set(Array.from({ length: 8 }, () => weighted.pick()?.name))).toEqual(new Set([0, 1, 2, 3]));
  });

  it("a host that starts slowly gets its least part at first, and its whole part in the end", () => {
    const { hosts } = plan("round-robin", [1, 1]);
    const { balancing: round } = balancing("round-robin");
    const slow = (ageMs: number): number => {
      const balancer = new Balancer<(typeof hosts)[number]>({
        balancing: { ...round, slowStart: { windowMs: 3_600_000, aggression: 1, minShare: 0.25 } },
        healthyPanicThreshold: 50,
      });
      const now = performance.now();
      const [old, fresh] = hosts as [(typeof hosts)[number], (typeof hosts)[number]];
      balancer.update([
        { ...old, startedAt: now - 7_200_000 },
        { ...fresh, startedAt: now - ageMs },
      ]);
      return Array.from({ length: 100 }, () => balancer.pick()).filter((host) => host?.name === 1).length;
    };
    expect([slow(0), slow(7_200_000)]).toEqual([20, 50]);
  });

  it("panics below the threshold, and has nobody when the threshold is 0", () => {
    const { balancer, hosts } = plan("round-robin", [1, 1, 1]);
    hosts[0]!.isHealthy = false;
    balancer.update(hosts);
    expect(balancer.isPanicking).toBe(false);
    hosts[1]!.isHealthy = false;
    balancer.update(hosts);
    expect(balancer.isPanicking).toBe(true);
    const strict = new Balancer<(typeof hosts)[number]>(balancing("round-robin", 0));
    strict.update(hosts.map((host) => ({ ...host, isHealthy: false })));
    expect(strict.pick()).toBeNull();
  });

  it("does not count who is excluded when it asks whether to panic", () => {
    const { balancer, hosts } = plan("round-robin", [1, 1, 1, 1]);
    for (const host of hosts.slice(1)) host.isHealthy = false;
    balancer.update(hosts);
    expect(balancer.isPanicking).toBe(true);
    for (const host of hosts.slice(1)) host.isExcluded = true;
    balancer.update(hosts);
    expect(balancer.isPanicking).toBe(false);
    expect(Array.from({ length: 8 }, () => balancer.pick()?.name)).toEqual(Array(8).fill(0));
  });

  it("find a host for a retry that was not tried, however much the policy favours one that fails at once", () => {
    const { balancer, hosts } = plan("least-request", [1, 1, 1]);
    hosts[1]!.activeRequests = 7;
    hosts[2]!.activeRequests = 5;
    expect(balancer.pickUntried((host) => host === hosts[0])).toBe(hosts[2]);
    expect(balancer.pickUntried((host) => host !== hosts[1])).toBe(hosts[1]);
    expect(balancer.pickUntried(() => true)).toBeNull();
  });
});

describe("outlier windows", () => {
  const base = outlier({
    intervalMs: 1_000_000,
    maxEjectionPercent: 50,
    consecutive5xx: { count: 1_000_000, enforcing: 100 },
  });

  it("ejects the host whose success rate stands out, for longer each time", () => {
    const hosts = Array.from({ length: 10 }, () => ({ outlier: new OutlierState() }));
    const detector = new OutlierDetector(
      base,
      () => hosts,
      () => {},
      () => 0,
    );
    const judge = (now: number): void => {
      for (const [index, host] of hosts.entries()) {
        for (let i = 0; i < 100; i++) detector.onStatus(host, index === 3 && i % 2 === 0 ? 500 : 200, now);
      }
      detector.tick(now);
    };
    judge(1000);
    expect(hosts.map((host) => host.outlier.isEjected)).toEqual(hosts.map((_, index) => index === 3));
    expect(hosts[3]!.outlier.ejectedForMs).toBe(30_000);
    detector.tick(32_000);
    expect(hosts[3]!.outlier.isEjected).toBe(false);
    detector.stop();
  });

  it("judge own failures apart where they are split: who cannot be reached goes, who answers 500 stays", () => {
    const hosts = Array.from({ length: 5 }, () => ({ outlier: new OutlierState() }));
    const never = { count: 1_000_000, enforcing: 100 };
    const detector = new OutlierDetector(
      {
        ...base,
        splitExternalLocalOriginErrors: true,
        consecutiveLocalOriginFailure: never,
        successRate: { ...base.successRate, requestVolume: 10, stdevFactor: 1000, enforcing: 0 },
      },
      () => hosts,
      () => {},
      () => 0,
    );
    for (const [index, host] of hosts.entries()) {
      for (let i = 0; i < 10; i++) {
        if (index === 3) detector.onLocalFailure(host, 1000);
        else detector.onConnected(host);
        if (index !== 3) detector.onStatus(host, index === 1 ? 500 : 200, 1000);
      }
    }
    detector.tick(1000);
    detector.stop();
    expect(hosts.map(({ outlier }) => outlier.isEjected)).toEqual([false, false, false, true, false]);
    expect([...detector.enforced]).toEqual([["local_origin_success_rate", 1]]);
  });

  it("eject for longer each time, and forget with quiet intervals", () => {
    const hosts = [{ outlier: new OutlierState() }, { outlier: new OutlierState() }];
    const consecutive5xx = { count: 5, enforcing: 100 };
    const detector = new OutlierDetector(
      { ...base, consecutive5xx },
      () => hosts,
      () => {},
      () => 0,
    );
    const fail = (now: number): void => {
      for (let i = 0; i < 5; i++) detector.onStatus(hosts[0]!, 500, now);
    };
    fail(0);
    detector.tick(31_000);
    fail(31_000);
    expect(hosts[0]!.outlier.ejectedForMs).toBe(60_000);
    detector.tick(92_000);
    detector.tick(93_000);
    fail(93_000);
    expect(hosts[0]!.outlier.ejectedForMs).toBe(60_000);
    detector.stop();
  });
});

describe("names in certificates", () => {
  it("are read entry by entry, quoted ones too", () => {
    const names = subjectAltNames(
      'URI:spiffe://a/ns/b/sa/c, DNS:x.y, URI:"spiffe://a/,URI:spiffe://evil", IP Address:127.0.0.1',
    );
    expect(names.uriSans).toEqual(["spiffe://a/ns/b/sa/c", "spiffe://a/,URI:spiffe://evil"]);
    expect(names.dnsSans).toEqual(["x.y"]);
    expect(normalizeSerial("00AB0")).toBe("ab0");
  });
});

describe("telemetry", () => {
  it("counts requests by code in Istio's names, with cumulative buckets", () => {
    const metrics = new RequestMetrics();
    const series = metrics.series(
      inboundLabels(
        proxyPlan({ listeners: [] }).node,
        "",
        { spiffeId: "spiffe://m/ns/shop/sa/checkout", subject: "" },
        true,
      ),
    );
    series.observe(200, "-", 0.4, 10, 20);
    series.observe(200, "-", 3, 10, 20);
    series.observe(503, "UF", 70_000, 0, 0);
    const text = renderRequestMetrics(metrics);
    expect(text).toContain('source_workload="checkout",source_workload_namespace="shop"');
    expect(text).toMatch(/istio_requests_total\{.*response_code="200",response_flags="-"\} 2/);
    expect(text).toMatch(/istio_requests_total\{.*response_code="503",response_flags="UF"\} 1/);
    expect(text).toMatch(/_bucket\{.*le="0.5"\} 1/);
    expect(text).toMatch(/_bucket\{.*le="5"\} 2/);
    expect(text).toMatch(/_bucket\{.*le="60000"\} 2/);
    expect(text).toMatch(/_bucket\{.*le="\+Inf"\} 3/);
  });

  it("tells a probe in a workload's name apart by its certificate, and keeps no shape of it", () => {
    const metrics = new RequestMetrics();
    const shapes = new ObservedShapes(metrics);
    const { node } = proxyPlan({ listeners: [] });
    for (const subject of ["", "CN=checkout", "OU=meshwright-probe"]) {
      const peer = { spiffeId: "spiffe://m/ns/shop/sa/checkout", subject };
      const series = metrics.series(inboundLabels(node, "", peer, true));
      series.observe(403, "-", 1, 0, 0);
      shapes.count(series, "GET", "/", 403);
    }
    const text = renderRequestMetrics(metrics);
    expect(text).toMatch(/istio_requests_total\{.*source_workload="checkout".*source_version="unknown".*\} 2/);
    expect(text).toMatch(/istio_requests_total\{.*source_workload="checkout".*source_version="meshwright-probe".*\} 1/);
    expect(shapes.read(0).shapes.map(({ count }) => count)).toEqual([2]);
  });

  it("keeps shapes bounded, with identifiers as stars", () => {
    expect(pathPattern("/orders/12345/items?x=1")).toBe("/orders/*/items");
    expect(pathPattern("/u/3f2b8c1e-1111-2222-3333-444455556666")).toBe("/u/*");
    const metrics = new RequestMetrics();
    const shapes = new ObservedShapes(metrics);
    const series = metrics.series(
      new RequestSeries(inboundLabels(proxyPlan({ listeners: [] }).node, "", null, false)).labels,
    );
    for (let i = 0; i < 5000; i++)
      shapes.count(
        series,
        "GET",
        `/p${"abcdefghijklmnopqrstuvwxyz"[i % 26]}${String.fromCharCode(97 + ((i / 26) % 26))}${String.fromCharCode(97 + ((i / 676) % 26))}`,
        200,
      );
    const first = shapes.read(0);
    expect(first.shapes.length).toBeLessThanOrEqual(201);
    expect(first.shapes.reduce((sum, shape) => sum + shape.count, 0)).toBe(5000);
    expect(shapes.read(first.seq).shapes).toEqual([]);
    shapes.count(series, "GET", "/**", 200);
    expect(shapes.read(first.seq).shapes).toHaveLength(1);
  });

  it("writes access log lines that stay JSON whatever the path holds", () => {
    const format: AccessLogFormat = {
      kind: "json",
      omitEmptyValues: false,
      root: {
        kind: "object",
        entries: [
          [
            "path",
            { kind: "format", parts: [{ operator: "REQ", argument: ":path", alternative: null, maxLength: null }] },
          ],
          [
            "code",
            {
              kind: "format",
              parts: [{ operator: "RESPONSE_CODE", argument: "", alternative: null, maxLength: null }],
            },
          ],
          [
            "absent",
            { kind: "format", parts: [{ operator: "REQ", argument: "x", alternative: null, maxLength: null }] },
          ],
          [
            "both",
            {
              kind: "format",
              parts: [{ literal: "a " }, { operator: "REQ", argument: "x", alternative: null, maxLength: null }],
            },
          ],
        ],
      },
    };
    const record = {
      status: 200,
      requestHeader: (name: string) => (name === ":path" ? '/"\\\u0001\xff' : undefined),
    } as unknown as AccessRecord;
    expect(JSON.parse(compileAccessLog(format)(record))).toEqual({
      path: '/"\\\u0001\xff',
      code: 200,
      absent: null,
      both: "a -",
    });
    expect(isoTime(Date.UTC(2026, 0, 2, 3, 4, 5, 6))).toBe("2026-01-02T03:04:05.006Z");
  });
});

describe("options", () => {
  it("are read, and refused with what to do", () => {
    expect(parseOptions(["-c", "a.yaml"])).toMatchObject({ configFile: "a.yaml", mode: "serve", drainMs: 5000 });
    expect(parseOptions(["-c", "a"])).toMatchObject({ concurrency: 1 });
    expect(parseOptions(["-c", "a", "--concurrency", "0"])).toMatchObject({ concurrency: 1 });
    expect(() => parseOptions(["-c", "a", "--concurrency", "65"])).toThrow(
      "--concurrency is a whole number from 0 to 64",
    );
    expect(() => parseOptions(["-c", "a", "--admin-port", "x"])).toThrow("--admin-port is a whole number");
    expect(() => parseOptions(["--what"])).toThrow();
  });

  it("the version is the package's", () => {
    expect(version).toBe(packageJson.version);
  });
});
