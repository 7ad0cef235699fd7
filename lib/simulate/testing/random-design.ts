// A whole design at random: a gateway, services with versions in two namespaces, and policies of every kind.
// The rule: the same seed gives the same design; it is valid, and every proxy of it gets a configuration.
import { API_VERSION, type MeshDocument, type MeshObject, type ObjectOf, type Ref, type SpecOf } from "@/lib/mesh";
import { object } from "../../compile/testing/rich";
import type { Random } from "./random";
import { randomProtection, TRUST_DOMAIN } from "./random-protection";
import { type Callee, randomMatch, randomRules } from "./random-routes";

const NAMESPACES = ["production", "staging"];

/** Ports, versions and subsets of every service; `pay` tells its versions by another label. */
const SERVICES = [
  { name: "shop", namespace: "production", ports: [8080], versions: ["v1"], subsets: [] },
  { name: "basket", namespace: "production", ports: [80, 9090], versions: ["v1", "v2"], subsets: ["v1", "v2"] },
  { name: "pay", namespace: "production", ports: [8080], versions: ["v1", "v2"], subsets: ["stable", "canary"] },
  { name: "stock", namespace: "staging", ports: [8080], versions: ["v1"], subsets: [] },
] as const;
const TRACKS: Readonly<Record<string, string>> = { v1: "stable", v2: "canary" };

export function randomDesign(random: Random, jwks: string): MeshDocument {
  const objects: MeshObject[] = [meshOf(random)];
  for (const name of NAMESPACES)
    objects.push({ apiVersion: API_VERSION, kind: "Namespace", metadata: { name }, spec: {} });
  for (const each of SERVICES) objects.push(...serviceObjects(each, random));
  objects.push(...edge(random), ...outside(random), ...dependencies(random), ...routes(random));
  objects.push(...limits(random), ...randomProtection(random, jwks), ...job(random));
  return { objects: objects.map((each) => (each.kind === "Route" ? forSomeCallers(each, random) : each)) };
}

/** Some rules are for the callers of one namespace, or with one label. */
function forSomeCallers(route: ObjectOf<"Route">, random: Random): MeshObject {
  if (route.spec.target.kind === "Gateway") return route;
  const callerOf = () => {
    const namespace = random.chance(0.4) ? { namespace: random.pick(NAMESPACES) } : {};
    const label: Record<string, string> = random.pick<Record<string, string>>([
      { version: "v1" },
      { version: "v2" },
      { track: "stable" },
      { track: "canary" },
    ]);
    return { ...namespace, ...("namespace" in namespace && random.chance(0.5) ? {} : { labels: label }) };
  };
  const rules = route.spec.rules.map((rule) => ({
    ...rule,
    matches: rule.matches.map((match) => (random.chance(0.15) ? { ...match, caller: callerOf() } : match)),
  }));
  return { ...route, spec: { ...route.spec, rules } };
}

function meshOf(random: Random): ObjectOf<"Mesh"> {
  const mutualTls = random.pick(["strict", "strict", "permissive", "disable"] as const);
  const spec: SpecOf<"Mesh"> = {
    trustDomain: TRUST_DOMAIN,
    defaults: { mutualTls, authorization: "drawn" },
    certificateTtlHours: 24,
  };
  return { apiVersion: API_VERSION, kind: "Mesh", metadata: { name: "shop" }, spec };
}

/** Of another namespace than `object` says. */
function placed(namespace: string, made: MeshObject): MeshObject {
  return { ...made, metadata: { ...made.metadata, namespace } } as MeshObject;
}

function serviceObjects({ name, namespace, ports, versions, subsets }: (typeof SERVICES)[number], random: Random) {
  const mode = random.chance(0.3) ? random.pick(["observe", "permissive", "strict", "enforced"] as const) : undefined;
  const isOut = name === "stock" && random.chance(0.15);
  const spec: SpecOf<"Service"> = {
    ports: ports.map((port) => ({ name: `http-${port}`, port, protocol: "http" })),
    ...(mode ? { mode } : {}),
    ...(isOut ? { optOut: { reason: "moves next year", owner: "stock" } } : {}),
  };
  const found: MeshObject[] = [placed(namespace, object("Service", name, spec))];
  for (const version of versions) {
    const replicas = version === "v2" && random.chance(0.1) ? 0 : 1;
    const labels = { track: TRACKS[version] ?? "" };
    const account = random.chance(0.2) ? { serviceAccount: "robot" } : {};
    const workload = { service: name, version, replicas, labels, ...account };
    found.push(placed(namespace, object("Workload", `${name}-${version}`, workload)));
  }
  for (const subset of subsets) {
    const labels: Record<string, string> = subset.startsWith("v") ? { version: subset } : { track: subset };
    const of = { service: { name }, name: subset, labels };
    found.push(placed(namespace, object("Subset", `${name}-${subset}`, of)));
  }
  return found;
}

