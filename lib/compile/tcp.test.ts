import { expect, test } from "vitest";
import type { MeshDocument, MeshObject, SpecOf, TcpRule } from "@/lib/mesh";
import { compile, compileToBytes } from "./compile";
import { resourcesToJson } from "./resources";
import { Reads } from "./run";
import { inputFor } from "./testing/inputs";
import { ledgerMesh, ledgerRoute } from "./testing/ledger";
import { object, withObjects } from "./testing/rich";
import { takeOver } from "./touched";
import type { CompileInput } from "./types";

type Json = { [field: string]: Json } & Json[] & string;
const STOREFRONT = "production/storefront-v1/0";
const LEDGER = "production/ledger-v1/0";
const ARCHIVE = "production/archive-v1/0";

function compiled(of: MeshDocument | CompileInput, proxyId: string) {
  const input = "objects" in of ? inputFor(of) : of;
  const result = compile(input, proxyId);
  if (!result.ok) throw new Error(JSON.stringify(result.violations, null, 2));
  const { listeners, routes, clusters, endpoints } = resourcesToJson(result.resources) as unknown as Record<
    string,
    Json
  >;
  return {
    listeners: listeners!,
    routes: routes!,
    clusters: clusters!,
    endpoints: endpoints!,
    warnings: result.warnings,
  };
}

const hostOf = ({ routes }: ReturnType<typeof compiled>, name: string) =>
  routes["outbound"]?.["virtual_hosts"]?.find((host) => host["name"] === name);
const chainsOf = ({ listeners }: ReturnType<typeof compiled>) => listeners["inbound"]?.["filter_chains"] ?? [];
const chainOf = (all: ReturnType<typeof compiled>, name: string) =>
  chainsOf(all).find((chain) => chain["name"] === name);
const pool = (name: string, service: string, connectionPool: object, subset?: string): MeshObject =>
  object("TrafficPolicy", name, { service: { name: service }, connectionPool, ...(subset ? { subset } : {}) });
/** Of each filter in order: its name, and the policies of what it enforces and of what it only counts. */
const filtersOf = (chain: Json | undefined) =>
  (chain?.["filters"] ?? []).map((filter) => {
    const config = filter["typed_config"];
    const named = (part: Json | undefined) => (part ? Object.keys(part["policies"] ?? {}) : null);
    return [filter["name"] as string, named(config?.["rules"]), named(config?.["shadow_rules"])];
  });

test("a caller gets the TCP ports that were drawn, by CONNECT, in mutual TLS that names the port", () => {
  const all = compiled(ledgerMesh(), STOREFRONT);
  expect(hostOf(all, "ledger.production:5432")).toEqual({
    name: "ledger.production:5432",
    domains: [
      "ledger:5432",
      "ledger.production:5432",
      "ledger.production.svc:5432",
      "ledger.production.svc.cluster.local:5432",
    ],
    routes: [
      {
        name: "ledger/tcp",
        match: { connect_matcher: {} },
        route: {
          cluster: "outbound|5432||ledger.production",
          timeout: "0s",
          upgrade_configs: [{ upgrade_type: "CONNECT", connect_config: {} }],
        },
      },
    ],
  });
  const cluster = all.clusters["outbound|5432||ledger.production"];
  const tls = cluster?.["transport_socket"]?.["typed_config"];
  expect(tls?.["sni"]).toBe("tcp-5432.ledger.production.svc.cluster.local");
  expect(tls?.["common_tls_context"]).not.toHaveProperty("alpn_protocols");
  expect(cluster).not.toHaveProperty("typed_extension_protocol_options");
  expect(all.warnings).toEqual([]);
  const cart = compiled(ledgerMesh(), "production/cart-v1/0");
  expect(hostOf(cart, "ledger.production:8080")).toBeDefined();
  expect(hostOf(cart, "ledger.production:5432")).toBeUndefined();
});

test("of a TCP route each sidecar has the one rule that decides for its port and caller", () => {
  const document = ledgerMesh(ledgerRoute());
  const routeOf = (proxyId: string) => hostOf(compiled(document, proxyId), "ledger.production:5432")?.["routes"];
  expect(routeOf(STOREFRONT)).toMatchObject([
    {
      name: "ledger/1",
      route: {
        weighted_clusters: {
          clusters: [
            { name: "outbound|5432|v1|ledger.production", weight: 75 },
            { name: "outbound|5432|v2|ledger.production", weight: 25 },
          ],
        },
      },
    },
  ]);
  expect(routeOf("production/storefront-v2/0")).toMatchObject([
    { name: "ledger/archive", route: { cluster: "outbound|5432||archive.production" } },
  ]);
});

