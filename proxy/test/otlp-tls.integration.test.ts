// Spans and log records to a collector behind TLS, on our proxy and on Envoy where ENVOY_BIN names it. Rule: the transport socket is the one
// that Meshwright's compiler writes (lib/compile/collectors.ts), and a collector that cannot be verified is told nothing.

import { createServer as createHttpsServer } from "node:https";
import type { AddressInfo, Server } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { bootstrapOf, kinds, startConfigured } from "./support/both-proxies";
import { createCa, type TestCa } from "./support/certificates";
import { grpcCollectorByTls, httpCollector, type SeenRecord, type SeenSpan } from "./support/collector";
import { cleanUp, onCleanUp, startNamedOrigin } from "./support/network";
import { send } from "./support/send";

afterEach(cleanUp);

const TYPES = "type.googleapis.com/envoy";
const LIMIT_MS = 20_000;

const transport_socket = (caPem: string, name: string, alpn: string) => ({
  name: "envoy.transport_sockets.tls",
  typed_config: {
    "@type": `${TYPES}.extensions.transport_sockets.tls.v3.UpstreamTlsContext`,
    common_tls_context: {
      alpn_protocols: [alpn],
      validation_context: {
        trusted_ca: { inline_string: caPem },
        match_typed_subject_alt_names: [{ san_type: "DNS", matcher: { exact: name } }],
      },
    },
    sni: name,
  },
});

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  onCleanUp(() => void server.close());
  return (server.address() as AddressInfo).port;
}

interface Told {
  spans: SeenSpan[];
  records: SeenRecord[];
  handshakes: string[];
}

/** A collector for `collector.test`, and what it was told. */
async function collectorOf(ca: TestCa, protocol: "grpc" | "http"): Promise<{ port: number; told: Told }> {
  const identity = await ca.issue([], { dns: ["collector.test"] });
  const told: Told = { spans: [], records: [], handshakes: [] };
  const onSpan = (span: SeenSpan) => told.spans.push(span);
  const onRecord = (record: SeenRecord) => told.records.push(record);
  const plain = httpCollector(onSpan, onRecord);
  const server =
    protocol === "grpc"
      ? grpcCollectorByTls(identity, onSpan, onRecord)
      : createHttpsServer({ cert: identity.certPem, key: identity.keyPem }, (request, response) =>
          plain.emit("request", request, response),
        );
  server.on("secureConnection", ({ servername, alpnProtocol }) =>
    told.handshakes.push(`${servername} ${alpnProtocol}`),
  );
  server.on("tlsClientError", (error) => told.handshakes.push(`refused: ${error.message}`));
  return { port: await listening(server), told };
}

async function proxyTo(kind: (typeof kinds)[number], port: number, protocol: "grpc" | "http", socket: object) {
  const app = await startNamedOrigin("app");
  const service = (path: string) =>
    protocol === "grpc"
      ? { grpc_service: { envoy_grpc: { cluster_name: "collector" } } }
      : { http_service: { http_uri: { uri: `https://collector.test${path}`, cluster: "collector", timeout: "10s" } } };
  const tracer = { "@type": `${TYPES}.config.trace.v3.OpenTelemetryConfig`, ...service("/v1/traces") };
  const logger = {
    "@type": `${TYPES}.extensions.access_loggers.open_telemetry.v3.OpenTelemetryAccessLogConfig`,
    log_name: "requests",
    ...service("/v1/logs"),
  };
  return startConfigured(kind, (at) =>
    bootstrapOf(
      at,
      [{ match: { prefix: "/" }, route: { cluster: "app" } }],
      {
        app: { port: app.port, options: { http_protocol_options: {} } },
        collector: {
          port,
          options: protocol === "grpc" ? { http2_protocol_options: {} } : { http_protocol_options: {} },
          transport_socket: socket,
        },
      },
      {
        tracing: { provider: { name: "envoy.tracers.opentelemetry", typed_config: tracer } },
        access_log: [{ name: "envoy.access_loggers.open_telemetry", typed_config: logger }],
      },
    ),
  );
}

describe.each(kinds)("%s", (kind) => {
  test.each([
    ["grpc", "h2"],
    ["http", "http/1.1"],
  ] as const)("tells a collector by %s over TLS", { timeout: LIMIT_MS * 2 }, async (protocol, alpn) => {
    const ca = await createCa("collectors");
    const { port, told } = await collectorOf(ca, protocol);
    const proxy = await proxyTo(kind, port, protocol, transport_socket(ca.pem, "collector.test", alpn));
    // Envoy sends five spans together.
    for (let round = 0; round < 5; round++) expect((await send(proxy, "/")).status).toBe(200);
    await expect.poll(() => told.spans.length, { timeout: LIMIT_MS }).toBe(5);
    await expect.poll(() => told.records.length, { timeout: LIMIT_MS }).toBe(5);
    expect(new Set(told.handshakes)).toEqual(new Set([`collector.test ${alpn}`]));
  });

  test("tells one nothing that another authority signed, or that has another name", {
    timeout: LIMIT_MS * 2,
  }, async () => {
    const [ca, other] = [await createCa("collectors"), await createCa("somebody")];
    for (const socket of [
      transport_socket(other.pem, "collector.test", "h2"),
      transport_socket(ca.pem, "other.test", "h2"),
    ]) {
      const { port, told } = await collectorOf(ca, "grpc");
      const proxy = await proxyTo(kind, port, "grpc", socket);
      for (let round = 0; round < 5; round++) expect((await send(proxy, "/")).status).toBe(200);
      // The export was tried, and ended in the handshake.
      await expect.poll(() => told.handshakes.length, { timeout: LIMIT_MS }).toBeGreaterThan(0);
      expect(told).toMatchObject({ spans: [], records: [] });
    }
  });
});
