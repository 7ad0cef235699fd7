// What Istio itself was seen to make of manifests (docs/decisions/istio-oracle.md), held here without it.
import { expect, test } from "vitest";
import { object } from "@/lib/compile/testing/rich";
import {
  type AuthorizationOperation,
  applyCommand,
  emptyMesh,
  type MeshDocument,
  type ObjectOf,
  validateDocument,
} from "@/lib/mesh";
import { exportDocument, importDocuments } from "..";
import { exportIstio } from ".";

const GROUND = `
apiVersion: v1
kind: Service
metadata: { name: pay, namespace: shop }
spec: { selector: { app: pay }, ports: [{ name: http, port: 80, targetPort: 8080 }] }
---
apiVersion: v1
kind: Service
metadata: { name: stock, namespace: back }
spec: { selector: { app: stock }, ports: [{ name: http, port: 8080 }] }
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: edge, namespace: shop }
spec: { selector: { istio: ingressgateway }, servers: [{ port: { number: 80, name: http, protocol: HTTP }, hosts: ["*"] }] }
---`;

const resource = (kind: string, namespace: string, name: string, spec: string) => `
apiVersion: ${kind.endsWith("Authentication") || kind.endsWith("Policy") ? "security" : "networking"}.istio.io/v1
kind: ${kind}
metadata: { name: ${name}, namespace: ${namespace} }
spec: ${spec}
---`;
const vs = (namespace: string, name: string, spec: string) => resource("VirtualService", namespace, name, spec);

function imported(text: string) {
  const document = emptyMesh("mesh");
  const { violations, commands, warnings } = importDocuments("istio", [{ text: GROUND + text }], { document });
  expect(violations).toEqual([]);
  const applied = applyCommand(document, {}, { type: "batch", commands });
  if (!applied.ok) throw new Error(JSON.stringify(applied.violations));
  expect(validateDocument(applied.document)).toEqual([]);
  return { document: applied.document, warnings };
}

const routesOf = ({ objects }: MeshDocument) =>
  objects.filter((each): each is ObjectOf<"Route"> => each.kind === "Route");
/** Statuses of answers, with the paths that get them. */
const answersOf = (route: ObjectOf<"Route"> | undefined) =>
  route?.spec.rules.map(({ matches, action }) => [
    action.type === "respond" ? action.status : action.type,
    ...matches.map(({ path }) => path?.value ?? "any"),
  ]);
const respond = (status: number, match = "") => `{ ${match}directResponse: { status: ${status} } }`;
const at = (prefix: string, more = "") => `match: [{ uri: { prefix: ${prefix} }${more} }], `;

test("of two VirtualServices for a service the older one counts, and the other is kept and told", () => {
  const { document, warnings } = imported(
    vs("shop", "first", `{ hosts: [pay], http: [${respond(201, at("/a"))}] }`) +
      vs("back", "second", `{ hosts: [pay.shop.svc.cluster.local], http: [${respond(202)}] }`),
  );
  expect(routesOf(document).map(answersOf)).toEqual([[[201, "/a"]]]);
  expect(warnings.find(({ source }) => source === "VirtualService back/second")?.message).toMatch(
    /is for pay as VirtualService shop\/first is, and Istio takes the older one/,
  );
  expect(exportIstio(document).text).toContain("name: second");
});

test("VirtualServices for one host of a gateway are tried one after the other, those for every request last", () => {
  const { document, warnings } = imported(
    vs(
      "shop",
      "a",
      `{ hosts: [www.example], gateways: [edge], http: [${respond(201, at("/a"))}, ${respond(202)}, ${respond(203, at("/late"))}] }`,
    ) +
      vs("shop", "b", `{ hosts: [www.example], gateways: [edge], http: [${respond(204, at("/b"))}, ${respond(205)}] }`),
  );
  expect(routesOf(document).map(answersOf)).toEqual([[[201, "/a"], [204, "/b"], [202], [205]]]);
  expect(warnings.map(({ message }) => message).join()).toMatch(/the rules of both are one route here/);
});

