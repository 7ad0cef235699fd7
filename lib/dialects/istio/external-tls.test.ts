// TLS to what is outside of the mesh, in and out.
import { expect, test } from "vitest";
import { object } from "@/lib/compile/testing/rich";
import { applyCommand, type ExternalTls, emptyMesh, type MeshObject, type SpecOf } from "@/lib/mesh";
import { valuesToYaml } from "@/lib/mesh/yaml/values-to-yaml";
import { importIstio } from ".";
import { exportDocument } from "./export";

type External = SpecOf<"ExternalService">;
const HTTP = { name: "http", port: 80, protocol: "http" as const };
const TCP = { name: "https", port: 443, protocol: "tcp" as const };

function out(spec: External) {
  const external = object("ExternalService", "bank", spec) as MeshObject;
  const { resources, report, text } = exportDocument({ objects: [...emptyMesh("mesh").objects, external] });
  return { rules: resources.filter(({ kind }) => kind === "DestinationRule").map((each) => each.spec), report, text };
}

function back(text: string) {
  const document = emptyMesh("mesh");
  const { commands, violations, warnings } = importIstio(text, { document });
  expect(violations).toEqual([]);
  const applied = applyCommand(document, {}, { type: "batch", commands });
  if (!applied.ok) throw new Error(JSON.stringify(applied.violations));
  const spec = applied.document.objects.find((each) => each.kind === "ExternalService")?.spec as External;
  return { spec, warnings };
}

const entry = (hosts: string[], ports: External["ports"]) => ({
  ...{
    apiVersion: "networking.istio.io/v1",
    kind: "ServiceEntry",
    metadata: { name: "bank", namespace: "production" },
  },
  spec: {
    ...{ hosts, location: "MESH_EXTERNAL", resolution: "DNS" },
    ports: ports.map(({ name, port, protocol }) => ({ name, number: port, protocol: protocol.toUpperCase() })),
  },
});
const rule = (host: string, trafficPolicy: object) => ({
  ...{ apiVersion: "networking.istio.io/v1", kind: "DestinationRule" },
  metadata: { name: `rule-${host.replace(/[^a-z]/g, "-")}`, namespace: "production" },
  spec: { host, trafficPolicy },
});
const read = (ports: External["ports"], ...rules: object[]) => {
  const hosts = ["bank.example", ...(rules.length > 1 ? ["pay.bank.example"] : [])];
  const { spec, warnings } = back(valuesToYaml([entry(hosts, ports), ...rules] as never));
  return {
    tls: spec.tls,
    proxyProtocol: spec.proxyProtocol,
    told: warnings.map(({ message, verdict }) => `${verdict}: ${message}`),
  };
};

test.each<[string, ExternalTls, External["ports"]]>([
  ["by the host's name", { mode: "simple" }, [HTTP]],
  ["by another name", { mode: "simple", sni: "inner.example" }, [HTTP]],
  ["by names", { mode: "simple", sni: "inner.example", subjectAltNames: ["a.example", "spiffe://b/c"] }, [HTTP]],
  ["by nobody", { mode: "simple", insecureSkipVerify: true }, [HTTP]],
  ["at the HTTP port of two", { mode: "simple" }, [HTTP, TCP]],
])("TLS verified %s goes out and comes back as it was, without a loss", (_, tls, ports) => {
  const spec: External = { hosts: ["bank.example", "pay.bank.example"], ports, tls };
  const { rules, report, text } = out(spec);
  expect(rules).toHaveLength(2);
  expect(report.filter(({ verdict }) => verdict !== "exact" && verdict !== "moved")).toEqual([]);
  const again = back(text);
  expect(again.spec).toEqual(spec);
  expect(again.warnings.filter(({ changesMeaning }) => changesMeaning)).toEqual([]);
});

test("names are written out, and at a port of its own where the app speaks TLS at another", () => {
  const said = { mode: "SIMPLE", sni: "bank.example", subjectAltNames: ["bank.example"] };
  const spec: External = { hosts: ["bank.example"], ports: [HTTP], tls: { mode: "simple" } };
  expect(out(spec).rules).toEqual([{ host: "bank.example", trafficPolicy: { tls: said } }]);
  expect(out({ ...spec, ports: [HTTP, TCP] }).rules).toEqual([
    { host: "bank.example", trafficPolicy: { portLevelSettings: [{ port: { number: 80 }, tls: said }] } },
  ]);
});

test("certificates of the environment go out by the name of a Secret, which is told, and come back", () => {
  const tls: ExternalTls = { mode: "mutual", authorities: "environment" };
  const { rules, report, text } = out({ hosts: ["bank.example"], ports: [HTTP], tls });
  expect(rules).toMatchObject([{ trafficPolicy: { tls: { mode: "MUTUAL", credentialName: "bank-tls" } } }]);
  expect(report.filter(({ path }) => path === "spec.tls")).toMatchObject([
    { verdict: "approximate", changesMeaning: true, reason: expect.stringContaining("workloadSelector") },
  ]);
  const { spec, warnings } = back(text);
  expect(spec.tls).toEqual(tls);
  expect(warnings.map(({ message }) => message)).toContainEqual(expect.stringContaining("environment's binding"));
});

