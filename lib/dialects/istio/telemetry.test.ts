// Tracing and access logs of Istio's MeshConfig and mesh-wide Telemetry as those of the design, and back.
import { expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { type AccessLog, applyCommand, demoMesh, type MeshDocument, type MeshRoot, type Tracing } from "@/lib/mesh";
import { exportDocument, importDocuments, lossesOf } from "..";

const SPANS = { name: "otel", opentelemetry: { service: "otel.observability.svc", port: 4317 } };
const LOGS = {
  name: "logs",
  envoyOtelAls: { service: "observability/otel.example.com", port: 4318, logFormat: { text: "%PROTOCOL%\n" } },
};
const operator = (meshConfig: object) => ({
  apiVersion: "install.istio.io/v1alpha1",
  kind: "IstioOperator",
  metadata: { name: "installed", namespace: "istio-system" },
  spec: { meshConfig },
});
const telemetry = (spec: object, namespace = "istio-system") => ({
  apiVersion: "telemetry.istio.io/v1",
  kind: "Telemetry",
  metadata: { name: "mesh-default", namespace },
  spec,
});

function read(documents: readonly object[], document: MeshDocument = demoMesh()) {
  const text = documents.map((each) => stringify(each)).join("---\n");
  const result = importDocuments("istio", [{ text, file: undefined }], { document });
  expect(result.violations).toEqual([]);
  const applied = applyCommand(document, {}, { type: "batch", commands: result.commands });
  if (!applied.ok) throw new Error(JSON.stringify(applied.violations));
  const after = applied.document;
  const { spec } = after.objects.find((each): each is MeshRoot => each.kind === "Mesh") as MeshRoot;
  return { spec, after, warnings: result.warnings.map(({ path, message }) => `${path}: ${message}`) };
}

const TRACING: Tracing = {
  collector: { host: "otel.observability.svc", port: 4317, protocol: "grpc" },
  samplingPercent: 12.5,
  tags: [
    { name: "mesh", from: { type: "literal", value: "shop" } },
    { name: "tenant", from: { type: "header", header: "x-tenant", default: "none" } },
    { name: "zone", from: { type: "environment", variable: "ZONE" } },
  ],
};

test("a Telemetry of the whole mesh traces and logs with the providers of MeshConfig", () => {
  const { spec, warnings } = read([
    telemetry({
      tracing: [
        {
          providers: [{ name: "otel" }],
          randomSamplingPercentage: 12.5,
          customTags: {
            mesh: { literal: { value: "shop" } },
            tenant: { header: { name: "x-tenant", defaultValue: "none" } },
            zone: { environment: { name: "ZONE" } },
          },
        },
      ],
      accessLogging: [
        { providers: [{ name: "logs" }], filter: { expression: "response.code>=400 && response.code < 500" } },
      ],
    }),
    operator({ extensionProviders: [SPANS, LOGS] }),
  ]);
  expect(spec.tracing).toEqual(TRACING);
  expect(spec.accessLog).toEqual({
    to: { type: "collector", host: "otel.example.com", port: 4318, protocol: "grpc" },
    format: { type: "text", text: "%PROTOCOL%" },
    filter: { type: "status", from: 400, to: 499 },
  });
  expect(warnings).toEqual([]);
});

test.each([
  ["the ConfigMap", { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "istio", namespace: "istio-system" } }],
  ["values of the chart", undefined],
])("%s says what holds where no Telemetry does", (_name, configMap) => {
  const meshConfig = {
    accessLogFile: "/var/log/istio/requests.log",
    accessLogEncoding: "JSON",
    accessLogFormat: JSON.stringify({ code: "%RESPONSE_CODE%" }),
    enableTracing: true,
    defaultProviders: { tracing: ["otel"] },
    defaultConfig: { tracing: { sampling: 7 } },
    extensionProviders: [{ ...SPANS, opentelemetry: { ...SPANS.opentelemetry, http: { path: "/v1/traces" } } }],
  };
  const { spec, warnings } = read([
    configMap ? { ...configMap, data: { mesh: stringify(meshConfig) } } : { meshConfig },
  ]);
  expect(spec.tracing).toEqual({
    collector: { host: "otel.observability.svc", port: 4317, protocol: "http" },
    samplingPercent: 7,
  });
  expect(spec.accessLog).toEqual({
    to: { type: "file", path: "/var/log/istio/requests.log" },
    format: { type: "json", fields: { code: "%RESPONSE_CODE%" } },
  });
  expect(warnings).toEqual([]);
});

test("what is switched off is off, and Istio's share of one percent holds where nobody says another", () => {
  const before = read([
    telemetry({ tracing: [{ providers: [{ name: "otel" }] }], accessLogging: [{}] }),
    operator({
      extensionProviders: [SPANS],
      defaultProviders: { accessLogging: ["envoy"] },
    }),
  ]);
  expect(before.spec.tracing?.samplingPercent).toBe(1);
  expect(before.spec.accessLog).toEqual({ to: { type: "stdout" } });
  const off = telemetry({ tracing: [{ disableSpanReporting: true }], accessLogging: [{ disabled: true }] });
  const { spec } = read([off], before.after);
  expect([spec.tracing, spec.accessLog]).toEqual([undefined, undefined]);
});

