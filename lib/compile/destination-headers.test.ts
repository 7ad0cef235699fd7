// Headers of one destination: what Envoy gets, in which order they and the rule's are changed, and that the simulator says those of who is chosen.
import { expect, test } from "vitest";
import type { MeshDocument, RouteDestination, RouteRule } from "@/lib/mesh";
import { ask, buildScene, type Question } from "../simulate";
import { compile } from "./compile";
import { resourcesToJson } from "./resources";
import { inputFor } from "./testing/inputs";
import { object, timedMesh, withObjects } from "./testing/rich";

const to = (subset: string, headers?: RouteDestination["headers"]): RouteDestination => ({
  service: { name: "payment-service" },
  subset,
  weight: 50,
  ...(headers ? { headers } : {}),
});
const mesh = (destinations: RouteDestination[], headers?: RouteRule["headers"]): MeshDocument =>
  withObjects(
    {
      objects: timedMesh().objects.filter(
        (each) =>
          !(each.kind === "Route" && each.spec.target.name === "payment-service") &&
          !(each.kind === "Subset" && each.spec.service.name === "payment-service"),
      ),
    },
    [
      ...["v1", "v2"].map((name) =>
        object("Subset", `payment-service-${name}`, {
          service: { name: "payment-service" },
          name,
          labels: { version: name },
        }),
      ),
      object("Route", "payment-service", {
        target: { kind: "Service", name: "payment-service" },
        rules: [{ matches: [], action: { type: "forward", destinations }, ...(headers ? { headers } : {}) }],
      }),
    ],
  );

const CALLER = "production/checkout-v1/0";
function compiled(document: MeshDocument) {
  const result = compile(inputFor(document), CALLER);
  if (!result.ok) return { violations: result.violations };
  type Host = { name: string; routes: { route?: object; request_headers_to_add?: object[] }[] };
  const { routes } = resourcesToJson(result.resources) as unknown as {
    routes: Record<string, { virtual_hosts: Host[] }>;
  };
  const host = routes["outbound"]?.virtual_hosts.find(({ name }) => name.startsWith("payment-service."));
  return { violations: [], route: host?.routes[0] };
}
const set = (key: string, value: string) => ({ header: { key, value }, append_action: "OVERWRITE_IF_EXISTS_OR_ADD" });
const CANARY: RouteDestination["headers"] = {
  request: { set: { "x-version": "canary" }, remove: ["x-debug"] },
  response: { add: { "x-by": "100 %" } },
};

test("a weighted cluster has the headers of its destination, the route those of the rule", () => {
  const { route } = compiled(mesh([to("v1"), to("v2", CANARY)], { request: { set: { "x-version": "rule" } } }));
  expect(route).toMatchObject({
    request_headers_to_add: [set("x-version", "rule")],
    route: {
      weighted_clusters: {
        clusters: [
          { name: expect.stringContaining("|v1|"), weight: 50 },
          {
            name: expect.stringContaining("|v2|"),
            request_headers_to_add: [set("x-version", "canary")],
            request_headers_to_remove: ["x-debug"],
            response_headers_to_add: [{ header: { key: "x-by", value: "100 %%" } }],
          },
        ],
      },
    },
  });
  expect(JSON.stringify(route)).not.toContain('"cluster":');
});

test("an only destination with headers is a weighted cluster alone, so that the order stays; without, it is the route's cluster", () => {
  expect(compiled(mesh([to("v2", CANARY)])).route?.route).toMatchObject({
    weighted_clusters: { clusters: [{ weight: 1, request_headers_to_remove: ["x-debug"] }] },
  });
  expect(compiled(mesh([to("v2")])).route?.route).toMatchObject({ cluster: expect.stringContaining("|v2|") });
});

test("a host that is changed as a header is refused at the destination that does", () => {
  expect(compiled(mesh([to("v1"), to("v2", { request: { set: { Host: "x" } } })])).violations).toContainEqual(
    expect.objectContaining({
      path: "Route/production/payment-service#spec.rules[0].action.destinations[1].headers.request",
      fix: "Use rewrite.host.",
    }),
  );
});

test("the simulator tells the headers of who is chosen, first the destination's and then the rule's", () => {
  const scene = buildScene(mesh([to("v1"), to("v2", CANARY)], { request: { set: { "x-version": "rule" } } }));
  const question = (draw: number): Question => ({
    from: { kind: "workload", workload: "Workload/production/checkout-v1" },
    to: { host: "payment-service" },
    method: "GET",
    path: "/",
    headers: {},
    draw,
  });
  const rewrites = (draw: number) => ask(scene, question(draw)).hops[0]?.rewrites;
  const rule = { op: "set", name: "x-version", value: "rule" };
  expect(rewrites(0)).toEqual({ headers: [rule], responseHeaders: [] });
  expect(rewrites(0.9)).toEqual({
    headers: [{ op: "remove", name: "x-debug" }, { op: "set", name: "x-version", value: "canary" }, rule],
    responseHeaders: [{ op: "add", name: "x-by", value: "100 %" }],
  });
});