test("DISABLE is no TLS, and certificates as files are the environment's", () => {
  expect(read([HTTP], rule("bank.example", { tls: { mode: "DISABLE" } }))).toMatchObject({ tls: undefined, told: [] });
  const files = { clientCertificate: "/etc/a.pem", privateKey: "/etc/a-key.pem", caCertificates: "/etc/ca.pem" };
  expect(read([HTTP], rule("bank.example", { tls: { mode: "MUTUAL", ...files } })).tls).toEqual({
    mode: "mutual",
    authorities: "environment",
  });
});

test.each<[string, External["ports"], object[], RegExp]>([
  ["a mode of the mesh", [HTTP], [rule("bank.example", { tls: { mode: "ISTIO_MUTUAL" } })], /mode ISTIO_MUTUAL/],
  ["a field without a place", [HTTP], [rule("bank.example", { tls: { mode: "SIMPLE", caCrl: "/c" } })], /caCrl/],
  [
    "ports that differ",
    [HTTP, { ...HTTP, name: "http-b", port: 81 }],
    [rule("bank.example", { portLevelSettings: [{ port: { number: 80 }, tls: { mode: "SIMPLE" } }] })],
    /its ports differ/,
  ],
  [
    "hosts that differ",
    [HTTP],
    [rule("bank.example", { tls: { mode: "SIMPLE" } }), rule("pay.bank.example", { tls: { mode: "DISABLE" } })],
    /hosts of its ServiceEntry differ/,
  ],
])("%s: left out, and told as another meaning", (_, ports, rules, why) => {
  const { tls, told } = read(ports, ...rules);
  expect(tls).toBeUndefined();
  expect(told).toContainEqual(expect.stringMatching(why));
  expect(told.every((each) => each.startsWith("lost: is left out"))).toBe(true);
});

test("a rule for some callers is left out: tls here is for all of them", () => {
  const some = rule("bank.example", { tls: { mode: "SIMPLE" } });
  const spec = { ...some.spec, workloadSelector: { matchLabels: { app: "shipping" } } };
  const { tls, told } = read([HTTP], { ...some, spec });
  expect(tls).toBeUndefined();
  expect(told).toContainEqual("lost: is left out: it is for some callers, and the model has one for all");
});

test("what such a rule says beside tls is left out and told; sni alone is stricter here", () => {
  const policy = { tls: { mode: "SIMPLE", sni: "inner.example" }, connectionPool: { tcp: { maxConnections: 3 } } };
  const { tls, told } = read([HTTP], rule("bank.example", policy));
  expect(tls).toEqual({ mode: "simple", sni: "inner.example" });
  expect(told).toEqual([
    expect.stringMatching(/^lost: is left out: bank.example is outside the mesh/),
    expect.stringMatching(/^approximate: has sni without subjectAltNames/),
  ]);
});

test.each<Partial<External>>([
  { proxyProtocol: "v1" },
  { proxyProtocol: "v2", ports: [TCP] },
  { proxyProtocol: "v2", tls: { mode: "simple" } },
  { proxyProtocol: "v1", tls: { mode: "simple" }, ports: [HTTP, TCP] },
])("%j: the PROXY protocol goes out for each host and comes back as it was, without a loss", (said) => {
  const spec = { hosts: ["bank.example", "pay.bank.example"], ports: [HTTP], ...said } as External;
  const { rules, report, text } = out(spec);
  const proxyProtocol = { version: spec.proxyProtocol?.toUpperCase() };
  expect(rules).toEqual(spec.hosts.map((host) => expect.objectContaining({ host })));
  for (const each of rules) expect(each).toMatchObject({ trafficPolicy: { proxyProtocol } });
  expect(report.filter(({ verdict }) => verdict !== "exact" && verdict !== "moved")).toEqual([]);
  const again = back(text);
  expect(again.spec).toEqual(spec);
  expect(again.warnings.filter(({ changesMeaning }) => changesMeaning)).toEqual([]);
});

test("version 1 where none is said; one rule's tls and another's PROXY protocol come together", () => {
  const rules = [
    rule("bank.example", { proxyProtocol: {} }),
    { ...rule("bank.example", { tls: { mode: "SIMPLE" } }), metadata: { name: "second", namespace: "production" } },
  ];
  const { spec } = back(valuesToYaml([entry(["bank.example"], [HTTP]), ...rules] as never));
  expect(spec).toMatchObject({ proxyProtocol: "v1", tls: { mode: "simple" } });
});

test("hosts that differ and some callers: the PROXY protocol is left out, and told as another meaning", () => {
  const [first, second] = ["bank.example", "pay.bank.example"].map((host, i) =>
    rule(host, { proxyProtocol: { version: i === 0 ? "V1" : "V2" } }),
  );
  const differ = read([HTTP], first as object, second as object);
  expect(differ.proxyProtocol).toBeUndefined();
  expect(differ.told).toContainEqual(expect.stringMatching(/^lost: is left out: the hosts .* differ/));
  const own = rule("bank.example", { proxyProtocol: { version: "V2" } });
  const spec = { ...own.spec, workloadSelector: { matchLabels: { app: "shipping" } } };
  const some = read([HTTP], { ...own, spec });
  expect(some.proxyProtocol).toBeUndefined();
  expect(some.told).toContainEqual(expect.stringMatching(/^lost: is left out: it is for some callers/));
});