test("a host that two VirtualServices of a gateway share gets the rules of both, and the others their own", () => {
  const { document } = imported(
    vs("shop", "a", `{ hosts: [one.example, two.example], gateways: [edge], http: [${respond(201, at("/a"))}] }`) +
      vs("shop", "b", `{ hosts: [two.example, three.example], gateways: [edge], http: [${respond(202, at("/b"))}] }`),
  );
  const told = routesOf(document).map((route) => [route.spec.hosts, answersOf(route)]);
  expect(told).toEqual([
    [["one.example"], [[201, "/a"]]],
    [
      ["two.example"],
      [
        [201, "/a"],
        [202, "/b"],
      ],
    ],
    [["three.example"], [[202, "/b"]]],
  ]);
});

test("a match for some of the gateways is a rule of those alone", () => {
  const { document } = imported(
    vs(
      "shop",
      "both",
      `{ hosts: [pay], gateways: [edge, mesh], http: [${respond(201, at("/x", ", gateways: [shop/edge]"))}, ${respond(202, at("/x", ", gateways: [mesh]"))}, ${respond(203)}] }`,
    ),
  );
  const told = routesOf(document).map((route) => [route.spec.target.kind, answersOf(route)]);
  expect(told).toEqual([
    ["Service", [[202, "/x"], [203]]],
    ["Gateway", [[201, "/x"], [203]]],
  ]);
});

test("what a VirtualService leaves to another one is put together as istiod does", () => {
  const { document, warnings } = imported(
    vs(
      "shop",
      "root",
      `{ hosts: [pay], http: [{ ${at("/team")}timeout: 3s, delegate: { name: team, namespace: back } }, { ${at("/gone")}delegate: { name: gone } }, { route: [{ destination: { host: pay } }] }] }`,
    ) +
      vs(
        "back",
        "team",
        `{ http: [{ ${at("/team/a")}route: [{ destination: { host: stock } }] }, ${respond(201, at("/elsewhere"))}, ${respond(202)}] }`,
      ),
  );
  const [route] = routesOf(document);
  expect(answersOf(route)).toEqual([["forward", "/team/a"], [202, "/team"], ["forward"]]);
  expect(route?.spec.rules[0]).toMatchObject({
    timeoutMs: 3000,
    action: { destinations: [{ service: { namespace: "back", name: "stock" } }] },
  });
  const told = warnings.map(({ message }) => message).join("\n");
  expect(told).toMatch(/rule 2 of back\/team has no effect/);
  expect(told).toMatch(/shop\/gone that it leaves the rest to is not in the text/);
});

test("a delegate that its namespace keeps for itself is not found", () => {
  const { document } = imported(
    vs("shop", "root", `{ hosts: [pay], http: [{ delegate: { name: team, namespace: back } }, ${respond(404)}] }`) +
      vs("back", "team", `{ exportTo: ["."], http: [${respond(201)}] }`),
  );
  expect(routesOf(document).map(answersOf)).toEqual([[[404]]]);
});

test("a * as expression means any value", () => {
  const { document } = imported(
    vs("shop", "pay", `{ hosts: [pay], http: [${respond(201, 'match: [{ headers: { x-a: { regex: "*" } } }], ')}] }`),
  );
  expect(routesOf(document)[0]?.spec.rules[0]?.matches).toEqual([{ headers: [{ name: "x-a", type: "present" }] }]);
});

