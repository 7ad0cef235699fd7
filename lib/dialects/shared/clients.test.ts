// Client certificates at gateways and plain HTTP that is sent on to HTTPS: both ways where a product has the same, told elsewhere.

import { expect, test } from "vitest";
import { withListeners } from "@/lib/compile/testing/listeners";
import { clientEdgeMesh, pinningEdgeMesh } from "../../compile/testing/client-edge";
import { object, withObjects } from "../../compile/testing/rich";
import { exportDocument, lossesOf } from "..";
import { schemaErrors } from "../gateway-api/testing/schemas";
import { imported, specOf } from "../testing/imported";

const KEY = "Gateway/production/edge";
type Listener = { name: string; port: number; tls?: { clients?: object }; httpsRedirect?: boolean };
const listenersOf = (document: Parameters<typeof specOf>[0]) =>
  (specOf(document, KEY) as { listeners: Listener[] }).listeners;
const istio = (tls: string, port = "{number: 443, name: https, protocol: HTTPS}") => ({
  text: `apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: edge, namespace: production}
spec:
  selector: {istio: ingressgateway}
  servers:
  - {port: ${port}, hosts: [shop.example.com], tls: ${tls}}
`,
});
type Written = { servers?: { tls: object }[]; tls?: { frontend: object }; listeners?: { name: string }[] };
const edgeOf = (resources: ReturnType<typeof exportDocument>["resources"]) =>
  resources.find(({ kind, metadata }) => kind === "Gateway" && metadata.name === "edge");
const writtenIn = (choice: "istio" | "gateway-api", document: Parameters<typeof exportDocument>[1]) =>
  (edgeOf(exportDocument(choice, document).resources)?.["spec"] ?? {}) as Written;
const serverOf = (document: Parameters<typeof exportDocument>[1]) => writtenIn("istio", document).servers?.[0]?.tls;

const KEY_PIN = "NvqYIYSbgK2vCJpQhObf77vv+bQWtc5ek5RIOwPiC9A=";
const PIN = "df6ff72fe9116521268f6f2dd4966f51df479883fe7037b39f75916ac3049d1a";

test.each([
  ["{mode: MUTUAL, credentialName: shop}", { mode: "required" }],
  [
    "{mode: MUTUAL, credentialName: shop, subjectAltNames: [spiffe://a/b, a.example]}",
    { mode: "required", names: ["spiffe://a/b", "a.example"] },
  ],
  ["{mode: OPTIONAL_MUTUAL, credentialName: shop}", { mode: "optional" }],
  ["{mode: MUTUAL, credentialName: shop, caCertCredentialName: partners}", { mode: "required" }],
  // Istio does not read caCrl beside a credentialName: lists are in its Secret
  ["{mode: MUTUAL, credentialName: shop, caCrl: /crl.pem}", { mode: "required" }],
  [
    `{mode: MUTUAL, credentialName: shop, verifyCertificateSpki: [${KEY_PIN}], verifyCertificateHash: [${PIN}]}`,
    { mode: "required", pinnedKeys: [KEY_PIN], pinnedCertificates: [PIN] },
  ],
])("Istio: %s comes in and goes out the same", (tls, clients) => {
  const { document, warnings } = imported("istio", [istio(tls)]);
  expect(warnings.filter(({ source }) => source.startsWith("Gateway"))).toEqual([]);
  expect(listenersOf(document)[0]?.tls).toEqual({ certificate: "shop", clients });
  const again = imported("istio", [istio(JSON.stringify(serverOf(document)))]);
  expect(listenersOf(again.document)).toEqual(listenersOf(document));
  const { resources } = exportDocument("istio", document);
  expect(schemaErrors(resources, "istio")).toEqual([]);
  if (tls.includes("caCrl")) expect(serverOf(document)).toMatchObject({ caCrl: "/crl.pem" });
  if (tls.includes("caCert")) expect(serverOf(document)).toMatchObject({ caCertCredentialName: "partners" });
});

