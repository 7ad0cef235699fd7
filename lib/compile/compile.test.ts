import { expect, test } from "vitest";
import { demoMesh, type MeshDocument, type SpecOf } from "@/lib/mesh";
import { compile } from "./compile";
import { encodeResources, resourceDigest, resourcesToJson } from "./resources";
import { demoInput, inputFor } from "./testing/inputs";
import { LEDGER_PORT, ledgerMesh } from "./testing/ledger";
import { object, richMesh, withMode, withObjects } from "./testing/rich";
import type { CompileInput } from "./types";

const CHECKOUT = "production/checkout-v1/0";
const PAYMENT = "production/payment-service-v1/0";

function resources(input: CompileInput, proxyId: string) {
  const result = compile(input, proxyId);
  if (!result.ok) throw new Error(JSON.stringify(result.violations, null, 2));
  return result.resources;
}
const digest = (input: CompileInput, proxyId: string) => resourceDigest(encodeResources(resources(input, proxyId)));
const json = (input: CompileInput, proxyId: string) => resourcesToJson(resources(input, proxyId));
const text = (input: CompileInput, proxyId: string) => JSON.stringify(json(input, proxyId));

test("every proxy of the demo compiles without a warning", () => {
  const input = demoInput();
  for (const { proxyId } of input.endpoints) {
    const result = compile(input, proxyId);
    expect(result.ok ? result.warnings : result.violations, proxyId).toEqual([]);
  }
});

test("the same input gives the same bytes, in whatever order it was written", () => {
  const input = inputFor(richMesh());
  const shuffled: CompileInput = {
    ...structuredClone(input),
    document: { objects: [...structuredClone(input.document).objects].reverse() },
    endpoints: [...input.endpoints].reverse(),
    digest: "another",
  };
  for (const { proxyId } of input.endpoints) expect(digest(shuffled, proxyId)).toBe(digest(input, proxyId));
});

test("a change elsewhere does not touch a proxy", () => {
  const before = demoInput();
  const after: CompileInput = {
    ...before,
    document: withObjects(before.document, [
      object("Service", "unrelated", { ports: [{ name: "http", port: 8080, protocol: "http" }] }),
      object("Workload", "unrelated-v1", { service: "unrelated", version: "v1" }),
      object("TrafficPolicy", "catalog", { service: { name: "catalog" }, connectionPool: { maxConnections: 7 } }),
    ]),
  };
  expect(digest(after, PAYMENT)).toBe(digest(before, PAYMENT));
  expect(digest(after, CHECKOUT)).toBe(digest(before, CHECKOUT));
  expect(digest(after, "production/storefront-v1/0")).not.toBe(digest(before, "production/storefront-v1/0"));
});

test("a caller gets the clusters of its drawn dependencies and no others", () => {
  const { clusters, routes } = json(demoInput(), CHECKOUT);
  expect(Object.keys(clusters)).toEqual([
    "inbound|8080",
    "outbound|8080||inventory.production",
    "outbound|8080||payment-service.production",
    "outbound|8080||shipping.production",
  ]);
  expect(JSON.stringify(routes["outbound"])).not.toContain("catalog");
});

test("an instance that is not ready is not offered while another is, and all are when none is", () => {
  const input = demoInput();
  const health = (ready: (id: string) => boolean) => {
    const endpoints = input.endpoints.map((e) => ({ ...e, ready: ready(e.proxyId) }));
    const found = text({ ...input, endpoints }, "production/storefront-v1/0").match(/"(UNHEALTHY|HEALTHY)"/g);
    return found?.sort();
  };
  expect(health((id) => id !== "production/catalog-v1/1")).toEqual([
    '"HEALTHY"',
    '"HEALTHY"',
    '"HEALTHY"',
    '"UNHEALTHY"',
  ]);
  expect(health(() => false)).toEqual(Array(4).fill('"HEALTHY"'));
});

test("a caller accepts only the identities of the callee's workloads", () => {
  expect(text(demoInput(), CHECKOUT)).toContain(
    '{"exact":"spiffe://shop.mesh.local/ns/production/sa/payment-service"}',
  );
});

const chains = (document: MeshDocument, proxyId = PAYMENT) => {
  const listener = json(inputFor(document), proxyId).listeners["inbound"] as { filter_chains: { name: string }[] };
  return listener.filter_chains.map((chain) => chain.name);
};