test("a header that is missing is not another one's value in the model, and is one in Istio", () => {
  const matchesOf = (match: string) =>
    routesOf(
      imported(vs("shop", "pay", `{ hosts: [pay], http: [${respond(201, `match: [${match}], `)}] }`)).document,
    )[0]?.spec.rules[0]?.matches;
  const other = { name: "x-a", type: "exact", value: "one", invert: true };
  const absent = { name: "x-a", type: "present", invert: true };
  expect(matchesOf("{ withoutHeaders: { x-a: { exact: one } } }")).toEqual([
    { headers: [other] },
    { headers: [absent] },
  ]);
  expect(matchesOf("{ withoutHeaders: { x-a: {} } }")).toEqual([{ headers: [absent] }]);
  expect(matchesOf('{ withoutHeaders: { x-a: { regex: "a*" } } }')).toHaveLength(1);
  expect(matchesOf("{ headers: { x-a: {} }, withoutHeaders: { x-a: { exact: one } } }")).toEqual([
    { headers: [other] },
  ]);
});

test("what is not a value is written so that it comes back as it was", () => {
  const { document } = imported(
    vs(
      "shop",
      "pay",
      `{ hosts: [pay], http: [${respond(201, "match: [{ headers: { x-a: {} }, withoutHeaders: { x-a: { exact: one } } }], ")}] }`,
    ),
  );
  const route = exportIstio(document).resources.find(({ kind }) => kind === "VirtualService");
  expect(route?.spec).toMatchObject({
    http: [{ match: [{ headers: { "x-a": {} }, withoutHeaders: { "x-a": { exact: "one" } } }] }],
  });
});

test("a destination outside of the mesh leaves its rule out, kept and told, and the others in", () => {
  const { document, warnings } = imported(
    vs(
      "shop",
      "pay",
      `{ hosts: [pay], http: [{ ${at("/out")}route: [{ destination: { host: api.example } }] }, ${respond(201)}] }`,
    ),
  );
  expect(routesOf(document).map(answersOf)).toEqual([[[201]]]);
  expect(warnings.find(({ changesMeaning }) => changesMeaning)?.message).toMatch(/api.example is outside the mesh/);
  expect(exportIstio(document).text).toContain("host: api.example");
});

test("ports of policies are those of the pods, in and out", () => {
  const { document } = imported(
    resource(
      "AuthorizationPolicy",
      "shop",
      "pay",
      `{ selector: { matchLabels: { app: pay } }, rules: [{ to: [{ operation: { ports: ["8080"], notPorts: ["9090"] } }], when: [{ key: destination.port, values: ["8080"] }] }] }`,
    ) +
      resource(
        "PeerAuthentication",
        "shop",
        "pay",
        `{ selector: { matchLabels: { app: pay } }, mtls: { mode: STRICT }, portLevelMtls: { 8080: { mode: PERMISSIVE } } }`,
      ),
  );
  const specs = document.objects.filter(({ kind }) => kind === "AuthorizationPolicy" || kind === "MutualTls");
  expect(specs.map(({ spec }) => spec)).toMatchObject([
    { ports: [{ port: 80, mode: "permissive" }] },
    { rules: [{ to: [{ ports: [80], notPorts: [9090] }], when: [{ of: "targetPort", values: ["80"] }] }] },
  ]);
  const back = exportIstio(document).resources.filter(({ kind }) => kind !== "Gateway");
  expect(back.map(({ spec }) => spec)).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ portLevelMtls: { 8080: { mode: "PERMISSIVE" } } }),
      expect.objectContaining({
        rules: [
          {
            to: [{ operation: { ports: ["8080"], notPorts: ["9090"] } }],
            when: [{ key: "destination.port", values: ["8080"] }],
          },
        ],
      }),
    ]),
  );
});

test("a policy about a port that is another one's at the service is left out whole", () => {
  const { document, warnings } = imported(
    resource(
      "AuthorizationPolicy",
      "shop",
      "pay",
      `{ selector: { matchLabels: { app: pay } }, action: DENY, rules: [{ to: [{ operation: { ports: ["80"] } }] }] }`,
    ),
  );
  expect(document.objects.filter(({ kind }) => kind === "AuthorizationPolicy")).toEqual([]);
  expect(warnings.filter(({ changesMeaning }) => changesMeaning)).toHaveLength(1);
});

