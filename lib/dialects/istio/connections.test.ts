// Rules of tls and tcp for gateways, from Istio and back: they mean the same there, and what cannot be said keeps them whole.
import { expect, test } from "vitest";
import { applyCommand, type MeshDocument, validateDocument } from "@/lib/mesh";
import { ask, buildScene } from "@/lib/simulate";
import { EDGE_RULES, EDGE_TCP_PORT, EDGE_TLS_PORT, edgeMesh, edgeRoute } from "../../compile/testing/edge";
import { exportDocument, importDocuments, lossesOf } from "..";
import { schemaErrors } from "../gateway-api/testing/schemas";
import { imported, specOf } from "../testing/imported";

const service = (name: string) => `apiVersion: v1
kind: Service
metadata: {name: ${name}, namespace: production}
spec: {selector: {app: ${name}}, ports: [{name: tcp, port: 9000}, {name: http, port: 8080}]}
`;
const gateway = (servers: string) => `apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: edge, namespace: production}
spec:
  selector: {istio: ingressgateway}
  servers:
${servers}`;
const PASSTHROUGH = `  - {port: {number: 443, name: tls, protocol: TLS}, hosts: ["*.example.com"], tls: {mode: PASSTHROUGH}}\n`;
const RAW = `  - {port: {number: 5000, name: raw, protocol: TCP}, hosts: ["*"]}\n`;
const virtualService = (lists: string, gateways = "[edge]") => `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: apps, namespace: production}
spec:
  hosts: ["*.example.com"]
  gateways: ${gateways}
${lists}`;
const TLS = `  tls:
  - match: [{port: 443, sniHosts: [a.example.com, b.example.com]}]
    route: [{destination: {host: echo, port: {number: 9000}}}]
  - match: [{sniHosts: ["*.example.com"]}]
    route:
    - {destination: {host: echo, port: {number: 9000}}, weight: 80}
    - {destination: {host: archive, port: {number: 9000}}, weight: 20}
`;
const TCP = `  tcp:
  - match: [{port: 5000}]
    route: [{destination: {host: archive, port: {number: 9000}}}]
`;
const KEY = "TcpRoute/production/apps";
const read = (servers: string, route: string) => {
  const texts = [service("echo"), service("archive"), gateway(servers), route].map((text) => ({ text }));
  return imported("istio", texts, "shop");
};
const to = (name: string, weight: number) => ({ service: { name }, port: 9000, weight });

test("tls and tcp of a gateway: listeners that pass on, and one TcpRoute with server names", () => {
  const { document, warnings } = read(PASSTHROUGH + RAW, virtualService(TLS + TCP));
  expect(warnings.filter(({ source }) => /^(Gateway|VirtualService)/.test(source))).toEqual([]);
  expect(validateDocument(document)).toEqual([]);
  expect(specOf(document, "Gateway/production/edge")).toMatchObject({
    listeners: [
      { name: "tls", port: 443, protocol: "tls", hosts: ["*.example.com"] },
      { name: "raw", port: 5000, protocol: "tcp", hosts: ["*"] },
    ],
  });
  expect(specOf(document, KEY)).toEqual({
    gateway: { name: "edge" },
    rules: [
      { matches: [{ port: 443, serverNames: ["a.example.com", "b.example.com"] }], destinations: [to("echo", 100)] },
      { matches: [{ serverNames: ["*.example.com"] }], destinations: [to("echo", 80), to("archive", 20)] },
      { matches: [{ port: 5000 }], destinations: [to("archive", 100)] },
    ],
  });
});

test("on the way back it is the VirtualService and the Gateway that it was", () => {
  const { document } = read(PASSTHROUGH + RAW, virtualService(TLS + TCP));
  const { resources, report } = exportDocument("istio", document);
  expect(schemaErrors(resources, "istio")).toEqual([]);
  expect(lossesOf(report).filter(({ key }) => key === KEY)).toEqual([]);
  const texts = [service("echo"), service("archive"), ...resources.map((each) => JSON.stringify(each))];
  const again = imported(
    "istio",
    texts.map((text) => ({ text })),
    "shop",
  ).document;
  for (const key of [KEY, "Gateway/production/edge"]) expect(specOf(again, key)).toEqual(specOf(document, key));
});