test.each([
  [undefined, ["tls"], true],
  ["observe", ["tls", "plain"], false],
  ["permissive", ["tls", "plain"], false],
  ["strict", ["tls"], false],
  ["enforced", ["tls"], true],
] as const)("mode %s takes %s and enforces the list of callers: %s", (mode, expected, isEnforced) => {
  const document = withMode(demoMesh(), "payment-service", mode);
  expect(chains(document)).toEqual(expected);
  const listener = JSON.stringify(json(inputFor(document), PAYMENT).listeners);
  expect(listener.includes('"rules":{"policies"')).toBe(isEnforced);
  expect(listener.includes('"shadow_rules"')).toBe(!isEnforced);
});

test("mutual TLS switched off leaves plain text, on both sides", () => {
  const document = withObjects(demoMesh(), [
    object("MutualTls", "payment", { target: { service: "payment-service" }, mode: "disable" }),
  ]);
  expect(chains(document)).toEqual(["plain"]);
  const cluster = json(inputFor(document), CHECKOUT).clusters["outbound|8080||payment-service.production"];
  expect(cluster).not.toHaveProperty("transport_socket");
});

test("nobody drawn means nobody may call", () => {
  const document = { objects: demoMesh().objects.filter((o) => o.metadata.name !== "checkout-to-payment-service") };
  const listener = JSON.stringify(json(inputFor(document), PAYMENT).listeners);
  expect(listener).toContain('"rules":{}');
  expect(text(inputFor(document), CHECKOUT)).not.toContain("payment-service");
});

test("an external service needs both a dependency and an egress", () => {
  const granted = demoInput();
  expect(text(granted, "production/shipping-v1/0")).toContain("external|80||api.carrier.example");
  expect(text(granted, CHECKOUT)).not.toContain("api.carrier.example");
  const closed = { ...granted, document: { objects: granted.document.objects.filter((o) => o.kind !== "Egress") } };
  const result = compile(closed, "production/shipping-v1/0");
  expect(result).toMatchObject({
    ok: true,
    warnings: [{ path: "Dependency/production/shipping-to-carrier-api#spec.to" }],
  });
  expect(text(closed, "production/shipping-v1/0")).not.toContain("external|");
});

test("a rollout's weights replace those of the design while they fit", () => {
  const document = richMesh();
  const split = { route: "Route/production/payment-service", rule: 1, weights: [50, 50] };
  const weights = (rollout: CompileInput["rollout"]) =>
    [...text({ ...inputFor(document), rollout }, CHECKOUT).matchAll(/"weight":(\d+)/g)].map((match) => match[1]);
  expect(weights({ splits: [] })).toEqual(["90", "10"]);
  expect(weights({ splits: [split] })).toEqual(["50", "50"]);
  expect(weights({ splits: [{ ...split, weights: [1] }] })).toEqual(["90", "10"]);
});

const route = (rules: SpecOf<"Route">["rules"]) =>
  withObjects(demoMesh(), [
    object("Route", "payment-service", { target: { kind: "Service", name: "payment-service" }, rules }),
  ]);

test("what cannot be compiled is refused with its path, all of it at once", () => {
  const document = route([
    { matches: [], action: { type: "forward", destinations: [{ service: { name: "nobody" }, weight: 1 }] } },
    {
      matches: [],
      action: { type: "forward", destinations: [{ service: { name: "cart" }, subset: "v9", weight: 1 }] },
    },
    { matches: [], action: { type: "forward", destinations: [{ service: { name: "cart" }, port: 1, weight: 1 }] } },
    {
      matches: [],
      action: { type: "forward", destinations: [0, 0].map((weight) => ({ service: { name: "cart" }, weight })) },
    },
    {
      matches: [],
      headers: { request: { set: { Host: "x" } } },
      action: { type: "respond", status: 200 },
    },
  ]);
  const result = compile(inputFor(document), CHECKOUT);
  const at = (path: string) => `Route/production/payment-service#spec.rules${path}`;
  expect(result.ok ? [] : result.violations.map((violation) => violation.path)).toEqual([
    at("[0].action.destinations[0].service"),
    at("[1].action.destinations[0].subset"),
    at("[2].action.destinations[0].port"),
    at("[3].action.destinations"),
    at("[4].headers.request"),
  ]);
});

