// TLS to what is outside of the mesh, in and out of Kuma.
import { expect, test } from "vitest";
import { object } from "@/lib/compile/testing/rich";
import { type ExternalTls, emptyMesh, type MeshObject, type SpecOf, validateDocument } from "@/lib/mesh";
import { exportDocument } from "..";
import { schemaErrors } from "../gateway-api/testing/schemas";
import { specOf } from "../testing/imported";
import { policy, read } from "./testing/resources";

type External = SpecOf<"ExternalService">;
const CHANNELS = ["2.x", "3.x"] as const;
const KEY = "ExternalService/shop/bank";
const HOST = "bank.extsvc.mesh.local";
const BANK = { address: "bank.example", port: 443 };
const CA = { caCert: { secret: "ca" } };
const OWN = { clientCert: { inlineString: "CERT" }, clientKey: { inline: "S0VZ" } };

const external = (tls: object | undefined, { protocol = "http", endpoints = [BANK] as object[] } = {}) =>
  policy("MeshExternalService", "bank", { match: { port: 80, protocol }, endpoints, ...(tls ? { tls } : {}) }, "shop");
const verified = (verification: object, more: object = {}) => external({ enabled: true, verification, ...more });

function come(resource: object) {
  const { document, warnings } = read([resource]);
  expect(validateDocument(document)).toEqual([]);
  const { tls } = specOf(document, KEY) as External;
  const told = warnings.map(({ verdict, changesMeaning, path, message }) => ({
    verdict,
    changesMeaning,
    path,
    message,
  }));
  return { document, tls, told };
}

function go(document: ReturnType<typeof read>["document"], channel: (typeof CHANNELS)[number]) {
  const { resources, report } = exportDocument("kuma", document, { channel });
  expect(schemaErrors(resources, `kuma-${channel}`)).toEqual([]);
  const said = resources.filter(({ kind }) => kind === "MeshExternalService").map(({ spec }) => spec["tls"]);
  const told = report.filter(({ key, path }) => key === KEY && path.startsWith("spec.tls"));
  return { resources, said, told };
}

const designed = (spec: Partial<External> & { tls: ExternalTls }) => ({
  objects: [
    ...emptyMesh("mesh").objects,
    object("Namespace", "shop", {}) as MeshObject,
    {
      ...object("ExternalService", "bank", {
        hosts: [HOST],
        ports: [{ name: "http", port: 80, protocol: "http" }],
        endpoints: [BANK],
        ...spec,
      }),
      metadata: { name: "bank", namespace: "shop" },
    } as MeshObject,
  ],
});

test.each<[string, object, ExternalTls]>([
  ["of its endpoint's name", external({ enabled: true }), { mode: "simple", sni: "bank.example" }],
  ["of a name of its own", verified({ serverName: "inner.example" }), { mode: "simple", sni: "inner.example" }],
  [
    "of several names, the one that is asked for among them",
    verified({ subjectAltNames: [{ value: "a.example" }, { type: "Exact", value: "10.0.0.1" }] }),
    { mode: "simple", sni: "bank.example", subjectAltNames: ["bank.example", "a.example", "10.0.0.1"] },
  ],
  [
    "of an address",
    external({ enabled: true }, { endpoints: [{ address: "192.0.2.1", port: 443 }] }),
    { mode: "simple", sni: "192.0.2.1" },
  ],
  [
    "of nobody, with a name",
    verified({ mode: "SkipCA", serverName: "inner.example" }),
    { mode: "simple", sni: "inner.example", insecureSkipVerify: true },
  ],
])("TLS that asks for a certificate %s comes in and goes out the same, without a loss", (_, resource, tls) => {
  const { document, ...found } = come(resource);
  expect(found).toEqual({ tls, told: [] });
  for (const channel of CHANNELS) {
    const { resources, told } = go(document, channel);
    expect(told).toEqual([]);
    const [back] = resources.filter(({ kind }) => kind === "MeshExternalService");
    expect(come(back ?? {})).toMatchObject({ tls, told: [] });
  }
});

