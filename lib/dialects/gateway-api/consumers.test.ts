// Consumer routes: who they are for, what they take the place of, and that every caller gets the same answer after a way through a product.
import { expect, test } from "vitest";
import { applyCommand, type MeshDocument, type MeshObject, validateDocument } from "@/lib/mesh";
import { type Answer, ask, buildScene } from "@/lib/simulate";
import { object } from "../../compile/testing/rich";
import { EXPORT_IDS, exportDocument, importDocuments, lossesOf } from "..";
import { specOf } from "../testing/imported";
import { schemaErrors } from "./testing/schemas";

const at = (namespace: string, made: MeshObject) =>
  ({ ...made, metadata: { ...made.metadata, namespace } }) as MeshObject;
const http = { ports: [{ name: "http", port: 8080, protocol: "http" as const }] };
const CALLERS = ["staging", "tests", "office", "shop"];

/** One service with two versions, and a caller in each of four namespaces; the service's own is one of them. */
const ground: MeshDocument = {
  objects: [
    {
      apiVersion: "meshwright.dev/v1",
      kind: "Mesh",
      metadata: { name: "shop" },
      spec: {
        trustDomain: "mesh.local",
        certificateTtlHours: 24,
        defaults: { mutualTls: "strict", authorization: "drawn" },
      },
    } as unknown as MeshObject,
    ...["shop", ...CALLERS.slice(0, 3)].map(
      (name) => ({ apiVersion: "meshwright.dev/v1", kind: "Namespace", metadata: { name }, spec: {} }) as MeshObject,
    ),
    at("shop", object("Service", "store", http)),
    at("shop", object("Service", "store-next", http)),
    at("shop", object("Workload", "store-v1", { service: "store", version: "v1" })),
    at("shop", object("Workload", "store-next-v1", { service: "store-next", version: "v1" })),
    ...CALLERS.flatMap((namespace) => [
      at(namespace, object("Service", "web", http)),
      at(namespace, object("Workload", "web-v1", { service: "web", version: "v1" })),
      ...["store", "store-next"].map((name) =>
        at(
          namespace,
          object("Dependency", `web-to-${name}`, {
            from: { kind: "Service", name: "web" },
            to: { kind: "Service", namespace: "shop", name },
          }),
        ),
      ),
    ]),
  ],
};

function read(dialect: "gateway-api" | "istio" | "linkerd", text: string, document = ground) {
  const { commands, violations, warnings } = importDocuments(dialect, [{ text }], { document });
  expect(violations).toEqual([]);
  // the access that an export of a mesh writes beside its routes is not looked at here
  const routes = commands.filter((each) => !("object" in each) || each.object.kind === "Route");
  const applied = applyCommand(document, {}, { type: "batch", commands: routes });
  if (!applied.ok) throw new Error(JSON.stringify(applied.violations));
  expect(validateDocument(applied.document)).toEqual([]);
  return { document: applied.document, warnings };
}

const PATHS = ["/", "/next", "/next/a", "/old", "/old/a", "/gone"];
const answered = ({ outcome, status, destinations }: Answer) => ({
  outcome,
  status,
  to: destinations.map(({ service, probability }) => `${service} ${Math.round(probability * 1e6)}`),
});

/** What each caller gets for each path. */
function answers(document: MeshDocument) {
  const scene = buildScene(document);
  return Object.fromEntries(
    CALLERS.flatMap((namespace) =>
      PATHS.map((path) => [
        `${namespace} ${path}`,
        answered(
          ask(scene, {
            from: { kind: "workload", workload: `Workload/${namespace}/web-v1` },
            to: { host: "store.shop" },
            method: "GET",
            path,
            headers: {},
            draw: 0.2,
          }),
        ),
      ]),
    ),
  );
}