test("a destination that the caller has no dependency on is a warning, because the callee will refuse it", () => {
  const document = route([
    { matches: [], action: { type: "forward", destinations: [{ service: { name: "catalog" }, weight: 1 }] } },
  ]);
  const result = compile(inputFor(document), CHECKOUT);
  expect(result.ok ? result.warnings.map((warning) => warning.message) : []).toEqual([
    "a caller of this route has no dependency on Service/production/catalog: what it sends there is refused with 403",
  ]);
});

test("a proxy that nobody knows is refused in words", () => {
  expect(compile(demoInput(), "production/ghost/0")).toMatchObject({
    ok: false,
    violations: [{ path: 'endpoints["production/ghost/0"]' }],
  });
});

test("a workload without an app answers 503 and says what to do", () => {
  const input = demoInput();
  const binding = {
    ...input.binding,
    instances: input.binding.instances.map((i) => (i.id === PAYMENT ? { ...i, app: { kind: "none" as const } } : i)),
  };
  const { routes, clusters } = json({ ...input, binding }, PAYMENT);
  expect(JSON.stringify(routes["inbound"])).toContain("has no app yet");
  expect(clusters).not.toHaveProperty("inbound|8080");
});

function withInventoryAs(protocol: "http" | "http2" | "grpc" | "tcp", over: object = {}): CompileInput {
  const { document } = demoInput();
  const objects = document.objects.map((each) =>
    each.kind === "Service" && each.metadata.name === "inventory"
      ? { ...each, spec: { ...each.spec, ports: [{ name: "api", port: 8080, protocol }], ...over } }
      : each,
  );
  return inputFor({ ...document, objects });
}
const INVENTORY = "production/inventory-v1/0";
const protocolOf = (input: CompileInput, proxyId: string, cluster: string) =>
  JSON.stringify(json(input, proxyId).clusters[cluster])
    .match(/"(auto_config|explicit_http_config)":\{"(\w+)"/)
    ?.slice(1);

test.each(["grpc", "http2"] as const)(
  "a port of protocol %s is carried, and its app is spoken to in HTTP/2",
  (protocol) => {
    const input = withInventoryAs(protocol);
    for (const proxyId of [INVENTORY, CHECKOUT]) {
      const result = compile(input, proxyId);
      expect(result.ok ? result.warnings : result.violations).toEqual([]);
    }
    expect(protocolOf(input, INVENTORY, "inbound|8080")).toEqual(["explicit_http_config", "http2_protocol_options"]);
    expect(protocolOf(input, CHECKOUT, "outbound|8080||inventory.production")?.[0]).toBe("auto_config");
    expect(protocolOf(withInventoryAs("http"), INVENTORY, "inbound|8080")).toEqual([
      "explicit_http_config",
      "http_protocol_options",
    ]);
  },
);

test("without a sidecar a gRPC service is called in HTTP/2 as well", () => {
  const optOut = { reason: "a database", owner: "platform" };
  const input = withInventoryAs("grpc", { optOut });
  const cluster = "outbound|8080||inventory.production";
  expect(protocolOf(input, CHECKOUT, cluster)).toEqual(["explicit_http_config", "http2_protocol_options"]);
  expect(protocolOf(withInventoryAs("http", { optOut }), CHECKOUT, cluster)?.[1]).toBe("http_protocol_options");
});

test("every listener of HTTP takes HTTP/2 and WebSocket and carries trailers", () => {
  const { listeners } = json(demoInput(), CHECKOUT);
  for (const name of ["inbound", "outbound"]) {
    const compiled = JSON.stringify(listeners[name]);
    expect(compiled).toContain('"http_protocol_options":{"enable_trailers":true}');
    expect(compiled).not.toContain('"codec_type":"HTTP1"');
    expect(compiled).toContain('"upgrade_configs":[{"upgrade_type":"websocket"}]');
    expect(compiled).toContain('"allow_connect":true');
  }
});

test("only listeners whose rules make faults have the filter", () => {
  const fault = {
    delay: { percent: 0.5, fixedDelayMs: 1500 },
    abort: { percent: 10, httpStatus: 503 },
    responseBandwidth: { percent: 5, limitKbps: 64 },
  };
  const route = object("Route", "inventory", {
    target: { kind: "Service", name: "inventory" },
    rules: [
      {
        matches: [],
        action: { type: "forward", destinations: [{ service: { name: "inventory" }, weight: 1 }] },
        fault,
      },
    ],
  });
  const input = inputFor(withObjects(demoMesh(), [route]));
  const { routes } = json(input, CHECKOUT);
  expect(JSON.stringify(routes)).toContain(
    '"delay":{"fixed_delay":"1.500s","percentage":{"numerator":5000,"denominator":"MILLION"}}',
  );
  expect(JSON.stringify(routes)).toContain('"abort":{"http_status":503,"percentage":{"numerator":10}}');
  expect(JSON.stringify(routes)).toContain(
    '"response_rate_limit":{"fixed_limit":{"limit_kbps":"64"},"percentage":{"numerator":5}}',
  );
  const filterCount = (proxy: string) =>
    JSON.stringify(json(input, proxy).listeners).split('"envoy.filters.http.fault"').length - 1;
  expect(filterCount(CHECKOUT)).toBe(1);
  expect(filterCount(PAYMENT)).toBe(0);
});

test("copies go to a cluster of the caller's, with their share, whether a line is drawn to it or not", () => {
  const route = (name: string, percent: number) =>
    object("Route", "inventory", {
      target: { kind: "Service", name: "inventory" },
      rules: [
        {
          matches: [],
          action: { type: "forward", destinations: [{ service: { name: "inventory" }, weight: 1 }] },
          mirrors: [{ service: { name }, percent }],
        },
      ],
    });
  const compiled = (name: string, percent: number) => {
    const input = inputFor(withObjects(demoMesh(), [route(name, percent)]));
    const { routes, clusters } = json(input, CHECKOUT);
    const result = compile(input, CHECKOUT);
    return {
      text: JSON.stringify(routes),
      clusters: JSON.stringify(clusters),
      warnings: result.ok ? result.warnings : [],
    };
  };
  const drawn = compiled("payment-service", 0.25);
  expect(drawn.text).toContain(
    '"request_mirror_policies":[{"cluster":"outbound|8080||payment-service.production","runtime_fraction":{"default_value":{"numerator":2500,"denominator":"MILLION"}},"disable_shadow_host_suffix_append":true}]',
  );
  expect(drawn.warnings).toEqual([]);
  const stranger = compiled("storefront", 100);
  expect(stranger.text).toContain(
    '"request_mirror_policies":[{"cluster":"outbound|8080||storefront.production","disable_shadow_host_suffix_append":true}]',
  );
  expect(stranger.clusters).toContain("outbound|8080||storefront.production");
  expect(stranger.warnings).toEqual([
    expect.objectContaining({
      path: "Route/production/inventory#spec.rules[0].mirrors[0].service",
      message: expect.stringContaining("what it sends there is refused with 403"),
    }),
  ]);
  expect(compiled("storefront", 0).text).not.toContain("request_mirror_policies");
});

test("a CORS policy is in the listeners of callers, and says nothing that the design leaves open", () => {
  const cors = { allowOrigins: [{ type: "exact" as const, value: "*" }] };
  const route = object("Route", "inventory", {
    target: { kind: "Service", name: "inventory" },
    rules: [
      {
        matches: [],
        action: { type: "forward", destinations: [{ service: { name: "inventory" }, weight: 1 }] },
        fault: { abort: { percent: 1, httpStatus: 503 } },
        cors,
      },
    ],
  });
  const input = inputFor(withObjects(demoMesh(), [route]));
  const { routes, listeners } = json(input, CHECKOUT);
  expect(JSON.stringify(routes)).toContain(
    '"envoy.filters.http.cors":{"allow_origin_string_match":[{"exact":"*"}],"@type"',
  );
  const names: string[] = JSON.stringify(listeners).match(/"envoy\.filters\.http\.[a-z_]+"/g) ?? [];
  expect(names.slice(names.indexOf('"envoy.filters.http.fault"'))).toEqual([
    '"envoy.filters.http.fault"',
    '"envoy.filters.http.cors"',
    '"envoy.filters.http.router"',
  ]);
  expect(JSON.stringify(json(input, PAYMENT))).not.toContain("http.cors");
});

test("a rate limit is in the sidecars of the service and nowhere else, one bucket per limit, after authorization", () => {
  const limit = object("RateLimit", "inventory", {
    service: { name: "inventory" },
    tellsCallers: true,
    limits: [
      { name: "writes", match: { methods: ["POST"] }, requests: 5, perMs: 60_000 },
      { requests: 100, perMs: 1000, burst: 300 },
    ],
  });
  const input = inputFor(withObjects(demoMesh(), [limit]));
  const own = json(input, "production/inventory-v1/0");
  const routes = own.routes["inbound"] as unknown as {
    virtual_hosts: { routes: { name: string; typed_per_filter_config?: Record<string, unknown> }[] }[];
  };
  const [writes, rest, app] = routes.virtual_hosts[0]?.routes ?? [];
  expect(writes).toMatchObject({
    name: "inventory/writes",
    typed_per_filter_config: {
      "envoy.filters.http.local_ratelimit": {
        token_bucket: { max_tokens: 5, tokens_per_fill: 5, fill_interval: "60s" },
        filter_enforced: { default_value: { numerator: 100 } },
        enable_x_ratelimit_headers: "DRAFT_VERSION_03",
      },
    },
  });
  expect(rest?.typed_per_filter_config).toMatchObject({
    "envoy.filters.http.local_ratelimit": { token_bucket: { max_tokens: 300, tokens_per_fill: 100 } },
  });
  expect(app).toMatchObject({ name: "app" });
  expect(app?.typed_per_filter_config).toBeUndefined();
  const filters = [
    ...JSON.stringify(own.listeners["inbound"]).matchAll(/"name":"((?:meshwright|envoy.filters.http)[^"]*)"/g),
  ];
  expect(new Set(filters.map(([, name]) => name))).toEqual(
    new Set(["meshwright.rbac.allow", "envoy.filters.http.local_ratelimit", "envoy.filters.http.router"]),
  );
  expect(digest(input, CHECKOUT)).toBe(digest(demoInput(), CHECKOUT));
});

