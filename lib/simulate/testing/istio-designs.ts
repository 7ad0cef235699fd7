// Random designs as Istio is asked about them: with more of what people have there, and without what the export says that Istio means otherwise.
// The rule: what is left out is left out by the export's own report; a loss that nobody decided about is an error.
import { exportDocument } from "@/lib/dialects";
import type {
  AuthorizationOperation,
  AuthorizationRule,
  AuthorizationSource,
  ClientCertificates,
  Listener,
  MeshDocument,
  MeshObject,
  ObjectOf,
  Ref,
  RouteMatch,
  RouteRule,
  TcpRule,
} from "@/lib/mesh";
import { object } from "../../compile/testing/rich";
import type { Random } from "./random";
import { randomDesign } from "./random-design";
import { TRUST_DOMAIN } from "./random-protection";
import { randomRules } from "./random-routes";
import { placed, trafficPoliciesOf } from "./random-traffic";

const TCP_PORT = 5432;
const service = (name: string): Ref => ({ kind: "Service", name, namespace: "production" });
const external = (name: string): Ref => ({ kind: "ExternalService", name, namespace: "production" });
const line = (from: Ref, to: Ref, port?: number) =>
  object("Dependency", `${from.name}-to-${to.name}`, { from, to, ...(port === undefined ? {} : { port }) });

export function istioDesign(random: Random, jwks: string): MeshDocument {
  const { objects } = randomDesign(random, jwks);
  const all = [...objects, ...cart(random), ...ledger(random), ...outside(random), ...policies(random)];
  const tried = all.map((each) => (each.kind === "Route" ? withTries(each, random) : each));
  // after the rest: a seed means the design that it meant before, with more at its gateway, and with places and hashes
  const secured = tried.flatMap((each) => (each.kind === "Gateway" ? inTls(each, random) : [each]));
  return { objects: spread(secured, random) };
}

/** Where workloads are, and how hosts are chosen: levels only come with outlierDetection there. Gateways of Istio have a place of their own. */
function spread(objects: readonly MeshObject[], random: Random): MeshObject[] {
  const policies = objects.flatMap((each) => (each.kind === "Service" ? trafficPoliciesOf(each, objects, random) : []));
  const detecting = policies.map((each): MeshObject => {
    if (each.kind !== "TrafficPolicy" || random.chance(0.3)) return each;
    return { ...each, spec: { ...each.spec, outlierDetection: { consecutive5xxErrors: 5, minHealthPercent: 0 } } };
  });
  const at = objects.map(
    (each): MeshObject => (each.kind === "Workload" ? { ...each, spec: { ...each.spec, ...placed(random) } } : each),
  );
  return [...at, ...detecting];
}

const SECURE_PORT = 443;
const PASSED_PORT = 8443;

/** TLS that ends at the gateway, plain HTTP that is sent on to it, and TLS that goes by its name to the one service with TCP. */
function inTls(gateway: ObjectOf<"Gateway">, random: Random): MeshObject[] {
  const clients = random.pick<ClientCertificates | undefined>([
    undefined,
    { mode: "required" },
    { mode: "required", names: ["orders.partner.example", "spiffe://partner.example/orders"] },
    { mode: "optional" },
  ]);
  const hosts = random.pick([["*.shop.example"], ["shop.example", "api.example"], ["secure.example"]]);
  const secure: Listener = {
    ...{ name: "secure", port: SECURE_PORT, protocol: "https", hosts },
    tls: { certificate: "secure", ...(clients ? { clients } : {}) },
  };
  const passed: Listener = {
    ...{ name: "passed", port: PASSED_PORT, protocol: "tls", hosts: ["*.bank.example", "one.bank.example"] },
  };
  const isSentOn = random.chance(0.3);
  const plain = gateway.spec.listeners.map((each) => (isSentOn ? { ...each, hosts, httpsRedirect: true } : each));
  const isPassing = random.chance(0.5);
  const isSecure = isSentOn || random.chance(0.6);
  const listeners = [...plain, ...(isSecure ? [secure] : []), ...(isPassing ? [passed] : [])];
  const to = (subset: string) => [{ service: { name: "ledger" }, subset, weight: 1 }];
  const route = object("TcpRoute", "edge-passed", {
    gateway: { name: gateway.metadata.name },
    rules: [
      { matches: [{ port: PASSED_PORT, serverNames: ["one.bank.example"] }], destinations: to("v1") },
      { matches: [{ port: PASSED_PORT, serverNames: ["*.bank.example"] }], destinations: to("v2") },
    ],
  });
  const from: Ref = { kind: "Gateway", name: gateway.metadata.name, namespace: gateway.metadata.namespace };
  const drawn = line(from, service("ledger"), TCP_PORT);
  return [{ ...gateway, spec: { ...gateway.spec, listeners } }, ...(isPassing ? [route, drawn] : [])];
}

