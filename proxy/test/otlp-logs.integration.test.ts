// Access log records on their way: batches by size and time, collectors that are away or refuse. Rule: what is lost is counted, and no
// request hears of it.

import { createServer as createHttpServer } from "node:http";
import { createServer } from "node:http2";
import { create, toBinary } from "@bufbuild/protobuf";
import { afterEach, expect, test } from "vitest";
import { UpstreamCluster } from "../src/cluster/cluster";
import { ExportLogsServiceResponseSchema } from "../src/contract/gen/opentelemetry/proto/collector/logs/v1/logs_service_pb";
import { OtlpExporter } from "../src/http/otlp/exporter";
import { logSignal } from "../src/http/otlp/signals";
import type { CollectorPlan, OtlpLogExporterPlan } from "../src/plan/types";
import { SocketDialer } from "../src/tls/dialer";
import { SecretStore } from "../src/tls/secrets";
import { bootstrapOf, startConfigured } from "./support/both-proxies";
import { grpcCollector, type SeenRecord } from "./support/collector";
import { cleanUp, onCleanUp, portOf, startNamedOrigin } from "./support/network";
import { cluster, endpoint, proxyPlan } from "./support/plans";
import { send } from "./support/send";

afterEach(cleanUp);

const DEAD_PORT = 1;
const HOUR_MS = 3_600_000;
const GRPC: CollectorPlan = {
  kind: "grpc",
  grpc: { cluster: "collector", authority: "collector", timeoutMs: 20_000, maxMessageBytes: 65_536 },
};
const HTTP: CollectorPlan = {
  kind: "http",
  cluster: "collector",
  authority: "collector.test",
  path: "/v1/logs",
  timeoutMs: 20_000,
  headers: [],
};
const RECORD = new Uint8Array(100);

async function listening(server: ReturnType<typeof createServer | typeof createHttpServer>): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  onCleanUp(() => void server.close());
  return portOf(server);
}

function exporterTo(port: number, over: Partial<OtlpLogExporterPlan> = {}) {
  const plan: OtlpLogExporterPlan = {
    collector: GRPC,
    logName: "shop",
    resource: [],
    flushMs: HOUR_MS,
    bufferBytes: 1000,
    statPrefix: "",
    ...over,
  };
  const base = cluster("collector", [endpoint(port)]);
  const protocol = plan.collector.kind === "grpc" ? "http2" : "http1";
  const made = new UpstreamCluster(
    { ...base, http: { ...base.http, protocol } },
    new SocketDialer(new SecretStore(), () => {}),
  );
  onCleanUp(() => made.close());
  const counts = { sent: 0, dropped: 0, timerFlushed: 0 };
  return { exporter: new OtlpExporter(logSignal(plan, proxyPlan({ listeners: [] }).node), () => made, counts), counts };
}

/** A collector that takes nothing until it is told to: what `arrived` says is how many exports it holds. */
function slowCollector(answer: Uint8Array = new Uint8Array()) {
  const waiting: (() => void)[] = [];
  const told: (() => void)[] = [];
  const server = createServer().on("stream", (stream) => {
    stream.on("error", () => {});
    stream.resume();
    stream.on("end", () => {
      waiting.push(() => {
        const prefix = Buffer.alloc(5);
        prefix.writeUInt32BE(answer.length, 1);
        stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
        stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
        stream.end(Buffer.concat([prefix, answer]));
      });
      for (const done of told.splice(0)) done();
    });
  });
  const arrived = async (): Promise<void> => {
    if (waiting.length === 0) await new Promise<void>((done) => told.push(done));
  };
  return { server, arrived, takeOne: () => waiting.shift()?.() };
}

test("records leave when they are as many bytes as may wait, and the rest at the end", async () => {
  const seen: SeenRecord[] = [];
  const { exporter, counts } = exporterTo(
    await listening(
      grpcCollector(
        () => {},
        (one) => seen.push(one),
      ),
    ),
    { bufferBytes: 1_000_000 },
  );
  for (let index = 0; index < 700; index++) exporter.add(new Uint8Array());
  await exporter.flush();
  expect(counts).toEqual({ sent: 700, dropped: 0, timerFlushed: 0 });
  expect(seen).toHaveLength(700);
  expect(seen[0]?.resource[0]).toEqual(["log_name", "shop"]);
});

test("a collector that holds an export holds 8 MiB of records back; what comes then is dropped and counted", async () => {
  const slow = slowCollector();
  const { exporter, counts } = exporterTo(await listening(slow.server));
  for (let index = 0; index < 10; index++) exporter.add(RECORD);
  await slow.arrived();
  const big = new Uint8Array(1024 * 1024);
  for (let index = 0; index < 9; index++) exporter.add(big);
  expect(counts).toMatchObject({ sent: 0, dropped: 1 });
  slow.takeOne();
  await slow.arrived();
  expect(counts).toMatchObject({ sent: 10, dropped: 1 });
});

test.each([
  ["one that is away", GRPC, null],
  ["one that is away by HTTP", HTTP, null],
  ["one that refuses by HTTP", HTTP, 503],
])("records for %s are dropped and counted", async (_name, collector, status) => {
  const refusing = createHttpServer((incoming, outgoing) => {
    incoming.resume();
    outgoing.writeHead(status ?? 500).end();
  });
  const { exporter, counts } = exporterTo(status === null ? DEAD_PORT : await listening(refusing), { collector });
  for (let index = 0; index < 3; index++) exporter.add(RECORD);
  await exporter.flush();
  expect(counts).toMatchObject({ sent: 0, dropped: 3 });
});

test("what a collector rejects is dropped, the rest was written", async () => {
  const partialSuccess = { rejectedLogRecords: 2n, errorMessage: "too old" };
  const answer = create(ExportLogsServiceResponseSchema, { partialSuccess });
  const slow = slowCollector(toBinary(ExportLogsServiceResponseSchema, answer));
  const { exporter, counts } = exporterTo(await listening(slow.server), { bufferBytes: 1_000_000 });
  for (let index = 0; index < 5; index++) exporter.add(RECORD);
  const flushed = exporter.flush();
  await slow.arrived();
  slow.takeOne();
  await flushed;
  expect(counts).toMatchObject({ sent: 3, dropped: 2 });
});

test("requests are answered while the collector is away", async () => {
  const app = await startNamedOrigin("app");
  const typed = {
    "@type": "type.googleapis.com/envoy.extensions.access_loggers.open_telemetry.v3.OpenTelemetryAccessLogConfig",
    grpc_service: { envoy_grpc: { cluster_name: "collector" } },
    buffer_size_bytes: 0,
  };
  const port = await startConfigured("meshwright", (at) =>
    bootstrapOf(
      at,
      [{ match: { prefix: "/" }, route: { cluster: "app" } }],
      {
        app: { port: app.port, options: { http_protocol_options: {} } },
        collector: { port: DEAD_PORT, options: { http2_protocol_options: {} } },
      },
      { access_log: [{ name: "otlp", typed_config: typed }] },
    ),
  );
  for (let round = 0; round < 10; round++) expect((await send(port, "/")).body).toBe("app");
});
