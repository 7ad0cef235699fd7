// TLSRoute and TCPRoute of gateways, in and out: each stays a route by itself, and answers the same there and here.

import { expect, test } from "vitest";
import { withListeners } from "@/lib/compile/testing/listeners";
import { applyCommand, type MeshDocument, validateDocument } from "@/lib/mesh";
import { ask, buildScene } from "@/lib/simulate";
import { EDGE_TCP_PORT, EDGE_TLS_PORT, edgeMesh, edgeRoute } from "../../compile/testing/edge";
import { exportDocument, importDocuments } from "..";
import { imported, specOf } from "../testing/imported";
import { schemaErrors } from "./testing/schemas";

const service = (name: string) => `apiVersion: v1
kind: Service
metadata: {name: ${name}, namespace: production}
spec: {selector: {app: ${name}}, ports: [{name: tcp, port: 9000}]}
`;
const GATEWAY = `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge, namespace: production}
spec:
  gatewayClassName: some
  listeners:
  - {name: apps, port: 443, protocol: TLS, hostname: "*.example.com", tls: {mode: Passthrough}}
  - {name: raw, port: 5000, protocol: TCP}
`;
const route = (kind: string, name: string, spec: string) => `apiVersion: gateway.networking.k8s.io/v1
kind: ${kind}
metadata: {name: ${name}, namespace: production}
spec: ${spec}
`;
const ONE = route(
  "TLSRoute",
  "one",
  `{parentRefs: [{name: edge, sectionName: apps}], hostnames: [one.example.com], rules: [{backendRefs: [{name: echo, port: 9000}]}]}`,
);
const REST = route(
  "TLSRoute",
  "rest",
  `{parentRefs: [{name: edge}], hostnames: ["*.example.com"], rules: [{backendRefs: [{name: echo, port: 9000, weight: 1}, {name: archive, port: 9000, weight: 3}]}]}`,
);
const RAW = route(
  "TCPRoute",
  "raw",
  `{parentRefs: [{name: edge, port: 5000}], rules: [{backendRefs: [{name: archive, port: 9000}]}]}`,
);
const read = (...routes: string[]) =>
  imported(
    "gateway-api",
    [service("echo"), service("archive"), GATEWAY, ...routes].map((text) => ({ text })),
  );
const to = (name: string, weight: number) => ({ service: { name }, port: 9000, weight });

test("routes of connections are TcpRoutes of the gateway, by names or by port", () => {
  const { document, warnings } = read(ONE, REST, RAW);
  expect(warnings.filter(({ source }) => /Route|Gateway/.test(source))).toEqual([]);
  expect(validateDocument(document)).toEqual([]);
  expect(specOf(document, "Gateway/production/edge")).toMatchObject({
    listeners: [
      { name: "apps", port: 443, protocol: "tls", hosts: ["*.example.com"] },
      { name: "raw", port: 5000, protocol: "tcp", hosts: ["*"] },
    ],
  });
  const ruleOf = (name: string) => specOf(document, `TcpRoute/production/${name}`);
  expect(ruleOf("one")).toEqual({
    gateway: { name: "edge" },
    rules: [{ matches: [{ serverNames: ["one.example.com"] }], destinations: [to("echo", 1)] }],
  });
  expect(ruleOf("rest")).toEqual({
    gateway: { name: "edge" },
    rules: [{ matches: [{ serverNames: ["*.example.com"] }], destinations: [to("echo", 1), to("archive", 3)] }],
  });
  expect(ruleOf("raw")).toEqual({
    gateway: { name: "edge" },
    rules: [{ matches: [{ port: 5000 }], destinations: [to("archive", 1)] }],
  });
});

test("on the way back they are the routes that they were", () => {
  const { document } = read(ONE, REST, RAW);
  const { resources, report } = exportDocument("gateway-api", document);
  expect(schemaErrors(resources, "standard")).toEqual([]);
  expect(report.filter(({ key }) => key.startsWith("TcpRoute/")).map(({ verdict }) => verdict)).toEqual([
    "exact",
    "exact",
    "exact",
  ]);
  const texts = [service("echo"), service("archive"), ...resources.map((each) => JSON.stringify(each))];
  const again = imported(
    "gateway-api",
    texts.map((text) => ({ text })),
  ).document;
  for (const name of ["one", "rest", "raw"])
    expect(specOf(again, `TcpRoute/production/${name}`)).toEqual(specOf(document, `TcpRoute/production/${name}`));
});

test("a TLSRoute and a TCPRoute of one name are two routes", () => {
  const { document } = read(ONE, RAW.replace("name: raw", "name: one"));
  const names = document.objects.flatMap(({ kind, metadata }) => (kind === "TcpRoute" ? [metadata.name] : []));
  expect(names.sort()).toEqual(["one", "one-tls"]);
});

test("between routes the closest name decides, as in the standard", () => {
  const { document } = read(REST, ONE);
  const asked = (host: string) =>
    ask(buildScene(document), {
      from: { kind: "outside", gateway: "Gateway/production/edge" },
      to: { host, port: 443 },
      method: "CONNECT",
      path: "/",
      headers: {},
    }).hops[0]?.rule?.object;
  expect(asked("one.example.com")).toBe("TcpRoute/production/one");
  expect(asked("two.example.com")).toBe("TcpRoute/production/rest");
});

