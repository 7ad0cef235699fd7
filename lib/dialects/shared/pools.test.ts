// Detectors, warm-up and limits of connections, into the model and out of it again; what a product has no word for is told.
import { expect, test } from "vitest";
import { demoMesh, type SpecOf, valuesToYaml } from "@/lib/mesh";
import { exportDocument } from "..";
import { all, policy, read, service, to } from "../kuma/testing/resources";
import { imported, specOf } from "../testing/imported";

type Blocks = Omit<SpecOf<"TrafficPolicy">, "service">;

const destinationRule = (trafficPolicy: object) =>
  valuesToYaml([
    {
      apiVersion: "networking.istio.io/v1",
      kind: "DestinationRule",
      metadata: { name: "cart", namespace: "shop" },
      spec: { host: "cart", trafficPolicy },
    },
  ]);

function throughIstio(trafficPolicy: object) {
  const { document, kept } = imported("istio", [{ text: destinationRule(trafficPolicy) }]);
  const out = exportDocument("istio", document).resources.find(({ kind }) => kind === "DestinationRule");
  return {
    inModel: specOf(document, "TrafficPolicy/shop/cart") as Blocks,
    kept: kept.map(({ path }) => path),
    out: out?.spec["trafficPolicy"],
  };
}

test("Istio's detectors, warm-up and limits come in and go out as they were", () => {
  const written = {
    loadBalancer: { simple: "ROUND_ROBIN", warmup: { duration: "90s", minimumPercent: 5, aggression: 1.5 } },
    connectionPool: {
      tcp: { maxConnectionDuration: "600s", idleTimeout: "900s", tcpKeepalive: { time: "90s" } },
      http: { maxConcurrentStreams: 50, h2UpgradePolicy: "DO_NOT_UPGRADE" },
    },
    outlierDetection: {
      outlierDetectionHttpErrorCodes: [429, 503],
      splitExternalLocalOriginErrors: true,
      consecutiveLocalOriginFailures: 4,
    },
  };
  const { inModel, kept, out } = throughIstio(written);
  expect(inModel).toMatchObject({
    loadBalancing: { policy: "round-robin", warmup: { durationMs: 90_000, minimumPercent: 5, aggression: 1.5 } },
    connectionPool: {
      maxConnectionDurationMs: 600_000,
      tcpIdleTimeoutMs: 900_000,
      tcpKeepalive: { timeMs: 90_000 },
      maxConcurrentStreams: 50,
      h2UpgradePolicy: "do-not-upgrade",
    },
    outlierDetection: {
      errorStatuses: [429, 503],
      splitExternalLocalOriginErrors: true,
      consecutiveLocalOriginFailures: 4,
    },
  });
  expect(kept).toEqual([]);
  expect(out).toEqual(written);
});

test("a warm-up that the model does not take stays as it was written, and Istio's older word is the same", () => {
  const short = throughIstio({ loadBalancer: { simple: "LEAST_REQUEST", warmup: { duration: "0.5s" } } });
  expect(short.inModel.loadBalancing).toEqual({ policy: "least-request" });
  expect(short.kept).toEqual(["spec.trafficPolicy.loadBalancer.warmup"]);
  expect(short.out).toEqual({ loadBalancer: { simple: "LEAST_REQUEST", warmup: { duration: "0.5s" } } });
  const old = throughIstio({ loadBalancer: { warmupDurationSecs: "30s" } });
  expect(old.inModel.loadBalancing).toEqual({ policy: "least-request", warmup: { durationMs: 30_000 } });
  expect(old.kept).toEqual([]);
});

test.each([
  [[429, 429, 503], [429, 503], []],
  [[], undefined, []],
  [[429, 600], undefined, ["spec.trafficPolicy.outlierDetection.outlierDetectionHttpErrorCodes"]],
])("of the statuses %j the model says %j", (codes, said, parts) => {
  const written = { outlierDetection: { consecutive5xxErrors: 3, outlierDetectionHttpErrorCodes: codes } };
  const { inModel, kept, out } = throughIstio(written);
  expect(inModel.outlierDetection).toEqual({ consecutive5xxErrors: 3, ...(said ? { errorStatuses: said } : {}) });
  expect(kept).toEqual(parts);
  const back = said ?? (parts.length > 0 ? codes : undefined);
  expect(out).toEqual({
    outlierDetection: { consecutive5xxErrors: 3, ...(back ? { outlierDetectionHttpErrorCodes: back } : {}) },
  });
});

test.each(["0s", "48h"])(
  "an idle time of TCP of %s, which the model cannot say, is kept and comes back",
  (idleTimeout) => {
    const { inModel, kept, out } = throughIstio({ connectionPool: { tcp: { maxConnections: 5, idleTimeout } } });
    expect(inModel.connectionPool).toEqual({ maxConnections: 5 });
    expect(kept).toEqual(["spec.trafficPolicy.connectionPool.tcp.idleTimeout"]);
    expect(out).toEqual({ connectionPool: { tcp: { maxConnections: 5, idleTimeout } } });
  },
);