/** Versions that only two labels together tell apart. */
function cart(random: Random): MeshObject[] {
  const own = { name: "cart", namespace: "production", subsets: ["eu-stable", "eu-canary"], port: 8080 };
  const other = { name: "pay", namespace: "production", subsets: ["stable", "canary"], port: 8080 };
  const workload = (version: string, labels: Record<string, string>) =>
    object("Workload", `cart-${version}`, { service: "cart", version, labels });
  const subset = (name: string, labels: Record<string, string>) =>
    object("Subset", `cart-${name}`, { service: { name: "cart" }, name, labels });
  return [
    object("Service", "cart", { ports: [{ name: "http", port: 8080, protocol: "http" }] }),
    workload("v1", { region: "eu", track: "stable" }),
    workload("v2", { region: "eu", track: "canary" }),
    workload("v3", { region: "us", track: "stable" }),
    subset("eu-stable", { region: "eu", track: "stable" }),
    subset("eu-canary", { region: "eu", track: "canary" }),
    object("Route", "cart", { target: service("cart"), rules: randomRules(own, [other], random) }),
    line(service("shop"), service("cart")),
    line(service("basket"), service("cart"), 8080),
  ];
}

/** HTTP and TCP at one service. */
function ledger(random: Random): MeshObject[] {
  const ofLedger = (subset: string | undefined, weight: number) => ({
    service: { name: "ledger" },
    ...(subset === undefined ? {} : { subset }),
    weight,
  });
  const destinations = () =>
    random.chance(0.5)
      ? [ofLedger("v1", 1 + random.below(5)), ofLedger("v2", random.below(5))]
      : [ofLedger(random.pick(["v1", "v2", undefined]), 1)];
  const caller = () =>
    random.pick<NonNullable<RouteMatch["caller"]>>([
      { labels: { version: "v1" } },
      { labels: { track: "canary" } },
      { namespace: "staging" },
    ]);
  const rules: TcpRule[] = Array.from({ length: random.below(3) }, () => ({
    matches: [{ ...(random.chance(0.5) ? { port: TCP_PORT } : {}), caller: caller() }],
    destinations: destinations(),
  }));
  const subset = (name: string) =>
    object("Subset", `ledger-${name}`, { service: { name: "ledger" }, name, labels: { version: name } });
  const workload = (version: string) => object("Workload", `ledger-${version}`, { service: "ledger", version });
  const refused = object("AuthorizationPolicy", "ledger-closed", {
    target: { service: "ledger" },
    action: "deny",
    rules: [
      random.pick<AuthorizationRule>([
        { from: [{ principals: ["*/sa/basket"] }], to: [{ ports: [TCP_PORT] }] },
        { from: [{ namespaces: ["staging"] }] },
        { from: [{ notPrincipals: [`${TRUST_DOMAIN}/ns/production/sa/*`] }] },
        { from: [{ principals: ["*/sa/pay"] }], to: [{ methods: ["GET"] }] },
      ]),
    ],
  });
  return [
    object("Service", "ledger", {
      ports: [
        { name: "http", port: 8080, protocol: "http" },
        { name: "postgres", port: TCP_PORT, protocol: "tcp" },
      ],
    }),
    workload("v1"),
    workload("v2"),
    subset("v1"),
    subset("v2"),
    object("TcpRoute", "ledger", {
      service: { name: "ledger" },
      rules: [...rules, { matches: [], destinations: destinations() }],
    }),
    line(service("shop"), service("ledger")),
    line(service("pay"), service("ledger"), random.pick([8080, TCP_PORT])),
    line(service("basket"), service("ledger"), TCP_PORT),
    line({ ...service("stock"), namespace: "staging" }, service("ledger")),
    ...(random.chance(0.6) ? [refused] : []),
  ];
}