type Chained = { filter_chains: { name: string; filters: { name: string; typed_config: object }[] }[] };

test("new connections are counted before anything else of a chain, by port, at the service and nowhere else", () => {
  const limit = object("RateLimit", "ledger", {
    service: { name: "ledger" },
    connectionRate: { connections: 50, perMs: 1000, burst: 80 },
  });
  const input = inputFor(ledgerMesh(limit));
  const chains = (json(input, "production/ledger-v1/0").listeners["inbound"] as unknown as Chained).filter_chains;
  const first = chains.map(({ name, filters: [filter] }) => [name, filter?.name, filter?.typed_config]);
  const counted = (port: number) => ({
    stat_prefix: "connection_rate",
    token_bucket: { max_tokens: 80, tokens_per_fill: 50, fill_interval: "1s" },
    share_key: `RateLimit/production/ledger ${port}`,
  });
  const name = "envoy.filters.network.local_ratelimit";
  expect(first).toEqual([
    ["tls", name, expect.objectContaining(counted(8080))],
    [`tcp-${LEDGER_PORT}`, name, expect.objectContaining(counted(LEDGER_PORT))],
  ]);
  expect(JSON.stringify(json(input, "production/archive-v1/0"))).not.toContain(name);
  expect(digest(input, "production/archive-v1/0")).toBe(digest(inputFor(ledgerMesh()), "production/archive-v1/0"));
});

