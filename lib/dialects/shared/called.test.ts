// Conditions on scheme and host, into rules and out of them; what a product has no word for leaves its rule out, told.
import { expect, test } from "vitest";
import { type MeshDocument, type RouteMatch, valuesToYaml } from "@/lib/mesh";
import { timedMesh } from "../../compile/testing/rich";
import { exportDocument } from "..";
import { apiErrors } from "../app-mesh/testing/api";
import { imported } from "../testing/imported";

const matchesIn = (document: MeshDocument) =>
  document.objects.flatMap((each) => (each.kind === "Route" ? each.spec.rules.map(({ matches }) => matches) : []));
const mesh = (match: RouteMatch) =>
  timedMesh([
    {
      name: "called",
      matches: [match],
      action: { type: "forward", destinations: [{ service: { name: "inventory" }, weight: 1 }] },
    },
  ]);
const virtualService = (match: object[]) => ({
  apiVersion: "networking.istio.io/v1",
  kind: "VirtualService",
  metadata: { name: "cart", namespace: "shop" },
  spec: { hosts: ["cart"], http: [{ match, route: [{ destination: { host: "cart" }, weight: 100 }] }] },
});

test("Istio's scheme and authority come in and go out as they were", () => {
  const match = [
    { authority: { prefix: "cart.shop" } },
    { authority: { regex: "cart(:80)?" }, uri: { prefix: "/a" }, scheme: { exact: "https" } },
    { authority: { exact: "cart" }, headers: { "x-a": { exact: "1" } } },
  ];
  const { document, kept } = imported("istio", [{ text: valuesToYaml([virtualService(match)]) }]);
  expect(kept).toEqual([]);
  expect(matchesIn(document)).toEqual([
    [
      { authority: { type: "prefix", value: "cart.shop" } },
      { scheme: "https", authority: { type: "regex", value: "cart(:80)?" }, path: { type: "prefix", value: "/a" } },
      { authority: { type: "exact", value: "cart" }, headers: [{ name: "x-a", type: "exact", value: "1" }] },
    ],
  ]);
  const out = exportDocument("istio", document).resources.find(({ kind }) => kind === "VirtualService");
  expect(out?.spec["http"]).toMatchObject([{ match }]);
});

test("to Istio every request has a host: a condition that says no more is none", () => {
  const { document } = imported("istio", [
    { text: valuesToYaml([virtualService([{ authority: { regex: "*" }, uri: { exact: "/a" } }])]) },
  ]);
  expect(matchesIn(document)).toEqual([[{ path: { type: "exact", value: "/a" } }]]);
});

test.each([
  [{ scheme: { prefix: "h" } }, "scheme"],
  [{ scheme: { exact: "ftp" } }, "scheme"],
  [{ authority: { exact: "" } }, "authority"],
])("what the model does not say of %j keeps the rule whole", (match, field) => {
  const { document, kept, warnings } = imported("istio", [{ text: valuesToYaml([virtualService([match])]) }]);
  expect(matchesIn(document).flat()).toEqual([]);
  expect(JSON.stringify(kept)).toContain(JSON.stringify(match));
  expect(warnings.map(({ message }) => message).join()).toContain(
    `its conditions match.0.${field} are not in the model`,
  );
});

const cart = {
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "cart", namespace: "shop" },
  spec: {
    selector: { app: "cart" },
    ports: [
      { name: "http", port: 8080 },
      { name: "http-more", port: 9090 },
    ],
  },
};
const withRest = (match: object[], more: object = {}) => {
  const { spec, ...rest } = virtualService(match);
  return { ...rest, spec: { ...spec, ...more, http: [...spec.http, { route: spec.http[0]?.route }] } };
};

