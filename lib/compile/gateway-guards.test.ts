import { expect, test } from "vitest";
import type { Listener } from "@/lib/mesh";
import { compile } from "./compile";
import { resourcesToJson } from "./resources";
import { boundEdge, CERTIFICATES, HTTPS_PORT, httpsEdgeMesh } from "./testing/https-edge";
import { inputFor } from "./testing/inputs";
import { withListeners } from "./testing/listeners";

type Json = { [field: string]: Json } & Json[] & string;
const PUBLIC = 18_080;
const OWN_PORTS = { shop: HTTPS_PORT, rest: HTTPS_PORT };

function compiled(change: (listener: Listener) => Listener, listenerPorts: Record<string, number> = OWN_PORTS) {
  const document = withListeners(httpsEdgeMesh(), (all) => all.map(change));
  const made = inputFor(document);
  const gateways = [boundEdge({ publicPort: PUBLIC, listenerPorts, certificates: CERTIFICATES })];
  const result = compile({ ...made, binding: { ...made.binding, gateways } }, "production/edge/0");
  if (!result.ok) throw new Error(JSON.stringify(result.violations, null, 2));
  const { listeners } = resourcesToJson(result.resources) as unknown as Record<string, Record<string, Json>>;
  const shown = Object.values(listeners!).map((listener) => ({
    filters: (listener["listener_filters"] ?? []).map((filter) => {
      const { "@type": _, ...config } = (filter["typed_config"] ?? {}) as Record<string, unknown>;
      return [String(filter["name"]).split(".").at(-1), config];
    }),
    limits: (listener["filter_chains"] ?? []).map((chain) => {
      const [first, ...more] = chain["filters"] ?? [];
      const config = first?.["typed_config"];
      return more.length === 0 ? null : [config?.["stat_prefix"], config?.["max_connections"]];
    }),
  }));
  return { shown, warnings: result.warnings };
}

const when = (names: string[], more: Partial<Listener>) => (listener: Listener) =>
  names.includes(listener.name) ? { ...listener, ...more } : listener;

test("nothing stands before a gateway that asks for nothing", () => {
  const { shown, warnings } = compiled((listener) => listener);
  expect(shown).toEqual([
    { filters: [], limits: [null] },
    { filters: [["tls_inspector", {}]], limits: [null, null] },
  ]);
  expect(warnings).toEqual([]);
});

test("the PROXY protocol is read before anything else, at the ports of the listeners that take it", () => {
  const { shown, warnings } = compiled(when(["shop", "rest"], { proxyProtocol: "required" }));
  expect(shown.map(({ filters }) => filters)).toEqual([
    [],
    [
      ["proxy_protocol", {}],
      ["tls_inspector", {}],
    ],
  ]);
  expect(warnings).toEqual([]);
  const optional = compiled(when(["web"], { proxyProtocol: "optional" }));
  expect(optional.shown[0]?.filters).toEqual([["proxy_protocol", { allow_requests_without_proxy_protocol: true }]]);
});

test("at a port of the machine that listeners share all take it, the strictest way, and that is told", () => {
  const { shown, warnings } = compiled(
    (listener) => ({
      ...listener,
      ...(listener.name === "web" ? {} : { proxyProtocol: listener.name === "shop" ? "optional" : "required" }),
    }),
    {},
  );
  expect(shown.map(({ filters }) => filters.map(([name]) => name))).toEqual([["proxy_protocol", "tls_inspector"]]);
  expect(shown[0]?.filters[0]).toEqual(["proxy_protocol", {}]);
  expect(warnings.map(({ path, message }) => [path, message])).toEqual(
    [0, 1].map((i) => [
      `Gateway/production/edge#spec.listeners[${i}].proxyProtocol`,
      "a port of the machine takes the PROXY protocol from everybody or from nobody: required here too, as at listener rest at the same port",
    ]),
  );
});

test("each listener limits the connections of its own chain; plain HTTP is one, with the lowest limit", () => {
  const { shown, warnings } = compiled((listener) => ({
    ...listener,
    ...(listener.name === "rest" ? {} : { connectionLimit: { maxConnections: listener.name === "shop" ? 7 : 9 } }),
  }));
  expect(shown.map(({ limits }) => limits)).toEqual([[["gateway-edge", "9"]], [["gateway-edge-shop", "7"], null]]);
  expect(warnings).toEqual([]);
  const twice = withListeners(httpsEdgeMesh(), (all) => [
    ...all.map(when(["web"], { connectionLimit: { maxConnections: 9 } })),
    { name: "more", port: 8081, protocol: "http", hosts: ["more.example.com"], connectionLimit: { maxConnections: 3 } },
    { name: "free", port: 8082, protocol: "http", hosts: ["free.example.com"] },
  ]);
  const result = compile(inputFor(twice), "production/edge/0");
  const told = result.ok ? result.warnings.filter(({ path }) => path.endsWith("connectionLimit")) : [];
  expect(told.map(({ path }) => path.split("#")[1])).toEqual([
    "spec.listeners[0].connectionLimit",
    "spec.listeners[4].connectionLimit",
  ]);
  expect(told[0]?.message).toContain("the lowest limit of them, 3, counts for all together");
});