test("a shared rate limit asks the proxy's own control plane, by limit and by key, after authorization", () => {
  const limit = object("RateLimit", "inventory", {
    service: { name: "inventory" },
    scope: "global",
    whenAway: "deny",
    limits: [
      { match: { methods: ["POST"] }, requests: 5, perMs: 60_000, per: { type: "caller" } },
      { requests: 100, perMs: 1000, per: { type: "header", name: "X-User" } },
      { requests: 100, perMs: 1000 },
    ],
  });
  const input = inputFor(withObjects(demoMesh(), [limit]));
  const own = json(input, "production/inventory-v1/0");
  const { virtual_hosts: hosts } = own.routes["inbound"] as unknown as {
    virtual_hosts: { routes: { route: { rate_limits?: { actions: unknown[] }[] } }[] }[];
  };
  const key = (value: string) => ({ generic_key: { descriptor_key: "limit", descriptor_value: value } });
  const header = (name: string) => ({
    request_headers: { header_name: name, descriptor_key: "value", skip_if_absent: true },
  });
  expect(hosts[0]?.routes.map(({ route }) => route.rate_limits?.[0]?.actions)).toEqual([
    [key("0"), header("x-forwarded-client-cert")],
    [key("1"), header("x-user")],
    [key("2")],
    undefined,
  ]);
  const listener = JSON.stringify(own.listeners["inbound"]);
  expect(listener).toContain('"domain":"RateLimit/production/inventory"');
  expect(listener).toContain('"failure_mode_deny":true');
  expect(listener).toContain('"envoy_grpc":{"cluster_name":"xds"}');
  expect(listener.indexOf("meshwright.rbac.allow")).toBeLessThan(listener.indexOf("envoy.filters.http.ratelimit"));
  expect(own.clusters["xds"]).toBeUndefined();
  expect(digest(input, CHECKOUT)).toBe(digest(demoInput(), CHECKOUT));
  const alone = compile({ ...input, overrides: { controlPlaneCluster: null } }, "production/inventory-v1/0");
  expect(alone.ok && alone.warnings.map(({ path }) => path)).toContain("RateLimit/production/inventory#spec.scope");
});