test("HTTPS that is passed on is TLS, and comes back as HTTPS", () => {
  const { document } = read(PASSTHROUGH.replace("protocol: TLS", "protocol: HTTPS"), virtualService(TLS));
  expect(specOf(document, "Gateway/production/edge")).toMatchObject({ listeners: [{ protocol: "tls" }] });
  const { resources } = exportDocument("istio", document);
  const written = resources.find(({ kind }) => kind === "Gateway")?.["spec"];
  expect(written).toMatchObject({ servers: [{ port: { protocol: "HTTPS" }, tls: { mode: "PASSTHROUGH" } }] });
});

test.each([
  [
    "subnets",
    PASSTHROUGH,
    TLS.replace("port: 443,", "destinationSubnets: [10.0.0.0/8],"),
    "[edge]",
    "destinationSubnets",
  ],
  ["a gateway that ends TLS", PASSTHROUGH.replace("PASSTHROUGH", "SIMPLE"), TLS, "[edge]", "mode PASSTHROUGH"],
  ["tcp without a server of TCP", PASSTHROUGH, TCP, "[edge]", "no server of TCP"],
  ["tcp of the mesh as well", RAW, TCP, "[edge, mesh]", "the mesh beside gateways"],
])("%s: the rules are kept whole, come back, and that is told", (_, servers, lists, gateways, why) => {
  const { document, warnings } = read(servers, virtualService(lists, gateways));
  expect(warnings.map(({ message }) => message).join("\n")).toContain(why);
  expect(document.objects.filter(({ kind }) => kind === "TcpRoute")).toEqual([]);
  const { resources } = exportDocument("istio", document);
  const written = JSON.stringify(resources.filter(({ kind }) => kind === "VirtualService"));
  expect(written).toContain(lists.includes("tls:") ? '"sniHosts"' : '"tcp"');
});

function into(document: MeshDocument, texts: readonly { text: string }[]): MeshDocument {
  const result = importDocuments("istio", texts, { document });
  const applied = applyCommand(document, {}, { type: "batch", commands: result.commands });
  if (!applied.ok) throw new Error(JSON.stringify(applied.violations));
  return applied.document;
}

test("a design's own route answers the same after it went to Istio and back", () => {
  const document = edgeMesh(edgeRoute(EDGE_RULES));
  const { resources, report } = exportDocument("istio", document);
  expect(schemaErrors(resources, "istio")).toEqual([]);
  const names = resources.filter(({ kind }) => kind === "VirtualService").map(({ metadata }) => metadata.name);
  expect(names).toContain("edge");
  expect(names).toContain("edge-connections");
  expect(
    report.filter(({ key }) => key === "TcpRoute/production/edge").map(({ path, verdict }) => [path, verdict]),
  ).toEqual([
    ["spec.rules[0].name", "lost"],
    ["spec.rules[2].name", "lost"],
    ["spec.rules[1]", "exact"],
  ]);
  const without = { objects: document.objects.filter(({ kind }) => kind !== "TcpRoute" && kind !== "Gateway") };
  const texts = resources
    .filter(({ kind, metadata }) => kind === "Gateway" || metadata.name === "edge-connections")
    .map((each) => ({ text: JSON.stringify(each) }));
  const after = into(without, texts);
  const cases: [string, number][] = [
    ["archive.example.com", EDGE_TLS_PORT],
    ["a.example.com", EDGE_TLS_PORT],
    ["db.example.net", EDGE_TLS_PORT],
    ["192.0.2.7", EDGE_TCP_PORT],
  ];
  const answers = (of: typeof document) =>
    cases.map(([host, port]) => {
      const from = { kind: "outside" as const, gateway: "Gateway/production/edge" };
      const asked = ask(buildScene(of), { from, to: { host, port }, method: "CONNECT", path: "/", headers: {} });
      return [
        asked.outcome,
        asked.destinations.map(({ service: key, subset, probability }) => [key, subset, probability]),
      ];
    });
  expect(answers(after)).toEqual(answers(document));
});