test("what no rule takes goes to the service itself", () => {
  const rules: TcpRule[] = [
    {
      matches: [{ caller: { labels: { version: "v7" } } }],
      destinations: [{ service: { name: "archive" }, weight: 1 }],
    },
  ];
  const all = compiled(ledgerMesh(ledgerRoute(rules)), STOREFRONT);
  expect(hostOf(all, "ledger.production:5432")?.["routes"]).toMatchObject([
    { route: { cluster: "outbound|5432||ledger.production" } },
  ]);
});

test("weights of a rollout take the place of the design's", () => {
  const input = inputFor(ledgerMesh(ledgerRoute()));
  const rollout = { splits: [{ route: "TcpRoute/production/ledger", rule: 1, weights: [10, 90] }] };
  const all = compiled({ ...input, rollout }, STOREFRONT);
  const [route] = hostOf(all, "ledger.production:5432")?.["routes"] ?? [];
  expect(route?.["route"]?.["weighted_clusters"]?.["clusters"]?.map(({ weight }) => weight)).toEqual([10, 90]);
});

test("a callee has a filter chain for each TCP port beside that of HTTP, with the grants of that port alone", () => {
  const all = compiled(ledgerMesh(), LEDGER);
  expect(chainsOf(all).map(({ name }) => name)).toEqual(["tls", "tcp-5432"]);
  const chain = chainOf(all, "tcp-5432");
  expect(chain?.["filter_chain_match"]).toEqual({
    server_names: ["tcp-5432.ledger.production.svc.cluster.local"],
    transport_protocol: "tls",
  });
  expect(filtersOf(chain)).toEqual([
    ["meshwright.rbac.allow", ["Dependency/production/storefront-to-ledger"], null],
    ["envoy.filters.network.tcp_proxy", null, null],
  ]);
  expect(chain?.["transport_socket"]?.["typed_config"]?.["require_client_certificate"]).toBe(true);
  const [manager] = chainOf(all, "tls")?.["filters"] ?? [];
  const [allow] = manager?.["typed_config"]?.["http_filters"] ?? [];
  expect(Object.keys(allow?.["typed_config"]?.["rules"]?.["policies"] ?? {})).toEqual([
    "Dependency/production/cart-to-ledger",
    "Dependency/production/storefront-to-ledger",
  ]);
});

const policy = (name: string, spec: Omit<SpecOf<"AuthorizationPolicy">, "target">): MeshObject =>
  object("AuthorizationPolicy", name, { ...spec, target: { service: "ledger" } });
const rulesWith = (...policies: MeshObject[]) =>
  filtersOf(chainOf(compiled(ledgerMesh(...policies), LEDGER), "tcp-5432"));
const granted = "Dependency/production/storefront-to-ledger";

test("policies that ask for requests grant no connection, and as denials take all that the rest describes", () => {
  const paths = [{ paths: ["/x"] }];
  const claims = [{ claims: [{ claim: ["role"], type: "exact" as const, values: ["dba"] }] }];
  const of = (action: "allow" | "deny", rule: SpecOf<"AuthorizationPolicy">["rules"][number]) =>
    rulesWith(policy("p", { action, rules: [rule] }));
  expect(of("allow", { to: paths })[0]?.[1]).toEqual([granted]);
  expect(of("allow", { from: claims })[0]?.[1]).toEqual([granted]);
  expect(of("allow", { from: [{ namespaces: ["production"] }] })[0]?.[1]).toEqual([
    "AuthorizationPolicy/production/p#0",
    granted,
  ]);
  const denied = ["meshwright.rbac.deny", ["AuthorizationPolicy/production/p#0"], null];
  expect(of("deny", { to: paths })[0]).toEqual(denied);
  expect(of("deny", { from: claims, to: [{ ports: [5432] }] })[0]).toEqual(denied);
  expect(of("deny", { to: [{ ports: [8080], paths: ["/x"] }] })[0]?.[0]).toBe("meshwright.rbac.allow");
});

