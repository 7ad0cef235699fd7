// What a design refuses, Istio refuses, and what it only counts, Istio only counts.
import { expect, test } from "vitest";
import { object } from "@/lib/compile/testing/rich";
import {
  applyCommand,
  type MeshDocument,
  type MeshObject,
  type Service,
  type SpecOf,
  validateDocument,
} from "@/lib/mesh";
import { importIstio } from ".";
import { exportDocument } from "./export";

const REF = { kind: "Service" as const, namespace: "production" };
const port = (number: number) => ({ name: `http-${number}`, port: number, protocol: "http" as const });
type Defaults = SpecOf<"Mesh">["defaults"];

/** `shop` calls `pay`, `job` calls one port of it. */
function mesh(defaults: Partial<Defaults>, pay: Partial<Service["spec"]>, ...more: MeshObject[]): MeshDocument {
  const root = object("Mesh", "shop", {
    trustDomain: "shop.local",
    defaults: { mutualTls: "strict", authorization: "drawn", ...defaults },
    certificateTtlHours: 24,
  });
  const line = (from: string, to: string, only?: number) =>
    object("Dependency", `${from}-to-${to}`, {
      from: { ...REF, name: from },
      to: { ...REF, name: to },
      ...(only === undefined ? {} : { port: only }),
    });
  const document = {
    objects: [
      { ...root, metadata: { name: "shop" } },
      { ...object("Namespace", "production", {}), metadata: { name: "production" } },
      ...["shop", "job"].map((name) => object("Service", name, { ports: [port(8080)] })),
      object("Service", "pay", { ports: [port(80), port(9090)], ...pay }),
      ...["shop", "job", "pay"].map((name) => object("Workload", `${name}-v1`, { service: name, version: "v1" })),
      line("shop", "pay"),
      line("job", "pay", 9090),
      ...more,
    ] as MeshObject[],
  };
  expect(validateDocument(document)).toEqual([]);
  return document;
}

function written(document: MeshDocument, kind: string, name: string) {
  const found = exportDocument(document).resources.find((each) => each.kind === kind && each.metadata.name === name);
  return found && { spec: found.spec, isCounted: found.metadata.annotations?.["istio.io/dry-run"] === "true" };
}
const listOf = (document: MeshDocument) => written(document, "AuthorizationPolicy", "drawn-callers-of-pay");
const openOf = (document: MeshDocument) => written(document, "AuthorizationPolicy", "only-counted-at-pay");
const stepOf = (document: MeshDocument) => written(document, "PeerAuthentication", "mutual-tls-of-pay")?.spec["mtls"];
const policy = (name: string, spec: SpecOf<"AuthorizationPolicy">) => object("AuthorizationPolicy", name, spec);
const allowInfo = policy("info", {
  target: { service: "pay" },
  action: "allow",
  rules: [{ to: [{ paths: ["/info"] }] }],
});
const denyAdmin = (target: SpecOf<"AuthorizationPolicy">["target"], more = {}) =>
  policy("no-admin", { target, action: "deny", rules: [{ to: [{ paths: ["/admin"] }] }], ...more });

/** The policy no-admin, on its way out and into a design. */
function broughtBack(from: MeshDocument, into: MeshDocument) {
  const { commands } = importIstio(exportDocument(from).text, { document: into });
  const applied = applyCommand(into, {}, { type: "batch", commands });
  if (!applied.ok) throw new Error(JSON.stringify(applied.violations));
  return applied.document.objects.find(({ metadata }) => metadata.name === "no-admin")?.spec;
}

test("a line for one port grants that port, and one for the service all of them", () => {
  expect(listOf(mesh({}, {}))).toEqual({
    isCounted: false,
    spec: {
      selector: { matchLabels: { app: "pay" } },
      action: "ALLOW",
      rules: [
        { from: [{ source: { principals: ["cluster.local/ns/production/sa/shop"] } }] },
        {
          from: [{ source: { principals: ["cluster.local/ns/production/sa/job"] } }],
          to: [{ operation: { ports: ["9090"] } }],
        },
      ],
    },
  });
});

test("a port that is no number of the pods alone is granted with the others, and told", () => {
  const origin = {
    dialect: "kubernetes" as const,
    kind: "Service",
    name: "pay",
    kept: [
      { path: "spec.selector", value: { app: "pay" } },
      { path: "spec.ports[0].targetPort", value: 8080 },
      { path: "spec.ports[1].targetPort", value: 8080 },
    ],
  };
  const plain = mesh({}, {});
  const objects = plain.objects.map((each) =>
    each.kind === "Service" && each.metadata.name === "pay"
      ? ({ ...each, metadata: { ...each.metadata, origin } } as MeshObject)
      : each,
  );
  const { report } = exportDocument({ objects });
  expect(listOf({ objects })?.spec["rules"]).toEqual([
    {
      from: [{ source: { principals: ["cluster.local/ns/production/sa/job", "cluster.local/ns/production/sa/shop"] } }],
    },
  ]);
  expect(report).toContainEqual(
    expect.objectContaining({ key: "Dependency/production/job-to-pay", path: "spec.port", changesMeaning: true }),
  );
});

