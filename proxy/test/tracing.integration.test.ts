// Spans on their way: batches, limits, collectors that are away, slow or refuse. Rule: what is lost is counted, and no request hears of it.

import { createServer as createHttpServer } from "node:http";
import { createServer, type Http2Server, type ServerHttp2Stream } from "node:http2";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { afterEach, expect, test, vi } from "vitest";
import { UpstreamCluster } from "../src/cluster/cluster";
import {
  ExportTraceServiceRequestSchema,
  ExportTraceServiceResponseSchema,
} from "../src/contract/gen/opentelemetry/proto/collector/trace/v1/trace_service_pb";
import { OtlpExporter } from "../src/http/otlp/exporter";
import { OtlpExporters } from "../src/http/otlp/exporters";
import { spanSignal, spansIn } from "../src/http/otlp/signals";
import { encodeSpan } from "../src/http/tracing/span-encoding";
import type { CollectorPlan, OpenTelemetryPlan, TracingPlan } from "../src/plan/types";
import { SocketDialer } from "../src/tls/dialer";
import { SecretStore } from "../src/tls/secrets";
import { bootstrapOf, startConfigured } from "./support/both-proxies";
import { grpcCollector, type SeenSpan } from "./support/collector";
import { cleanUp, onCleanUp, portOf, startNamedOrigin } from "./support/network";
import { chain, cluster, endpoint, http, listener, proxyPlan } from "./support/plans";
import { send } from "./support/send";

afterEach(cleanUp);

const DEAD_PORT = 1;
const GRPC: CollectorPlan = {
  kind: "grpc",
  grpc: { cluster: "collector", authority: "collector", timeoutMs: 20_000, maxMessageBytes: 65_536 },
};
const HTTP: CollectorPlan = {
  kind: "http",
  cluster: "collector",
  authority: "collector.test",
  path: "/v1/traces",
  timeoutMs: 20_000,
  headers: [],
};

async function listening(server: Http2Server | ReturnType<typeof createHttpServer>): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  onCleanUp(() => void server.close());
  return portOf(server);
}

function exporterTo(port: number, collector: CollectorPlan = GRPC, maxSpans = 1024) {
  const base = cluster("collector", [endpoint(port)]);
  const protocol = collector.kind === "grpc" ? "http2" : "http1";
  const made = new UpstreamCluster(
    { ...base, http: { ...base.http, protocol } },
    new SocketDialer(new SecretStore(), () => {}),
  );
  onCleanUp(() => made.close());
  const counts = { sent: 0, dropped: 0, timerFlushed: 0 };
  const provider: OpenTelemetryPlan = { serviceName: "shop", maxSpans, collector };
  return { exporter: new OtlpExporter(spanSignal(provider), () => made, counts), counts };
}

const span = (index: number): Uint8Array =>
  encodeSpan({
    traceId: index.toString(16).padStart(32, "0"),
    spanId: index.toString(16).padStart(16, "1"),
    parentId: "",
    state: "",
    name: `span ${index}`,
    kind: "server",
    startMs: 1_700_000_000_000.125,
    endMs: 1_700_000_000_001.5,
    attributes: new Map([["http.url", "http://shop/é"]]),
    isError: index === 0,
  });

function addMany(exporter: OtlpExporter, count: number): void {
  for (let index = 0; index < count; index++) exporter.add(span(index));
}

/** Takes each export, and answers what `answer` says. */
function collectorThat(answer: (stream: ServerHttp2Stream) => void, sizes: number[] = []): Http2Server {
  return createServer().on("stream", (stream) => {
    const chunks: Buffer[] = [];
    stream.on("error", () => {});
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("end", () => {
      const { resourceSpans } = fromBinary(ExportTraceServiceRequestSchema, Buffer.concat(chunks).subarray(5));
      sizes.push(resourceSpans[0]?.scopeSpans[0]?.spans.length ?? 0);
      answer(stream);
    });
  });
}

function take(stream: ServerHttp2Stream, message: Uint8Array = new Uint8Array()): void {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
  stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
  stream.end(Buffer.concat([prefix, message]));
}