test.each<[string, object, ExternalTls, object[]]>([
  [
    "all verification skipped: names and the own certificate have no effect in Kuma",
    verified({ mode: "SkipAll", serverName: "inner.example", ...OWN }),
    { mode: "simple", sni: "bank.example", insecureSkipVerify: true },
    [],
  ],
  [
    "certificates, which the environment has",
    verified({ ...CA, ...OWN }),
    { mode: "mutual", sni: "bank.example", authorities: "environment" },
    [{ verdict: "approximate", changesMeaning: false, message: expect.stringContaining("environment's binding") }],
  ],
  [
    "an authority without a name",
    verified({ mode: "SkipSAN", serverName: "inner.example" }),
    { mode: "simple", sni: "bank.example" },
    [{ path: "spec.tls.verification.mode", changesMeaning: true, message: expect.stringContaining("for any name") }],
  ],
  [
    "the beginning of a name, and a URI",
    verified({ subjectAltNames: [{ type: "Prefix", value: "bank." }, { value: "spiffe://b/c" }] }),
    { mode: "simple", sni: "bank.example" },
    [
      { path: "spec.tls.verification.subjectAltNames[0]", changesMeaning: true },
      { path: "spec.tls.verification.subjectAltNames[1]", changesMeaning: false },
    ],
  ],
  [
    "versions and renegotiation",
    verified({}, { version: { min: "TLS13", max: "TLS13" }, allowRenegotiation: true }),
    { mode: "simple", sni: "bank.example" },
    [
      { path: "spec.tls.version", message: "says versions TLS13 to TLS13; here it is TLS 1.2 or 1.3" },
      { path: "spec.tls.allowRenegotiation" },
    ],
  ],
])("%s: read as near as it is, told, and back word for word", (_, resource, tls, told) => {
  const found = come(resource);
  expect(found.tls).toEqual(tls);
  expect(found.told).toMatchObject(told);
  const back = go(found.document, "2.x");
  const { tls: before } = (resource as { spec: { tls: object } }).spec;
  const isSaid = told.length > 0;
  expect(isSaid ? back.said : []).toEqual(isSaid ? [before] : []);
  expect(back.told).toEqual([]);
});

test.each<[string, object, RegExp]>([
  ["a port of tcp", external({ enabled: true }, { protocol: "tcp" }), /its port says tcp/],
  [
    "endpoints of different addresses",
    external({ enabled: true }, { endpoints: ["192.0.2.1", "192.0.2.2"].map((address) => ({ address, port: 443 })) }),
    /its own address/,
  ],
  ["no endpoint", external({ enabled: true }, { endpoints: [] }), /neither serverName nor its first endpoint/],
  ["a mode that nobody knows", verified({ mode: "SkipSome" }), /the model does not have mode SkipSome/],
  ["a field that nobody knows", external({ enabled: true, ciphers: ["x"] }), /the model does not have ciphers/],
])("%s: without effect here, told as another meaning, and back word for word", (_, resource, why) => {
  const { document, tls, told } = come(resource);
  expect(tls).toBeUndefined();
  const said = told.filter(({ path }) => path === "spec.tls");
  expect(said).toMatchObject([{ verdict: "lost", changesMeaning: true, message: expect.stringMatching(why) }]);
  const { resources } = exportDocument("kuma", document, { channel: "2.x" });
  const back = resources.find(({ kind }) => kind === "MeshExternalService")?.spec;
  expect(back?.["tls"]).toEqual((resource as { spec: { tls: object } }).spec.tls);
});

test("tls that is not enabled is none, and comes back", () => {
  const off = { enabled: false, verification: { serverName: "inner.example" } };
  const { document, tls, told } = come(external(off));
  expect([tls, told]).toEqual([undefined, []]);
  expect(go(document, "3.x").said).toEqual([off]);
});

test("read again without tls, the external service has none any more", () => {
  expect(come(external({ enabled: true })).tls).toBeDefined();
  const { document } = read([external({ enabled: true }), external(undefined)]);
  expect((specOf(document, KEY) as External).tls).toBeUndefined();
});