test("tokens are looked at before anybody is authorized, and only where a policy says whose", () => {
  const keys = '{"keys":[{"kty":"EC","crv":"P-256","x":"x","y":"y"}]}';
  const tokens = object("RequestAuthentication", "tokens", {
    target: { service: "inventory" },
    jwtRules: [
      { issuer: "b", jwks: keys },
      { issuer: "a", jwksUri: "https://a.test:8443/keys?v=1" },
    ],
  });
  const result = compile(inputFor(withObjects(demoMesh(), [tokens])), "production/inventory-v1/0");
  if (!result.ok) throw new Error(JSON.stringify(result.violations));
  const { listeners, clusters } = resourcesToJson(result.resources);
  const chains = (
    listeners["inbound"] as {
      filter_chains?: { filters: { typed_config: { http_filters: { name: string; typed_config: unknown }[] } }[] }[];
    }
  ).filter_chains;
  const filters = chains?.[0]?.filters[0]?.typed_config.http_filters ?? [];
  expect(filters.map(({ name }) => name)).toEqual([
    "envoy.filters.http.jwt_authn",
    "meshwright.rbac.allow",
    "envoy.filters.http.router",
  ]);
  const [a, b] = ["RequestAuthentication/production/tokens#1", "RequestAuthentication/production/tokens#0"];
  const cluster = "jwks|https://a.test:8443";
  const optional = (name: string | undefined) => ({
    requires_any: { requirements: [{ provider_name: name }, { allow_missing: {} }] },
  });
  expect(filters[0]?.typed_config).toMatchObject({
    bypass_cors_preflight: true,
    providers: {
      [a ?? ""]: { issuer: "a", remote_jwks: { http_uri: { uri: "https://a.test:8443/keys?v=1", cluster } } },
      [b ?? ""]: { issuer: "b", local_jwks: { inline_string: keys }, payload_in_metadata: "payload" },
    },
    rules: [
      {
        requires: {
          requires_any: {
            requirements: [
              { provider_name: a },
              { provider_name: b },
              { requires_all: { requirements: [optional(a), optional(b)] } },
            ],
          },
        },
      },
    ],
  });
  expect(clusters[cluster]).toMatchObject({
    type: "STRICT_DNS",
    transport_socket: { typed_config: { sni: "a.test" } },
  });
  expect(result.warnings.map(({ message }) => message)).toEqual([
    "each sidecar fetches the keys from a.test:8443 itself, and trusts the certificates of its own machine for it; no Egress is asked",
  ]);
  expect(text(inputFor(withObjects(demoMesh(), [tokens])), CHECKOUT)).not.toContain("jwt_authn");
});

test("while a service is only observed, a wrong token refuses nobody", () => {
  const tokens = object("RequestAuthentication", "tokens", {
    target: {},
    jwtRules: [{ issuer: "a", jwks: '{"keys":[{"kty":"EC"}]}' }],
  });
  const observed = withMode(withObjects(demoMesh(), [tokens]), "inventory", "observe");
  expect(text(inputFor(observed), "production/inventory-v1/0")).toContain("allow_missing_or_failed");
  expect(text(inputFor(observed), CHECKOUT)).not.toContain("allow_missing_or_failed");
});

