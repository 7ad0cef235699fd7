// TLS to what is outside of the mesh, in and out of Gateway API.
import { expect, test } from "vitest";
import { object } from "@/lib/compile/testing/rich";
import {
  applyCommand,
  type ExternalTls,
  emptyMesh,
  type MeshDocument,
  type MeshObject,
  type SpecOf,
  validateDocument,
  valuesToYaml,
} from "@/lib/mesh";
import { exportDocument, importDocuments } from "..";
import { imported, specOf } from "../testing/imported";
import { schemaErrors } from "./testing/schemas";

type External = SpecOf<"ExternalService">;
const KEY = "ExternalService/shop/bank";
const SYSTEM = { wellKnownCACertificates: "System" };
const CA = { caCertificateRefs: [{ group: "", kind: "ConfigMap", name: "bank-root" }] };
const HTTP = { name: "web", port: 80, appProtocol: "http" };
const TCP = { name: "raw", port: 443, appProtocol: "tcp" };

const outside = (...ports: object[]) => ({
  ...{ apiVersion: "v1", kind: "Service", metadata: { name: "bank", namespace: "shop" } },
  spec: { type: "ExternalName", externalName: "bank.example", ports: ports.length > 0 ? ports : [HTTP] },
});
const policy = (spec: object, name = "bank-tls", metadata: object = {}) => ({
  ...{ apiVersion: "gateway.networking.k8s.io/v1", kind: "BackendTLSPolicy" },
  metadata: { name, namespace: "shop", ...metadata },
  spec,
});
const to = (...sections: string[]) =>
  (sections.length > 0 ? sections : [undefined]).map((sectionName) => ({
    ...{ group: "", kind: "Service", name: "bank" },
    ...(sectionName === undefined ? {} : { sectionName }),
  }));
const verified = (validation: object, targetRefs: object[] = to()) => policy({ targetRefs, validation });

function come(...resources: object[]) {
  const { document, warnings } = imported("gateway-api", [{ text: valuesToYaml(resources as never) }]);
  expect(validateDocument(document)).toEqual([]);
  const told = warnings.map(({ source, path, verdict, changesMeaning, message }) => ({
    ...{ source, path, verdict, changesMeaning, message },
  }));
  return { document, tls: (specOf(document, KEY) as External | undefined)?.tls, told };
}

function go(document: MeshDocument) {
  const { resources, report, text } = exportDocument("gateway-api", document);
  expect(schemaErrors(resources, "standard")).toEqual([]);
  const policies = resources.filter(({ kind }) => kind === "BackendTLSPolicy");
  const told = report.filter(({ key }) => key === KEY);
  return { resources, policies, text, told, loud: told.filter(({ changesMeaning }) => changesMeaning) };
}

/** What another form says over the design without it. */
function back(design: MeshDocument, dialect: "istio" | "gateway-api", text: string): ExternalTls | undefined {
  const objects = design.objects.map((each) => {
    if (each.kind !== "ExternalService") return each;
    const { tls: _, ...spec } = each.spec;
    return { ...each, spec };
  }) as MeshObject[];
  const { commands, violations } = importDocuments(dialect, [{ text }], { document: { objects } });
  expect(violations).toEqual([]);
  const applied = applyCommand({ objects }, {}, { type: "batch", commands });
  if (!applied.ok) throw new Error(JSON.stringify(applied.violations));
  return (specOf(applied.document, KEY) as External).tls;
}

const withSpec = (document: MeshDocument, change: Partial<External>) => ({
  objects: document.objects.map((each) =>
    each.kind === "ExternalService" ? { ...each, spec: { ...each.spec, ...change } } : each,
  ) as MeshObject[],
});

const URI = "spiffe://bank.example/pay";
test.each<[string, object, ExternalTls]>([
  ["the Service's host", { hostname: "bank.example", ...SYSTEM }, { mode: "simple" }],
  ["another name", { hostname: "inner.example", ...SYSTEM }, { mode: "simple", sni: "inner.example" }],
  [
    "names beside the one that is asked for",
    {
      ...{ hostname: "bank.example", ...SYSTEM },
      subjectAltNames: [
        { type: "Hostname", hostname: "a.example" },
        { type: "URI", uri: URI },
      ],
    },
    { mode: "simple", subjectAltNames: ["a.example", URI] },
  ],
])("%s: in and out the same, and as Istio has it", (_, validation, tls) => {
  const { document, ...found } = come(outside(), verified(validation));
  expect(found).toEqual({ tls, told: [] });
  const { policies, text, told, loud } = go(document);
  expect(policies).toMatchObject([{ metadata: { name: "bank-tls" }, spec: { targetRefs: to(), validation } }]);
  expect(loud).toEqual([]);
  expect(told.map(({ path, verdict }) => [path, verdict])).toEqual([
    ["spec.hosts", "moved"],
    ["spec.tls", "approximate"],
  ]);
  expect(back(document, "gateway-api", text)).toEqual(tls);
  const istio = exportDocument("istio", document);
  expect(istio.report.filter(({ key, changesMeaning }) => key === KEY && changesMeaning)).toEqual([]);
  expect(back(document, "istio", istio.text)).toEqual(tls);
});

