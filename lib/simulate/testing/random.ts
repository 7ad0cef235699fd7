// Random designs and questions from a seed.
// The rule: the same seed gives the same design and the same questions; whoever uses it prints the seed.
import {
  type HeaderCondition,
  type MeshDocument,
  type MeshObject,
  type ObjectOf,
  objectKey,
  type RouteRule,
} from "@/lib/mesh";
import { object } from "../../compile/testing/rich";
import { probeOfMatch } from "../probes";
import type { Question } from "../types";

export type Random = {
  next(): number;
  below(count: number): number;
  pick<T>(list: readonly T[]): T;
  chance(share: number): boolean;
};

/** Mulberry32. */
export function randomOf(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  const below = (count: number) => Math.floor(next() * count);
  return {
    next,
    below,
    pick: (list) => list[below(list.length)] as (typeof list)[number],
    chance: (share) => next() < share,
  };
}

const METHODS = ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"];
const PATHS = [
  "/",
  "/pay",
  "/pay/1",
  "/refund",
  "/admin",
  "/admin/users",
  "/v2",
  "/v2/items/7",
  "/V2/x",
  "/health",
  "/a//b",
  "/a/../admin",
  "/item/42",
  "/old",
];
const SERVICES = ["storefront", "catalog", "cart", "checkout", "inventory", "payment-service", "shipping"];

/** The design with random routes and authorization policies for its services. */
export function randomPolicies(document: MeshDocument, random: Random): MeshDocument {
  const routed = SERVICES.filter((name) => name !== "storefront" && random.chance(0.6));
  const added: MeshObject[] = routed.map((name) => randomRoute(name, random));
  for (let i = 0; i < 16; i++) added.push(randomPolicy(`random-${i}`, random));
  for (const name of SERVICES) {
    if (random.chance(0.2))
      added.push(
        object("MutualTls", name, {
          target: { service: name },
          mode: random.pick(["strict", "permissive", "disable"]),
        }),
      );
  }
  const keys = new Set(added.map(objectKey));
  return { objects: [...document.objects.filter((each) => !keys.has(objectKey(each))), ...added] };
}

function randomRoute(name: string, random: Random): ObjectOf<"Route"> {
  const destinations = () =>
    name === "payment-service" && random.chance(0.7)
      ? [
          { service: { name }, subset: "v1", weight: 1 + random.below(9) },
          { service: { name }, subset: "v2", weight: 1 + random.below(9) },
        ]
      : [{ service: { name }, weight: 1 }];
  const rules: RouteRule[] = Array.from({ length: 1 + random.below(4) }, (_, i): RouteRule => {
    const matches = Array.from({ length: 1 + random.below(2) }, () => randomMatch(random));
    const rule = { name: `rule-${i}`, matches };
    const kind = random.next();
    if (kind < 0.12)
      return { ...rule, action: { type: "redirect", host: "elsewhere.example", path: "/moved", code: 302 } };
    if (kind < 0.24)
      return { ...rule, action: { type: "respond", status: random.pick([200, 404, 418, 503]), body: `from ${name}` } };
    return {
      ...rule,
      action: { type: "forward", destinations: destinations() },
      ...(random.chance(0.4)
        ? { rewrite: random.pick([{ path: "/new" }, { host: "other.example" }, { path: "/admin", host: "x" }]) }
        : {}),
      ...(random.chance(0.3) ? { headers: { request: { set: { "x-set": "1" }, remove: ["x-version"] } } } : {}),
      ...(random.chance(0.3) ? { timeoutMs: 5000 } : {}),
    };
  });
  if (random.chance(0.8)) rules.push({ matches: [], action: { type: "forward", destinations: destinations() } });
  return object("Route", name, { target: { kind: "Service", name }, rules });
}

function randomMatch(random: Random): RouteRule["matches"][number] {
  const path = random.pick([
    { type: "exact", value: random.pick(PATHS) },
    { type: "prefix", value: random.pick(["/v", "/pay", "/a"]) },
    {
      type: "pathPrefix",
      value: random.pick(["/v2", "/admin", "/item/"]),
      ...(random.chance(0.3) ? { ignoreCase: true } : {}),
    },
    { type: "regex", value: random.pick(["/item/[0-9]+", "/(pay|refund)(/.*)?"]) },
    undefined,
  ] as const);
  return {
    ...(path ? { path } : {}),
    ...(random.chance(0.3) ? { methods: [random.pick(METHODS), random.pick(METHODS)] } : {}),
    ...(random.chance(0.3) || !path
      ? {
          headers: [
            random.pick([
              { name: "x-user-type", type: "exact", value: "beta-tester" },
              { name: "x-version", type: "prefix", value: "v" },
              { name: "x-version", type: "regex", value: "v[12]" },
              { name: "x-debug", type: "present" },
              { name: "x-debug", type: "present", invert: true },
            ] as const),
          ],
        }
      : {}),
    ...(random.chance(0.15) ? { query: [{ name: "q", type: "exact", value: "1" }] } : {}),
  };
}

