// What a mesh that logs asks of its proxies beside their own log, and that it is what Envoy and our proxy take.
import { TYPE_URLS } from "@meshwright/proxy/contract";
import { plan } from "@meshwright/proxy/plan";
import { expect, test } from "vitest";
import { type AccessLog, demoMesh, LOG_OPERATORS, type MeshDocument } from "@/lib/mesh";
import { compile, compileToBytes } from "./compile";
import { encodeResources, resourcesToJson } from "./resources";
import { inputFor } from "./testing/inputs";
import { loggedMesh } from "./testing/rich";

const CHECKOUT = "production/checkout-v1/0";
const GATEWAY = "production/shop-gateway/0";
const COLLECTOR = { type: "collector", host: "otel.observability.svc", port: 4317, protocol: "grpc" } as const;

function resourcesOf(document: MeshDocument, proxyId: string) {
  const result = compile(inputFor(document), proxyId);
  if (!result.ok) throw new Error(JSON.stringify(result.violations));
  return result.resources;
}

/** Of every HTTP connection manager, by listener. */
function logsOf(document: MeshDocument, proxyId: string) {
  const { secrets: _names, ...resources } = resourcesOf(document, proxyId);
  const planned = plan(resources, { externalSecrets: ["identity", "bundle"] });
  if (!planned.ok) throw new Error(JSON.stringify(planned.violations));
  return planned.plan.listeners.flatMap(({ name, filterChains }) =>
    filterChains.map(({ network }) => [name, network.accessLogs] as const),
  );
}

test("every connection manager keeps its own log and writes the one that the mesh asks for", () => {
  const found = logsOf(loggedMesh({ to: { type: "stdout" } }), CHECKOUT);
  expect(found.map(([name]) => name)).toEqual(["inbound", "outbound"]);
  for (const [name, logs] of found) {
    expect(logs).toMatchObject([
      { kind: "file", path: "access.log", filter: null },
      { kind: "file", path: "/dev/stdout", filter: null, format: { kind: "json" } },
    ]);
    expect(JSON.stringify(logs[1])).toContain(`"literal":"${name}"`);
  }
});

test("a file has the text that is asked for, with an end of line", () => {
  const log: AccessLog = {
    to: { type: "file", path: "/var/log/mesh/requests.log" },
    format: { type: "text", text: "%REQ(:METHOD)% %RESPONSE_CODE%" },
    filter: { type: "status", from: 500 },
  };
  const [[, [, asked] = []] = []] = logsOf(loggedMesh(log), CHECKOUT);
  expect(asked).toMatchObject({
    kind: "file",
    path: "/var/log/mesh/requests.log",
    filter: { kind: "status", op: "ge", value: 500 },
    format: { kind: "text" },
  });
  expect(JSON.stringify(asked)).toContain('{"literal":"\\n"}');
});

test("a collector gets attributes, or a body where the format is text, in the name of the service", () => {
  const [[, [, attributes] = []] = []] = logsOf(
    loggedMesh({ to: COLLECTOR, format: { type: "json", fields: { code: "%RESPONSE_CODE%" } } }),
    CHECKOUT,
  );
  expect(attributes).toMatchObject({
    kind: "otlp",
    body: null,
    attributes: [["code", { kind: "text", parts: [{ operator: "RESPONSE_CODE" }] }]],
    exporter: {
      logName: "inbound",
      resource: [{ key: "service.name" }],
      collector: { kind: "grpc", grpc: { cluster: "otlp-log-collector" } },
    },
  });
  expect(JSON.stringify(resourcesToJson(resourcesOf(loggedMesh({ to: COLLECTOR }), GATEWAY)))).toContain(
    '"string_value":"shop-gateway.production"',
  );
  const http = loggedMesh({
    to: { ...COLLECTOR, port: 4318, protocol: "http" },
    format: { type: "text", text: "%PROTOCOL%\n" },
  });
  const [[, [, body] = []] = []] = logsOf(http, CHECKOUT);
  expect(body).toMatchObject({
    body: { kind: "text", parts: [{ operator: "PROTOCOL" }] },
    attributes: [],
    exporter: { collector: { kind: "http", authority: "otel.observability.svc:4318", path: "/v1/logs" } },
  });
  expect(resourcesToJson(resourcesOf(http, CHECKOUT)).clusters["otlp-log-collector"]).toMatchObject({
    type: "STRICT_DNS",
  });
});

test("errors are statuses from 400 on, nothing at all, flags and failed gRPC calls", () => {
  const [[, [, asked] = []] = []] = logsOf(
    loggedMesh({ to: { type: "stdout" }, filter: { type: "errors" } }),
    CHECKOUT,
  );
  expect(asked?.filter).toMatchObject({
    kind: "or",
    filters: [
      { kind: "status", op: "ge", value: 400 },
      { kind: "status", op: "eq", value: 0 },
      { kind: "flags", flags: [] },
      {
        kind: "and",
        filters: [{ header: { text: 'content-type prefix "application/grpc"' } }, { statuses: [0], isExclude: true }],
      },
    ],
  });
});

test("a mesh that does not speak of it has its proxies' own log alone", () => {
  for (const [, logs] of logsOf(demoMesh(), CHECKOUT)) expect(logs).toHaveLength(1);
  expect(Object.keys(resourcesToJson(resourcesOf(demoMesh(), CHECKOUT)).clusters)).not.toContain("otlp-log-collector");
});

test("every operator of the model is one of the proxy", () => {
  const fields = Object.fromEntries(
    Object.entries(LOG_OPERATORS).map(([name, takes]) => [name, `%${name}${takes === "header" ? "(X-A?X-B):9" : ""}%`]),
  );
  const [[, logs] = []] = logsOf(loggedMesh({ to: COLLECTOR, format: { type: "json", fields } }), CHECKOUT);
  expect(logs).toHaveLength(2);
});

test("what is sent is the same as what is told", () => {
  const document = loggedMesh({ to: COLLECTOR, filter: { type: "errors" } });
  const sent = compileToBytes(inputFor(document), CHECKOUT);
  if (!sent.ok) throw new Error(JSON.stringify(sent.violations));
  const told = encodeResources(resourcesOf(document, CHECKOUT));
  for (const kind of ["listener", "cluster"] as const) {
    const bytes = told.filter(({ typeUrl }) => typeUrl === TYPE_URLS[kind]).map(({ name, bytes: of }) => [name, of]);
    expect([...sent.resources[`${kind}s`]]).toEqual(bytes);
  }
});