test("shadow, audit and steps of adoption are as for requests; what an authorizer would decide is refused", () => {
  const any = [{ from: [{ namespaces: ["production"] }] }];
  expect(rulesWith(policy("p", { action: "deny", shadow: true, rules: any }))[0]).toEqual([
    "meshwright.rbac.deny",
    null,
    ["AuthorizationPolicy/production/p#0"],
  ]);
  expect(rulesWith(policy("p", { action: "audit", rules: any }))[0]?.[0]).toBe("meshwright.rbac.audit");
  expect(rulesWith(policy("p", { action: "custom", authorizer: "opa", rules: any }))[0]).toEqual([
    "meshwright.rbac.custom",
    ["AuthorizationPolicy/production/p#0"],
    null,
  ]);
  const permissive = object("MutualTls", "ledger", { target: { service: "ledger" }, mode: "permissive" });
  expect(rulesWith(permissive)[0]).toEqual(["meshwright.rbac.allow", null, [granted]]);
});

test("plain text is taken where there is one port only; beside others both sides keep mutual TLS, which is told", () => {
  const mode = (service: string, mode: "permissive" | "disable") =>
    ledgerMesh(object("MutualTls", service, { target: { service }, mode }));
  expect(chainsOf(compiled(mode("archive", "permissive"), ARCHIVE)).map(({ name }) => name)).toEqual([
    "tcp-5432",
    "tcp-5432-plain",
  ]);
  expect(chainsOf(compiled(mode("archive", "disable"), ARCHIVE)).map(({ name }) => name)).toEqual(["tcp-5432-plain"]);
  const toArchive = compiled(mode("archive", "disable"), STOREFRONT).clusters["outbound|5432||archive.production"];
  expect(toArchive).not.toHaveProperty("transport_socket");
  const off = compiled(mode("ledger", "disable"), LEDGER);
  expect(chainsOf(off).map(({ name }) => name)).toEqual(["plain", "tcp-5432"]);
  expect(off.warnings.map(({ path, message }) => `${path}: ${message}`)).toContain(
    "Service/production/ledger#spec.ports[1]: TCP port 5432 is in mutual TLS between sidecars although it is switched off: in plain text nothing tells its connections from those of the other ports",
  );
  const toLedger = compiled(mode("ledger", "disable"), STOREFRONT).clusters["outbound|5432||ledger.production"];
  expect(toLedger).toHaveProperty("transport_socket");
});

test("an app behind an address has a TCP port beside others under its own number, and alone under the binding's", () => {
  const input = inputFor(ledgerMesh());
  const binding = {
    ...input.binding,
    instances: input.binding.instances.map((each) => ({
      ...each,
      app: { kind: "address" as const, host: "10.1.2.3", port: 9000 },
    })),
  };
  const portOf = (proxyId: string, cluster: string) =>
    /"port_value":(\d+)/.exec(JSON.stringify(compiled({ ...input, binding }, proxyId).clusters[cluster]))?.[1];
  expect(portOf(LEDGER, "inbound|5432")).toBe("5432");
  expect(portOf(LEDGER, "inbound|8080")).toBe("9000");
  expect(portOf(ARCHIVE, "inbound|5432")).toBe("9000");
});

test("limits and ejection of a traffic policy are those of the TCP cluster as well", () => {
  const traffic = object("TrafficPolicy", "ledger", {
    service: { name: "ledger" },
    connectionPool: { maxConnections: 7, connectTimeoutMs: 250 },
    outlierDetection: { consecutive5xxErrors: 3 },
    healthCheck: { type: "tcp" },
  });
  const cluster = compiled(ledgerMesh(traffic), STOREFRONT).clusters["outbound|5432||ledger.production"];
  expect(cluster).toMatchObject({
    connect_timeout: "0.250s",
    circuit_breakers: { thresholds: [{ max_connections: 7 }] },
    outlier_detection: { consecutive_5xx: 3 },
    health_checks: [{ tcp_health_check: {} }],
  });
});

test("a destination that the caller has not drawn is told", () => {
  const rules: TcpRule[] = [{ matches: [], destinations: [{ service: { name: "archive" }, weight: 1 }] }];
  const document = ledgerMesh(ledgerRoute(rules));
  const objects = document.objects.filter(({ metadata }) => metadata.name !== "storefront-to-archive");
  expect(compiled(withObjects({ objects }, []), STOREFRONT).warnings.map(({ path }) => path)).toEqual([
    "TcpRoute/production/ledger#spec.rules[0].destinations[0].service",
  ]);
});

