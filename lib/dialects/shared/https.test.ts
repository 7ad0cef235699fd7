// Listeners that end TLS with a certificate by its name: both ways where a product has the same, told elsewhere.
import { expect, test } from "vitest";
import { HTTPS_PORT, httpsEdgeMesh } from "../../compile/testing/https-edge";
import { exportDocument, lossesOf } from "..";
import { schemaErrors } from "../gateway-api/testing/schemas";
import { imported, specOf } from "../testing/imported";

const KEY = "Gateway/production/edge";
const istio = (servers: string) => `apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: edge, namespace: production}
spec:
  selector: {istio: ingressgateway}
  servers:
  - ${servers}
`;
const gatewayApi = (listener: string) => `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge, namespace: production}
spec:
  gatewayClassName: some
  listeners:
  - ${listener}
`;
const SIMPLE = `{port: {number: 443, name: https, protocol: HTTPS}, hosts: [shop.example.com], tls: {mode: SIMPLE, credentialName: shop.example.com}}`;
const TERMINATE = `{name: https, port: 443, protocol: HTTPS, hostname: shop.example.com, tls: {mode: Terminate, certificateRefs: [{name: shop.example.com}]}}`;
const LISTENER = {
  ...{ name: "https", port: 443, protocol: "https", hosts: ["shop.example.com"] },
  tls: { certificate: "shop.example.com" },
};

test.each([
  ["istio", istio(SIMPLE), { tls: { mode: "SIMPLE", credentialName: "shop.example.com" } }, "servers"],
  [
    "gateway-api",
    gatewayApi(TERMINATE),
    { protocol: "HTTPS", tls: { mode: "Terminate", certificateRefs: [{ name: "shop.example.com" }] } },
    "listeners",
  ],
] as const)(
  "%s: a certificate by its name is a listener of protocol https, and comes back",
  (choice, text, written, list) => {
    const { document, warnings } = imported(choice, [{ text }]);
    expect(warnings.filter(({ source }) => source.startsWith("Gateway"))).toEqual([]);
    expect(specOf(document, KEY)).toMatchObject({ listeners: [LISTENER] });
    const { resources } = exportDocument(choice, document);
    expect(schemaErrors(resources, choice === "istio" ? "istio" : "standard")).toEqual([]);
    const spec = resources.find(({ kind }) => kind === "Gateway")?.["spec"] as Record<string, object[]>;
    expect(spec[list]).toEqual([expect.objectContaining(written)]);
  },
);

test.each([
  [
    "names that are none",
    SIMPLE.replace("SIMPLE", "MUTUAL, subjectAltNames: ['a b']"),
    "taken over without TLS",
    "tcp",
  ],
  [
    "hashes of client certificates that are none",
    SIMPLE.replace("SIMPLE", "MUTUAL, verifyCertificateHash: ['00']"),
    "taken over without TLS",
    "tcp",
  ],
  [
    "files",
    SIMPLE.replace("credentialName: shop.example.com", "serverCertificate: /a.pem, privateKey: /b.pem"),
    "taken over without TLS",
    "tcp",
  ],
  ["ciphers", SIMPLE.replace("mode:", "cipherSuites: [AES128-SHA], mode:"), "cipherSuites, which the model", "https"],
  [
    "a redirect beside other words",
    "{port: {number: 80, name: http, protocol: HTTP}, hosts: [shop.example.com], tls: {httpsRedirect: true, mode: SIMPLE}}",
    "taken over without TLS",
    "http",
  ],
])("Istio, %s: told, kept and written back", (_, server, why, protocol) => {
  const { document, warnings } = imported("istio", [{ text: istio(server) }]);
  expect(warnings.map(({ message }) => message).join("\n")).toContain(why);
  expect(specOf(document, KEY)).toMatchObject({ listeners: [{ protocol }] });
  const [written] = exportDocument("istio", document).resources.filter(({ kind }) => kind === "Gateway");
  const [, tls = ""] = /tls: \{(.*)\}\}/.exec(server) ?? [];
  const { servers } = (written?.["spec"] ?? {}) as { servers: { tls: object }[] };
  expect(Object.keys(servers[0]?.tls ?? {}).sort()).toEqual(
    [...tls.matchAll(/(\w+): /g)].map(([, name]) => name).sort(),
  );
});