function randomPolicy(name: string, random: Random): ObjectOf<"AuthorizationPolicy"> {
  const service = random.pick(SERVICES);
  const id = (account: string) => `shop.mesh.local/ns/production/sa/${account}`;
  const from = random.pick([
    undefined,
    [{ services: [{ kind: "Service" as const, name: random.pick(SERVICES) }] }],
    [{ principals: [id(random.pick(SERVICES))] }, { principals: [`*/${random.pick(SERVICES)}`] }],
    [{ namespaces: ["production"] }],
  ]);
  const to = random.pick([
    undefined,
    [{ methods: [random.pick(METHODS)] }],
    [{ paths: [random.pick([...PATHS, "/admin*", "*/7", "/v2/*"])] }],
    [{ methods: ["GET", "POST"], paths: [random.pick(PATHS)] }, { hosts: ["other.example"] }],
    [{ headers: [randomCondition(random)] }],
    [{ paths: ["/v*", "/pay"], headers: [randomCondition(random), randomCondition(random)] }],
  ]);
  const action = random.pick(["deny", "deny", "allow", "audit"] as const);
  const isWhole = from === undefined && to === undefined;
  return object("AuthorizationPolicy", name, {
    target: random.chance(0.15) ? { namespace: "production" } : { service },
    // A denial of everything for everybody would leave nothing to compare.
    action: isWhole && action === "deny" ? "audit" : action,
    ...(random.chance(0.15) ? { shadow: true } : {}),
    rules: [{ ...(from ? { from } : {}), ...(to ? { to } : {}) }],
  });
}

export function randomCondition(random: Random): HeaderCondition {
  const condition = random.pick<HeaderCondition>([
    { name: "x-user-type", type: "exact", values: ["beta-tester", "owner"] },
    { name: "X-Version", type: "prefix", values: ["v"] },
    { name: "x-version", type: "suffix", values: ["2x", "1"] },
    { name: "x-version", type: "contains", values: ["2"] },
    { name: "x-version", type: "regex", values: ["v[12]", "w+"] },
    { name: "x-debug", type: "present" },
  ]);
  return { ...condition, ...(random.chance(0.4) ? { invert: true } : {}) };
}

export function randomQuestion(document: MeshDocument, random: Random): Question {
  const callers = document.objects.flatMap((each): Question["from"][] => {
    if (each.kind === "Workload") return [{ kind: "workload", workload: objectKey(each) }];
    return each.kind === "Gateway" ? [{ kind: "outside", gateway: objectKey(each) }] : [];
  });
  const drawing = callers.filter((each) => drawnFrom(document, each).length > 0);
  const from = random.pick(random.chance(0.85) ? drawing : callers);
  const probes = document.objects.flatMap((each) =>
    each.kind === "Route" ? each.spec.rules.flatMap((rule) => rule.matches.map(probeOfMatch)) : [],
  );
  const probe = probes.length > 0 && random.chance(0.5) ? random.pick(probes) : undefined;
  const headers: Record<string, string> = { ...probe?.headers };
  if (random.chance(0.25)) headers["x-user-type"] = random.pick(["beta-tester", "guest"]);
  if (random.chance(0.2)) headers["x-version"] = random.pick(["v1", "v2x", "w"]);
  if (random.chance(0.15)) headers["x-debug"] = "on";
  return {
    from,
    to: randomHost(document, from, random),
    method: probe && random.chance(0.7) ? probe.method : random.pick(METHODS),
    path: probe?.path ?? `${random.pick(PATHS)}${random.pick(["", "", "?q=1", "?q=2&q=1"])}`,
    headers,
  };
}

function randomHost(document: MeshDocument, from: Question["from"], random: Random): Question["to"] {
  if (from.kind !== "workload")
    return {
      host: random.pick(["shop.example", "SHOP.example", "10.0.0.1"]),
      ...(random.chance(0.3) ? { port: 8080 } : {}),
    };
  const drawn = drawnFrom(document, from);
  if (random.chance(0.06))
    return { host: random.pick(["api.carrier.example", "nowhere.example", "payment-service.other"]) };
  const name = drawn.length > 0 && random.chance(0.85) ? random.pick(drawn) : random.pick(SERVICES);
  const host = random.pick([name, `${name}.production`, `${name}.production.svc.cluster.local`, name.toUpperCase()]);
  return { host, ...(random.chance(0.3) ? { port: random.pick([8080, 8080, 8080, 8080, 8080, 9999]) } : {}) };
}

/** Services that a caller's line leads to; a gateway always has one. */
function drawnFrom(document: MeshDocument, from: Question["from"]): string[] {
  const name =
    from.kind === "workload" ? from.workload.split("/")[2]?.replace(/-v\d+$/, "") : from.gateway.split("/")[2];
  return document.objects.flatMap((each) =>
    each.kind === "Dependency" && each.spec.from.name === name && each.spec.to.kind === "Service"
      ? [each.spec.to.name]
      : [],
  );
}
