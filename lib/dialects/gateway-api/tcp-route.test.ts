// TCPRoute: in and out again the same design, what goes out is what the published schema takes, and a connection goes where it went.
import { expect, test } from "vitest";
import { applyCommand, type MeshDocument, validateDocument } from "@/lib/mesh";
import { ask, buildScene } from "@/lib/simulate";
import { ledgerMesh, ledgerRoute } from "../../compile/testing/ledger";
import { exportDocument, importDocuments } from "..";
import { imported, specOf } from "../testing/imported";
import { schemaErrors } from "./testing/schemas";

const GROUND = `apiVersion: v1
kind: Service
metadata: {name: echo, namespace: production}
spec: {selector: {app: echo}, ports: [{name: tcp, port: 9000, appProtocol: tcp}, {name: http, port: 8080, appProtocol: http}]}
---
apiVersion: v1
kind: Service
metadata: {name: archive, namespace: backup}
spec: {selector: {app: archive}, ports: [{name: tcp, port: 9000, appProtocol: tcp}]}
`;
const route = (name: string, namespace: string, spec: string) => `---
apiVersion: gateway.networking.k8s.io/v1
kind: TCPRoute
metadata: {name: ${name}, namespace: ${namespace}}
spec: ${spec}
`;
const ofEcho = (port = "", more = "") =>
  `{group: "", kind: Service, name: echo${port === "" ? "" : `, port: ${port}`}${more}}`;
const SPLIT = route(
  "echo",
  "production",
  `{parentRefs: [${ofEcho("9000")}], rules: [{name: split, backendRefs: [{name: echo, port: 9000, weight: 3}, {name: archive, namespace: backup, port: 9000}]}]}`,
);
const CONSUMER = route(
  "batch",
  "staging",
  `{parentRefs: [${ofEcho("9000", ", namespace: production")}], rules: [{backendRefs: [{name: archive, namespace: backup, port: 9000}]}]}`,
);
const KEY = "TcpRoute/production/echo";

test("routes of a service are its TcpRoute, those of another namespace for the callers there, and come back as they were", () => {
  const { document, warnings } = imported("gateway-api", [{ text: GROUND + SPLIT + CONSUMER }]);
  expect(warnings.filter(({ source }) => source.startsWith("TCPRoute"))).toEqual([]);
  expect(validateDocument(document)).toEqual([]);
  expect(specOf(document, KEY)).toEqual({
    service: { name: "echo" },
    rules: [
      {
        matches: [{ caller: { namespace: "staging" } }],
        destinations: [{ service: { namespace: "backup", name: "archive" }, port: 9000, weight: 1 }],
      },
      {
        name: "split",
        matches: [],
        destinations: [
          { service: { name: "echo" }, port: 9000, weight: 3 },
          { service: { namespace: "backup", name: "archive" }, port: 9000, weight: 1 },
        ],
      },
    ],
  });
  const { resources, report } = exportDocument("gateway-api", document);
  expect(schemaErrors(resources, "standard")).toEqual([]);
  expect(report.filter(({ key }) => key === KEY).map(({ path, verdict }) => [path, verdict])).toEqual([
    ["spec.rules[0]", "exact"],
    ["spec.rules[1]", "exact"],
  ]);
  const texts = [GROUND, ...resources.map((each) => JSON.stringify(each))].map((text) => ({ text }));
  expect(specOf(imported("gateway-api", texts).document, KEY)).toEqual(specOf(document, KEY));
});

test.each([
  [
    "a gateway",
    `{parentRefs: [{name: edge}], rules: [{backendRefs: [{name: echo, port: 9000}]}]}`,
    "gateway edge has no listener in the design that takes TCP",
  ],
  [
    "a port of HTTP",
    `{parentRefs: [${ofEcho("8080")}], rules: [{backendRefs: [{name: echo, port: 9000}]}]}`,
    "service echo has no TCP port 8080",
  ],
  [
    "a backend that is not there",
    `{parentRefs: [${ofEcho()}], rules: [{backendRefs: [{name: nowhere, port: 1}]}]}`,
    "is no service of the design",
  ],
  [
    "nothing that gets connections",
    `{parentRefs: [${ofEcho()}], rules: [{backendRefs: [{name: echo, port: 9000, weight: 0}]}]}`,
    "nothing gets its connections",
  ],
  [
    "a field of another product",
    `{parentRefs: [${ofEcho()}], useDefaultGateways: All, rules: [{backendRefs: [{name: echo, port: 9000}]}]}`,
    "useDefaultGateways is not in the model",
  ],
])("%s: the route is kept whole and comes back", (_, spec, why) => {
  const { document, warnings } = imported("gateway-api", [{ text: GROUND + route("kept", "production", spec) }]);
  expect(warnings.filter(({ source }) => source.startsWith("TCPRoute"))).toMatchObject([
    { verdict: "lost", changesMeaning: true, message: expect.stringContaining(why) },
  ]);
  expect(document.objects.some(({ kind }) => kind === "TcpRoute")).toBe(false);
  const { resources } = exportDocument("gateway-api", document);
  expect(resources.filter(({ kind }) => kind === "TCPRoute").map(({ metadata }) => metadata.name)).toEqual(["kept"]);
});