test("a mode that inherits is written down where single ports have another one", () => {
  const { document, warnings } = imported(
    resource("PeerAuthentication", "istio-system", "default", "{ mtls: { mode: STRICT } }") +
      resource("PeerAuthentication", "shop", "default", "{ mtls: { mode: UNSET } }") +
      resource(
        "PeerAuthentication",
        "shop",
        "pay",
        "{ selector: { matchLabels: { app: pay } }, portLevelMtls: { 8080: { mode: DISABLE } } }",
      ),
  );
  const modes = document.objects.flatMap((each) => (each.kind === "MutualTls" ? [each.spec] : []));
  expect(modes).toEqual([
    { mode: "strict" },
    { target: { service: "pay" }, mode: "strict", ports: [{ port: 80, mode: "disable" }] },
  ]);
  expect(warnings.map(({ message }) => message).join()).toMatch(/written down as STRICT/);
});

test("a destination with another port than the one that is called is named with it, and told where it is not", () => {
  const text = vs(
    "shop",
    "pay",
    "{ hosts: [pay], http: [{ route: [{ destination: { host: stock.back.svc.cluster.local } }] }] }",
  );
  const { document, warnings } = imported(text);
  expect(warnings.find(({ changesMeaning }) => changesMeaning)?.message).toMatch(/Istio looks for port 80 there/);
  const [written] = exportIstio(document).resources.filter(({ kind }) => kind === "VirtualService");
  expect(written?.spec).toMatchObject({ http: [{ route: [{ destination: { port: { number: 8080 } } }] }] });
});

test("a Host that is set is a host that is written anew", () => {
  const { document } = imported(
    vs(
      "shop",
      "pay",
      "{ hosts: [pay], http: [{ headers: { request: { set: { Host: a.example, x-a: '1' } } }, route: [{ destination: { host: pay } }] }] }",
    ),
  );
  expect(routesOf(document)[0]?.spec.rules[0]).toMatchObject({
    rewrite: { host: "a.example" },
    headers: { request: { set: { "x-a": "1" } } },
  });
});

test("a % in a header is doubled on its way out and back", () => {
  const { document } = imported(
    vs(
      "shop",
      "pay",
      "{ hosts: [pay], http: [{ headers: { request: { set: { x-a: '100 %% sure' } } }, route: [{ destination: { host: pay } }] }] }",
    ),
  );
  expect(routesOf(document)[0]?.spec.rules[0]?.headers).toEqual({ request: { set: { "x-a": "100 % sure" } } });
  expect(exportIstio(document).text).toContain("100 %% sure");
});

test("a redirect names no port that its scheme has anyway", () => {
  const portOf = (redirect: string) => {
    const [route] = routesOf(
      imported(vs("shop", "pay", `{ hosts: [pay], http: [{ redirect: ${redirect} }] }`)).document,
    );
    const action = route?.spec.rules[0]?.action;
    return action?.type === "redirect" ? action.port : null;
  };
  expect(portOf("{ scheme: https, port: 443 }")).toBeUndefined();
  expect(portOf("{ port: 80 }")).toBeUndefined();
  expect(portOf("{ scheme: https, port: 80 }")).toBe(80);
});

test("at a gateway only hosts count that it serves, for routes of that namespace", () => {
  const gateway = `
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: narrow, namespace: shop }
spec: { selector: { istio: ingressgateway }, servers: [{ port: { number: 80, name: http, protocol: HTTP }, hosts: ["./a.example", "*/*.b.example"] }] }
---`;
  const hosts = `{ hosts: [a.example, x.b.example, c.example], gateways: [shop/narrow], http: [${respond(404)}] }`;
  const [own] = routesOf(imported(gateway + vs("shop", "own", hosts)).document);
  expect(own?.spec.hosts).toEqual(["a.example", "x.b.example"]);
  const [other] = routesOf(imported(gateway + vs("back", "other", hosts)).document);
  expect(other?.spec.hosts).toEqual(["x.b.example"]);
  const none = imported(
    gateway + vs("back", "none", `{ hosts: [a.example], gateways: [shop/narrow], http: [${respond(404)}] }`),
  );
  expect(routesOf(none.document)).toEqual([]);
  expect(none.warnings.map(({ message }) => message).join()).toMatch(/serves none of its hosts/);
});