test("Istio's port comes in for services that have it, and goes out as it was", () => {
  const match = [{ port: 9090, uri: { prefix: "/a" } }];
  const { document, kept } = imported("istio", [{ text: valuesToYaml([cart, withRest(match)]) }]);
  expect(kept.filter(({ key }) => key.startsWith("Route/"))).toEqual([]);
  expect(matchesIn(document)).toEqual([[{ port: 9090, path: { type: "prefix", value: "/a" } }], []]);
  const out = exportDocument("istio", document).resources.find(({ kind }) => kind === "VirtualService");
  expect(out?.spec["http"]).toMatchObject([{ match }, {}]);
});

test("a service that only the text knows has the ports that its rules ask for, and so out and in again", () => {
  const text = valuesToYaml([withRest([{ port: 9090 }])]);
  const first = imported("istio", [{ text }]).document;
  expect(matchesIn(first)).toEqual([[{ port: 9090 }], []]);
  const again = imported("istio", [{ text: exportDocument("istio", first).text }]).document;
  expect(matchesIn(again)).toEqual(matchesIn(first));
});

test.each([
  ["a port that the service does not have", [cart, withRest([{ port: 9999 }])]],
  ["a port at a gateway", [cart, withRest([{ port: 9090 }], { gateways: ["edge", "mesh"] })]],
  ["ports and nothing for the others", [cart, virtualService([{ port: 9090 }])]],
])("%s keeps the rule whole", (_, values) => {
  const { document, kept, warnings } = imported("istio", [{ text: valuesToYaml(values) }]);
  expect(matchesIn(document).flat()).toEqual([]);
  expect(JSON.stringify(kept)).toContain('"port":9');
  expect(warnings.map(({ message }) => message).join()).toContain("its conditions match.0.port are not in the model");
});

test("a suffix goes out to Istio as an expression", () => {
  const { resources } = exportDocument("istio", mesh({ authority: { type: "suffix", value: ".example" } }));
  const out = resources.filter(({ kind }) => kind === "VirtualService").map(({ spec }) => spec["http"]);
  expect(out).toContainEqual([expect.objectContaining({ match: [{ authority: { regex: ".*\\.example" } }] })]);
});

test("App Mesh has the scheme of routes both ways, and no host", () => {
  const made = exportDocument("app-mesh", mesh({ scheme: "https" }));
  expect(apiErrors(made.resources)).toEqual([]);
  expect(made.text).toContain('"scheme": "https"');
  expect(matchesIn(imported("app-mesh", [{ text: made.text }]).document)).toContainEqual([{ scheme: "https" }]);
});

const AUTHORITY: RouteMatch = { authority: { type: "exact", value: "inventory.production:8080" } };
const PORT: RouteMatch = { port: 80 };
test.each([
  ["app-mesh", AUTHORITY],
  ["app-mesh", PORT],
  ["consul", PORT],
  ["kuma", PORT],
  ["linkerd", PORT],
  ["cilium", PORT],
  ["gateway-api", PORT],
  ["consul", AUTHORITY],
  ["consul", { scheme: "https" }],
  ["kuma", AUTHORITY],
  ["kuma", { scheme: "https" }],
  ["linkerd", AUTHORITY],
  ["linkerd", { scheme: "https" }],
  ["cilium", AUTHORITY],
  ["gateway-api", AUTHORITY],
  ["gateway-api", { scheme: "https" }],
] as const)("%s has no word for %j: the rule stays out, and that is told as a change of meaning", (dialect, match) => {
  const { report, text } = exportDocument(dialect, mesh({ ...match, path: { type: "exact", value: "/only-here" } }));
  const told = report.filter(
    ({ key, path }) => key === "Route/production/inventory" && path.startsWith("spec.rules[0]"),
  );
  expect(told).toContainEqual(
    expect.objectContaining({ path: "spec.rules[0]", verdict: "lost", changesMeaning: true }),
  );
  expect(told.find(({ path }) => path === "spec.rules[0]")?.reason).toMatch(
    "port" in match ? /port that was called/ : "scheme" in match ? /scheme/ : /host that was called/,
  );
  expect(text).not.toContain("only-here");
});