/** In TLS, at several ports, at fixed addresses, and for every host of a domain. */
function outside(random: Random): MeshObject[] {
  const http = { name: "http", port: 80, protocol: "http" as const };
  const callers = [service("shop"), service("pay")];
  return [
    object("ExternalService", "bank", {
      hosts: ["api.bank.example"],
      ports: [http, { name: "https", port: 443, protocol: "tcp" }],
    }),
    object("ExternalService", "tax", {
      hosts: ["tax.example"],
      ports: [http],
      endpoints: [{ address: "203.0.113.7", port: random.pick([80, 8081]) }],
    }),
    object("ExternalService", "pictures", {
      hosts: ["*.pictures.example"],
      ports: [http],
      endpoints: [{ address: "cache.example", port: random.pick([80, 8081]) }],
    }),
    ...["bank", "tax", "pictures"].flatMap((name) => [
      object("Egress", name, { to: external(name), owner: "pay", reason: "business" }),
      ...callers.filter(() => random.chance(0.8)).map((from) => line(from, external(name))),
    ]),
  ];
}

/** Exceptions, addresses, patterns and conditions. */
function policies(random: Random): MeshObject[] {
  const source = () =>
    random.pick<AuthorizationSource>([
      { notPrincipals: [`${TRUST_DOMAIN}/ns/production/sa/shop`] },
      { principals: ["*/sa/shop", `spiffe://${TRUST_DOMAIN}/ns/staging/*`] },
      { principals: ["*/sa/shop", "*/sa/pay"], services: [service("shop")] },
      { notNamespaces: ["staging", "prod*"] },
      { namespaces: ["stag*"] },
      { addresses: ["127.1.0.4", "10.0.0.0/8"] },
      { notAddresses: ["127.1.0.0/29"] },
      { notRequestPrincipals: ["*"], namespaces: ["production"] },
    ]);
  const operation = () =>
    random.pick<AuthorizationOperation>([
      { notMethods: ["GET", "HEAD"] },
      { notPaths: ["/api*", "/"] },
      { paths: ["/items/{*}", "/api/{**}"] },
      { paths: ["/pay/{*}/now", "/old*"], notMethods: ["P*"] },
      { notHosts: ["*.svc.cluster.local", "cart", "cart.production*"] },
      { hosts: ["CART", "*.production"], methods: ["*ET"] },
      { notPorts: [9090] },
    ]);
  const when = () =>
    random.pick<NonNullable<AuthorizationRule["when"]>>([
      [{ of: "namespace", values: ["production"], notValues: ["staging"] }],
      [{ of: "principal", notValues: [`${TRUST_DOMAIN}/ns/production/sa/pay`] }],
      [{ of: "targetPort", values: ["8080", "80"] }],
      [{ of: "address", notValues: ["127.1.0.0/30"] }],
    ]);
  const count = 1 + random.below(3);
  return Array.from({ length: count }, (_, i) => {
    const rule = {
      ...(random.chance(0.6) ? { from: [source()] } : {}),
      ...(random.chance(0.6) ? { to: [operation()] } : {}),
      ...(random.chance(0.3) ? { when: when() } : {}),
    };
    return object("AuthorizationPolicy", `more-${i}`, {
      target: { service: random.pick(["shop", "basket", "cart", "pay"]) },
      action: random.pick(["deny", "deny", "allow"] as const),
      rules: [Object.keys(rule).length > 0 ? rule : { to: [operation()] }],
    });
  });
}

