// A design without a finding, and the builders with which tests change it.
// The rule: every object that a builder makes is valid by itself, so that what a test sees is what it changed.
import {
  API_VERSION,
  applyCommand,
  type Command,
  demoMesh,
  type Kind,
  type MeshDocument,
  type MeshObject,
  parseObject,
  type RouteRule,
  type SpecOf,
} from "@/lib/mesh";

const NAMESPACE = "production";
export const svc = (name: string) => ({ kind: "Service" as const, name });
export const gateway = { kind: "Gateway" as const, name: "shop-gateway" };

/** An object of the namespace `production`, or of another: `other/name`. Mesh-wide kinds have none. */
export function make<K extends Kind>(kind: K, name: string, spec: SpecOf<K>): MeshObject {
  const [first, second] = name.split("/");
  const isMeshWide = kind === "Mesh" || kind === "Namespace" || kind === "TrustBoundary";
  const metadata = isMeshWide
    ? { name }
    : { name: second ?? first, namespace: second === undefined ? NAMESPACE : first };
  const parsed = parseObject({ apiVersion: API_VERSION, kind, metadata, spec });
  if (!parsed.ok) throw new Error(`${kind} ${name}: ${JSON.stringify(parsed.issues)}`);
  return parsed.object;
}

export const add = (...objects: MeshObject[]): Command[] => objects.map((object) => ({ type: "addObject", object }));
export const patch = (key: string, path: (string | number)[], value?: unknown): Command[] => [
  { type: "patchSpec", key, path, value },
];
export const remove = (key: string): Command[] => [{ type: "removeObject", key }];

export function changed(commands: Command[], document: MeshDocument = calmMesh()): MeshDocument {
  const result = applyCommand(document, {}, { type: "batch", commands });
  if (!result.ok) throw new Error(JSON.stringify(result.violations));
  return result.document;
}

export const forward = (name: string, ...subsets: [subset: string, weight: number][]): RouteRule["action"] => ({
  type: "forward",
  destinations:
    subsets.length === 0
      ? [{ service: { name }, weight: 1 }]
      : subsets.map(([subset, weight]) => ({ service: { name }, subset, weight })),
});

export const PAYMENT_ROUTE = "Route/production/payment-service";
/** Rules for payment-service; what a rule leaves open is that of the calm mesh. */
export const rules = (...list: Partial<RouteRule>[]): Command[] =>
  patch(
    PAYMENT_ROUTE,
    ["rules"],
    list.map((rule) => ({ matches: [], action: forward("payment-service"), timeoutMs: 4000, ...rule })),
  );

export const subset = (name: string, labels: Record<string, string> = { version: name }, service = "payment-service") =>
  make("Subset", `${service}-${name}`, { service: { name: service }, name, labels });

export const paymentPolicy = (spec: Omit<SpecOf<"TrafficPolicy">, "service">) =>
  make("TrafficPolicy", "payment-service", { service: { name: "payment-service" }, ...spec });

export const authorization = (name: string, spec: Partial<SpecOf<"AuthorizationPolicy">>) =>
  make("AuthorizationPolicy", name, { target: { service: "payment-service" }, action: "allow", rules: [], ...spec });

export const service = (name: string, spec: Partial<SpecOf<"Service">> = {}): MeshObject[] => {
  const [first, second] = name.split("/");
  const short = second ?? first ?? name;
  return [
    make("Service", name, { ports: [{ name: "http", port: 8080, protocol: "http" }], owner: "team", ...spec }),
    make("Workload", `${name}-v1`, {
      service: short,
      version: "v1",
      replicas: 2,
      sidecar: { cpuMillicores: 100, memoryMb: 64 },
    }),
  ];
};

export const dependency = (from: string, to: string, spec: Partial<SpecOf<"Dependency">> = {}) =>
  make("Dependency", `${from}-to-${to}-more`, { from: svc(from), to: svc(to), interaction: "async", ...spec });

export const timedRoute = (name: string, timeoutMs: number, rule: Partial<RouteRule> = {}) =>
  make("Route", name, { target: svc(name), rules: [{ matches: [], action: forward(name), timeoutMs, ...rule }] });

/** The demo shop with everything done that its findings ask for. */
export function calmMesh(): MeshDocument {
  const twice = ["storefront", "checkout", "inventory", "shipping", "cart"].flatMap((name) =>
    patch(`Workload/production/${name}-v1`, ["replicas"], 2),
  );
  return changed(
    [
      ...twice,
      ...add(timedRoute("cart", 1500), timedRoute("inventory", 1500), timedRoute("shipping", 3000)),
      ...patch("Service/production/storefront", ["slo", "latency", "thresholdMs"], 900),
      ...patch("ExternalService/production/carrier-api", ["ports"], [{ name: "tls", port: 443, protocol: "tcp" }]),
      ...patch("Dependency/production/shipping-to-carrier-api", ["port"], 443),
      ...patch("Dependency/production/shipping-to-carrier-api", ["protocol"], "tcp"),
    ],
    demoMesh(),
  );
}

export type Case = { name: string; commands: Command[] };