test.each([
  ["observe", "PERMISSIVE", true],
  ["permissive", "PERMISSIVE", true],
  ["strict", "STRICT", true],
  ["enforced", "STRICT", false],
] as const)("at step %s mutual TLS is %s, and whether the list is only counted is %s", (mode, tls, isCounted) => {
  for (const mutualTls of ["strict", "permissive"] as const) {
    const document = mesh({ mutualTls }, { mode });
    // what the mesh says anyway is not said again
    expect(stepOf(document)).toEqual(tls === mutualTls.toUpperCase() ? undefined : { mode: tls });
    expect(listOf(document)?.isCounted).toBe(isCounted);
    expect(openOf(document)).toBeUndefined();
  }
});

const defaultOf = (document: MeshDocument) => written(document, "PeerAuthentication", "default")?.spec["mtls"];

test("a mesh in plain text is DISABLE for all, or for each service beside one that takes mutual TLS: its callers would not speak it", () => {
  expect(defaultOf(mesh({ mutualTls: "disable" }, {}))).toEqual({ mode: "DISABLE" });
  const document = mesh({ mutualTls: "disable" }, { mode: "strict" });
  expect(defaultOf(document)).toEqual({ mode: "PERMISSIVE" });
  expect(stepOf(document)).toEqual({ mode: "STRICT" });
  expect(written(document, "PeerAuthentication", "mutual-tls-of-shop")?.spec).toEqual({
    selector: { matchLabels: { app: "shop" } },
    mtls: { mode: "DISABLE" },
  });
});

test("a namespace in plain text with a service that takes mutual TLS is told: Istio's callers do not speak it there", () => {
  const plain = object("MutualTls", "plain", { target: { namespace: "production" }, mode: "disable" });
  const told = (document: MeshDocument) =>
    exportDocument(document).report.filter(({ key }) => key === "MutualTls/production/plain");
  expect(told(mesh({}, { mode: "strict" }, plain))).toMatchObject([{ path: "spec.mode", changesMeaning: true }]);
  expect(told(mesh({}, {}, plain))).toMatchObject([{ verdict: "exact" }]);
});

test("a TCP port beside others is in mutual TLS where the service is in plain text", () => {
  const ports = [port(80), { name: "db", port: 9090, protocol: "tcp" as const }];
  const level = { portLevelMtls: { 9090: { mode: "PERMISSIVE" } }, mtls: { mode: "DISABLE" } };
  const plain = mesh({ mutualTls: "disable" }, { ports });
  expect(written(plain, "PeerAuthentication", "mutual-tls-of-pay")?.spec).toMatchObject(level);
  const own = object("MutualTls", "pay", { target: { service: "pay" }, mode: "disable" });
  expect(written(mesh({}, { ports }, own), "PeerAuthentication", "pay")?.spec).toMatchObject(level);
});

test("a gateway serves the hosts of its routes as well, without ports", () => {
  const gateway = object("Gateway", "edge", {
    type: "ingress",
    listeners: [{ name: "http", port: 80, protocol: "http", hosts: ["*.shop.example", "a.example:80"] }],
  });
  const rules = [{ matches: [], action: { type: "respond" as const, status: 200 } }];
  const hosts = ["www.shop.example", "api.example:80", "a.example"];
  const route = object("Route", "edge", { target: { kind: "Gateway", name: "edge" }, hosts, rules });
  const document = mesh({}, {}, gateway, route);
  expect(written(document, "Gateway", "edge")?.spec["servers"]).toMatchObject([
    { hosts: ["*.shop.example", "a.example", "api.example"] },
  ]);
  expect(written(document, "VirtualService", "edge")?.spec["hosts"]).toEqual([
    "www.shop.example",
    "api.example",
    "a.example",
  ]);
});

test("mutual TLS that was written for a service beats its step", () => {
  const own = object("MutualTls", "pay", { target: { service: "pay" }, mode: "permissive" });
  const document = mesh({}, { mode: "enforced" }, own);
  expect(stepOf(document)).toBeUndefined();
  expect(listOf(document)?.isCounted).toBe(true);
});

test("who proves nothing is on no list: in plain text it is only counted", () => {
  expect(listOf(mesh({ mutualTls: "permissive" }, {}))?.isCounted).toBe(true);
  expect(openOf(mesh({ mutualTls: "permissive" }, {}))).toBeUndefined();
});

