// tcpRoute: in and out again the same rules, what goes out is what the API takes, and a connection goes where it went.
import { expect, test } from "vitest";
import { applyCommand, type MeshDocument, validateDocument } from "@/lib/mesh";
import { ask, buildScene } from "@/lib/simulate";
import { ledgerMesh, ledgerRoute } from "../../compile/testing/ledger";
import { exportDocument, importDocuments } from "..";
import { imported, specOf } from "../testing/imported";
import { apiErrors } from "./testing/api";

const node = (name: string, ...listeners: [port: number, protocol: string][]) => ({
  virtualNode: {
    meshName: "shop",
    virtualNodeName: name,
    spec: { listeners: listeners.map(([port, protocol]) => ({ portMapping: { port, protocol } })) },
  },
});
const router = (name: string) => ({
  virtualRouter: { meshName: "shop", virtualRouterName: name, spec: { listeners: [] } },
});
const service = (name: string) => ({
  virtualService: {
    meshName: "shop",
    virtualServiceName: `${name}.shop`,
    spec: { provider: { virtualRouter: { virtualRouterName: name } } },
  },
});
const route = (routeName: string, priority: number, tcpRoute: object) => ({
  route: { meshName: "shop", virtualRouterName: "ledger", routeName, spec: { priority, tcpRoute } },
});
const targets = (...all: [virtualNode: string, weight: number, port?: number][]) => ({
  weightedTargets: all.map(([virtualNode, weight, port]) => ({
    virtualNode,
    weight,
    ...(port === undefined ? {} : { port }),
  })),
});
const GROUND = [
  node("ledger-v1", [5432, "tcp"], [5433, "tcp"]),
  node("ledger-v2", [5432, "tcp"], [5433, "tcp"]),
  node("web", [80, "http"]),
  router("ledger"),
  service("ledger"),
];
const read = (...routes: object[]) => imported("app-mesh", [{ text: JSON.stringify([...GROUND, ...routes]) }]);
const KEY = "TcpRoute/default/ledger";

test("TCP routes of a router are the rules of a TcpRoute, in the order of their priorities, and go out again", () => {
  const { document, warnings } = read(
    route("rest", 2, { action: targets(["ledger-v1", 75], ["ledger-v2", 25]) }),
    route("admin", 1, { match: { port: 5433 }, action: targets(["ledger-v2", 1, 5433]) }),
  );
  expect(warnings.filter(({ source }) => source.startsWith("Route"))).toEqual([]);
  expect(validateDocument(document)).toEqual([]);
  const ofLedger = (subset: string, weight: number) => ({ service: { name: "ledger" }, subset, weight });
  expect(specOf(document, KEY)).toEqual({
    service: { name: "ledger" },
    rules: [
      { name: "admin", matches: [{ port: 5433 }], destinations: [{ ...ofLedger("v2", 1), port: 5433 }] },
      { name: "rest", matches: [], destinations: [ofLedger("v1", 75), ofLedger("v2", 25)] },
    ],
  });
  const made = exportDocument("app-mesh", document);
  expect(apiErrors(made.resources)).toEqual([]);
  const told = made.report.filter(({ key }) => key === KEY);
  expect(told.map(({ path, verdict }) => [path, verdict])).toEqual([
    ["spec.rules[0]", "exact"],
    ["spec.rules[1]", "exact"],
  ]);
  const routes = made.resources.filter(({ kind }) => kind === "Route").map(({ spec }) => spec);
  // a target without a port of a node with two ports has the port that was called
  const each = (port: number) => ({
    match: { port },
    action: targets(["ledger-v1", 75, port], ["ledger-v2", 25, port]),
  });
  expect(routes.slice(0, 3)).toMatchObject([
    { routeName: "admin", spec: { tcpRoute: { match: { port: 5433 }, action: targets(["ledger-v2", 1, 5433]) } } },
    { routeName: "rest", spec: { tcpRoute: each(5432) } },
    { routeName: "rest-2", spec: { tcpRoute: each(5433) } },
  ]);
});

test.each([
  ["a node that is not there", { action: targets(["nowhere", 1]) }, "virtual node nowhere is not in the text"],
  ["a port without TCP", { match: { port: 1 }, action: targets(["ledger-v1", 1]) }, "ledger has no TCP port 1"],
  ["a node without TCP", { action: targets(["web", 1]) }, "virtual node web has no TCP port"],
  ["no weight", { action: targets(["ledger-v1", 0]) }, "no target that gets connections"],
])("%s: the route is left out and told as a change of meaning", (_, body, why) => {
  const rest = route("rest", 2, { action: targets(["ledger-v1", 1], ["ledger-v2", 1]) });
  const { document, warnings } = read(route("odd", 1, body), rest);
  const told = warnings.filter(({ source }) => source.startsWith("Route"));
  expect(told).toMatchObject([{ verdict: "lost", changesMeaning: true, message: expect.stringContaining(why) }]);
  expect(specOf(document, KEY)).toMatchObject({ rules: [{ name: "rest" }] });
});

test("an idle time is told as lost, and the route stays", () => {
  const timeout = { idle: { unit: "s", value: 3 } };
  const { document, warnings } = read(route("all", 1, { action: targets(["ledger-v1", 1]), timeout }));
  expect(warnings.filter(({ source }) => source.startsWith("Route"))).toMatchObject([
    { verdict: "lost", changesMeaning: false, path: "spec.tcpRoute.timeout" },
  ]);
  expect(specOf(document, KEY)).toMatchObject({ rules: [{ name: "all", matches: [] }] });
});

test("rules for some callers are told as lost; the others send connections where they went", () => {
  const before = ledgerMesh(ledgerRoute());
  const made = exportDocument("app-mesh", before);
  expect(apiErrors(made.resources)).toEqual([]);
  const told = made.report.filter(({ key }) => key === "TcpRoute/production/ledger");
  expect(told.map(({ path, verdict, changesMeaning }) => [path, verdict, changesMeaning])).toEqual([
    ["spec.rules[0]", "lost", true],
    ["spec.rules[1]", "exact", undefined],
  ]);
  const objects = before.objects.filter(({ kind }) => kind !== "TcpRoute");
  const options = { document: { objects }, defaultNamespace: "production" };
  const { commands, violations } = importDocuments("app-mesh", [{ text: made.text }], options);
  expect(violations).toEqual([]);
  const applied = applyCommand({ objects }, {}, { type: "batch", commands });
  if (!applied.ok) throw new Error(JSON.stringify(applied.violations));
  const answer = (document: MeshDocument) =>
    ask(buildScene(document), {
      from: { kind: "workload", workload: "Workload/production/storefront-v1" },
      to: { host: "ledger", port: 5432 },
      ...{ method: "CONNECT", path: "/", headers: {} },
    });
  const shares = (document: MeshDocument) => answer(document).destinations.map(({ probability }) => probability);
  expect(shares(before)).toEqual([0.75, 0.25]);
  expect(shares(applied.document)).toEqual([0.75, 0.25]);
});