/** Copies, and tries with conditions of their own, for some of the rules that send on. */
function withTries(route: Extract<MeshObject, { kind: "Route" }>, random: Random): MeshObject {
  const rules = route.spec.rules.map((rule): RouteRule => {
    if (rule.action.type !== "forward") return rule;
    const retries = random.pick<NonNullable<RouteRule["retries"]>>([
      { attempts: 3, perTryTimeoutMs: 20_000, on: ["5xx", "reset", "429"] },
      { attempts: 1, on: ["gateway-error", "retriable-4xx"] },
      { attempts: 0 },
    ]);
    const percent = random.pick([100, 12.5, 0]);
    const mirrors = [random.pick(["shop", "pay"])].map((name) => ({
      service: { name, namespace: "production" },
      port: 8080,
      percent,
    }));
    return {
      ...rule,
      ...(random.chance(0.2) ? { retries } : {}),
      ...(random.chance(0.2) ? { mirrors } : {}),
    };
  });
  return { ...route, spec: { ...route.spec, rules } };
}

/** Without what the export says that Istio has another meaning for. */
export function sayable(document: MeshDocument): MeshDocument {
  const bare = { objects: document.objects.map(withMaxAge) };
  const told = exportDocument("istio", bare).report.filter(({ changesMeaning }) => changesMeaning);
  const about = (each: MeshObject) =>
    told.filter(({ key }) => key === `${each.kind}/${each.metadata.namespace}/${each.metadata.name}`);
  const objects = bare.objects.flatMap((each): MeshObject[] => {
    const paths = about(each).map(({ path }) => path);
    // who may call out is not asked
    if (paths.length === 0 || each.kind === "Egress") return [each];
    if (["AuthorizationPolicy", "RateLimit", "TrafficPolicy"].includes(each.kind)) return [];
    if (each.kind === "Route") return withoutRules(each, paths);
    if (each.kind !== "Service") throw new Error(`${each.kind} ${each.metadata.name} is lost: ${paths}`);
    const { mode, optOut, ...spec } = each.spec;
    const left = {
      ...(mode === undefined || paths.includes("spec.mode") ? {} : { mode }),
      ...(optOut === undefined || paths.includes("spec.optOut") ? {} : { optOut }),
    };
    return [{ ...each, spec: { ...spec, ...left } }];
  });
  return { objects };
}

function withoutRules(route: Extract<MeshObject, { kind: "Route" }>, paths: readonly string[]): MeshObject[] {
  const lost = new Set(paths.map((path) => Number(/^spec\.rules\[(\d+)\]/.exec(path)?.[1])));
  const rules = route.spec.rules.filter((_, i) => !lost.has(i));
  return rules.length === 0 ? [] : [{ ...route, spec: { ...route.spec, rules } }];
}

/** Istio refuses a browser's 0. */
function withMaxAge(each: MeshObject): MeshObject {
  if (each.kind !== "Route") return each;
  const rules = each.spec.rules.map((rule) =>
    rule.cors?.maxAgeSeconds === 0 ? { ...rule, cors: { ...rule.cors, maxAgeSeconds: 1 } } : rule,
  );
  return { ...each, spec: { ...each.spec, rules } };
}

/** A policy for more than one service is for gateways too there: docs/reference/dialects.md. */
export const isForGateways = (each: MeshObject): boolean =>
  (each.kind === "AuthorizationPolicy" || each.kind === "RequestAuthentication") &&
  each.spec.target.service === undefined &&
  (each.spec.target.namespace ?? "production") === "production";