test("Istio: a certificate that is optional and has to have a name is required there, and here", () => {
  const tls = "{mode: OPTIONAL_MUTUAL, credentialName: shop, subjectAltNames: [a.example]}";
  const { document, warnings } = imported("istio", [istio(tls)]);
  expect(listenersOf(document)[0]?.tls).toEqual({
    certificate: "shop",
    clients: { mode: "required", names: ["a.example"] },
  });
  expect(warnings.map(({ message, changesMeaning }) => [message, changesMeaning])).toContainEqual([
    expect.stringContaining("a client without one is refused, in Istio too"),
    false,
  ]);
  expect(serverOf(document)).toMatchObject({ mode: "OPTIONAL_MUTUAL", subjectAltNames: ["a.example"] });
});

test("Istio: a pin makes a certificate that is optional required; a revocation list is told, for it stands in the Secret", () => {
  const tls = `{mode: OPTIONAL_MUTUAL, credentialName: shop, verifyCertificateSpki: [${KEY_PIN}]}`;
  expect(listenersOf(imported("istio", [istio(tls)]).document)[0]?.tls?.clients).toEqual({
    mode: "required",
    pinnedKeys: [KEY_PIN],
  });
  const { report } = exportDocument("istio", pinningEdgeMesh({ pinnedKeys: [KEY_PIN] }));
  expect(report).toContainEqual(
    expect.objectContaining({
      path: "spec.listeners[7].tls.clients.checkRevocation",
      ...{ verdict: "approximate", changesMeaning: true },
      reason: expect.stringContaining("as ca.crl, of wild or wild-cacert"),
    }),
  );
  const api = exportDocument(
    "gateway-api",
    withListeners(pinningEdgeMesh({ pinnedKeys: [KEY_PIN] }), (all) => all.slice(-1)),
  );
  expect(api.report.filter(({ verdict }) => verdict === "lost").map(({ path }) => path)).toEqual(
    expect.arrayContaining([
      "spec.listeners[0].tls.clients.pinnedKeys",
      "spec.listeners[0].tls.clients.checkRevocation",
    ]),
  );
});

test("Istio: httpsRedirect of plain HTTP comes in and goes out; on HTTPS it is only kept", () => {
  const plain = imported("istio", [istio("{httpsRedirect: true}", "{number: 80, name: http, protocol: HTTP}")]);
  expect(plain.warnings.filter(({ source }) => source.startsWith("Gateway"))).toEqual([]);
  expect(listenersOf(plain.document)).toMatchObject([{ protocol: "http", httpsRedirect: true }]);
  expect(serverOf(plain.document)).toEqual({ httpsRedirect: true });
  const https = imported("istio", [istio("{mode: SIMPLE, credentialName: shop, httpsRedirect: true}")]);
  expect(listenersOf(https.document)[0]).not.toHaveProperty("httpsRedirect");
  expect(serverOf(https.document)).toMatchObject({ httpsRedirect: true });
});

test("Istio: a redirect to another port than 443 is told in both directions", () => {
  const { resources, report } = exportDocument("istio", clientEdgeMesh());
  const at = (path: string) => report.filter((each) => each.key === KEY && each.path === path);
  // of hosts at both, 443 is where HTTPS is
  expect(at("spec.listeners[0].httpsRedirect")).toEqual([]);
  const { objects } = withListeners(clientEdgeMesh(), (all) => all.filter(({ port }) => port !== 443));
  const told = exportDocument("istio", { objects }).report.filter(({ path }) => path.endsWith("httpsRedirect"));
  expect(told).toMatchObject([
    { verdict: "approximate", changesMeaning: true, reason: expect.stringContaining("8443") },
  ]);
  expect(schemaErrors(resources, "istio")).toEqual([]);
  const gateway = JSON.stringify(edgeOf(exportDocument("istio", { objects }).resources));
  const { warnings } = imported("istio", [{ text: gateway }]);
  expect(warnings.map(({ message }) => message)).toContainEqual(expect.stringContaining("here it is sent to 8443"));
});