test.each([
  ["two certificates", "certificateRefs: [{name: a}, {name: b}]"],
  ["one of another namespace", "certificateRefs: [{name: a, namespace: other}]"],
  ["no Secret", "certificateRefs: [{kind: Vault, group: some.io, name: a}]"],
  ["options", "certificateRefs: [{name: a}], options: {some.io/x: y}"],
])("Gateway API, %s: told, kept and written back", (_, tls) => {
  const text = gatewayApi(`{name: https, port: 443, protocol: HTTPS, tls: {${tls}}}`);
  const { document, warnings } = imported("gateway-api", [{ text }]);
  expect(warnings.map(({ message }) => message).join("\n")).toContain("is taken over in plain HTTP");
  expect(specOf(document, KEY)).toMatchObject({ listeners: [{ protocol: "http" }] });
  const [written] = exportDocument("gateway-api", document).resources.filter(({ kind }) => kind === "Gateway");
  const { listeners } = (written?.["spec"] ?? {}) as { listeners: { protocol: string; tls: object }[] };
  expect(listeners).toEqual([expect.objectContaining({ protocol: "HTTPS", tls: expect.anything() })]);
});

test.each(["istio", "gateway-api"] as const)("%s: a design's own listeners come back as they were", (choice) => {
  const document = httpsEdgeMesh();
  const { resources, report } = exportDocument(choice, document);
  expect(schemaErrors(resources, choice === "istio" ? "istio" : "standard")).toEqual([]);
  expect(lossesOf(report).filter(({ key, path }) => key === KEY && path.includes("listeners"))).toEqual([]);
  const gateways = resources.filter(({ kind, metadata }) => kind === "Gateway" && metadata.name === "edge");
  const { document: again } = imported(
    choice,
    gateways.map((each) => ({ text: JSON.stringify(each) })),
  );
  const listeners = (specOf(again, KEY) as { listeners: { protocol: string; tls?: object; hosts: string[] }[] })
    .listeners;
  expect(listeners.flatMap(({ hosts, tls }) => hosts.map((host) => [host, tls]))).toEqual([
    ["status.example.com", undefined],
    ["shop.example.com", { certificate: "shop" }],
    ["*.example.com", { certificate: "wild.example.com" }],
    ["example.org", { certificate: "wild.example.com" }],
  ]);
});

test.each(["kuma", "consul", "app-mesh"] as const)("%s: never as plain HTTP; left out, and told", (choice) => {
  const { resources, report } = exportDocument(choice, httpsEdgeMesh());
  const told = report.filter(({ key, path }) => key === KEY && /^spec\.listeners\[[12]\]$/.test(path));
  expect(told).toMatchObject([
    { verdict: "lost", changesMeaning: true, reason: expect.stringContaining("no certificates") },
    { verdict: "lost", changesMeaning: true, reason: expect.stringContaining("no certificates") },
  ]);
  const gateways = resources.filter(({ kind }) => /Gateway$/.test(kind));
  expect(JSON.stringify(gateways)).not.toContain(String(HTTPS_PORT));
});

test("files for Envoy name the certificates beside the gateway's identity", () => {
  const { resources } = exportDocument("envoy", httpsEdgeMesh());
  const file = JSON.stringify(resources.find(({ metadata }) => metadata.name === "edge"));
  expect(file).toContain('"/etc/envoy/identity/wild.example.com.pem"');
  expect(file).toContain('"/etc/envoy/identity/shop-key.pem"');
});
