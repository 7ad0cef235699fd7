import { plan } from "@meshwright/proxy/plan";
import { expect, test } from "vitest";
import type { MeshDocument } from "@/lib/mesh";
import { compile } from "./compile";
import { resourcesToJson } from "./resources";
import { boundEdge, CERTIFICATES, HTTPS_PORT, httpsEdgeMesh } from "./testing/https-edge";
import { inputFor } from "./testing/inputs";
import { object } from "./testing/rich";
import type { GatewayBinding } from "./types";

type Json = { [field: string]: Json } & Json[] & string;
const PUBLIC = 18_080;

function compiled(document: MeshDocument, places: Omit<GatewayBinding, "namespace" | "name">) {
  const made = inputFor(document);
  const binding = { ...made.binding, gateways: [boundEdge({ publicPort: PUBLIC, ...places })] };
  const result = compile({ ...made, binding }, "production/edge/0");
  if (!result.ok) throw new Error(JSON.stringify(result.violations, null, 2));
  const { listeners: served, routes: routed, clusters, endpoints } = result.resources;
  const planned = plan({ listeners: served, routes: routed, clusters, endpoints });
  if (!planned.ok) throw new Error(JSON.stringify(planned.violations, null, 2));
  const { listeners, routes } = resourcesToJson(result.resources) as unknown as Record<string, Json>;
  const shown = Object.entries(listeners!).map(([name, listener]) => ({
    name,
    port: listener["address"]?.["socket_address"]?.["port_value"],
    isInspected: listener["listener_filters"] !== undefined,
    chains: (listener["filter_chains"] ?? []).map((chain): [unknown, unknown, unknown] => {
      const tls = chain["transport_socket"]?.["typed_config"]?.["common_tls_context"];
      const [certificate] = tls?.["tls_certificates"] ?? [];
      return [chain["name"], chain["filter_chain_match"] ?? null, certificate?.["certificate_chain"]?.["filename"]];
    }),
  }));
  const hosts = Object.fromEntries(
    Object.entries(routes!).map(([name, { virtual_hosts }]) => [
      name,
      Object.fromEntries(
        (virtual_hosts ?? []).map((host) => {
          const route = host["routes"]?.[0];
          return [
            String(host["domains"]),
            route?.["direct_response"]?.["status"] ?? route?.["route"]?.["cluster"] ?? "?",
          ];
        }),
      ),
    ]),
  );
  return { listeners: shown, raw: listeners!, hosts, warnings: result.warnings };
}

const CHAINS = [
  ["shop|https", { transport_protocol: "tls", server_names: ["shop.example.com"] }, "/certificates/shop.pem"],
  [
    "rest|https",
    { transport_protocol: "tls", server_names: ["*.example.com", "example.org"] },
    "/certificates/wild.pem",
  ],
];
const STOREFRONT = "outbound|8080||storefront.production";
const CATALOG = "outbound|8080||catalog.production";

test("each listener has its certificate, its server names and its hosts; what another one serves is misdirected", () => {
  const ports = { shop: HTTPS_PORT, rest: HTTPS_PORT };
  const { listeners, raw, hosts, warnings } = compiled(httpsEdgeMesh(), {
    listenerPorts: ports,
    certificates: CERTIFICATES,
  });
  expect(listeners).toEqual([
    { name: "gateway-edge", port: PUBLIC, isInspected: false, chains: [["http", null, undefined]] },
    { name: `gateway-edge-${HTTPS_PORT}`, port: HTTPS_PORT, isInspected: true, chains: CHAINS },
  ]);
  expect(hosts).toEqual({
    "gateway-edge": { "status.example.com": CATALOG },
    "gateway-edge-shop": { "shop.example.com": STOREFRONT, "*.example.com,example.org": 421 },
    "gateway-edge-rest": {
      "*.example.com": CATALOG,
      "example.org": CATALOG,
      "status.example.com": CATALOG,
      "shop.example.com": 421,
    },
  });
  expect(warnings).toEqual([]);
  const [chain] = raw[`gateway-edge-${HTTPS_PORT}`]?.["filter_chains"] ?? [];
  expect(chain?.["transport_socket"]?.["typed_config"]?.["common_tls_context"]).toMatchObject({
    tls_params: { tls_minimum_protocol_version: "TLSv1_2", tls_maximum_protocol_version: "TLSv1_3" },
    alpn_protocols: ["h2", "http/1.1"],
    tls_certificates: [{ private_key: { filename: "/certificates/shop-key.pem" } }],
  });
});

