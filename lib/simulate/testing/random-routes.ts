// Routes at random, with everything that a rule can say and a caller can see.
// The rule: nothing that depends on the clock; faults take every request or none.
import type { HeaderMatch, QueryMatch, RouteAction, RouteMatch, RouteRule } from "@/lib/mesh";
import type { Random } from "./random";

export const METHODS = ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"];
export const ORIGINS = ["https://shop.example", "http://localhost:3000", "https://eu.shop.example", "null"];
const EXACT = ["/", "/api", "/api/v1", "/Api/V1", "/pay", "/pay/now", "/items/42", "/a.b", "/a%20b", "/old/", "/x;y=1"];
const PREFIXES = ["/api", "/api/", "/pa", "/", "/items/4", "/API"];
const SEGMENTS = ["/api", "/api/v1/", "/pay", "/", "/a.b", "/items"];
const REGEXES = ["/items/[0-9]+", "/(pay|refund)(/.*)?", "/api/v[12]/.*", ".*\\.bak", "/a.b"];
const PATTERNS = ["/new", "/", "/new/", "/api/v2", "/back\\1"];

/** A service with its subsets, as destinations may name it. */
export type Callee = { name: string; namespace: string; subsets: readonly string[]; port?: number };

/** `others` are services that a rule may send to instead. */
export function randomRules(own: Callee, others: readonly Callee[], random: Random): RouteRule[] {
  const rules = Array.from({ length: 1 + random.below(5) }, (_, i): RouteRule => {
    const matches = Array.from({ length: 1 + random.below(2) }, () => ({
      ...randomMatch(random),
      ...randomCalled(random),
    }));
    return { name: `rule-${i}`, matches, ...randomEffect(own, others, random) };
  });
  if (random.chance(0.85)) rules.push({ matches: [], ...randomForward(own, others, random) });
  return rules;
}

function randomEffect(own: Callee, others: readonly Callee[], random: Random): Omit<RouteRule, "matches"> {
  const kind = random.next();
  if (kind < 0.14) return { action: randomRedirect(random) };
  if (kind < 0.28) {
    const status = random.pick([200, 202, 403, 404, 418, 503]);
    return {
      action: { type: "respond", status, ...(random.chance(0.7) ? { body: `${own.name} says ${status}` } : {}) },
    };
  }
  return randomForward(own, others, random);
}

function randomRedirect(random: Random): RouteAction {
  const code = random.pick([undefined, 301, 302, 303, 307, 308] as const);
  return {
    type: "redirect",
    ...(random.chance(0.4) ? { scheme: random.pick(["http", "https"] as const) } : {}),
    ...(random.chance(0.5) ? { host: "elsewhere.example" } : {}),
    ...(random.chance(0.4) ? { port: random.pick([80, 443, 8443]) } : {}),
    ...(random.chance(0.5) ? { path: random.pick(["/moved", "/moved?by=rule"]) } : {}),
    ...(code ? { code } : {}),
  };
}

function randomForward(own: Callee, others: readonly Callee[], random: Random): Omit<RouteRule, "matches"> {
  const callee = random.chance(0.15) && others.length > 0 ? random.pick(others) : own;
  const service = { namespace: callee.namespace, name: callee.name };
  const port = callee !== own && callee.port !== undefined ? { port: callee.port } : {};
  const destination = (subset: string | undefined, weight: number) => ({
    service,
    ...port,
    ...(subset === undefined ? {} : { subset }),
    weight,
  });
  const isSplit = callee.subsets.length > 1 && random.chance(0.5);
  const subset = callee.subsets.length > 0 && random.chance(0.4) ? random.pick(callee.subsets) : undefined;
  const places = isSplit
    ? callee.subsets.map((each, i) => destination(each, i === 0 ? 1 + random.below(9) : random.below(9)))
    : [destination(subset, 1)];
  // an only destination is one of them as well
  const destinations = places.map((each) => ({
    ...each,
    ...(random.chance(0.3) ? { headers: randomChanges(random) } : {}),
  }));
  return {
    action: { type: "forward", destinations },
    ...(random.chance(0.35) ? { rewrite: randomRewrite(random) } : {}),
    ...(random.chance(0.35) ? { headers: randomChanges(random) } : {}),
    ...(random.chance(0.2) ? { fault: randomFault(random) } : {}),
    ...(random.chance(0.2) ? { cors: randomCors(random) } : {}),
    ...(random.chance(0.2) ? { retries: { attempts: random.below(3) } } : {}),
    ...(random.chance(0.2) ? { timeoutMs: 60_000 } : {}),
  };
}

function randomRewrite(random: Random): NonNullable<RouteRule["rewrite"]> {
  const host = { host: random.pick(["other.example", "basket"]) };
  const path = { path: random.pick(PATTERNS) };
  return random.pick([host, path, path, { ...host, ...path }]);
}