test.each([
  [{ time: "60s", probes: 3, interval: "75s" }, { timeMs: 60_000 }, ["probes", "interval"]],
  [{ time: "0.5s" }, undefined, ["time"]],
  [{ time: "10h", probes: 3 }, undefined, ["time", "probes"]],
  [{ probes: 3 }, undefined, ["probes"]],
] as const)("of the keepalive %j, what the model cannot say is kept and comes back", (tcpKeepalive, said, parts) => {
  const written = { connectionPool: { tcp: { maxConnections: 5, tcpKeepalive } } };
  const { inModel, kept, out } = throughIstio(written);
  expect(inModel.connectionPool).toEqual({ maxConnections: 5, ...(said ? { tcpKeepalive: said } : {}) });
  expect(kept).toEqual(parts.map((part) => `spec.trafficPolicy.connectionPool.tcp.tcpKeepalive.${part}`));
  expect(out).toEqual(written);
});

test("the caller's protocol has no place, is kept, and comes back", () => {
  const written = { connectionPool: { http: { useClientProtocol: true } } };
  const { kept, out } = throughIstio(written);
  expect(kept).toEqual(["spec.trafficPolicy.connectionPool.http.useClientProtocol"]);
  expect(out).toEqual(written);
});

const BREAKER = {
  splitExternalAndLocalErrors: true,
  healthyPanicThreshold: 0,
  detectors: {
    localOriginFailures: { consecutive: 4 },
    successRate: { minimumHosts: 3, requestVolume: 20, standardDeviationFactor: "1.5" },
    failurePercentage: { minimumHosts: 2, requestVolume: 10, threshold: 60 },
  },
};

test.each(["2.x", "3.x"] as const)("Kuma's detectors come in and go out to %s as they were", (channel) => {
  const { document } = read([
    service("cart"),
    policy("MeshCircuitBreaker", "breaker", { to: [all({ outlierDetection: BREAKER })] }),
    policy("MeshTimeout", "times", { to: [all({ http: { requestTimeout: "5s", maxConnectionDuration: "600s" } })] }),
  ]);
  const traffic = document.objects.find(({ kind }) => kind === "TrafficPolicy")?.spec as Blocks;
  expect(traffic).toMatchObject({
    connectionPool: { maxConnectionDurationMs: 600_000 },
    outlierDetection: {
      consecutive5xxErrors: 0,
      splitExternalLocalOriginErrors: true,
      consecutiveLocalOriginFailures: 4,
      successRate: { minimumHosts: 3, requestVolume: 20, standardDeviationFactor: 1.5 },
      failurePercentage: { minimumHosts: 2, requestVolume: 10, threshold: 60 },
    },
  });
  const made = exportDocument("kuma", document, { channel });
  const breaker = made.resources.find(({ kind }) => kind === "MeshCircuitBreaker")?.spec["to"];
  expect(breaker).toMatchObject([{ default: { outlierDetection: BREAKER } }]);
  const times = made.resources.filter(({ kind }) => kind === "MeshTimeout").map(({ spec }) => JSON.stringify(spec));
  expect(times.join()).toContain('"maxConnectionDuration":"600s"');
});

const POSTGRES = { name: "postgres", port: 5432, targetPort: 5432, appProtocol: "tcp" };
const HTTP = { name: "http", port: 8080, targetPort: 8080, appProtocol: "http" };

function throughKuma(ports: object[]) {
  const { document } = read([
    { ...service("ledger"), spec: { selector: { app: "ledger" }, ports } },
    policy("MeshTimeout", "ledger", { to: [to("ledger", { idleTimeout: "900s" })] }),
    policy("MeshRetry", "ledger", { to: [to("ledger", { tcp: { maxConnectAttempt: 4 } })] }),
  ]);
  const pool = (document.objects.find(({ kind }) => kind === "TrafficPolicy")?.spec as Blocks | undefined)
    ?.connectionPool;
  const made = exportDocument("kuma", document);
  const said = (kind: string, field: string) =>
    made.resources
      .filter((each) => each.kind === kind)
      .flatMap(({ spec }) => (spec["to"] as { default: Record<string, unknown> }[]).map((each) => each.default[field]))
      .filter((value) => value !== undefined);
  return { pool, idle: said("MeshTimeout", "idleTimeout"), retry: said("MeshRetry", "tcp") };
}