test("a changed route, grant or port is compiled again for whom it concerns, to the bytes that a fresh compile gives", () => {
  const of = (document: MeshDocument): CompileInput => ({
    ...inputFor(document),
    endpoints: inputFor(ledgerMesh()).endpoints,
  });
  const to = (subset: string, weight: number) => ({ service: { name: "ledger" }, subset, weight });
  const half: TcpRule[] = [{ matches: [], destinations: [to("v1", 1), to("v2", 1)] }];
  const deny = policy("p", { action: "deny", rules: [{ from: [{ namespaces: ["production"] }] }] });
  const patient = (maxConnectAttempts: number) => pool("ledger", "ledger", { maxConnectAttempts });
  const CONNECTING = ["storefront-v1", "storefront-v2"];
  const steps: [string, MeshDocument, string[]][] = [
    ["without a route", ledgerMesh(), []],
    ["a route", ledgerMesh(ledgerRoute()), ["storefront-v1", "storefront-v2"]],
    ["other weights", ledgerMesh(ledgerRoute(half)), ["storefront-v1", "storefront-v2"]],
    ["a denial", ledgerMesh(ledgerRoute(half), deny), ["ledger-v1", "ledger-v2"]],
    ["tries to connect", ledgerMesh(ledgerRoute(half), patient(3)), [...CONNECTING, "ledger-v1", "ledger-v2"]],
    ["more of them", ledgerMesh(ledgerRoute(half), patient(5)), CONNECTING],
    ["neither", ledgerMesh(), CONNECTING],
  ];
  const bytesOf = (input: CompileInput, proxyId: string, reads: Reads) => {
    const result = compileToBytes(input, proxyId, reads);
    if (!result.ok) throw new Error(JSON.stringify(result.violations));
    return Object.values(result.resources).flatMap((each) =>
      [...each].map(([name, bytes]) => `${name} ${Buffer.from(bytes).toString("hex")}`),
    );
  };
  let before: CompileInput | undefined;
  let kept = new Map<string, { reads: Reads; bytes: string[] }>();
  for (const [step, document, concerned] of steps) {
    const input = of(document);
    const isAnsweredAlike = before ? takeOver(before, input) : () => false;
    const next: typeof kept = new Map();
    const again: string[] = [];
    for (const { proxyId, workload } of input.endpoints) {
      const known = kept.get(proxyId);
      const isKept = known !== undefined && before !== undefined && isAnsweredAlike(known.reads, before);
      const reads = new Reads(proxyId);
      const own = isKept ? known : { reads, bytes: bytesOf(input, proxyId, reads) };
      next.set(proxyId, own);
      if (known && own.bytes.join() !== known.bytes.join()) again.push(workload);
      expect(own.bytes, `${step}: ${proxyId}`).toEqual(bytesOf({ ...of(document) }, proxyId, new Reads(proxyId)));
    }
    expect([...new Set(again)].sort(), step).toEqual([...concerned].sort());
    before = input;
    kept = next;
  }
});

const tunnelsOf = (document: MeshDocument, proxyId = STOREFRONT) =>
  hostOf(compiled(document, proxyId), "ledger.production:5432")?.["routes"]?.map(({ route }) => route);

test("a connection is kept idle and tried as the policy of its callee says", () => {
  const said = pool("ledger", "ledger", { tcpIdleTimeoutMs: 90_000, maxConnectAttempts: 3 });
  expect(tunnelsOf(ledgerMesh(said))).toMatchObject([
    { idle_timeout: "90s", retry_policy: { retry_on: "connect-failure", num_retries: 2 } },
  ]);
  expect(tunnelsOf(ledgerMesh(pool("ledger", "ledger", { maxConnectAttempts: 1 })))?.[0]).not.toHaveProperty(
    "retry_policy",
  );
});

test("of several callees the longest time and the most tries count; the subset's block replaces the service's", () => {
  const document = ledgerMesh(
    ledgerRoute(),
    pool("ledger", "ledger", { tcpIdleTimeoutMs: 90_000, maxConnectAttempts: 3 }),
    pool("ledger-v2", "ledger", { tcpIdleTimeoutMs: 120_000 }, "v2"),
  );
  expect(tunnelsOf(document)).toMatchObject([{ idle_timeout: "120s", retry_policy: { num_retries: 2 } }]);
  const [archive] = tunnelsOf(document, "production/storefront-v2/0") ?? [];
  expect(archive).not.toHaveProperty("idle_timeout");
  expect(archive).not.toHaveProperty("retry_policy");
});

test("a callee's own side waits longer than an hour where a policy says so, and never less", () => {
  const idleOf = (tcpIdleTimeoutMs: number) => {
    const chain = chainOf(compiled(ledgerMesh(pool("ledger", "ledger", { tcpIdleTimeoutMs })), LEDGER), "tcp-5432");
    return chain?.["filters"]?.at(-1)?.["typed_config"]?.["idle_timeout"];
  };
  expect(idleOf(90_000)).toBeUndefined();
  expect(idleOf(7_200_000)).toBe("7200s");
});