test.each([
  [
    "a listener that ends TLS",
    GATEWAY.replace("Passthrough", "Terminate"),
    ONE,
    "no listener in the design that passes TLS on",
  ],
  [
    "a service as parent",
    GATEWAY,
    ONE.replace("{name: edge, sectionName: apps}", '{group: "", kind: Service, name: echo}'),
    "not seen by sidecars",
  ],
  ["TCP at a port of TLS", GATEWAY, RAW.replace("port: 5000", "port: 443"), "no listener in the design that takes TCP"],
])("%s: the route is kept whole, and that is told", (_, gateway, text, why) => {
  const texts = [service("echo"), service("archive"), gateway, text].map((each) => ({ text: each }));
  const { document, warnings } = imported("gateway-api", texts);
  expect(warnings.map(({ message }) => message).join("\n")).toContain(why);
  expect(document.objects.filter(({ kind }) => kind === "TcpRoute")).toEqual([]);
  const kinds = exportDocument("gateway-api", document).resources.map(({ kind }) => kind);
  expect(kinds).toContain(/kind: (\w+)/.exec(text)?.[1]);
});

test("a route for names that its listener does not serve is not attached, there or here", () => {
  const { document, warnings } = read(ONE.replace("one.example.com", "one.example.org"));
  expect(document.objects.filter(({ kind }) => kind === "TcpRoute")).toEqual([]);
  expect(warnings.map(({ message }) => message)).toContain(
    "is not attached to gateway edge: none of its listeners of TLS takes it",
  );
});

function into(document: MeshDocument, texts: readonly { text: string }[]): MeshDocument {
  const result = importDocuments("gateway-api", texts, { document });
  const applied = applyCommand(document, {}, { type: "batch", commands: result.commands });
  if (!applied.ok) throw new Error(JSON.stringify(applied.violations));
  return applied.document;
}

test("a design's own route answers the same after it went to Gateway API and back", () => {
  const document = edgeMesh(edgeRoute());
  const { resources } = exportDocument("gateway-api", document);
  expect(schemaErrors(resources, "standard")).toEqual([]);
  const names = resources.flatMap(({ kind, metadata }) =>
    /^T(LS|CP)Route$/.test(kind) ? [`${kind} ${metadata.name}`] : [],
  );
  expect(names).toEqual(["TLSRoute edge", "TLSRoute edge-02", "TCPRoute edge"]);
  const without = { objects: document.objects.filter(({ kind }) => kind !== "TcpRoute") };
  const texts = resources
    .filter(({ kind }) => kind === "TLSRoute")
    .map((each) => ({
      text: JSON.stringify(each).replaceAll("ledger-v1", "ledger").replaceAll("ledger-v2", "ledger"),
    }));
  const after = into(without, texts);
  const answers = (of: MeshDocument) =>
    [
      ["archive.example.com", EDGE_TLS_PORT],
      ["a.example.com", EDGE_TLS_PORT],
      ["db.example.net", EDGE_TLS_PORT],
    ].map(([host, port]) => {
      const from = { kind: "outside" as const, gateway: "Gateway/production/edge" };
      const to = { host: String(host), port: Number(port) };
      const asked = ask(buildScene(of), { from, to, method: "CONNECT", path: "/", headers: {} });
      return [asked.outcome, ...new Set(asked.destinations.map((each) => each.service))];
    });
  expect(answers(after)).toEqual(answers(document));
  const tcp = resources.find(({ kind }) => kind === "TCPRoute")?.["spec"];
  expect(tcp).toMatchObject({ parentRefs: [{ name: "edge", port: EDGE_TCP_PORT }] });
});

test("a rule for every name is no TLSRoute, and that is told", () => {
  const document = edgeMesh(edgeRoute([{ matches: [], destinations: [{ service: { name: "archive" }, weight: 1 }] }]));
  const open = withListeners(document, (all) => all.map((one) => ({ ...one, hosts: ["*"] })));
  const { resources, report } = exportDocument("gateway-api", open);
  expect(resources.map(({ kind }) => kind)).not.toContain("TLSRoute");
  expect(report.find(({ key }) => key === "TcpRoute/production/edge")).toMatchObject({
    verdict: "lost",
    changesMeaning: true,
    reason: "a TLSRoute names its hosts: TLS for other names than those is closed there",
  });
});

test.each(["gateway-api", "istio"] as const)(
  "%s closes what the design sends to the one service behind, and that is told",
  (id) => {
    const { objects } = edgeMesh();
    const isOther = (name: string) => name === "edge-to-ledger" || name === "edge-to-storefront" || name === "edge";
    const document = { objects: objects.filter(({ kind, metadata }) => kind === "Gateway" || !isOther(metadata.name)) };
    const { report } = exportDocument(id, document);
    expect(
      report.filter(({ path, key }) => key === "Gateway/production/edge" && path === "spec.listeners"),
    ).toMatchObject([{ verdict: "lost", changesMeaning: true }]);
  },
);