test.each(["istio", "gateway-api"] as const)("%s: the listeners of a design come back as they were", (choice) => {
  // for a whole port in Gateway API: so each has one
  const { objects } = withListeners(clientEdgeMesh(), (all) =>
    all
      .filter(({ name }) => choice === "istio" || !["either", "partners"].includes(name))
      .map((one) => (one.name === "open" ? { ...one, port: 444 } : one)),
  );
  const { resources, report } = exportDocument(choice, { objects });
  expect(schemaErrors(resources, choice === "istio" ? "istio" : "standard")).toEqual([]);
  expect(lossesOf(report).filter(({ key, path }) => key === KEY && path.includes("listeners"))).toEqual([]);
  const again = imported(
    choice,
    resources
      .filter(({ kind, metadata }) => (kind === "Gateway" && metadata.name === "edge") || kind === "HTTPRoute")
      .map((each) => ({ text: JSON.stringify(each) })),
  );
  expect(listenersOf(again.document)).toEqual(listenersOf({ objects }));
});

const gatewayApi = (
  frontend: string,
  listeners = "{name: https, port: 443, protocol: HTTPS, tls: {certificateRefs: [{name: shop}]}}",
) => ({
  text: `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge, namespace: production}
spec:
  gatewayClassName: some
  tls: {frontend: ${frontend}}
  listeners: [${listeners}]
`,
});
const CA = (name: string) => `caCertificateRefs: [{group: "", kind: ConfigMap, name: ${name}}]`;
const frontendOf = (document: Parameters<typeof exportDocument>[1]) => writtenIn("gateway-api", document).tls?.frontend;

test("Gateway API: clients of every port, and other names of ConfigMaps, which come back", () => {
  const { document, warnings } = imported("gateway-api", [gatewayApi(`{default: {validation: {${CA("partners")}}}}`)]);
  expect(warnings.filter(({ source }) => source.startsWith("Gateway"))).toEqual([]);
  expect(listenersOf(document)[0]?.tls).toEqual({ certificate: "shop", clients: { mode: "required" } });
  const refs = [{ group: "", kind: "ConfigMap", name: "partners" }];
  expect(frontendOf(document)).toEqual({ default: { validation: { caCertificateRefs: refs } } });
  // what the design no longer asks for is not written because the source had it
  const objects = document.objects.map((each) =>
    each.kind === "Gateway"
      ? {
          ...each,
          spec: {
            ...each.spec,
            listeners: each.spec.listeners.map((one) => ({ ...one, tls: { certificate: "shop" } })),
          },
        }
      : each,
  );
  expect(frontendOf({ objects })).toBeUndefined();
});

test("Gateway API: a port of its own wins over the default", () => {
  const listeners = [443, 444, 445]
    .map((port) => `{name: https-${port}, port: ${port}, protocol: HTTPS, tls: {certificateRefs: [{name: shop}]}}`)
    .join(", ");
  const perPort = `perPort: [{port: 444, tls: {}}, {port: 445, tls: {validation: {mode: AllowInsecureFallback, ${CA("b")}}}}]`;
  const source = gatewayApi(`{default: {validation: {${CA("a")}}}, ${perPort}}`, listeners);
  const { document, warnings } = imported("gateway-api", [source]);
  expect(listenersOf(document).map(({ tls }) => tls?.clients)).toEqual([
    { mode: "required" },
    undefined,
    { mode: "optional" },
  ]);
  expect(warnings.map(({ message, changesMeaning }) => [message, changesMeaning])).toContainEqual([
    expect.stringContaining("lets clients in whose certificates are not valid"),
    true,
  ]);
  expect(frontendOf(document)).toMatchObject({
    default: { validation: expect.anything() },
    perPort: [{ port: 444 }, { port: 445 }],
  });
  expect(exportDocument("gateway-api", document).report).toContainEqual(
    expect.objectContaining({
      path: "spec.listeners[2].tls.clients.mode",
      verdict: "approximate",
      changesMeaning: true,
    }),
  );
});