test("a route of what is outside of the mesh is told to be without effect", () => {
  const { warnings } = imported(
    `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: api, namespace: shop }
spec: { hosts: [api.example], location: MESH_EXTERNAL, resolution: DNS, ports: [{ number: 80, name: http, protocol: HTTP }] }
---${vs("shop", "api", `{ hosts: [api.example], http: [${respond(404)}] }`)}`,
  );
  expect(warnings.filter(({ changesMeaning }) => changesMeaning)).toHaveLength(1);
});

test("rules that are all for some callers leave the service as it is to the others", () => {
  const match = "match: [{ sourceNamespace: other, uri: { prefix: /a } }, { sourceLabels: { app: front } }], ";
  const { document } = imported(vs("shop", "pay", `{ hosts: [pay], http: [${respond(201, match)}] }`));
  const [route] = routesOf(document);
  expect(route?.spec.rules.slice(1)).toEqual([
    {
      matches: [{ caller: { namespace: "other" } }, { caller: { labels: { app: "front" } } }],
      action: { type: "respond", status: 404 },
    },
    {
      matches: [],
      action: { type: "forward", destinations: [{ service: { name: "pay" }, weight: 100 }] },
    },
  ]);
  const out = exportIstio(document).resources.find(({ kind }) => kind === "VirtualService");
  expect(out?.spec["http"]).toHaveLength(3);
});

test("a path that is replaced without a condition on it is replaced as text", () => {
  const written = vs(
    "shop",
    "pay",
    "{ hosts: [pay], http: [{ match: [{ headers: { x-a: { exact: one } } }], rewrite: { uri: /headed }, route: [{ destination: { host: pay } }] }, { rewrite: { uri: /all/ }, route: [{ destination: { host: pay } }] }] }",
  );
  const [route] = routesOf(imported(written).document);
  expect(route?.spec.rules.map(({ matches }) => matches)).toEqual([
    [{ path: { type: "prefix", value: "/" }, headers: [{ name: "x-a", type: "exact", value: "one" }] }],
    [],
  ]);
});

const hostPolicy = (action: string, operation: string) =>
  resource(
    "AuthorizationPolicy",
    "shop",
    "hosts",
    `{ action: ${action}, rules: [{ to: [{ operation: ${operation} }] }] }`,
  );
const operationsOf = ({ objects }: MeshDocument) =>
  objects.flatMap((each) => (each.kind === "AuthorizationPolicy" ? each.spec.rules.flatMap(({ to = [] }) => to) : []));
const writtenOperations = (document: MeshDocument) => {
  const made = exportIstio(document).resources.find(({ metadata }) => metadata.name === "hosts");
  return ((made?.spec["rules"] ?? []) as { to?: object[] }[]).flatMap(({ to = [] }) => to);
};
const PLAIN_HOST = { name: ":authority", type: "regex", values: [".*:[0-9]+"], invert: true };

test.each([
  ["{ hosts: [a.example] }", [{ hosts: ["a.example"], headers: [PLAIN_HOST] }]],
  ['{ hosts: [A.example, "a.example:*"] }', [{ hosts: ["A.example"] }]],
  ['{ hosts: ["*.example"] }', [{ hosts: ["*.example"], headers: [PLAIN_HOST] }]],
  ['{ hosts: ["a.*", "a.example:8080", "*"] }', [{ hosts: ["a.*", "a.example:8080", "*"] }]],
  ['{ hosts: ["b*", a.example] }', [{ hosts: ["b*"] }, { hosts: ["a.example"], headers: [PLAIN_HOST] }]],
  ['{ notHosts: [a.example, "a.example:*"] }', [{ notHosts: ["a.example"] }]],
  [
    '{ notHosts: ["*.a-b.example", c] }',
    [{ headers: [{ name: ":authority", type: "regex", values: ["(?i).+\\.a-b\\.example", "(?i)c"], invert: true }] }],
  ],
])("hosts of a policy are compared with their ports: %s", (operation, read) => {
  const { document, warnings } = imported(hostPolicy("DENY", operation));
  expect(warnings).toEqual([]);
  expect(operationsOf(document)).toEqual(read);
  const again = imported(`\n${exportIstio(document).text}`);
  expect(operationsOf(again.document)).toEqual(read);
});