test("exceptions, addresses and conditions of a policy are asked of the connection", () => {
  const port = 8080;
  const policy = object("AuthorizationPolicy", "some", {
    target: { service: "inventory" },
    action: "deny",
    rules: [
      {
        from: [{ namespaces: ["shop-*"], notPrincipals: ["*"], notNamespaces: ["edge"], addresses: ["10.0.0.0/8"] }],
        to: [{ paths: ["/a/{*}"], notHosts: ["x.*"], notPorts: [1] }],
        when: [
          { of: "principal", values: ["*/sa/a"] },
          { of: "serverName", notValues: ["a.*"] },
          { of: "targetPort", values: [String(port)] },
        ],
      },
      { when: [{ of: "targetPort", notValues: [String(port)] }] },
      { to: [{ notPorts: [port] }] },
    ],
  });
  const input = inputFor(withObjects(demoMesh(), [policy]));
  const written = text(input, "production/inventory-v1/0");
  for (const part of [
    "local/ns/shop-[^/]*/.*",
    '"not_id":{"authenticated":{}}',
    '"not_id":{"authenticated":{"principal_name":{"prefix":"spiffe://shop.mesh.local/ns/edge/"}}}',
    '"direct_remote_ip":{"address_prefix":"10.0.0.0","prefix_len":8}',
    '"principal_name":{"suffix":"/sa/a"}',
    '"not_rule":{"requested_server_name":{"prefix":"a."}}',
  ])
    expect(written).toContain(part);
  // the service has this port only
  expect(written).not.toContain("AuthorizationPolicy/production/some#1");
  expect(written).not.toContain("AuthorizationPolicy/production/some#2");
});

test("a workload that serves nothing has its dependencies outbound, no inbound side, and an identity that callees take", () => {
  const job = object("Workload", "nightly", { version: "v1" });
  const from = { kind: "Workload" as const, name: "nightly" };
  const line = object("Dependency", "nightly-to-cart", { from, to: { kind: "Service", name: "cart" } });
  const input = inputFor(withObjects(demoMesh(), [job, line]));
  const { listeners, clusters, routes } = json(input, "production/nightly/0");
  expect(Object.keys(listeners)).toEqual(["outbound"]);
  expect(Object.keys(clusters)).toEqual(["outbound|8080||cart.production"]);
  expect(Object.keys(routes)).toEqual(["outbound"]);
  expect(text(input, "production/cart-v1/0")).toContain("/sa/nightly");
  expect(text(demoInput(), "production/cart-v1/0")).not.toContain("/sa/nightly");
});

test("a rule for some callers is in their sidecars and in no other's, and nor is what it needs", () => {
  const to = (subset: string) => ({
    type: "forward" as const,
    destinations: [{ service: { name: "cart" }, subset, weight: 1 }],
  });
  const input = inputFor(
    withObjects(demoMesh(), [
      object("Subset", "cart-v2", { service: { name: "cart" }, name: "v2", labels: { version: "v2" } }),
      object("Workload", "cart-v2", { service: "cart", version: "v2" }),
      object("Workload", "storefront-v2", { service: "storefront", version: "v2", labels: { ring: "early" } }),
      object("Route", "cart", {
        target: { kind: "Service", name: "cart" },
        rules: [
          {
            name: "early",
            matches: [
              { caller: { namespace: "staging" }, path: { type: "prefix", value: "/staging" } },
              { caller: { namespace: "production", labels: { ring: "early" } } },
            ],
            action: to("v2"),
          },
          {
            name: "rest",
            matches: [],
            action: { type: "forward", destinations: [{ service: { name: "cart" }, weight: 1 }] },
          },
        ],
      }),
    ]),
  );
  const early = json(input, "production/storefront-v2/0");
  expect(Object.keys(early.clusters)).toContain("outbound|8080|v2|cart.production");
  expect(JSON.stringify(early.routes["outbound"])).toContain("cart/early");
  // the second match, whatever became of the first
  expect(JSON.stringify(early.routes["outbound"])).toContain('"match":"1"');
  expect(JSON.stringify(early.routes["outbound"])).not.toContain("/staging");
  const rest = json(input, "production/storefront-v1/0");
  expect(Object.keys(rest.clusters)).not.toContain("outbound|8080|v2|cart.production");
  expect(JSON.stringify(rest.routes["outbound"])).not.toContain("cart/early");
  expect(JSON.stringify(rest.routes["outbound"])).toContain("cart/rest");
});