test("certificates of 2.x have the words of 3.x, and those of its files have none in 2.x", () => {
  const { document } = come(verified({ ...CA, ...OWN }));
  expect(go(document, "3.x").said).toEqual([
    {
      enabled: true,
      verification: {
        caCert: { type: "Secret", secretRef: { kind: "Secret", name: "ca" } },
        clientCert: { type: "InsecureInline", insecureInline: { value: "CERT" } },
        clientKey: { type: "InsecureInline", insecureInline: { value: "KEY" } },
      },
    },
  ]);
  const files = come(verified({ caCert: { type: "File", file: { path: "/ca.pem" } } }));
  expect(go(files.document, "3.x")).toMatchObject({ said: [{ verification: { caCert: { type: "File" } } }], told: [] });
  expect(go(files.document, "2.x")).toMatchObject({
    said: [
      { enabled: true, verification: { mode: "Secured", serverName: "bank.example", caCert: { secret: "bank-ca" } } },
    ],
    told: [{ verdict: "approximate", changesMeaning: true, reason: expect.stringContaining("make bank-ca") }],
  });
});

test("what the design says otherwise by now is written anew, with the certificates that were read", () => {
  const { document } = come(verified({ ...CA, ...OWN }, { version: { min: "TLS13" } }));
  const objects = document.objects.map((each) =>
    each.kind === "ExternalService"
      ? { ...each, spec: { ...each.spec, tls: { mode: "simple", authorities: "environment", sni: "b.example" } } }
      : each,
  ) as MeshObject[];
  const { said, told } = go({ objects }, "2.x");
  const verification = { mode: "Secured", serverName: "b.example", ...CA };
  expect([said, told]).toEqual([[{ enabled: true, verification }], []]);
});

test.each(CHANNELS)(
  "certificates of the environment go out to %s by the names of Secrets, which is told",
  (channel) => {
    const document = designed({ tls: { mode: "mutual", authorities: "environment", sni: "bank.example" } });
    const { said, told } = go(document, channel);
    const source = (name: string) =>
      channel === "2.x" ? { secret: name } : { type: "Secret", secretRef: { kind: "Secret", name } };
    const verification = {
      ...{ mode: "Secured", serverName: "bank.example" },
      ...{ caCert: source("bank-ca"), clientCert: source("bank-cert"), clientKey: source("bank-key") },
    };
    expect(said).toEqual([{ enabled: true, verification }]);
    expect(told).toMatchObject([{ path: "spec.tls", verdict: "approximate", changesMeaning: true }]);
  },
);

test("names that Kuma would take beside, or never compares, are told; an app's own TLS has none", () => {
  const http = { name: "http", port: 80, protocol: "http" as const };
  const ports = [http, { name: "tls", port: 443, protocol: "tcp" as const }];
  const tls: ExternalTls = { mode: "simple", sni: "bank.example", subjectAltNames: ["a.example", "spiffe://b/c"] };
  const { said, told } = go(designed({ ports, tls }), "3.x");
  expect(said).toEqual([
    {
      enabled: true,
      verification: {
        ...{ mode: "Secured", serverName: "bank.example" },
        subjectAltNames: [{ type: "Exact", value: "a.example" }],
      },
    },
    undefined,
  ]);
  expect(told).toMatchObject([
    { verdict: "lost", changesMeaning: true, reason: expect.stringContaining("spiffe://b/c") },
    { verdict: "approximate", changesMeaning: true, reason: expect.stringContaining("bank.example as well") },
  ]);
});

test("an address that the endpoints do not have is told: Kuma has no word for it", () => {
  const { said, told } = go(designed({ tls: { mode: "simple", sni: "192.0.2.1" } }), "2.x");
  expect(said).toEqual([{ enabled: true, verification: { mode: "Secured" } }]);
  expect(told).toMatchObject([{ verdict: "approximate", changesMeaning: true }]);
});