test("Linkerd takes the same routes, and the report says what it needs", () => {
  const { document } = imported("linkerd", [{ text: GROUND + SPLIT + CONSUMER }]);
  const { resources, report } = exportDocument("linkerd", document);
  expect(schemaErrors(resources, "linkerd")).toEqual([]);
  const made = (all: typeof resources) => all.filter(({ kind }) => kind === "TCPRoute");
  expect(made(resources)).toEqual(made(exportDocument("gateway-api", document).resources));
  expect(report.filter(({ key }) => key === KEY).map(({ verdict }) => verdict)).toEqual(["approximate", "approximate"]);
});

test("without a port a route of a service with HTTP ports as well is for its TCP ports, which is told", () => {
  const open = route(
    "echo",
    "production",
    `{parentRefs: [${ofEcho()}], rules: [{backendRefs: [{name: echo, port: 9000}]}]}`,
  );
  const { document, warnings } = imported("gateway-api", [{ text: GROUND + open }]);
  expect(specOf(document, KEY)).toMatchObject({ rules: [{ matches: [] }] });
  expect(warnings.filter(({ source }) => source.startsWith("TCPRoute"))).toMatchObject([{ changesMeaning: true }]);
});

test("rules for labels of callers are told as lost; the others send connections where they went", () => {
  const before = ledgerMesh(ledgerRoute());
  const { resources, report } = exportDocument("gateway-api", before);
  expect(schemaErrors(resources, "standard")).toEqual([]);
  const told = report.filter(({ key }) => key === "TcpRoute/production/ledger");
  expect(told.map(({ path, verdict, changesMeaning }) => [path, verdict, changesMeaning])).toEqual([
    ["spec.rules[0]", "lost", true],
    ["spec.rules[1]", "exact", undefined],
    ["spec", "moved", undefined],
  ]);
  const objects = before.objects.filter(({ kind }) => kind !== "TcpRoute");
  const texts = resources.filter(({ kind }) => kind !== "Namespace").map((each) => ({ text: JSON.stringify(each) }));
  const { commands, violations } = importDocuments("gateway-api", texts, { document: { objects } });
  expect(violations).toEqual([]);
  const applied = applyCommand({ objects }, {}, { type: "batch", commands });
  if (!applied.ok) throw new Error(JSON.stringify(applied.violations));
  const answer = (document: MeshDocument) =>
    ask(buildScene(document), {
      from: { kind: "workload", workload: "Workload/production/storefront-v1" },
      to: { host: "ledger", port: 5432 },
      ...{ method: "CONNECT", path: "/", headers: {} },
    });
  expect(answer(applied.document).destinations).toEqual(answer(before).destinations);
  expect(answer(before).destinations.map(({ probability }) => probability)).toEqual([0.75, 0.25]);
});

test("a rule for one of several ports is a route of that port; rules that nothing reaches are not written", () => {
  const document = ledgerMesh();
  const objects = document.objects.map((each) =>
    each.kind === "Service" && each.metadata.name === "ledger"
      ? { ...each, spec: { ports: [...each.spec.ports, { name: "admin", port: 5433, protocol: "tcp" as const }] } }
      : each,
  );
  const to = (port?: number) => [{ service: { name: "ledger" }, weight: 1, ...(port === undefined ? {} : { port }) }];
  const rules = [
    { matches: [{ port: 5433 }], destinations: to(5432) },
    { matches: [], destinations: to() },
    { matches: [], destinations: to(5433) },
  ];
  const { resources, report } = exportDocument("gateway-api", { objects: [...objects, ledgerRoute(rules)] });
  expect(schemaErrors(resources, "standard")).toEqual([]);
  const made = resources.filter(({ kind }) => kind === "TCPRoute");
  expect(made.map(({ metadata, spec }) => [metadata.name, spec["parentRefs"], spec["rules"]])).toEqual([
    [
      "ledger",
      [{ group: "", kind: "Service", name: "ledger", port: 5432 }],
      [{ backendRefs: [{ name: "ledger", port: 5432, weight: 1 }] }],
    ],
    [
      "ledger-02",
      [{ group: "", kind: "Service", name: "ledger", port: 5433 }],
      [{ backendRefs: [{ name: "ledger", port: 5432, weight: 1 }] }],
    ],
  ]);
  const told = report.filter(({ key, path }) => key.startsWith("TcpRoute/") && path.startsWith("spec.rules"));
  expect(told.map(({ verdict }) => verdict)).toEqual(["exact", "exact", "moved"]);
});
