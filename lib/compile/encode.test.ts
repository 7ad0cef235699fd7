import { type DescFile, type DescMessage, fromJson, toBinary } from "@bufbuild/protobuf";
import {
  ClusterLoadAssignmentSchema,
  ClusterSchema,
  FilterChainSchema,
  ListenerSchema,
  RouteConfigurationSchema,
  registry,
} from "@meshwright/proxy/contract";
import { describe, expect, it } from "vitest";
import { compileParts } from "./compile";
import { encode, standIn } from "./encode";
import type { JsonObject } from "./envoy-json";
import { demoInput, inputFor } from "./testing/inputs";
import { ledgerMesh, ledgerRoute } from "./testing/ledger";
import { richMesh } from "./testing/rich";
import { stockMesh } from "./testing/stock";

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
const read = (schema: DescMessage, json: JsonObject) => hex(toBinary(schema, fromJson(schema, json, { registry })));

/** Every message that a cluster or a route can have somewhere within. */
const messages = new Map<string, DescMessage>();
function collect(file: DescFile): void {
  const take = (desc: DescMessage) => {
    messages.set(desc.typeName, desc);
    desc.nestedMessages.forEach(take);
  };
  if (file.messages.some((desc) => messages.has(desc.typeName))) return;
  file.messages.forEach(take);
  file.dependencies.forEach(collect);
}
collect(ClusterSchema.file);
collect(RouteConfigurationSchema.file);

function message(typeName: string): DescMessage {
  const found = messages.get(typeName);
  if (!found) throw new Error(`no ${typeName}`);
  return found;
}

describe("the bytes are those of the message", () => {
  it.each([
    ["the demo shop", demoInput()],
    ["one of everything", inputFor(richMesh())],
    ["TCP between services", inputFor(ledgerMesh(ledgerRoute()))],
    ["levels by locality", inputFor(stockMesh({ locality: { enabled: true } }))],
    [
      "weights of localities",
      inputFor(stockMesh({ locality: { distribute: [{ from: "*", to: { "eu/*": 80, us: 20 } }] } })),
    ],
  ])("for everything that is compiled of %s", (_, input) => {
    for (const { proxyId } of input.endpoints) {
      const { parts } = compileParts(input, proxyId);
      const all = [
        ...[...parts.listeners.values()].map((json) => [ListenerSchema, json] as const),
        ...[...parts.routes.values()].map((json) => [RouteConfigurationSchema, json] as const),
        ...[...parts.clusters.values()].map((json) => [ClusterSchema, json] as const),
        ...[...parts.endpoints.values()].map((json) => [ClusterLoadAssignmentSchema, json] as const),
      ];
      expect(all.length).toBeGreaterThan(3);
      for (const [schema, json] of all) expect(hex(encode(schema, json)), proxyId).toBe(read(schema, json));
    }
  });

  it.each<[string, string, JsonObject]>([
    [
      "fields in another order",
      "envoy.config.cluster.v3.Cluster",
      { lb_policy: "RANDOM", alt_stat_name: "a", name: "n" },
    ],
    ["names as JSON writes them", "envoy.config.cluster.v3.Cluster", { connectTimeout: "1.5s", altStatName: "a" }],
    ["zeros", "envoy.config.cluster.v3.Cluster", { name: "", lb_policy: "ROUND_ROBIN", type: "STATIC" }],
    ["a choice by its number", "envoy.config.cluster.v3.Cluster", { lb_policy: 3 }],
    [
      "wrapped values and zeros",
      "envoy.config.cluster.v3.CircuitBreakers.Thresholds",
      { max_requests: 0, max_retries: 7 },
    ],
    ["times below a second", "envoy.config.route.v3.RouteAction", { timeout: "0.025s", cluster: "c" }],
    ["times before zero", "envoy.config.route.v3.RouteAction", { timeout: "-1.500s" }],
    ["no time", "envoy.config.route.v3.RouteAction", { timeout: "0s" }],
    ["lists of numbers", "envoy.config.route.v3.RetryPolicy", { retriable_status_codes: [500, 0, 503] }],
    ["an empty list of numbers", "envoy.config.route.v3.RetryPolicy", { retriable_status_codes: [] }],
    [
      "lists of choices",
      "envoy.config.core.v3.HealthCheck.HttpHealthCheck",
      { expected_statuses: [{ start: 1, end: 300 }] },
    ],
    ["text beyond ASCII", "envoy.config.cluster.v3.Cluster", { name: "Grüße 🛒".repeat(40) }],
    [
      "values of every kind",
      "envoy.config.core.v3.Metadata",
      { filter_metadata: { m: { a: null, b: [1.5, [true], {}], c: { d: "" }, 7: false, 10: 0 } } },
    ],
    [
      "a message of any type, also without fields",
      "envoy.config.core.v3.TypedExtensionConfig",
      {
        name: "x",
        typed_config: {
          "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router",
          suppress_envoy_headers: false,
        },
      },
    ],
    ["members of a choice at zero", "envoy.config.core.v3.SocketAddress", { port_value: 0, address: "a" }],
    ["an empty member", "envoy.config.core.v3.Address", { socket_address: {} }],
  ])("%s", (_, typeName, json) => {
    expect(hex(encode(message(typeName), json))).toBe(read(message(typeName), json));
  });

  it("for what stands in for a message, alone and within others", () => {
    const chain = { name: "plain", filter_chain_match: { transport_protocol: "raw_buffer" } };
    const listener = { name: "inbound", filter_chains: [standIn(FilterChainSchema, chain)] };
    expect(hex(encode(ListenerSchema, listener))).toBe(read(ListenerSchema, { ...listener, filter_chains: [chain] }));
    expect(hex(encode(FilterChainSchema, standIn(FilterChainSchema, chain)))).toBe(read(FilterChainSchema, chain));
  });

  it("once for one value", () => {
    const json = { name: "n" };
    expect(encode(ClusterSchema, json)).toBe(encode(ClusterSchema, json));
  });
});

describe("what is no message is refused", () => {
  it.each<[string, JsonObject]>([
    ["a field that Envoy does not have", { nmae: "n" }],
    ["a field within", { circuit_breakers: { treshold: [] } }],
    ["one field by both of its names", { lb_policy: "RANDOM", lbPolicy: "RANDOM" }],
    ["two members of one choice", { type: "EDS", cluster_type: { name: "x" } }],
    ["a choice that there is not", { lb_policy: "RANDOMLY" }],
    ["a number for a text", { name: 7 }],
    ["a text for a truth", { respect_dns_ttl: "true" }],
    ["a negative count", { per_connection_buffer_limit_bytes: -1 }],
    ["a list for a message", { circuit_breakers: [] }],
    ["a message for a list", { health_checks: {} }],
    ["no duration", { connect_timeout: "5 seconds" }],
    ["a type that nobody knows", { transport_socket: { name: "x", typed_config: { "@type": "x/y.Z" } } }],
  ])("%s", (_, json) => {
    expect(() => fromJson(ClusterSchema, json, { registry })).toThrow();
    expect(() => encode(ClusterSchema, json)).toThrow();
  });
});
