// What a random design says besides of how its requests travel: ports and parts of paths in rules, tries and idle times, hashes and places.
// The rule: drawn after the rest, from a stream of its own, so that a seed means the design that it meant before, with more in it.
import type { HashKey, MeshDocument, MeshObject, ObjectOf, RouteRule, SpecOf, TrafficLocality } from "@/lib/mesh";
import { object } from "../../compile/testing/rich";
import { type Random, randomOf } from "./random";

/** Waits that no test sees the end of: a retry after it does not come. Half a day on average. */
export const ENDLESS_MS = 86_400_000;
/** The time after which a rule with such waits is given up, and an idle time. */
const SHORT_MS = 4000;
const IDLE_MS = 4000;

const PLACES = ["eu/eu-a", "eu/eu-b", "us/us-a", "eu/eu-a/rack-1", "eu", "asia/asia-a"];
const PARTS = [
  { match: "/api", substitution: "/v9" },
  { match: "^/([a-z]+)/", substitution: "/\\1/\\1/" },
  { match: "/[0-9]+", substitution: "/n" },
  { match: "^/$", substitution: "/root" },
  { match: "(v)([12])", substitution: "\\2\\1" },
  { match: "(?i)PAY", substitution: "" },
  { match: "x?", substitution: "-" },
];
const PREFIXES = ["/new", "/", "/new/", "/api/v2"];

export function withTraffic({ objects }: MeshDocument, seed: number): MeshDocument {
  const random = randomOf(seed);
  const services = objects.filter((each) => each.kind === "Service");
  const portsOf = (name: string) => services.find(({ metadata }) => metadata.name === name)?.spec.ports ?? [];
  const more = objects.map((each): MeshObject => {
    if (each.kind === "Route") return routeWith(each, portsOf(each.spec.target.name), random);
    if (each.kind === "Gateway") return { ...each, spec: { ...each.spec, ...placed(random) } };
    if (each.kind !== "Workload") return each;
    const isTwice = each.spec.service !== undefined && each.spec.replicas !== 0 && random.chance(0.25);
    return { ...each, spec: { ...each.spec, ...placed(random), ...(isTwice ? { replicas: 2 } : {}) } };
  });
  return { objects: [...more, ...services.flatMap((each) => trafficPoliciesOf(each, objects, random))] };
}

export const placed = (random: Random) => (random.chance(0.7) ? { locality: random.pick(PLACES) } : {});

function routeWith(route: ObjectOf<"Route">, ports: readonly { port: number }[], random: Random): MeshObject {
  const isOfService = route.spec.target.kind === "Service";
  const rules = route.spec.rules.map((rule): RouteRule => {
    const matches = rule.matches.map((match) => {
      const isAsked = isOfService && ports.length > 0 && random.chance(ports.length > 1 ? 0.35 : 0.1);
      return isAsked ? { ...match, port: random.pick(ports).port } : match;
    });
    if (rule.action.type === "forward") return { ...rule, matches, ...forwardingOf(rule, random) };
    if (rule.action.type !== "redirect" || random.chance(0.5)) return { ...rule, matches };
    const { path: _, ...redirect } = rule.action;
    return { ...rule, matches, action: { ...redirect, prefixRewrite: random.pick(PREFIXES) } };
  });
  return { ...route, spec: { ...route.spec, rules } };
}

function forwardingOf({ rewrite }: RouteRule, random: Random): Partial<RouteRule> {
  const isOfParts = rewrite?.path === undefined && random.chance(0.35);
  const retries = random.chance(0.5) ? randomRetries(random) : undefined;
  const isEndless = retries?.backoff?.baseMs === ENDLESS_MS;
  return {
    ...(isOfParts ? { rewrite: { ...rewrite, pathRegex: random.pick(PARTS) } } : {}),
    ...(retries ? { retries } : {}),
    ...(isEndless ? { timeoutMs: SHORT_MS } : random.chance(0.15) ? { idleTimeoutMs: IDLE_MS } : {}),
  };
}

function randomRetries(random: Random): NonNullable<RouteRule["retries"]> {
  const on = random.pick<NonNullable<RouteRule["retries"]>["on"]>([
    ["5xx"],
    ["503"],
    ["gateway-error", "reset"],
    ["retriable-4xx", "429"],
    ["retriable-status-codes", "500"],
    undefined,
  ]);
  const backoff = random.pick([
    { baseMs: 1 },
    { baseMs: 1, maxMs: 3 },
    { baseMs: ENDLESS_MS, maxMs: ENDLESS_MS },
    undefined,
  ]);
  return {
    attempts: 1 + random.below(4),
    ...(on ? { on } : {}),
    ...(backoff ? { backoff } : {}),
    ...(random.chance(0.4) ? { remoteLocalities: true } : {}),
    ...(random.chance(0.4) ? { ignorePreviousHosts: random.chance(0.5) } : {}),
  };
}

/** For the service, and for one of its subsets. */
export function trafficPoliciesOf(
  { metadata: { name, namespace } }: ObjectOf<"Service">,
  objects: readonly MeshObject[],
  random: Random,
): MeshObject[] {
  const subsets = objects.flatMap((each) =>
    each.kind === "Subset" && each.spec.service.name === name ? [each.spec.name] : [],
  );
  const of = (subset: string | undefined): MeshObject => {
    const spec: SpecOf<"TrafficPolicy"> = {
      service: { name },
      ...(subset === undefined ? {} : { subset }),
      ...(random.chance(0.7) ? { loadBalancing: randomBalancing(random) } : {}),
      ...(random.chance(0.6) ? { locality: randomLocality(random) } : {}),
    };
    const made = object("TrafficPolicy", subset === undefined ? name : `${name}-${subset}`, spec);
    return { ...made, metadata: { ...made.metadata, namespace } } as MeshObject;
  };
  const [first] = subsets;
  return [
    ...(random.chance(0.7) ? [of(undefined)] : []),
    ...(first !== undefined && random.chance(0.3) ? [of(first)] : []),
  ];
}

function randomBalancing(random: Random): NonNullable<SpecOf<"TrafficPolicy">["loadBalancing"]> {
  const policy = random.pick(["ring-hash", "maglev", "ring-hash", "round-robin", "least-request", "random"] as const);
  if (policy !== "ring-hash" && policy !== "maglev") return { policy };
  const keys: HashKey[] = [
    { type: "header", name: "X-User" },
    { type: "header", name: "x-version", ...(random.chance(0.5) ? { terminal: true } : {}) },
    { type: "query", name: "q" },
    { type: "sourceIp" },
    { type: "cookie", name: "who", ...(random.chance(0.6) ? { ttlSeconds: 60, path: "/" } : {}) },
  ];
  const first = random.below(keys.length);
  const hash = keys.slice(first, first + (random.chance(0.4) ? 2 : 1));
  return { policy, hash };
}

function randomLocality(random: Random): TrafficLocality {
  return random.pick<TrafficLocality>([
    { enabled: true },
    { enabled: false },
    { failover: [{ from: "eu", to: "us" }] },
    {
      failover: [
        { from: "eu", to: "asia" },
        { from: "us", to: "eu" },
      ],
    },
    { failoverPriority: ["track", "version=v1"] },
    { failoverPriority: ["topology.kubernetes.io/region", "topology.kubernetes.io/zone"] },
    { distribute: [{ from: "eu/*", to: { "eu/eu-a": 60, "us/us-a": 40 } }] },
    { distribute: [{ from: "*", to: { "eu/eu-a/*": 20, "eu/eu-b": 30, us: 50 } }] },
    { distribute: [{ from: "us", to: { asia: 100 } }] },
  ]);
}