test("Kuma's idle time and tries of TCP come in and go out as they were", () => {
  const { pool, idle, retry } = throughKuma([POSTGRES]);
  expect(pool).toEqual({ tcpIdleTimeoutMs: 900_000, maxConnectAttempts: 4 });
  expect(idle).toEqual(["900s"]);
  expect(retry).toEqual([{ maxConnectAttempt: 4 }]);
});

test("Kuma's one idle time is for both where a service speaks both; tries of TCP are nothing to one that speaks HTTP", () => {
  const both = throughKuma([HTTP, POSTGRES]);
  expect(both.pool).toEqual({ idleTimeoutMs: 900_000, tcpIdleTimeoutMs: 900_000, maxConnectAttempts: 4 });
  expect(both.idle).toEqual(["900s"]);
  expect(both.retry).toEqual([{ maxConnectAttempt: 4 }]);
  const http = throughKuma([HTTP]);
  expect(http.pool).toEqual({ idleTimeoutMs: 900_000 });
});

test("an error split without a detector of its own counts five in Envoy and says so in Kuma", () => {
  const made = exportDocument("kuma", {
    objects: demoMesh().objects.map((each) =>
      each.kind === "TrafficPolicy" && each.metadata.name === "catalog"
        ? { ...each, spec: { ...each.spec, outlierDetection: { splitExternalLocalOriginErrors: true } } }
        : each,
    ),
  });
  const text = JSON.stringify(made.resources.filter(({ kind }) => kind === "MeshCircuitBreaker"));
  expect(text).toContain('"localOriginFailures":{"consecutive":5}');
});

const EVERYTHING: Blocks = {
  connectionPool: {
    maxConnectionDurationMs: 600_000,
    maxConcurrentStreams: 50,
    h2UpgradePolicy: "upgrade",
    tcpIdleTimeoutMs: 900_000,
    maxConnectAttempts: 4,
    tcpKeepalive: { timeMs: 90_000 },
  },
  outlierDetection: {
    splitExternalLocalOriginErrors: true,
    consecutiveLocalOriginFailures: 4,
    errorStatuses: [429],
    successRate: {},
    failurePercentage: {},
  },
  loadBalancing: { policy: "least-request", warmup: { durationMs: 30_000 } },
};

test.each([
  [
    "istio",
    ["connectionPool.maxConnectAttempts", "outlierDetection.failurePercentage", "outlierDetection.successRate"],
  ],
  [
    "kuma",
    [
      "connectionPool.h2UpgradePolicy",
      "connectionPool.maxConcurrentStreams",
      "connectionPool.tcpKeepalive",
      "loadBalancing.warmup",
      "outlierDetection.errorStatuses",
    ],
  ],
] as const)("what %s has no word for is told field by field, and nothing else is", (dialect, lost) => {
  expect(lostIn(dialect)).toEqual(lost);
});

test.each(["consul", "app-mesh", "linkerd", "cilium", "gateway-api"] as const)(
  "%s says of each field what becomes of it, and calls none the same",
  (dialect) => {
    const report = verdictsOf(dialect);
    for (const field of [
      "maxConnectionDurationMs",
      "maxConcurrentStreams",
      "h2UpgradePolicy",
      "maxConnectAttempts",
      "tcpKeepalive",
    ]) {
      expect(said(report, `connectionPool.${field}`), field).not.toContain("exact");
    }
    for (const field of Object.keys(EVERYTHING.outlierDetection ?? {})) {
      expect(said(report, `outlierDetection.${field}`), field).not.toContain("exact");
    }
    expect(said(report, "loadBalancing.warmup"), "warmup").not.toContain("exact");
  },
);

type Told = { path: string; verdict: string };

/** What is said of a field itself or of the block that it is in, the narrower first. */
function said(report: readonly Told[], path: string): string[] {
  const about = report.filter((each) => path === each.path || path.startsWith(`${each.path}.`) || each.path === "");
  const narrow = Math.max(...about.map((each) => each.path.length));
  const verdicts = about.filter((each) => each.path.length === narrow).map(({ verdict }) => verdict);
  expect(verdicts.length, `${path}: nothing is said`).toBeGreaterThan(0);
  return verdicts;
}

function verdictsOf(dialect: Parameters<typeof exportDocument>[0]): Told[] {
  const objects = demoMesh().objects.map((each) =>
    each.kind === "TrafficPolicy" && each.metadata.name === "catalog"
      ? { ...each, spec: { service: each.spec.service, ...EVERYTHING } }
      : each,
  );
  return exportDocument(dialect, { objects })
    .report.filter(({ key }) => key === "TrafficPolicy/production/catalog")
    .map(({ path, verdict }) => ({ path: path.replace(/^spec\.?/, ""), verdict }));
}

const lostIn = (dialect: "istio" | "kuma") =>
  verdictsOf(dialect)
    .filter(({ verdict }) => verdict === "lost")
    .map(({ path }) => path)
    .sort();