test("Gateway API: what is asked in another way is told, kept and written back", () => {
  const source = gatewayApi("{default: {validation: {mode: Never}}}");
  const { document, warnings } = imported("gateway-api", [source]);
  expect(listenersOf(document)[0]?.tls).toEqual({ certificate: "shop" });
  expect(warnings).toContainEqual(
    expect.objectContaining({ verdict: "lost", changesMeaning: true, path: "spec.tls.frontend" }),
  );
  expect(frontendOf(document)).toEqual({ default: { validation: { mode: "Never" } } });
});

test("Gateway API: names of clients, and listeners of one port that ask differently, are told; never written without what they ask", () => {
  const { report } = exportDocument("gateway-api", clientEdgeMesh());
  const { listeners } = writtenIn("gateway-api", clientEdgeMesh());
  expect(listeners?.map(({ name }) => name)).toEqual(["web", "status", "open", "deep"]);
  const told = report.filter(({ key, path }) => key === KEY && /^spec\.listeners\[[234]\]$/.test(path));
  expect(told.map(({ verdict, changesMeaning }) => [verdict, changesMeaning])).toEqual(Array(3).fill(["lost", true]));
  // with a port of its own it is written, without its names
  const alone = withListeners(clientEdgeMesh(), (all) => all.filter(({ name }) => name === "partners"));
  expect(frontendOf(alone)).toEqual({
    default: { validation: { caCertificateRefs: [{ group: "", kind: "ConfigMap", name: "wild-cacert" }] } },
  });
  expect(exportDocument("gateway-api", alone).report).toContainEqual(
    expect.objectContaining({ path: "spec.listeners[0].tls.clients.names", verdict: "lost", changesMeaning: true }),
  );
});

const redirecting = (filter: string, more = "") => ({
  text: `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: to-https, namespace: production}
spec:
  parentRefs: [{name: edge, sectionName: http}]
  rules: [{${more}filters: [{type: RequestRedirect, requestRedirect: {${filter}}}]}]
`,
});
const BOTH = gatewayApi(
  "{default: {}}",
  "{name: http, port: 80, protocol: HTTP}, {name: https, port: 443, protocol: HTTPS, tls: {certificateRefs: [{name: shop}]}}",
);

test.each([
  ["scheme: https, statusCode: 301", "", true],
  ["scheme: https, port: 443, statusCode: 301", "", true],
  ["scheme: https, statusCode: 302", "", undefined],
  ["scheme: https, port: 8443, statusCode: 301", "", undefined],
  ["scheme: https, hostname: other.example, statusCode: 301", "", undefined],
  ["scheme: https, statusCode: 301", "matches: [{path: {type: PathPrefix, value: /a}}], ", undefined],
])("Gateway API: a redirect with %s %s", (filter, more, expected) => {
  const { document } = imported("gateway-api", [BOTH, redirecting(filter, more)]);
  expect(listenersOf(document)[0]?.httpsRedirect).toBe(expected);
  const routes = exportDocument("gateway-api", document).resources.filter(({ kind }) => kind === "HTTPRoute");
  if (expected) {
    expect(routes.map(({ spec }) => spec)).toEqual([
      {
        parentRefs: [{ name: "edge", sectionName: "http" }],
        rules: [{ filters: [{ type: "RequestRedirect", requestRedirect: { scheme: "https", statusCode: 301 } }] }],
      },
    ]);
  }
});