test("beside a list that Istio would enforce everybody is let by", () => {
  const everybody = { isCounted: false, spec: expect.objectContaining({ action: "ALLOW", rules: [{}] }) };
  expect(openOf(mesh({}, { mode: "strict" }, allowInfo))).toEqual(everybody);
  expect(openOf(mesh({ authorization: "deny", mutualTls: "permissive" }, {}))).toEqual(everybody);
  expect(openOf(mesh({ authorization: "allow" }, { mode: "strict" }, allowInfo))).toEqual(everybody);
  expect(openOf(mesh({ authorization: "allow", mutualTls: "permissive" }, {}, allowInfo))).toBeUndefined();
});

test("where only one port is in plain text, the list holds on the other", () => {
  const own = object("MutualTls", "pay", {
    target: { service: "pay" },
    mode: "strict",
    ports: [{ port: 80, mode: "permissive" }],
  });
  const document = mesh({}, {}, own);
  expect(listOf(document)?.isCounted).toBe(false);
  expect(openOf(document)?.spec["rules"]).toEqual([{ to: [{ operation: { ports: ["80"] } }] }]);
});

test("at the first step a denial for the service is only counted, and comes back as it was", () => {
  const denial = denyAdmin({ service: "pay" });
  const document = mesh({}, { mode: "observe" }, denial);
  expect(written(document, "AuthorizationPolicy", "no-admin")?.isCounted).toBe(true);
  expect(written(mesh({}, { mode: "permissive" }, denial), "AuthorizationPolicy", "no-admin")?.isCounted).toBe(false);
  expect(broughtBack(document, document)).toEqual(denial.spec);
  expect(broughtBack(document, mesh({}, {}))).toEqual({ ...denial.spec, shadow: true });
});

test("a denial for more than a service at the first step refuses there, which is told", () => {
  const told = (document: MeshDocument) =>
    exportDocument(document).report.find(({ key, path }) => key === "Service/production/pay" && path === "spec.mode");
  expect(told(mesh({}, { mode: "observe" }, denyAdmin({ namespace: "production" })))).toMatchObject({
    verdict: "approximate",
    changesMeaning: true,
  });
  expect(told(mesh({}, { mode: "observe" }, denyAdmin({ namespace: "production" }, { shadow: true })))).toMatchObject({
    verdict: "moved",
  });
  expect(told(mesh({}, { mode: "observe" }, denyAdmin({ service: "pay" })))).toMatchObject({ verdict: "moved" });
});

test("a policy that is no longer only counted goes out enforced", () => {
  const came = denyAdmin({ service: "pay" });
  const annotations = { "istio.io/dry-run": "true", team: "pay" };
  const document = mesh({}, {}, { ...came, metadata: { ...came.metadata, annotations } });
  const { resources } = exportDocument(document);
  const out = resources.find(({ metadata }) => metadata.name === "no-admin");
  expect(out?.metadata.annotations).toEqual({ team: "pay" });
});

test("principals and services of one source are those that are both, and a source of nobody is nobody", () => {
  const by = (principals: string[], action: "allow" | "deny") => {
    const rules = [{ from: [{ principals, services: [{ kind: "Service" as const, name: "shop" }] }] }];
    return written(
      mesh({}, {}, policy("by", { target: { service: "pay" }, action, rules })),
      "AuthorizationPolicy",
      "by",
    )?.spec["rules"];
  };
  const shop = [{ from: [{ source: { principals: ["cluster.local/ns/production/sa/shop"] } }] }];
  expect(by(["*/sa/shop"], "allow")).toEqual(shop);
  expect(by(["spiffe://shop.local/ns/production/sa/shop", "*/job"], "deny")).toEqual(shop);
  expect(by(["*/sa/job"], "deny")).toEqual([]);
});

test.each([
  ["deny", "approximate", {}, true],
  ["allow", "lost", {}, true],
  ["deny", "approximate", { shadow: true }, false],
  ["audit", "lost", {}, false],
] as const)(
  "a condition without a word in Istio: %s is %s, with %j a change of meaning: %s",
  (action, verdict, more, changesMeaning) => {
    const to = [{ headers: [{ name: "x-a", type: "contains" as const, values: ["b"] }] }];
    const own = policy("by-header", { target: { service: "pay" }, action, rules: [{ to }], ...more });
    expect(exportDocument(mesh({}, {}, own)).report).toContainEqual(
      expect.objectContaining({ path: "spec.rules[0].to", verdict, changesMeaning }),
    );
  },
);