test.each([
  ["of a namespace", telemetry({ tracing: [{ randomSamplingPercentage: 5 }] }, "production"), "kind"],
  ["of workloads", telemetry({ selector: { matchLabels: { app: "cart" } }, accessLogging: [{}] }), "kind"],
  ["with metrics", telemetry({ metrics: [{ providers: [{ name: "prometheus" }] }] }), "spec.metrics"],
  ["with an unknown provider", telemetry({ tracing: [{ providers: [{ name: "x" }] }] }), "spec.tracing"],
  ["of one direction", telemetry({ accessLogging: [{ match: { mode: "CLIENT" } }] }), "spec.accessLogging"],
  ["by another filter", telemetry({ accessLogging: [{ filter: { expression: "true" } }] }), "spec.accessLogging"],
  ["with a formatter", telemetry({ tracing: [{ customTags: { a: { formatter: { value: "b" } } } }] }), "spec.tracing"],
])("a Telemetry %s is kept whole, told, and comes back", (_name, document, path) => {
  const { spec, after, warnings } = read([document]);
  expect([spec.tracing, spec.accessLog]).toEqual([undefined, undefined]);
  expect(warnings.some((warning) => warning.startsWith(`${path}:`) || warning.startsWith(`${path}[`))).toBe(true);
  const back = exportDocument("istio", after).resources.filter(({ kind }) => kind === "Telemetry");
  expect(back).toEqual([document]);
});

test("what a provider cannot say here is told by its place", () => {
  const { spec, warnings } = read([
    operator({
      accessLogFile: "/etc/passwd",
      accessLogFormat: "%UPSTREAM_CLUSTER_RAW%",
      enableTracing: true,
      defaultConfig: { tracing: { zipkin: { address: "zipkin:9411" } } },
    }),
  ]);
  expect(spec.tracing).toBeUndefined();
  expect(spec.accessLog).toEqual({ to: { type: "stdout" } });
  expect(warnings).toEqual([
    "spec.defaultConfig.tracing: sends spans to what does not take OTLP",
    "spec.accessLogFormat: names %UPSTREAM_CLUSTER_RAW%, which proxies do not write: the fields of proxies' own log are written",
    "spec.accessLogFile: /etc/passwd is written to standard output: proxies here write files below /var/log/ only",
  ]);
});

test("one Telemetry goes out for the whole mesh: what came with it, and what the design says now", () => {
  const metrics = [{ providers: [{ name: "prometheus" }] }];
  const { after } = read([
    telemetry({ metrics, tracing: [{ providers: [{ name: "otel" }] }] }),
    operator({ extensionProviders: [SPANS] }),
  ]);
  const { resources } = exportDocument("istio", after);
  expect(resources.filter(({ kind }) => kind === "Telemetry")).toEqual([
    telemetry({ metrics, tracing: [{ providers: [{ name: "meshwright-otlp" }], randomSamplingPercentage: 1 }] }),
  ]);
});

const withLog = (accessLog: AccessLog): MeshDocument => ({
  objects: demoMesh().objects.map((each) =>
    each.kind === "Mesh" ? { ...each, spec: { ...each.spec, accessLog } } : each,
  ),
});

test.each<[AccessLog]>([
  [{ to: { type: "stdout" }, format: { type: "text", text: "%PROTOCOL%" } }],
  [
    {
      to: { type: "file", path: "/var/log/mesh.log" },
      format: { type: "json", fields: { code: "%RESPONSE_CODE%" } },
      filter: { type: "errors" },
    },
  ],
  [
    {
      to: { type: "collector", host: "otel", port: 4317, protocol: "grpc" },
      format: { type: "text", text: "%PROTOCOL%" },
      filter: { type: "status", from: 500, to: 503 },
    },
  ],
])("%j goes out as a Telemetry and a provider that is told, and reads back the same", (accessLog) => {
  const { resources, report } = exportDocument("istio", withLog(accessLog));
  const told = lossesOf(report).find(({ path }) => path === "spec.accessLog.to")?.reason ?? "";
  const provider = parse(told.slice(told.indexOf("{"))) as object;
  const [out] = resources.filter(({ kind }) => kind === "Telemetry");
  const { labels: _, ...metadata } = out?.metadata ?? { name: "" };
  const { spec } = read([{ ...out, metadata }, operator({ extensionProviders: [provider] })]);
  expect(spec.accessLog).toEqual(accessLog);
});

test("TLS to a collector is told: MeshConfig has no word for it, and plain text would go out", () => {
  const tls = { serverName: "otel.test" };
  const collector = { ...TRACING.collector, tls };
  const document: MeshDocument = {
    objects: demoMesh().objects.map((each) =>
      each.kind === "Mesh"
        ? {
            ...each,
            spec: {
              ...each.spec,
              tracing: { ...TRACING, collector },
              accessLog: { to: { type: "collector", ...collector } },
            },
          }
        : each,
    ),
  };
  const losses = lossesOf(exportDocument("istio", document).report).filter(({ path }) => path.endsWith(".tls"));
  expect(losses.map(({ path, verdict }) => [path, verdict])).toEqual([
    ["spec.tracing.collector.tls", "lost"],
    ["spec.accessLog.to.tls", "lost"],
  ]);
  expect(losses[0]?.reason).toContain("DestinationRule");
});
