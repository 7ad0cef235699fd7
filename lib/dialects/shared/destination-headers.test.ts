// Headers of one destination: both ways where a product says them, told where it does not, and what two lists are as one.
import { expect, test } from "vitest";
import {
  diffDocuments,
  type MeshDocument,
  type MeshObject,
  type RouteDestination,
  type RouteRule,
  valuesToYaml,
} from "@/lib/mesh";
import { object, timedMesh, withObjects } from "../../compile/testing/rich";
import { exportDocument } from "..";
import type { ExportId } from "../catalogue";
import { imported } from "../testing/imported";
import { namesOfBoth, oneAfterTheOther, together } from "./destination-headers";

const KEY = "Route/production/payment-service";
const to = (subset: string, weight: number, headers?: RouteDestination["headers"]): RouteDestination => ({
  service: { name: "payment-service" },
  subset,
  weight,
  ...(headers ? { headers } : {}),
});
const CANARY: RouteDestination["headers"] = {
  request: { set: { "x-canary": "100 %" }, remove: ["x-debug"] },
  response: { add: { "x-by": "v2" } },
};
const rule = (destinations: RouteDestination[], headers?: RouteRule["headers"]): RouteRule => ({
  matches: [],
  action: { type: "forward", destinations },
  retries: { attempts: 0 },
  ...(headers ? { headers } : {}),
});
const isReplaced = (each: MeshObject) =>
  (each.kind === "Route" && each.spec.target.name === "payment-service") ||
  (each.kind === "Subset" && each.spec.service.name === "payment-service");
const mesh = (own: RouteRule): MeshDocument =>
  withObjects({ objects: timedMesh().objects.filter((each) => !isReplaced(each)) }, [
    ...["v1", "v2"].map((name) =>
      object("Subset", `payment-service-${name}`, {
        service: { name: "payment-service" },
        name,
        labels: { version: name },
      }),
    ),
    object("Route", "payment-service", { target: { kind: "Service", name: "payment-service" }, rules: [own] }),
  ]);
const SPLIT = mesh(rule([to("v1", 90), to("v2", 10, CANARY)]));

const headersIn = ({ objects }: MeshDocument) =>
  objects.flatMap((each) =>
    each.kind === "Route"
      ? each.spec.rules.flatMap(({ action }) =>
          action.type === "forward" ? action.destinations.flatMap(({ headers }) => headers ?? []) : [],
        )
      : [],
  );
const rulesOf = ({ objects }: MeshDocument, target = "payment-service") =>
  objects.flatMap((each) => (each.kind === "Route" && each.spec.target.name === target ? each.spec.rules : []));
const told = (dialect: ExportId, document: MeshDocument) =>
  exportDocument(dialect, document).report.filter(({ key, changesMeaning }) => key === KEY && changesMeaning === true);

test.each(["istio", "gateway-api", "linkerd", "cilium", "consul"] as const)(
  "%s has headers of one destination both ways",
  (dialect) => {
    const out = exportDocument(dialect, SPLIT);
    const isOfHeaders = told(dialect, SPLIT).filter(({ reason }) => /header|x-canary/i.test(reason));
    expect(isOfHeaders).toEqual([]);
    expect(out.text).toContain("x-canary");
    const { document } = imported(dialect, [{ text: out.text }]);
    expect(headersIn(document)).toContainEqual(CANARY);
    const again = exportDocument(dialect, document).text;
    expect(headersIn(imported(dialect, [{ text: again }]).document)).toEqual(headersIn(document));
  },
);

test.each(["kuma", "app-mesh"] as const)("%s has no word for them, which is told", (dialect) => {
  expect(told(dialect, SPLIT)).toContainEqual(
    expect.objectContaining({ verdict: "lost", reason: expect.stringMatching(/header/) }),
  );
  expect(exportDocument(dialect, SPLIT).text).not.toContain("x-canary");
});

const CART = {
  apiVersion: "networking.istio.io/v1",
  kind: "VirtualService",
  metadata: { name: "cart", namespace: "shop" },
};
const istio = (http: object) =>
  imported("istio", [{ text: valuesToYaml([{ ...CART, spec: { hosts: ["cart"], http: [http] } }]) }]);

test("Istio's headers of destinations come in and go out as they were", () => {
  const http = {
    route: [
      { destination: { host: "cart" }, weight: 80 },
      {
        destination: { host: "basket" },
        weight: 20,
        headers: { request: { set: { "x-a": "50%%" } }, response: { remove: ["x-b"] } },
      },
    ],
    headers: { request: { add: { "x-a": "rule" } } },
  };
  const { document, kept } = istio(http);
  expect(kept).toEqual([]);
  expect(headersIn(document)).toEqual([{ request: { set: { "x-a": "50%" } }, response: { remove: ["x-b"] } }]);
  const out = exportDocument("istio", document).resources.find(({ kind }) => kind === "VirtualService");
  expect(out?.spec["http"]).toEqual([expect.objectContaining(http)]);
});

test("of an only destination Istio changes headers after the rule's: where both change a name, the rule gets one list", () => {
  const only = {
    destination: { host: "cart" },
    headers: { request: { set: { "X-A": "own" }, add: { "x-b": "own" } } },
  };
  const apart = istio({ route: [only], headers: { request: { set: { "x-c": "rule" } } } }).document;
  expect(headersIn(apart)).toEqual([only.headers]);
  const { document } = istio({
    route: [only],
    headers: { request: { set: { "x-a": "rule" }, add: { "x-b": "rule" } } },
  });
  expect(headersIn(document)).toEqual([]);
  expect(rulesOf(document, "cart")[0]?.headers).toEqual({
    request: { set: { "X-A": "own" }, add: { "x-b": "rule, own" } },
  });
});