test("a host of a design goes out with any port, and its end, which cannot, refuses more and never less", () => {
  const { document } = imported(hostPolicy("ALLOW", '{ hosts: ["a.example", "a.example:*"], notHosts: [b, "b:*"] }'));
  expect(writtenOperations(document)).toEqual([
    { operation: { hosts: ["a.example", "a.example:*"], notHosts: ["b", "b:*"] } },
  ]);
  const withEnds = (action: "allow" | "deny", operation: AuthorizationOperation) => {
    const objects = document.objects.map((each) =>
      each.kind === "AuthorizationPolicy"
        ? { ...each, spec: { ...each.spec, action, rules: [{ to: [operation] }] } }
        : each,
    );
    const { report } = exportDocument("istio", { objects });
    const told = report.filter(({ key, changesMeaning }) => key.startsWith("AuthorizationPolicy/") && changesMeaning);
    return [writtenOperations({ objects }), told.map(({ verdict }) => verdict)];
  };
  expect(withEnds("deny", { hosts: ["*.example"], methods: ["GET"] })).toEqual([
    [{ operation: { methods: ["GET"] } }],
    ["approximate"],
  ]);
  expect(withEnds("allow", { hosts: ["*.example"] })).toEqual([
    [{ operation: { hosts: ["*.example"] } }],
    ["approximate"],
  ]);
  expect(withEnds("allow", { notHosts: ["*.example"] })).toEqual([[], ["lost"]]);
  expect(withEnds("deny", { notHosts: ["*.example"] })).toEqual([
    [{ operation: { notHosts: ["*.example"] } }],
    ["approximate"],
  ]);
});

test("no name stands beside a pattern that has it, which Istio refuses", () => {
  const { document } = imported("");
  const gateway = { kind: "Gateway" as const, name: "edge", namespace: "shop" };
  const hosts = ["www.shop.example", "*.shop.example", "shop.example", "WWW.shop.example", "b.example", "B.example"];
  const route = object("Route", "edge", {
    target: gateway,
    hosts,
    rules: [{ matches: [], action: { type: "respond", status: 204 } }],
  });
  const destinations = [{ service: { name: "pay", namespace: "shop" }, weight: 1 }];
  const passed = object("TcpRoute", "passed", {
    gateway: { name: "edge", namespace: "shop" },
    rules: ["one.bank.example", "*.bank.example"].map((name) => ({
      matches: [{ serverNames: [name] }],
      destinations,
    })),
  });
  const objects = document.objects.map((each) =>
    each.kind === "Gateway"
      ? {
          ...each,
          spec: {
            ...each.spec,
            listeners: [
              ...each.spec.listeners,
              { name: "tls", port: 8443, protocol: "tls" as const, hosts: ["*.bank.example", "one.bank.example"] },
            ],
          },
        }
      : each,
  );
  const written = exportIstio({ objects: [...objects, route, passed] }).resources;
  const hostsOf = (part: string) =>
    written.flatMap(({ kind, spec }) => (kind === "VirtualService" && spec[part] ? [spec["hosts"]] : []));
  expect(hostsOf("http")).toEqual([["*.shop.example", "shop.example", "b.example"]]);
  expect(hostsOf("tls")).toEqual([["*.bank.example"]]);
});