test.each(["kuma", "consul", "app-mesh"] as const)(
  "%s: what is sent on to HTTPS is never served in plain HTTP",
  (choice) => {
    const { resources, report } = exportDocument(choice, clientEdgeMesh());
    const told = report.filter(({ key, path }) => key === KEY && path === "spec.listeners[0]");
    expect(told).toMatchObject([
      { verdict: "lost", changesMeaning: true, reason: expect.stringContaining("on to HTTPS") },
    ]);
    const gateways = resources.filter(({ kind }) => /Gateway$/.test(kind));
    expect(JSON.stringify(gateways)).not.toMatch(/\*\.example\.com|"port":80[,}]/);
    if (choice !== "kuma") expect(JSON.stringify(resources)).not.toContain("shop.example.com");
  },
);

test("files for Envoy name the authorities of clients, and the guide says where they go", () => {
  const { resources, files } = exportDocument("envoy", clientEdgeMesh());
  const file = JSON.stringify(resources.find(({ metadata }) => metadata.name === "edge"));
  expect(file).toContain('"trusted_ca":{"filename":"/etc/envoy/identity/wild-ca.pem"}');
  expect(files?.find(({ path }) => path === "manual/certificates.md")?.text).toContain(
    "| `/etc/envoy/identity/wild-ca.pem` |",
  );
  const pinning = exportDocument("envoy", pinningEdgeMesh({ pinnedCertificates: [PIN] }));
  expect(JSON.stringify(pinning.resources)).toContain('"crl":{"filename":"/etc/envoy/identity/wild-crl.pem"}');
  expect(pinning.files?.find(({ path }) => path === "manual/certificates.md")?.text).toContain(
    "| `/etc/envoy/identity/wild-ca.pem` | `/etc/envoy/identity/wild-crl.pem` |",
  );
});

test.each(["istio", "gateway-api", "kuma", "consul", "app-mesh"] as const)(
  "%s: the PROXY protocol and limits of connections are told as lost",
  (choice) => {
    const guarded = withListeners(clientEdgeMesh(), (all) =>
      all.map((one) =>
        one.name === "status" ? { ...one, proxyProtocol: "required", connectionLimit: { maxConnections: 9 } } : one,
      ),
    );
    const { report } = exportDocument(choice, guarded);
    const told = report.filter(({ key, path }) => key === KEY && /listeners\[1\]\.(proxy|connection)/.test(path));
    expect(told.map(({ path, verdict, changesMeaning }) => [path, verdict, changesMeaning])).toEqual([
      ["spec.listeners[1].proxyProtocol", "lost", true],
      ["spec.listeners[1].connectionLimit", "lost", true],
    ]);
  },
);

test.each([
  ["consul", ["proxyProtocol", "resolution"]],
  ["kuma", ["proxyProtocol", "resolution"]],
  ["cilium", ["proxyProtocol", "resolution"]],
  // serviceDiscovery.dns.responseType
  ["app-mesh", ["proxyProtocol"]],
] as const)("%s: of the calls to what is outside %j are told as lost", (choice, lost) => {
  const bank = object("ExternalService", "bank", {
    hosts: ["bank.example"],
    ports: [{ name: "http", port: 80, protocol: "http" }],
    ...{ proxyProtocol: "v2", resolution: "dns-round-robin" },
  });
  const { report } = exportDocument(choice, withObjects(clientEdgeMesh(), [bank]));
  const told = report.filter(({ key, verdict }) => key.endsWith("/bank") && verdict === "lost");
  expect(told.map(({ path }) => path)).toEqual(lost.map((field) => `spec.${field}`));
  expect(told[0]?.changesMeaning).toBe(true);
});

test("files for Envoy have both", () => {
  const guarded = withListeners(clientEdgeMesh(), (all) =>
    all.map((one) => ({ ...one, proxyProtocol: "required", connectionLimit: { maxConnections: 9 } })),
  );
  const text = JSON.stringify(exportDocument("envoy", guarded).resources);
  for (const word of ["filters.listener.proxy_protocol.v3.ProxyProtocol", '"max_connections":9'])
    expect(text).toContain(word);
});