test("to Istio an only destination whose headers the rule changes again gets one list, in the design's order", () => {
  const own = { request: { set: { "x-a": "own", "x-c": "own" }, add: { "x-b": "own" } } };
  const document = mesh(rule([to("v2", 1, own)], { request: { set: { "X-A": "rule" }, remove: ["x-b"] } }));
  const out = exportDocument("istio", document).resources.find(
    ({ kind, metadata }) => kind === "VirtualService" && metadata.name === "payment-service",
  );
  expect(out?.spec["http"]).toEqual([
    expect.objectContaining({
      route: [{ destination: { host: "payment-service", subset: "v2" }, weight: 1 }],
      headers: { request: { set: { "x-c": "own", "X-A": "rule" }, remove: ["x-b"] } },
    }),
  ]);
});

test("a host that one destination rewrites is kept, and told", () => {
  const headers = { request: { set: { Host: "other.example" } } };
  const { document, kept, warnings } = istio({
    route: [
      { destination: { host: "cart" }, weight: 80 },
      { destination: { host: "basket" }, weight: 20, headers },
    ],
  });
  expect(headersIn(document)).toEqual([]);
  expect(JSON.stringify(kept)).toContain("other.example");
  expect(warnings).toContainEqual(
    expect.objectContaining({ changesMeaning: true, message: expect.stringContaining("rewrites the host") }),
  );
});

test("where the rule and a backend change the same header, Gateway API leaves the order to the product", () => {
  const document = mesh(rule([to("v1", 1), to("v2", 1, CANARY)], { request: { set: { "X-Canary": "no" } } }));
  expect(told("gateway-api", document)).toContainEqual(
    expect.objectContaining({ verdict: "approximate", reason: expect.stringContaining("x-canary") }),
  );
});

test("other filters of a backend stay where they were, and are told", () => {
  const mirror = { type: "RequestMirror", requestMirror: { backendRef: { name: "copies", port: 80 } } };
  const change = { type: "RequestHeaderModifier", requestHeaderModifier: { set: [{ name: "x-a", value: "1" }] } };
  const read = (filters: object[]) =>
    imported("gateway-api", [
      {
        text: valuesToYaml([
          {
            apiVersion: "gateway.networking.k8s.io/v1",
            kind: "HTTPRoute",
            metadata: { name: "cart", namespace: "shop" },
            spec: {
              parentRefs: [{ group: "", kind: "Service", name: "cart", port: 80 }],
              rules: [{ backendRefs: [{ name: "cart", port: 80, filters }] }],
            },
          },
        ]),
      },
    ]);
  expect(headersIn(read([change]).document)).toEqual([{ request: { set: { "x-a": "1" } } }]);
  const mixed = read([change, mirror]);
  expect(headersIn(mixed.document)).toEqual([]);
  expect(JSON.stringify(mixed.kept)).toContain("copies");
  expect(mixed.warnings).toContainEqual(
    expect.objectContaining({ changesMeaning: true, message: expect.stringContaining("filters of a single backend") }),
  );
});

test("Consul takes a place once: other headers of the same place are told", () => {
  const document = mesh(rule([to("v1", 1), to("v2", 1, CANARY), to("v2", 2, { request: { remove: ["x-z"] } })]));
  expect(told("consul", document)).toContainEqual(
    expect.objectContaining({ reason: expect.stringContaining("takes each destination once") }),
  );
  const only = mesh(rule([to("v2", 1, CANARY)], { request: { set: { "x-canary": "rule" } } }));
  const { document: back } = imported("consul", [{ text: exportDocument("consul", only).text }]);
  expect(rulesOf(back)[0]?.headers).toEqual({
    ...CANARY,
    request: { ...CANARY?.request, set: { "x-canary": "rule" } },
  });
});

test("a change of a destination's headers is a sentence", () => {
  const plain = mesh(rule([to("v1", 90), to("v2", 10)]));
  const said = (was: MeshDocument, now: MeshDocument) => JSON.stringify(diffDocuments(was, now));
  const words = "requests: remove x-debug, set x-canary to 100 %; answers: add x-by: v2";
  expect(said(plain, SPLIT)).toContain(`header changes of what goes to v2: ${words} (none before).`);
  expect(said(SPLIT, plain)).toContain(`header changes of what goes to v2: none (${words} before).`);
  const moved = mesh(rule([to("v1", 80), to("v2", 20, CANARY)]));
  expect(said(plain, moved)).toContain(`v2 goes from 10 % to 20 %. header changes of what goes to v2: ${words}`);
  expect(said(SPLIT, moved)).not.toContain("header changes");
});

test("two lists are one: together, and one after the other", () => {
  const first = { request: { set: { "x-a": "1", "x-b": "1" }, add: { "x-c": "1", "x-d": "1" }, remove: ["x-e"] } };
  const then = { request: { set: { "X-A": "2" }, add: { "X-C": "2" }, remove: ["x-b", "x-d"] } };
  expect(namesOfBoth(first, then)).toEqual(["x-a", "x-b", "x-c", "x-d"]);
  expect(namesOfBoth(first, { response: then.request })).toEqual([]);
  expect(together(first, then)).toEqual({
    request: {
      set: { "x-b": "1", "X-A": "2" },
      add: { "x-c": "1, 2", "x-d": "1" },
      remove: ["x-e", "x-b", "x-d"],
    },
  });
  expect(oneAfterTheOther(first, then)).toEqual({
    request: { set: { "X-A": "2" }, add: { "x-c": "1, 2" }, remove: ["x-e", "x-b", "x-d"] },
  });
  expect(oneAfterTheOther(undefined, then)).toBe(then);
  expect(together(first, undefined)).toBe(first);
});
