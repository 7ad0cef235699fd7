import { plan } from "@meshwright/proxy/plan";
import { expect, test } from "vitest";
import type { MeshDocument } from "@/lib/mesh";
import { compile } from "./compile";
import { resourcesToJson } from "./resources";
import { EDGE_TCP_PORT, EDGE_TLS_PORT, edgeMesh, edgeRoute } from "./testing/edge";
import { inputFor } from "./testing/inputs";
import { object } from "./testing/rich";
import type { CompileInput } from "./types";

type Json = { [field: string]: Json } & Json[] & string;
const EDGE = "production/edge/0";
const PUBLIC = 18_443;

function input(document: MeshDocument, listenerPorts?: Record<string, number>): CompileInput {
  const made = inputFor(document);
  const own = {
    namespace: "production",
    name: "edge",
    publicPort: PUBLIC,
    ...(listenerPorts ? { listenerPorts } : {}),
  };
  const gateways = [...made.binding.gateways.filter(({ name }) => name !== "edge"), own];
  return { ...made, binding: { ...made.binding, gateways } };
}

function compiled(document: MeshDocument, listenerPorts?: Record<string, number>) {
  const result = compile(input(document, listenerPorts), EDGE);
  if (!result.ok) throw new Error(JSON.stringify(result.violations, null, 2));
  const { listeners: served, routes, clusters: callees, endpoints } = result.resources;
  const planned = plan({ listeners: served, routes, clusters: callees, endpoints });
  if (!planned.ok) throw new Error(JSON.stringify(planned.violations, null, 2));
  const { listeners, clusters } = resourcesToJson(result.resources) as unknown as Record<string, Json>;
  const shown = Object.entries(listeners!).map(([name, listener]) => ({
    name,
    port: listener["address"]?.["socket_address"]?.["port_value"],
    isInspected: listener["listener_filters"] !== undefined,
    chains: (listener["filter_chains"] ?? []).map((chain): [unknown, unknown, unknown] => {
      const config = chain["filters"]?.at(-1)?.["typed_config"];
      return [chain["name"], chain["filter_chain_match"] ?? null, config?.["cluster"] ?? config?.["weighted_clusters"]];
    }),
  }));
  return { listeners: shown, clusters: clusters!, warnings: result.warnings };
}

const SPLIT = {
  clusters: [
    { name: "outbound|5432|v1|ledger.production", weight: 75 },
    { name: "outbound|5432|v2|ledger.production", weight: 25 },
  ],
};
const ARCHIVE = "outbound|5432||archive.production";
const TLS_CHAINS = [
  ["secure|0|TcpRoute/production/edge", { server_names: ["archive.example.com"], transport_protocol: "tls" }, ARCHIVE],
  ["secure|1|TcpRoute/production/edge", { server_names: ["*.example.com"], transport_protocol: "tls" }, SPLIT],
];

test("listeners for connections are at ports of their own: a chain for each rule, by its server names", () => {
  const { listeners, clusters, warnings } = compiled(edgeMesh(edgeRoute()), { secure: 8443, raw: 6000 });
  expect(listeners).toEqual([
    { name: "gateway-edge", port: PUBLIC, isInspected: false, chains: [["http", null, undefined]] },
    {
      name: "gateway-edge-6000",
      port: 6000,
      isInspected: false,
      chains: [["raw|2|TcpRoute/production/edge", null, ARCHIVE]],
    },
    { name: "gateway-edge-8443", port: 8443, isInspected: true, chains: TLS_CHAINS },
  ]);
  expect(warnings).toEqual([]);
  const tls = clusters[ARCHIVE]?.["transport_socket"]?.["typed_config"];
  expect(tls?.["sni"]).toBe("tcp-5432.archive.production.svc.cluster.local");
});

test("at the public port TLS is told from HTTP by its first bytes; what nothing tells apart is not served, and that is told", () => {
  const { listeners, warnings } = compiled(edgeMesh(edgeRoute()));
  expect(listeners).toEqual([
    {
      name: "gateway-edge",
      port: PUBLIC,
      isInspected: true,
      chains: [...TLS_CHAINS, ["http", { transport_protocol: "raw_buffer" }, undefined]],
    },
  ]);
  expect(warnings.map(({ path, message }) => `${path}: ${message}`)).toEqual([
    "Gateway/production/edge#spec.listeners[2]: nothing tells its connections from those of listener web, secure at the same port: it is not served",
  ]);
});

