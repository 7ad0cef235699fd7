// What a sidecar gets that asks: the order of its filters, whom it calls and how, and what is refused because nobody can be asked.
import { expect, test } from "vitest";
import type { Authorizer, MeshDocument } from "@/lib/mesh";
import { AUTHORIZERS, askingAtGateway, askingMesh } from "../simulate/testing/asking";
import { compile } from "./compile";
import { resourcesToJson } from "./resources";
import { inputFor } from "./testing/inputs";

type Filter = { name: string; typed_config: Record<string, unknown> };
type Chain = { filters: { typed_config: { http_filters: Filter[] } }[] };

function compiled(document: MeshDocument, proxyId = "production/catalog-v1/0") {
  const result = compile(inputFor(document), proxyId);
  if (!result.ok) throw new Error(JSON.stringify(result.violations));
  const { listeners, clusters } = resourcesToJson(result.resources);
  const name = proxyId.includes("gateway") ? "gateway-shop-gateway" : "inbound";
  const [chain] = (listeners[name] as unknown as { filter_chains: Chain[] }).filter_chains;
  return { filters: chain?.filters[0]?.typed_config.http_filters ?? [], clusters, warnings: result.warnings };
}
const configOf = (document: MeshDocument, name: string) =>
  compiled(document).filters.find((each) => each.name === name)?.typed_config;
const withOne = (authorizer: Authorizer) =>
  askingMesh(AUTHORIZERS.map((each) => (each.name === authorizer.name ? authorizer : each)));

test("who asks comes before who denies and who allows; what nobody can be asked about is refused first of all", () => {
  expect(compiled(askingMesh()).filters.map(({ name }) => name)).toEqual([
    "meshwright.rbac.custom",
    "meshwright.rbac.custom.by-grpc",
    "meshwright.ext_authz.by-grpc",
    "meshwright.rbac.custom.by-http",
    "meshwright.ext_authz.by-http",
    "meshwright.rbac.deny",
    "meshwright.rbac.allow",
    "envoy.filters.http.router",
  ]);
});

test("a filter asks only where the rules of its policies matched", () => {
  const document = askingMesh();
  expect(configOf(document, "meshwright.rbac.custom.by-grpc")).toMatchObject({
    shadow_rules: { action: "LOG", policies: { "AuthorizationPolicy/production/ask-opa#0": {} } },
    shadow_rules_stat_prefix: "authorizer_by-grpc_",
  });
  expect(configOf(document, "meshwright.ext_authz.by-grpc")).toMatchObject({
    filter_enabled_metadata: {
      filter: "envoy.filters.http.rbac",
      path: [{ key: "authorizer_by-grpc_shadow_effective_policy_id" }],
    },
    grpc_service: { envoy_grpc: { cluster_name: "outbound|9191||opa.production" }, timeout: "5s" },
    status_on_error: { code: "ServiceUnavailable" },
  });
});

test("the authorizer is called as any service is, in mutual TLS, by who is protected and by nobody else", () => {
  const { clusters } = compiled(askingMesh());
  const tls = JSON.stringify(clusters["outbound|9191||opa.production"]);
  expect(tls).toContain("spiffe://shop.mesh.local/ns/production/sa/opa");
  expect(Object.keys(compiled(askingMesh(), "production/cart-v1/0").clusters).join(" ")).not.toContain("opa");
});

test("headers are named as they are written, and what is not said is Istio's default", () => {
  expect(configOf(askingMesh(), "meshwright.ext_authz.by-http")).toMatchObject({
    failure_mode_allow: true,
    allowed_headers: { patterns: [{ exact: "x-say" }] },
    with_request_body: { max_request_bytes: 64, allow_partial_message: true },
    http_service: {
      path_prefix: "/check",
      authorization_request: { headers_to_add: [{ key: "x-from", value: "mesh" }] },
      authorization_response: {
        allowed_upstream_headers: { patterns: [{ exact: "x-asked" }, { prefix: "x-user" }] },
        allowed_client_headers: { patterns: [{ exact: "x-why" }] },
      },
    },
  });
  const [, { address } = {}] = AUTHORIZERS;
  const bare = configOf(withOne({ name: "by-http", ...(address ? { address } : {}) }), "meshwright.ext_authz.by-http");
  expect(bare).toMatchObject({ http_service: { server_uri: { timeout: "600s" } } });
  expect(bare).not.toHaveProperty("failure_mode_allow");
});

test("one without an address refuses, and compiling says so", () => {
  const { warnings, filters } = compiled(askingMesh());
  expect(warnings.map(({ path }) => path)).toContain("AuthorizationPolicy/production/ask-nobody#spec.authorizer");
  const [first] = filters;
  expect(first?.typed_config).toMatchObject({ rules: { action: "DENY" } });
});

test("an external service is called at its own addresses", () => {
  const target = { kind: "ExternalService", namespace: "production", name: "carrier-api" } as const;
  const document = withOne({ name: "by-http", address: { target, port: 443, protocol: "http" } });
  const [cluster = ""] = Object.keys(compiled(document).clusters).filter((name) => name.startsWith("external|443||"));
  expect(configOf(document, "meshwright.ext_authz.by-http")).toMatchObject({
    http_service: { server_uri: { cluster } },
  });
  expect(cluster).not.toBe("");
});

test("a gateway asks as a sidecar does, by its own policies alone, before what its routes do", () => {
  const own = compiled(askingAtGateway(), "production/shop-gateway/0");
  expect(own.filters.map(({ name }) => name)).toEqual([
    "meshwright.rbac.custom",
    "meshwright.rbac.custom.by-grpc",
    "meshwright.ext_authz.by-grpc",
    "meshwright.rbac.custom.by-http",
    "meshwright.ext_authz.by-http",
    "envoy.filters.http.router",
  ]);
  expect(own.filters[1]?.typed_config).toMatchObject({
    shadow_rules: { policies: { "AuthorizationPolicy/production/gateway-asks-opa#0": {} } },
  });
  expect(Object.keys(own.clusters)).toEqual(expect.arrayContaining(["outbound|9191||opa.production"]));
  expect(compiled(askingMesh(), "production/shop-gateway/0").filters).toHaveLength(1);
  const catalog = JSON.stringify(compiled(askingAtGateway()).filters);
  expect(catalog).not.toContain("gateway-asks");
});

test("while a service is only observed, nobody is asked", () => {
  const { objects } = askingMesh();
  const observed = objects.map((each) =>
    each.kind === "Service" && each.metadata.name === "catalog"
      ? { ...each, spec: { ...each.spec, mode: "observe" as const } }
      : each,
  );
  expect(
    compiled({ objects: observed })
      .filters.map(({ name }) => name)
      .join(" "),
  ).not.toContain("custom");
});
