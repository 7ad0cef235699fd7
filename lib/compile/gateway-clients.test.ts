import { expect, test } from "vitest";
import { withListeners } from "@/lib/compile/testing/listeners";
import type { MeshDocument } from "@/lib/mesh";
import { compile } from "./compile";
import { resourcesToJson } from "./resources";
import { clientEdgeMesh, PARTNER_NAMES, pinningEdgeMesh } from "./testing/client-edge";
import { boundEdge } from "./testing/https-edge";
import { inputFor } from "./testing/inputs";
import { kindOfClientName } from "./transport";
import type { BoundCertificate, CertificateFiles, GatewayBinding } from "./types";

type Json = { [field: string]: Json } & Json[] & string;
const FILES: CertificateFiles = { chain: "/c/wild.pem", key: "/c/wild-key.pem", ca: "/c/clients.pem" };

function compiled(
  wild: BoundCertificate = FILES,
  document: MeshDocument = clientEdgeMesh(),
  places: Partial<GatewayBinding> = {},
) {
  const made = inputFor(document);
  const listenerPorts = { shop: 8443, partners: 8443, either: 8443, open: 8443, deep: 9443 };
  const gateways = [boundEdge({ publicPort: 8080, listenerPorts, certificates: { wild }, ...places })];
  const result = compile({ ...made, binding: { ...made.binding, gateways } }, "production/edge/0");
  if (!result.ok) throw new Error(JSON.stringify(result.violations, null, 2));
  const { listeners, routes } = resourcesToJson(result.resources) as unknown as Record<string, Record<string, Json>>;
  const contexts = Object.fromEntries(
    Object.values(listeners!).flatMap((listener) =>
      (listener["filter_chains"] ?? []).flatMap((chain) => {
        const context = chain["transport_socket"]?.["typed_config"];
        return context ? [[String(chain["name"]), context]] : [];
      }),
    ),
  );
  return { contexts, routes: routes!, warnings: result.warnings };
}

test("a listener that asks for certificates verifies them by the binding's authorities, and never resumes a session", () => {
  const { contexts, warnings } = compiled();
  const trusted_ca = { filename: "/c/clients.pem" };
  expect(contexts["shop|https"]).toMatchObject({
    common_tls_context: { validation_context: { trusted_ca } },
    require_client_certificate: true,
    disable_stateless_session_resumption: true,
    disable_stateful_session_resumption: true,
  });
  expect(contexts["either|https"]?.["common_tls_context"]).toMatchObject({ validation_context: { trusted_ca } });
  expect(contexts["either|https"]?.["require_client_certificate"]).not.toBe(true);
  expect(contexts["open|https"]?.["common_tls_context"]).not.toHaveProperty("validation_context");
  expect(warnings.filter(({ path }) => path.includes("tls"))).toEqual([]);
});

test("each name is asked for as what it is", () => {
  const { contexts } = compiled();
  const context = contexts["partners|https"]?.["common_tls_context"]?.["validation_context"];
  expect(context?.["match_typed_subject_alt_names"]).toEqual(
    ["URI", "DNS", "EMAIL", "IP_ADDRESS"].map((san_type, i) => ({ san_type, matcher: { exact: PARTNER_NAMES[i] } })),
  );
  expect(["urn:uuid:1", "192.0.2.1", "https://a.example/b", "a.example"].map(kindOfClientName)).toEqual([
    ...["uri", "ip", "uri", "dns"],
  ]);
});

test("without authorities in the binding such a listener is not served, and that is told; others are", () => {
  const { ca: _, ...without } = FILES;
  const { contexts, warnings } = compiled(without);
  expect(Object.keys(contexts)).toEqual(["open|https", "deep|https"]);
  const told = warnings.filter(({ path }) => path.endsWith("tls.clients"));
  expect(told.map(({ path }) => path)).toEqual(
    [2, 3, 4].map((i) => `Gateway/production/edge#spec.listeners[${i}].tls.clients`),
  );
  expect(told[0]).toMatchObject({
    message: "the environment does not say who signs the certificates of its clients: the listener is not served",
    fix: expect.stringContaining('"wild": { chain, key, ca }'),
  });
});

test("authorities that the control plane keeps come by SDS, beside the names that are asked for", () => {
  const { contexts, warnings } = compiled({ stored: true, ca: true });
  const secret = "gateway-certificate/production/edge/wild";
  const bySds = (name: string) => ({ name, sds_config: { ads: {}, resource_api_version: "V3" } });
  expect(contexts["shop|https"]).toMatchObject({
    common_tls_context: {
      tls_certificate_sds_secret_configs: [bySds(secret)],
      validation_context_sds_secret_config: bySds(`${secret}/clients`),
    },
    require_client_certificate: true,
  });
  const combined = contexts["partners|https"]?.["common_tls_context"]?.["combined_validation_context"];
  expect(combined?.["validation_context_sds_secret_config"]).toEqual(bySds(`${secret}/clients`));
  expect(combined?.["default_validation_context"]?.["match_typed_subject_alt_names"]).toHaveLength(
    PARTNER_NAMES.length,
  );
  expect(contexts["open|https"]?.["common_tls_context"]).not.toHaveProperty("validation_context_sds_secret_config");
  expect(warnings.filter(({ path }) => path.includes("tls"))).toEqual([]);
  const told = compiled({ stored: true }).warnings.filter(({ path }) => path.endsWith("tls.clients"));
  expect(told).toHaveLength(3);
});