test("a redirect that changes nothing names its scheme, which Istio asks for", () => {
  const rules = [{ matches: [], action: { type: "redirect" as const, code: 302 as const } }];
  const route = object("Route", "pay", { target: { kind: "Service", name: "pay" }, rules });
  expect(written(mesh({}, {}, route), "VirtualService", "pay")?.spec["http"]).toEqual([
    { redirect: { scheme: "http", redirectCode: 302 } },
  ]);
});

test("an audit is no dry run, which Istio refuses of it, and comes back as it was", () => {
  const audit = denyAdmin({ service: "pay" }, { action: "audit", shadow: true });
  const document = mesh({}, {}, audit);
  expect(written(document, "AuthorizationPolicy", "no-admin")?.isCounted).toBe(false);
  expect(broughtBack(document, document)).toEqual(audit.spec);
});

test("a gateway's destination names the port of a service that has several, and a route of TCP beside HTTP the one for requests", () => {
  const gateway = object("Gateway", "edge", {
    type: "ingress",
    listeners: [{ name: "http", port: 80, protocol: "http", hosts: ["*"] }],
  });
  const line = object("Dependency", "edge-to-pay", {
    from: { kind: "Gateway", name: "edge" },
    to: { ...REF, name: "pay" },
  });
  const rules = [{ matches: [], action: { type: "forward" as const, destinations: ["pay", "shop"].map(to) } }];
  const atEdge = object("Route", "edge", { target: { kind: "Gateway", name: "edge" }, rules });
  const atShop = object("Route", "shop", { target: { kind: "Service", name: "shop" }, rules });
  const document = mesh({}, { ports: [port(9090), port(80)] }, gateway, line, atEdge, atShop);
  const portsOf = (from: MeshDocument, name: string) => {
    const http = written(from, "VirtualService", name)?.spec["http"] as
      | { route: { destination: object }[] }[]
      | undefined;
    return http?.[0]?.route.map(({ destination }) => destination);
  };
  expect(portsOf(document, "edge")).toEqual([{ host: "pay", port: { number: 80 } }, { host: "shop" }]);
  const mixed = mesh({}, { ports: [{ name: "db", port: 5432, protocol: "tcp" }, port(9090)] }, atShop);
  expect(portsOf(mixed, "shop")).toEqual([{ host: "pay", port: { number: 9090 } }, { host: "shop" }]);
});

const to = (name: string) => ({ service: { name }, weight: 1 });

test("a redirect to the port that its scheme has anyway is told where it names no host: Istio leaves the port out", () => {
  const told = (action: object) => {
    const rules = [{ matches: [], action: { type: "redirect" as const, ...action } }];
    const route = object("Route", "pay", { target: { kind: "Service", name: "pay" }, rules });
    return exportDocument(mesh({}, {}, route)).report.filter(({ path }) => path === "spec.rules[0].action.port");
  };
  expect(told({ port: 80, path: "/x" })).toMatchObject([{ changesMeaning: true }]);
  expect(told({ scheme: "https", port: 443 })).toMatchObject([{ changesMeaning: true }]);
  for (const action of [
    { port: 443 },
    { scheme: "https", port: 80 },
    { port: 80, host: "other.example" },
    { path: "/x" },
  ])
    expect(told(action)).toEqual([]);
});

test("a route that is only for some callers says 404 to the others, who would not see it in Istio", () => {
  const httpOf = (...matches: object[][]) => {
    const rules = matches.map((each) => ({ matches: each, action: { type: "respond" as const, status: 200 } }));
    const route = object("Route", "pay", { target: { kind: "Service", name: "pay" }, rules });
    const http = written(mesh({}, {}, route), "VirtualService", "pay")?.spec["http"] as object[];
    return http.slice(matches.length);
  };
  const some = { caller: { namespace: "production" } };
  expect(httpOf([some])).toEqual([{ directResponse: { status: 404 } }]);
  expect(httpOf([some, { path: { type: "exact", value: "/" } }])).toEqual([]);
  expect(httpOf([some], [])).toEqual([]);
});

test("a gateway without a route leads to the one service that is drawn from it", () => {
  const gateway = object("Gateway", "edge", {
    type: "ingress",
    listeners: [{ name: "http", port: 80, protocol: "http", hosts: ["*"] }],
  });
  const line = (name: string) =>
    object("Dependency", `edge-to-${name}`, { from: { kind: "Gateway", name: "edge" }, to: { ...REF, name } });
  const only = (...lines: string[]) =>
    written(mesh({}, {}, gateway, ...lines.map(line)), "VirtualService", "only-service-of-edge")?.spec;
  expect(only("pay")).toEqual({
    hosts: ["*"],
    gateways: ["edge"],
    http: [{ route: [{ destination: { host: "pay", port: { number: 80 } } }] }],
  });
  expect(only("pay", "shop")).toBeUndefined();
  expect(only()).toBeUndefined();
});