test("a certificate that the control plane keeps comes by SDS, under a name of this gateway; no key is in the configuration", () => {
  const certificates = { ...CERTIFICATES, shop: { stored: true } as const };
  const { raw, warnings } = compiled(httpsEdgeMesh(), { certificates });
  const contexts = (raw["gateway-edge"]?.["filter_chains"] ?? []).map(
    (chain) => chain["transport_socket"]?.["typed_config"]?.["common_tls_context"],
  );
  expect(contexts[0]).toMatchObject({
    tls_certificate_sds_secret_configs: [
      { name: "gateway-certificate/production/edge/shop", sds_config: { ads: {}, resource_api_version: "V3" } },
    ],
  });
  expect(contexts[0]).not.toHaveProperty("tls_certificates");
  expect(contexts[1]).toHaveProperty("tls_certificates");
  expect(warnings).toEqual([]);
});

test("at the public port TLS is told from plain HTTP by its first bytes", () => {
  const { listeners, warnings } = compiled(httpsEdgeMesh(), { certificates: CERTIFICATES });
  const http = ["http", { transport_protocol: "raw_buffer" }, undefined];
  expect(listeners).toEqual([{ name: "gateway-edge", port: PUBLIC, isInspected: true, chains: [...CHAINS, http] }]);
  expect(warnings).toEqual([]);
});

test("a certificate that the environment does not know: its listener is not served, and never in plain HTTP", () => {
  const { shop } = CERTIFICATES;
  const { listeners, hosts, warnings } = compiled(httpsEdgeMesh(), { certificates: { shop: shop! } });
  expect(listeners.flatMap(({ chains }) => chains.map(([name]) => name))).toEqual(["shop|https", "http"]);
  expect(hosts["gateway-edge"]).toEqual({ "status.example.com": CATALOG });
  expect(warnings).toEqual([
    {
      path: "Gateway/production/edge#spec.listeners[2].tls.certificate",
      message: "the environment has no certificate wild.example.com: the listener is not served",
      fix: expect.stringContaining('certificates: { "wild.example.com": { chain, key } }'),
    },
  ]);
});

test("two listeners for one name that share the public port: the first has it, and that is told", () => {
  const document = httpsEdgeMesh();
  const twice = object("Gateway", "edge", {
    type: "ingress",
    listeners: [443, 8443].map((port) => ({
      ...{ name: `at-${port}`, port, protocol: "https", hosts: ["shop.example.com"] },
      tls: { certificate: "shop" },
    })),
  });
  const objects = document.objects.map((each) =>
    each.kind === "Gateway" && each.metadata.name === "edge" ? twice : each,
  );
  const { listeners, warnings } = compiled({ objects }, { certificates: CERTIFICATES });
  expect(listeners.flatMap(({ chains }) => chains.map(([name]) => name))).toEqual(["at-443|https"]);
  expect(warnings.map(({ path }) => path)).toContain("Gateway/production/edge#spec.listeners[1].hosts");
});

test("a route for a wildcard serves the listeners of names below it", () => {
  const document = httpsEdgeMesh();
  const objects = document.objects.filter(({ metadata }) => metadata.name !== "edge-shop");
  const { hosts } = compiled({ objects }, { certificates: CERTIFICATES });
  expect(hosts["gateway-edge-shop"]).toMatchObject({ "shop.example.com": CATALOG });
});
