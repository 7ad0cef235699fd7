// TCP rules of Istio: in and out again they are the same, and what the model cannot say keeps them whole.
import { expect, test } from "vitest";
import { applyCommand, type MeshDocument, validateDocument } from "@/lib/mesh";
import { ask, buildScene } from "@/lib/simulate";
import { ledgerMesh, ledgerRoute } from "../../compile/testing/ledger";
import { EXPORT_IDS, exportDocument, importDocuments, lossesOf } from "..";
import { imported, specOf } from "../testing/imported";

const GROUND = `apiVersion: v1
kind: Service
metadata: {name: tcp-echo, namespace: production}
spec: {selector: {app: tcp-echo}, ports: [{name: tcp, port: 9000}, {name: http, port: 8080}]}
---
apiVersion: v1
kind: Service
metadata: {name: archive, namespace: backup}
spec: {selector: {app: archive}, ports: [{name: tcp, port: 9000}]}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: tcp-echo, namespace: production}
spec: {host: tcp-echo, subsets: [{name: v1, labels: {version: v1}}, {name: v2, labels: {version: v2}}]}
`;
const HTTP = `
  http:
  - route: [{destination: {host: tcp-echo, port: {number: 8080}}, weight: 100}]`;
const TCP = `
  tcp:
  - match: [{port: 9000, sourceLabels: {app: batch}}, {sourceNamespace: staging}]
    route: [{destination: {host: archive.backup.svc.cluster.local, port: {number: 9000}}, weight: 100}]
  - route:
    - {destination: {host: tcp-echo, subset: v1}, weight: 80}
    - {destination: {host: tcp-echo, subset: v2}, weight: 20}`;
const service = (lists: string) => `${GROUND}---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: echo, namespace: production}
spec:
  hosts: [tcp-echo]${lists}
`;
const KEY = "TcpRoute/production/echo";

const again = (document: MeshDocument) => {
  const { resources } = exportDocument("istio", document);
  const texts = [GROUND, ...resources.map((each) => JSON.stringify(each))].map((text) => ({ text }));
  return { resources, document: imported("istio", texts, "shop").document };
};

test.each([
  ["alone", TCP],
  ["beside HTTP", HTTP + TCP],
  ["beside what is kept of it", `\n  exportTo: ["."]${HTTP}${TCP}`],
])("tcp %s: a TcpRoute, and the same VirtualService on the way back", (_, lists) => {
  const { document, warnings } = imported("istio", [{ text: service(lists) }], "shop");
  expect(warnings.filter(({ path }) => path.startsWith("spec.tcp"))).toEqual([]);
  expect(specOf(document, KEY)).toEqual({
    service: { name: "tcp-echo" },
    rules: [
      {
        matches: [{ port: 9000, caller: { labels: { app: "batch" } } }, { caller: { namespace: "staging" } }],
        destinations: [{ service: { namespace: "backup", name: "archive" }, port: 9000, weight: 100 }],
      },
      {
        matches: [],
        destinations: [
          { service: { name: "tcp-echo" }, subset: "v1", weight: 80 },
          { service: { name: "tcp-echo" }, subset: "v2", weight: 20 },
        ],
      },
    ],
  });
  expect(validateDocument(document)).toEqual([]);
  const back = again(document);
  const made = back.resources.filter(({ kind }) => kind === "VirtualService");
  expect(made).toHaveLength(1);
  expect(made[0]?.metadata.name).toBe("echo");
  expect(specOf(back.document, KEY)).toEqual(specOf(document, KEY));
  const routes = (each: MeshDocument) => each.objects.filter(({ kind }) => kind === "Route" || kind === "TcpRoute");
  expect(routes(back.document)).toEqual(routes(document));
});

test.each([
  ["a subnet", "match: [{destinationSubnets: [10.0.0.0/8]}]", "destinationSubnets go by address"],
  ["a port of HTTP", "match: [{port: 8080}]", "service tcp-echo has no TCP port 8080"],
  ["nobody to send to", "match: [{port: 9000}]", "nowhere is no service of the design"],
])("%s keeps all TCP rules whole, and they come back", (what, match, why) => {
  const host = what === "nobody to send to" ? "nowhere" : "tcp-echo";
  const lists = `${HTTP}\n  tcp:\n  - ${match}\n    route: [{destination: {host: ${host}}}]`;
  const { document, warnings } = imported("istio", [{ text: service(lists) }], "shop");
  const told = warnings.filter(({ path }) => path === "spec.tcp");
  expect(told).toMatchObject([{ verdict: "lost", changesMeaning: true, message: expect.stringContaining(why) }]);
  expect(document.objects.some(({ kind }) => kind === "TcpRoute")).toBe(false);
  const [made] = again(document).resources.filter(({ kind }) => kind === "VirtualService");
  expect(made?.spec["tcp"]).toHaveLength(1);
});

test("what is drawn here goes out beside the HTTP rules of the same host, rule for rule", () => {
  const { resources, report } = exportDocument("istio", ledgerMesh(ledgerRoute()));
  expect(
    resources.find(({ metadata }) => metadata.name === "ledger" && metadata.namespace === "production")?.spec,
  ).toBeDefined();
  const made = resources.find(({ kind, spec }) => kind === "VirtualService" && spec["tcp"] !== undefined);
  expect(made?.spec).toEqual({
    hosts: ["ledger"],
    tcp: [
      {
        match: [{ port: 5432, sourceLabels: { version: "v2" } }],
        route: [{ destination: { host: "archive" }, weight: 1 }],
      },
      {
        route: [
          { destination: { host: "ledger", subset: "v1" }, weight: 75 },
          { destination: { host: "ledger", subset: "v2" }, weight: 25 },
        ],
      },
    ],
  });
  expect(
    report.filter(({ key }) => key === "TcpRoute/production/ledger").map(({ path, verdict }) => [path, verdict]),
  ).toEqual([
    ["spec.rules[0].name", "lost"],
    ["spec.rules[1]", "exact"],
  ]);
});

test("a connection goes where it went before the way out and back", () => {
  const before = ledgerMesh(ledgerRoute());
  const { resources } = exportDocument("istio", before);
  const objects = before.objects.filter(({ kind }) => kind !== "TcpRoute" && kind !== "Subset");
  const texts = resources.map((each) => ({ text: JSON.stringify(each) }));
  const { commands } = importDocuments("istio", texts, { document: { objects } });
  const applied = applyCommand({ objects }, {}, { type: "batch", commands });
  if (!applied.ok) throw new Error(JSON.stringify(applied.violations));
  for (const workload of ["storefront-v1", "storefront-v2"]) {
    const question = {
      from: { kind: "workload" as const, workload: `Workload/production/${workload}` },
      to: { host: "ledger", port: 5432 },
      ...{ method: "CONNECT", path: "/", headers: {} },
    };
    const [was, is] = [before, applied.document].map((each) => ask(buildScene(each), question));
    expect(is?.destinations).toEqual(was?.destinations);
    expect(is?.outcome).toBe("forwarded");
  }
});

test.each(EXPORT_IDS.filter((id) => !["istio", "envoy", "gateway-api", "linkerd"].includes(id)))(
  "%s: a TCP route is told as a loss that changes its meaning",
  (id) => {
    const told = lossesOf(exportDocument(id, ledgerMesh(ledgerRoute())).report);
    expect(told.filter(({ key }) => key === "TcpRoute/production/ledger")).toMatchObject([{ changesMeaning: true }]);
  },
);