const route = (
  namespace: string,
  name: string,
  rules: string,
  kind = "HTTPRoute",
) => `apiVersion: gateway.networking.k8s.io/v1
kind: ${kind}
metadata: {name: ${name}, namespace: ${namespace}}
spec:
  parentRefs: [{group: "", kind: Service, name: store, namespace: shop}]
  rules: ${rules}
`;
const toNext = "[{name: store-next, namespace: shop, port: 8080}]";
const toStore = "[{name: store, namespace: shop, port: 8080}]";
const producer = route(
  "shop",
  "store",
  `[{matches: [{path: {value: /old}}], backendRefs: ${toNext}}, {backendRefs: ${toStore}}]`,
);
const staging = route("staging", "try-next", `[{matches: [{path: {value: /next}}], backendRefs: ${toNext}}]`);
const tests = route("tests", "all-next", `[{backendRefs: ${toNext}}]`);
const all = [producer, staging, tests].join("---\n");

test("a consumer route is for the callers of its namespace, and takes the place of the service's own routes for them", () => {
  const { document, warnings } = read("gateway-api", all);
  expect(warnings).toEqual([]);
  const got = answers(document);
  expect(got["office /old/a"]?.to).toEqual(["Service/shop/store-next 1000000"]);
  expect(got["office /next"]?.to).toEqual(["Service/shop/store 1000000"]);
  expect(got["shop /old"]?.to).toEqual(["Service/shop/store-next 1000000"]);
  expect(got["staging /next/a"]?.to).toEqual(["Service/shop/store-next 1000000"]);
  // nothing of the service's own routes is left for them
  expect(got["staging /old"]).toMatchObject({ status: 404 });
  expect(got["staging /"]).toMatchObject({ status: 404 });
  expect(got["tests /old"]?.to).toEqual(["Service/shop/store-next 1000000"]);
});

test("without a route of its own the service takes what the other callers send", () => {
  const { document } = read("gateway-api", staging);
  const got = answers(document);
  expect(got["office /next"]?.to).toEqual(["Service/shop/store 1000000"]);
  expect(got["staging /next"]?.to).toEqual(["Service/shop/store-next 1000000"]);
  expect(got["staging /gone"]).toMatchObject({ status: 404 });
  const { resources } = exportDocument("gateway-api", document);
  expect(resources.filter(({ kind }) => kind === "HTTPRoute").map(({ metadata }) => metadata)).toEqual([
    { name: "try-next", namespace: "staging" },
  ]);
});

test("routes of one consumer are merged with each other only, and a GRPCRoute hides those of its own namespace only", () => {
  const more = route("staging", "more", `[{matches: [{path: {value: /next/a}}], backendRefs: ${toStore}}]`);
  const grpc = route("tests", "calls", `[{backendRefs: ${toNext}}]`, "GRPCRoute");
  const { document, warnings } = read("gateway-api", [all, more, grpc].join("---\n"));
  const got = answers(document);
  expect(got["staging /next/a"]?.to).toEqual(["Service/shop/store 1000000"]);
  expect(got["staging /next"]?.to).toEqual(["Service/shop/store-next 1000000"]);
  expect(warnings.map(({ source, verdict }) => `${source} ${verdict}`).sort()).toEqual([
    "HTTPRoute staging/try-next moved",
    "HTTPRoute tests/all-next lost",
  ]);
});

test.each(["gateway-api", "linkerd", "istio"] as const)(
  "every caller gets the same answer after a way through %s, and each rule is exact",
  (dialect) => {
    const { document } = read(dialect === "linkerd" ? "linkerd" : "gateway-api", all);
    const { text, report, resources } = exportDocument(dialect, document);
    const own = report.filter(({ key }) => key.startsWith("Route/"));
    expect(own.map(({ verdict }) => verdict)).toEqual(own.map(() => "exact"));
    if (dialect !== "istio")
      expect(
        schemaErrors(
          resources.filter(({ kind }) => kind === "HTTPRoute"),
          "standard",
        ),
      ).toEqual([]);
    const { document: again } = read(dialect, text);
    expect(answers(again)).toEqual(answers(document));
  },
);