test("ports where the app speaks TLS itself are not named, and the others are, each", () => {
  const ports = [HTTP, { ...HTTP, name: "admin", port: 81 }, TCP];
  const validation = { hostname: "bank.example", ...SYSTEM };
  const { document, tls, told } = come(outside(...ports), verified(validation, to("web", "admin")));
  expect([tls, told]).toEqual([{ mode: "simple" }, []]);
  expect(go(document).policies).toMatchObject([{ spec: { targetRefs: to("web", "admin"), validation } }]);
  const whole = come(outside(...ports), verified(validation));
  expect(whole.tls).toEqual({ mode: "simple" });
  expect(whole.told).toMatchObject([
    { verdict: "lost", changesMeaning: true, message: expect.stringMatching(/port 443/) },
  ]);
});

test("the one that names the port counts, then the older; the rest is told, and has no effect there either", () => {
  const hostname = (name: string) => ({ hostname: name, ...SYSTEM });
  const old = { creationTimestamp: "2026-01-01T00:00:00Z" };
  const all = [
    policy({ targetRefs: to(), validation: hostname("younger.example") }, "a", {
      creationTimestamp: "2026-02-01T00:00:00Z",
    }),
    policy({ targetRefs: to(), validation: hostname("older.example") }, "b", old),
  ];
  const found = come(outside(), ...all);
  expect(found.tls).toEqual({ mode: "simple", sni: "older.example" });
  expect(found.told).toMatchObject([
    { source: "BackendTLSPolicy shop/a", verdict: "ignored", message: expect.stringContaining("or are older") },
  ]);
  const named = come(outside(), ...all, policy({ targetRefs: to("web"), validation: hostname("port.example") }, "c"));
  expect(named.tls).toEqual({ mode: "simple", sni: "port.example" });
  expect(named.told.map(({ source }) => source)).toEqual(["BackendTLSPolicy shop/b", "BackendTLSPolicy shop/a"]);
  const nowhere = come(outside(), policy({ targetRefs: to("none"), validation: hostname("x.example") }));
  expect([nowhere.tls, nowhere.told]).toMatchObject([
    undefined,
    [{ message: expect.stringMatching(/names port none/) }],
  ]);
});

test.each<[string, object[], RegExp]>([
  [
    "a service of the mesh",
    [policy({ targetRefs: [{ ...to()[0], name: "cart" }], validation: { hostname: "c.example", ...SYSTEM } })],
    /Service cart/,
  ],
  ["a port of tcp", [outside(TCP), verified({ hostname: "bank.example", ...SYSTEM })], /its ports say tcp/],
  [
    "authorities of a product's own",
    [outside(), verified({ hostname: "bank.example", wellKnownCACertificates: "some.io/cas" })],
    /authorities some.io\/cas/,
  ],
  ["no authorities", [outside(), verified({ hostname: "bank.example" })], /names no authorities/],
  ["two kinds of authorities", [outside(), verified({ hostname: "b.example", ...SYSTEM, ...CA })], /or two kinds/],
  [
    "ports that differ",
    [outside(HTTP, { ...HTTP, name: "admin", port: 81 }), verified({ hostname: "b.example", ...SYSTEM }, to("web"))],
    /its ports differ/,
  ],
])("%s: kept whole, told as another meaning, and back word for word", (_, resources, why) => {
  const { document, tls, told } = come(...resources);
  expect(tls).toBeUndefined();
  expect(told).toMatchObject([{ verdict: "lost", changesMeaning: true, message: expect.stringMatching(why) }]);
  const written = exportDocument("gateway-api", document).resources.find(({ kind }) => kind === "BackendTLSPolicy");
  expect(written).toEqual(resources.at(-1));
});