/** What calls and serves nothing, with an identity of its own or a shared one. */
function job(random: Random): MeshObject[] {
  const account = random.chance(0.3) ? { serviceAccount: random.pick(["robot", "shop"]) } : {};
  const from: Ref = { kind: "Workload", name: "nightly" };
  const callees = SERVICES.filter(() => random.chance(0.5));
  return [
    object("Workload", "nightly", { version: "v1", labels: { track: "stable" }, ...account }),
    ...callees.map(({ name }) => object("Dependency", `nightly-to-${name}`, { from, to: service(name) })),
  ];
}

function edge(random: Random): MeshObject[] {
  const hosts = ["shop.example", "api.example", "*.shop.example", "*"].filter(() => random.chance(0.6));
  const listener = {
    name: "http",
    port: 8080,
    protocol: "http" as const,
    hosts: hosts.length > 0 ? hosts : ["shop.example"],
  };
  return [object("Gateway", "edge", { type: "ingress", listeners: [listener] })];
}

function outside(random: Random): MeshObject[] {
  const hosts = random.chance(0.3) ? ["api.carrier.example", "eu.carrier.example"] : ["api.carrier.example"];
  const ports = [{ name: "http", port: 80, protocol: "http" as const }];
  const to: Ref = { kind: "ExternalService", name: "carrier" };
  const egress = object("Egress", "carrier", { to, owner: "pay", reason: "parcels" });
  return [object("ExternalService", "carrier", { hosts, ports }), ...(random.chance(0.8) ? [egress] : [])];
}

const service = (name: string): Ref => ({
  kind: "Service",
  name,
  namespace: SERVICES.find((each) => each.name === name)?.namespace ?? "production",
});

/** Drawn lines: some only for one port, one only for one workload. */
function dependencies(random: Random): MeshObject[] {
  const gateway: Ref = { kind: "Gateway", name: "edge", namespace: "production" };
  const carrier: Ref = { kind: "ExternalService", name: "carrier", namespace: "production" };
  const payV1: Ref = { kind: "Workload", name: "pay-v1", namespace: "production" };
  const lines: [Ref, Ref, number?][] = [
    [gateway, service("shop")],
    [gateway, service("basket"), 80],
    [service("shop"), service("basket"), ...(random.chance(0.4) ? [random.pick([80, 9090])] : [])] as [
      Ref,
      Ref,
      number?,
    ],
    [service("shop"), service("pay")],
    [service("shop"), service("stock"), 8080],
    [service("basket"), service("pay"), 8080],
    [service("stock"), service("basket")],
    [random.chance(0.5) ? payV1 : service("pay"), carrier],
    [payV1, service("stock")],
  ];
  return lines
    .filter(() => random.chance(0.9))
    .map(([from, to, port]) =>
      object("Dependency", `${from.name}-to-${to.name}`, { from, to, ...(port === undefined ? {} : { port }) }),
    );
}

const callees: Callee[] = SERVICES.map(({ name, namespace, subsets, ports }) => ({
  name,
  namespace,
  subsets,
  port: ports[0],
}));

function routes(random: Random): MeshObject[] {
  const found: MeshObject[] = callees
    .filter(({ name }) => name !== "shop" && random.chance(0.85))
    .map((own) => {
      const others = callees.filter((each) => each !== own);
      const spec = { target: service(own.name), rules: randomRules(own, others, random) };
      return placed(own.namespace, object("Route", own.name, spec));
    });
  if (random.chance(0.07)) return found;
  const target: Ref = { kind: "Gateway", name: "edge" };
  const [shop, basket] = callees;
  if (!shop || !basket) return found;
  const hosts = random.chance(0.5)
    ? { hosts: [random.pick(["shop.example", "www.shop.example", "*.shop.example"])] }
    : {};
  found.push(object("Route", "edge", { target, ...hosts, rules: randomRules(shop, [basket], random) }));
  if (hosts.hosts && random.chance(0.5)) {
    const more = { target, hosts: ["api.example"], rules: randomRules(basket, [shop], random) };
    found.push(object("Route", "edge-api", more));
  }
  return found;
}

/** So much that nobody is ever refused: which limit counts is told by its size. */
function limits(random: Random): MeshObject[] {
  return SERVICES.filter(() => random.chance(0.3)).map(({ name, namespace }) => {
    const some = Array.from({ length: random.below(3) }, (_, i) => ({
      match: randomMatch(random),
      requests: 10_000 + i,
      perMs: 1000,
    }));
    const last = { requests: 50_000, perMs: 1000, burst: 60_000 };
    const all = some.length === 0 || random.chance(0.5) ? [...some, last] : some;
    const spec = {
      service: { name },
      limits: all,
      tellsCallers: true,
      ...(random.chance(0.2) ? { shadow: true } : {}),
    };
    return placed(namespace, object("RateLimit", name, spec));
  });
}