test("names, labels and what is not understood of a consumer route come back with it", () => {
  const labelled = staging
    .replace("namespace: staging}", "namespace: staging, labels: {team: search}}")
    .replace("matches:", "sessionPersistence: {sessionName: s}, matches:")
    .replace("spec:\n", "spec:\n  useDefaultGateways: All\n");
  const { document } = read("gateway-api", `${producer}---\n${labelled}`);
  const written = exportDocument("gateway-api", document).resources.find(
    ({ metadata }) => metadata.namespace === "staging",
  );
  expect(written).toMatchObject({
    metadata: { name: "try-next", namespace: "staging", labels: { team: "search" } },
    spec: { useDefaultGateways: "All", rules: [{ sessionPersistence: { sessionName: "s" } }] },
  });
  const { text } = exportDocument("gateway-api", document);
  expect(text.match(/useDefaultGateways/g)).toHaveLength(1);
  const again = read("gateway-api", text).document;
  expect(specOf(again, "Route/shop/store")).toEqual(specOf(document, "Route/shop/store"));
});

test("what an import says nothing of stays: the service's own rules, and other consumers", () => {
  const first = read("gateway-api", `${producer}---\n${staging}`).document;
  const { document } = read("gateway-api", tests, first);
  expect(answers(document)).toEqual(answers(read("gateway-api", all).document));
  // and again changes nothing
  expect(read("gateway-api", tests, document).document).toEqual(document);
  const without = read("gateway-api", producer, document).document;
  expect(answers(without)).toEqual(answers(document));
});

test("rules of a design for callers of a namespace go out as its route, whole; of the service's own namespace they cannot be said", () => {
  const forward = (name: string) => ({ type: "forward" as const, destinations: [{ service: { name }, weight: 1 }] });
  const design: MeshDocument = {
    objects: [
      ...ground.objects,
      at(
        "shop",
        object("Route", "store", {
          target: { kind: "Service", name: "store" },
          rules: [
            {
              matches: [{ caller: { namespace: "staging" }, path: { type: "pathPrefix", value: "/next" } }],
              action: forward("store-next"),
            },
            { matches: [{ path: { type: "pathPrefix", value: "/old" } }], action: forward("store-next") },
            { matches: [], action: forward("store") },
          ],
        }),
      ),
    ],
  };
  const { report, text } = exportDocument("gateway-api", design);
  expect(report.filter(({ key }) => key === "Route/shop/store").map(({ verdict }) => verdict)).toEqual([
    "exact",
    "exact",
    "exact",
  ]);
  expect(answers(read("gateway-api", text).document)).toEqual(answers(design));
  const home: MeshDocument = JSON.parse(
    JSON.stringify(design).replace('"namespace":"staging"},"path"', '"namespace":"shop"},"path"'),
  );
  expect(lossesOf(exportDocument("gateway-api", home).report)).toContainEqual(
    expect.objectContaining({ key: "Route/shop/store", path: "spec.rules[0]", changesMeaning: true }),
  );
});

test.each(EXPORT_IDS.filter((id) => !["istio", "envoy", "kubernetes", "gateway-api", "linkerd"].includes(id)))(
  "%s: rules of a consumer are lost, and told as a change of meaning",
  (id) => {
    const { document } = read("gateway-api", all);
    const told = lossesOf(exportDocument(id, document).report).filter(({ reason }) =>
      reason.includes("cannot say who calls"),
    );
    expect(told.every(({ key, changesMeaning }) => key === "Route/shop/store" && changesMeaning)).toBe(true);
    expect(told).toHaveLength(3);
  },
);

test("in a text of Cilium's, which has no consumer routes, they are left out and told", () => {
  const policy = `apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: store, namespace: shop}
spec: {endpointSelector: {matchLabels: {app: store}}, ingress: [{fromEntities: [all]}]}
`;
  const { warnings, commands } = importDocuments("auto", [{ text: `${producer}---\n${staging}---\n${policy}` }], {
    document: ground,
  });
  expect(warnings).toContainEqual(
    expect.objectContaining({ source: "HTTPRoute staging/try-next", verdict: "lost", changesMeaning: true }),
  );
  const [route] = commands.flatMap((each) => ("object" in each && each.object.kind === "Route" ? [each.object] : []));
  expect(route?.spec.rules).toHaveLength(2);
});