test("authorities and options are kept, and come back as long as the design says the same", () => {
  const options = { "some.io/min": "1.3" };
  const own = policy({ targetRefs: to(), validation: { hostname: "bank.example", ...CA }, options }, "theirs");
  const { document, tls, told } = come(outside(), own);
  expect(tls).toEqual({ mode: "simple", authorities: "environment" });
  expect(told.map(({ path, verdict, changesMeaning }) => [path, verdict, changesMeaning])).toEqual([
    ["spec.validation.caCertificateRefs", "approximate", false],
    ["spec.options", "escape", false],
  ]);
  const same = go(document);
  expect([same.policies, same.loud]).toEqual([[own], []]);
  const other = go(withSpec(document, { tls: { mode: "simple" } }));
  expect(other.policies).toMatchObject([
    { metadata: { name: "bank-tls" }, spec: { validation: { hostname: "bank.example", ...SYSTEM } } },
  ]);
});

test("of a policy for several Services only what changed is taken out", () => {
  const cart = { group: "", kind: "Service", name: "cart" };
  const validation = { hostname: "bank.example", ...SYSTEM };
  const { document } = come(outside(), policy({ targetRefs: [...to(), cart], validation }, "both"));
  expect(go(document).policies).toMatchObject([{ metadata: { name: "both" }, spec: { targetRefs: [...to(), cart] } }]);
  const { policies } = go(withSpec(document, { tls: { mode: "simple", sni: "new.example" } }));
  expect(policies).toMatchObject([
    { metadata: { name: "bank-tls" }, spec: { targetRefs: to(), validation: { hostname: "new.example" } } },
    { metadata: { name: "both" }, spec: { targetRefs: [cart], validation } },
  ]);
});

test("what Kubernetes does not have yet gets its Service, which callers have to use: told", () => {
  const { document } = come(outside());
  const objects = withSpec(document, { tls: { mode: "simple" } }).objects.map((each) =>
    each.kind === "ExternalService" ? { ...each, metadata: { name: "bank", namespace: "shop" } } : each,
  ) as MeshObject[];
  const { resources, loud, text } = go({ objects });
  expect(resources.find(({ kind }) => kind === "Service")).toEqual(outside());
  expect(loud).toMatchObject([{ path: "spec.hosts", verdict: "approximate" }]);
  expect(come(...resources)).toMatchObject({ tls: { mode: "simple" }, told: [] });
  expect(text).toContain("kind: BackendTLSPolicy");
});

test.each<[string, Partial<External>, string, RegExp, number]>([
  ["nobody verified", { tls: { mode: "simple", insecureSkipVerify: true } }, "spec.tls", /always verifies/, 0],
  ["several hosts", { hosts: ["a.example", "b.example"], tls: { mode: "simple" } }, "spec.tls", /one host/, 0],
  ["an address", { tls: { mode: "simple", sni: "192.0.2.1" } }, "spec.tls", /not for 192/, 0],
  ["an e-mail", { tls: { mode: "simple", subjectAltNames: ["a@b.example"] } }, "spec.tls", /not a@b/, 0],
  [
    "more names than it takes",
    { tls: { mode: "simple", subjectAltNames: [1, 2, 3, 4, 5, 6].map((i) => `a${i}.example`) } },
    ...["spec.tls", /at most 5/, 0],
  ] as [string, Partial<External>, string, RegExp, number],
  ["own authorities", { tls: { mode: "simple", authorities: "environment" } }, "spec.tls.authorities", /bank-ca/, 1],
  ["who called", { tls: { mode: "simple" }, proxyProtocol: "v2" }, "spec.proxyProtocol", /no PROXY protocol/, 1],
  ["a certificate of its own", { tls: { mode: "mutual" } }, "spec.tls.mode", /a gateway's as a whole/, 1],
])("%s: what a BackendTLSPolicy cannot say is told as another meaning", (_, change, path, reason, written) => {
  const { document } = come(outside());
  const { policies, loud } = go(withSpec(document, change));
  expect(policies).toHaveLength(written);
  expect(loud).toMatchObject([{ path, reason: expect.stringMatching(reason) }]);
});

test("a service of the mesh with its name stays what it is", () => {
  const bank = (kind: "Service" | "ExternalService", spec: object) =>
    ({ ...object(kind, "bank", spec as never), metadata: { name: "bank", namespace: "shop" } }) as MeshObject;
  const ports = [{ name: "http", port: 80, protocol: "http" }];
  const objects = [
    ...emptyMesh("mesh").objects,
    object("Namespace", "shop", {}) as MeshObject,
    bank("Service", { ports }),
    bank("ExternalService", { hosts: ["bank.example"], ports, tls: { mode: "simple" } }),
  ];
  const { policies, loud } = go({ objects });
  expect(policies).toEqual([]);
  expect(loud).toMatchObject([{ path: "spec.tls", reason: expect.stringContaining("another service of the design") }]);
});