test("without a route everything goes to the one TCP port behind the gateway; with two nothing does, and that is told", () => {
  const without = (key: string): MeshDocument => ({
    objects: edgeMesh().objects.filter(({ kind, metadata }) => `${kind}/${metadata.name}` !== key),
  });
  const one = compiled(without("Dependency/edge-to-archive"), { secure: 8443, raw: 6000 });
  expect(one.listeners.flatMap(({ chains }) => chains)).toEqual([
    ["http", null, undefined],
    ["raw|0|", null, "outbound|5432||ledger.production"],
    [
      "secure|0|",
      { server_names: ["*.example.com", "db.example.net"], transport_protocol: "tls" },
      "outbound|5432||ledger.production",
    ],
  ]);
  const two = compiled(edgeMesh(), { secure: 8443, raw: 6000 });
  expect(two.listeners.map(({ name }) => name)).toEqual(["gateway-edge"]);
  expect(two.warnings.map(({ path }) => path)).toEqual([
    "Gateway/production/edge#spec.listeners[1]",
    "Gateway/production/edge#spec.listeners[2]",
  ]);
});

test("a callee lets the gateway's identity in where it was drawn, and at that port only", () => {
  const result = compile(input(edgeMesh(edgeRoute())), "production/ledger-v1/0");
  if (!result.ok) throw new Error(JSON.stringify(result.violations));
  const { listeners } = resourcesToJson(result.resources) as unknown as Record<string, Json>;
  const policiesOf = (name: string) => {
    const chain = listeners?.["inbound"]?.["filter_chains"]?.find((each) => each["name"] === name);
    return JSON.stringify(chain?.["filters"]);
  };
  expect(policiesOf("tcp-5432")).toContain("spiffe://shop.mesh.local/ns/production/sa/edge");
  const http = policiesOf("tls");
  expect(http).toContain("sa/cart");
  expect(http).not.toContain("sa/edge");
});

test("policies of the gateway are about requests, and say so", () => {
  const policy = object("AuthorizationPolicy", "ask", {
    target: { gateway: "edge" },
    action: "custom",
    authorizer: "opa",
    rules: [],
  });
  const { warnings } = compiled(edgeMesh(edgeRoute(), policy), { secure: EDGE_TLS_PORT, raw: EDGE_TCP_PORT });
  expect(warnings.map(({ message }) => message)).toContain(
    "nobody asks about connections of the gateway's listeners of protocol tcp and tls",
  );
});

test("a gateway keeps a connection idle and tries it as the policy of its callee says", () => {
  const pool = object("TrafficPolicy", "archive", {
    service: { name: "archive" },
    connectionPool: { tcpIdleTimeoutMs: 90_000, maxConnectAttempts: 3 },
  });
  const result = compile(input(edgeMesh(edgeRoute(), pool), { secure: 8443, raw: 6000 }), EDGE);
  if (!result.ok) throw new Error(JSON.stringify(result.violations));
  const { listeners, routes, clusters, endpoints } = result.resources;
  const planned = plan({ listeners, routes, clusters, endpoints });
  if (!planned.ok) throw new Error(JSON.stringify(planned.violations));
  const shown = resourcesToJson(result.resources).listeners as unknown as Record<string, Json>;
  const proxies = Object.values(shown).flatMap((listener) =>
    (listener["filter_chains"] ?? []).flatMap((chain) => {
      const config = chain["filters"]?.at(-1)?.["typed_config"];
      return config?.["stat_prefix"] === "gateway_tcp" ? [config] : [];
    }),
  );
  const patience = { idle_timeout: "90s", max_connect_attempts: 3 };
  expect(proxies).toHaveLength(3);
  for (const config of proxies) {
    if (config["cluster"] === ARCHIVE) expect(config).toMatchObject(patience);
    else for (const field of Object.keys(patience)) expect(config).not.toHaveProperty(field);
  }
});