test("what is sent on to HTTPS has no other route in plain HTTP", () => {
  const { routes } = compiled();
  const hosts = Object.fromEntries(
    (routes["gateway-edge"]?.["virtual_hosts"] ?? []).map((host) => [
      String(host["domains"]),
      (host["routes"] ?? []).map((route) => route["redirect"] ?? route["route"]?.["cluster"]),
    ]),
  );
  const https = { https_redirect: true };
  const wide = [{ ...https, port_redirect: 8443 }, { ...https, port_redirect: 443 }, https];
  const names = ["*", "shop", "partners", "either", "open"].map((name) => [`${name}.example.com`, wide]);
  const deep = [
    { ...https, port_redirect: 9443 },
    { ...https, port_redirect: 8443 },
  ];
  expect(hosts).toEqual({
    ...Object.fromEntries(names),
    "deep.example.com": deep,
    "status.example.com": ["outbound|8080||catalog.production"],
  });
});

test("a redirect whose hosts another listener serves without TLS: they share a port, so all are sent on, and that is told", () => {
  const document = withListeners(clientEdgeMesh(), (all) =>
    all.map((one) => (one.name === "status" ? { ...one, hosts: ["*.example.com"] } : one)),
  );
  const { routes, warnings } = compiled(FILES, document);
  const [host] = (routes["gateway-edge"]?.["virtual_hosts"] ?? []).filter(
    (each) => String(each["domains"]) === "*.example.com",
  );
  expect(host?.["routes"]?.every((route) => route["redirect"] !== undefined)).toBe(true);
  expect(warnings.map(({ path, message }) => `${path}: ${message}`)).toContainEqual(
    expect.stringMatching(/listeners\[1\]\.hosts: listener web sends its hosts on to HTTPS/),
  );
});

const KEY_PIN = "NvqYIYSbgK2vCJpQhObf77vv+bQWtc5ek5RIOwPiC9A=";
const PIN = "df6ff72fe9116521268f6f2dd4966f51df479883fe7037b39f75916ac3049d1a";
const PINS = { pinnedKeys: [KEY_PIN], pinnedCertificates: [PIN] };

test("pins and revocation lists stand beside the authorities, of files and of what the control plane keeps", () => {
  const document = pinningEdgeMesh(PINS);
  const listenerPorts = { shop: 8443, partners: 8443, either: 8443, open: 8443, deep: 9443, pinned: 8443 };
  const pins = { verify_certificate_spki: [KEY_PIN], verify_certificate_hash: [PIN] };
  const files = compiled({ ...FILES, crl: "/c/clients-crl.pem" }, document, { listenerPorts });
  expect(files.contexts["pinned|https"]?.["common_tls_context"]?.["validation_context"]).toEqual({
    trusted_ca: { filename: "/c/clients.pem" },
    crl: { filename: "/c/clients-crl.pem" },
    ...pins,
  });
  // a list counts wherever these authorities do
  expect(files.contexts["shop|https"]?.["common_tls_context"]?.["validation_context"]).toHaveProperty("crl");
  const kept = compiled({ stored: true, ca: true, crl: true }, document, { listenerPorts });
  const combined = kept.contexts["pinned|https"]?.["common_tls_context"]?.["combined_validation_context"];
  expect(combined?.["default_validation_context"]).toEqual(pins);
  expect([...files.warnings, ...kept.warnings].filter(({ path }) => path.includes("tls"))).toEqual([]);
});

test("without revocation lists in the binding a listener that refuses revoked ones is not served, and that is told", () => {
  for (const bound of [FILES, { stored: true, ca: true } as const]) {
    const { contexts, warnings } = compiled(bound, pinningEdgeMesh(PINS));
    expect(Object.keys(contexts)).toContain("shop|https");
    expect(Object.keys(contexts)).not.toContain("pinned|https");
    expect(warnings.filter(({ path }) => path.includes("tls"))).toEqual([
      {
        path: "Gateway/production/edge#spec.listeners[7].tls.clients.checkRevocation",
        message: "the environment has no revocation list of the authorities of its clients: the listener is not served",
        fix: expect.stringContaining('"wild": { chain, key, ca, crl }'),
      },
    ]);
  }
});