test("a span says what was given to it", async () => {
  const seen: SeenSpan[] = [];
  const { exporter, counts } = exporterTo(
    await listening(
      grpcCollector(
        (one) => seen.push(one),
        () => {},
      ),
    ),
  );
  addMany(exporter, 2);
  await exporter.flush();
  expect(counts).toMatchObject({ sent: 2, dropped: 0 });
  expect(seen.map(({ name, status }) => [name, status])).toEqual([
    ["span 0", "ERROR"],
    ["span 1", "UNSET"],
  ]);
  expect(seen[1]).toMatchObject({
    traceId: `${"0".repeat(31)}1`,
    parentId: "",
    kind: "SERVER",
    durationUs: 1375,
    attributes: { "http.url": "http://shop/é" },
  });
  expect(seen[1]?.resource).toMatchObject({ "service.name": "shop", "telemetry.sdk.name": "meshwright" });
});

test("spans leave in batches, one at a time, and what is left goes by itself", async () => {
  const sizes: number[] = [];
  const { exporter, counts } = exporterTo(await listening(collectorThat(take, sizes)));
  addMany(exporter, 700);
  await vi.waitFor(() => expect(counts.sent).toBe(700), { timeout: 20_000, interval: 20 });
  expect(sizes).toEqual([512, 188]);
});

test("a collector that says nothing holds as many spans as may wait; the rest is dropped", async () => {
  const { exporter, counts } = exporterTo(await listening(collectorThat(() => {})), GRPC, 5);
  addMany(exporter, 20);
  expect(counts).toMatchObject({ sent: 0, dropped: 15 });
});

test.each([
  ["one that is away", GRPC, null],
  ["one that is away by HTTP", HTTP, null],
  ["one that refuses by HTTP", HTTP, 503],
])("spans for %s are dropped and counted", async (_name, collector, status) => {
  const refusing = createHttpServer((incoming, outgoing) => {
    incoming.resume();
    outgoing.writeHead(status ?? 500).end();
  });
  const port = status === null ? DEAD_PORT : await listening(refusing);
  const { exporter, counts } = exporterTo(port, collector);
  addMany(exporter, 3);
  await exporter.flush();
  expect(counts).toMatchObject({ sent: 0, dropped: 3 });
});

test("what a collector rejects is dropped, the rest was sent", async () => {
  const partialSuccess = { rejectedSpans: 2n, errorMessage: "too old" };
  const answer = toBinary(
    ExportTraceServiceResponseSchema,
    create(ExportTraceServiceResponseSchema, { partialSuccess }),
  );
  const { exporter, counts } = exporterTo(await listening(collectorThat((stream) => take(stream, answer))));
  addMany(exporter, 5);
  await exporter.flush();
  expect(counts).toMatchObject({ sent: 3, dropped: 2 });
});

test("equal providers share an exporter, also after a swap", () => {
  const counts = { sent: 0, dropped: 0, timerFlushed: 0 };
  const exporters = new OtlpExporters<OpenTelemetryPlan>(
    (plan) => new OtlpExporter(spanSignal(plan), () => undefined, counts),
    spansIn,
  );
  const provider = (serviceName: string): OpenTelemetryPlan => ({ serviceName, maxSpans: 9, collector: GRPC });
  const [one, other] = [exporters.of(provider("one")), exporters.of(provider("other"))];
  expect(exporters.of(provider("one"))).toBe(one);
  expect(other).not.toBe(one);
  const every = { numerator: 1, denominator: 1 };
  const tracing: TracingPlan = {
    clientSampling: every,
    randomSampling: every,
    overallSampling: every,
    maxPathLength: 256,
    customTags: [],
    spawnsUpstreamSpan: false,
    provider: provider("one"),
  };
  exporters.keepFor(
    proxyPlan({ listeners: [listener("main", { filterChains: [chain({ network: http({ tracing }) })] })] }),
  );
  expect(exporters.of(provider("one"))).toBe(one);
  expect(exporters.of(provider("other"))).not.toBe(other);
});

test("requests are answered while the collector is away", async () => {
  const app = await startNamedOrigin("app");
  const typed = {
    "@type": "type.googleapis.com/envoy.config.trace.v3.OpenTelemetryConfig",
    grpc_service: { envoy_grpc: { cluster_name: "collector" } },
  };
  const port = await startConfigured("meshwright", (at) =>
    bootstrapOf(
      at,
      [{ match: { prefix: "/" }, route: { cluster: "app" } }],
      {
        app: { port: app.port, options: { http_protocol_options: {} } },
        collector: { port: DEAD_PORT, options: { http2_protocol_options: {} } },
      },
      { tracing: { provider: { name: "envoy.tracers.opentelemetry", typed_config: typed } } },
    ),
  );
  for (let round = 0; round < 10; round++) expect((await send(port, "/")).body).toBe("app");
});