function randomChanges(random: Random): NonNullable<RouteRule["headers"]> {
  const request = {
    ...(random.chance(0.6) ? { set: { "x-set": random.pick(["1", "100 % sure", "a, b"]) } } : {}),
    ...(random.chance(0.4) ? { add: { "X-User": "added" } } : {}),
    ...(random.chance(0.5) ? { remove: [random.pick(["x-version", "X-Debug"])] } : {}),
  };
  const response = {
    ...(random.chance(0.5) ? { set: { "X-By": "mesh" } } : {}),
    ...(random.chance(0.3) ? { add: { "x-private": "2" } } : {}),
    ...(random.chance(0.4) ? { remove: ["x-private"] } : {}),
  };
  return random.pick([{ request }, { response }, { request, response }]);
}

function randomFault(random: Random): NonNullable<RouteRule["fault"]> {
  const percent = random.pick([100, 100, 0]);
  const abort = random.chance(0.7)
    ? { percent, httpStatus: random.pick([400, 429, 500, 503]) }
    : { percent, grpcStatus: random.pick([5, 8, 14]) };
  const delay = { percent: random.pick([100, 0]), fixedDelayMs: 1 };
  return random.pick([{ abort }, { delay }, { abort, delay }]);
}

function randomCors(random: Random): NonNullable<RouteRule["cors"]> {
  const origins = [
    { type: "exact", value: "https://shop.example" },
    { type: "exact", value: "*" },
    { type: "prefix", value: "http://localhost:" },
    { type: "regex", value: "https://[a-z]+\\.shop\\.example" },
  ] as const;
  return {
    allowOrigins: [random.pick(origins), random.pick(origins)],
    ...(random.chance(0.5) ? { allowMethods: random.pick([["GET", "PUT"], ["*"]]) } : {}),
    ...(random.chance(0.5) ? { allowHeaders: ["x-user", "content-type"] } : {}),
    ...(random.chance(0.4) ? { exposeHeaders: ["x-by"] } : {}),
    ...(random.chance(0.4) ? { maxAgeSeconds: random.pick([0, 600]) } : {}),
    ...(random.chance(0.4) ? { allowCredentials: random.chance(0.7) } : {}),
    ...(random.chance(0.4) ? { unmatchedPreflights: random.pick(["ignore", "forward"] as const) } : {}),
  };
}

export function randomMatch(random: Random): RouteMatch {
  const ignoreCase = random.chance(0.2) ? { ignoreCase: true } : {};
  const path = random.pick([
    { type: "exact", value: random.pick(EXACT), ...ignoreCase },
    { type: "prefix", value: random.pick(PREFIXES), ...ignoreCase },
    { type: "pathPrefix", value: random.pick(SEGMENTS), ...ignoreCase },
    { type: "regex", value: random.pick(REGEXES) },
    undefined,
  ] as const);
  return {
    ...(path ? { path } : {}),
    ...(random.chance(0.3) ? { methods: [random.pick(METHODS), random.pick(METHODS)] } : {}),
    ...(random.chance(0.3) || !path ? { headers: [randomHeader(random)] } : {}),
    ...(random.chance(0.2) ? { query: [randomQuery(random)] } : {}),
  };
}

/** The host of the question may have a port or not; nothing here comes through TLS. */
function randomCalled(random: Random): Pick<RouteMatch, "scheme" | "authority"> {
  const authority = random.pick([
    { type: "prefix", value: "shop" },
    { type: "prefix", value: "basket." },
    { type: "suffix", value: ":8080" },
    { type: "suffix", value: ".local" },
    { type: "regex", value: "[a-z.]+(:80)?" },
    { type: "exact", value: "pay" },
    { type: "exact", value: "basket:80" },
  ] as const);
  return {
    ...(random.chance(0.15) ? { authority } : {}),
    ...(random.chance(0.1) ? { scheme: random.pick(["http", "http", "https"] as const) } : {}),
  };
}

function randomHeader(random: Random): HeaderMatch {
  const match = random.pick<HeaderMatch>([
    { name: "X-User", type: "exact", value: "beta" },
    { name: "x-user", type: "prefix", value: "be" },
    { name: "x-version", type: "suffix", value: "2" },
    { name: "x-version", type: "regex", value: "v[12]" },
    { name: "x-debug", type: "present" },
    { name: "X-Size", type: "range", start: random.pick([-10, 0, 5]), end: random.pick([6, 10, 1000]) },
    { name: "content-type", type: "prefix", value: "application/" },
  ]);
  return { ...match, ...(random.chance(0.3) ? { invert: true } : {}) };
}

function randomQuery(random: Random): QueryMatch {
  return random.pick<QueryMatch>([
    { name: "q", type: "exact", value: "1" },
    { name: "q", type: "prefix", value: "a" },
    { name: "q", type: "suffix", value: "z" },
    { name: "page", type: "regex", value: "[0-9]+" },
    { name: "debug", type: "present" },
  ]);
}
