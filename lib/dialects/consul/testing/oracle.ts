// Consul's rules, written down a second time and straight from its documentation: where a call goes and whether it is let in.
// The rule: nothing of the dialect is used here, so that a test of both finds what either has wrong.

type Value = { exact?: string; prefix?: string; suffix?: string; contains?: string; regex?: string; present?: boolean };
type Header = Value & { name: string; invert?: boolean };
export type Http = {
  pathExact?: string;
  pathPrefix?: string;
  pathRegex?: string;
  caseInsensitive?: boolean;
  methods?: string[];
  header?: Header[];
  queryParam?: (Value & { name: string })[];
};
type Target = { service?: string; serviceSubset?: string };
type Changes = { set?: Record<string, string>; add?: Record<string, string>; remove?: string[] };
type Destination = Target & { prefixRewrite?: string; requestHeaders?: Changes };
export type Permission = { action: "allow" | "deny"; http: Http };
export type World = {
  routers: Record<string, { match?: { http: Http }; destination?: Destination }[]>;
  splitters: Record<string, ({ weight: number } & Target)[]>;
  resolvers: Record<string, { defaultSubset?: string; redirect?: Target }>;
  /** By destination, then by source; `*` is any. */
  intentions: Record<string, Record<string, "allow" | "deny" | Permission[]>>;
  fallback: "allow" | "deny";
};
export type Call = {
  from: string;
  to: string;
  method: string;
  /** Without its query. */
  path: string;
  query?: Record<string, string>;
  /** By names in lower case. */
  headers: Record<string, string>;
};
export type Leg = { service: string; subset?: string; share: number; isAllowed: boolean };

export function answerOf(world: World, call: Call): Leg[] {
  const route = (world.routers[call.to] ?? []).find(({ match }) => !match || fits(match.http, call));
  const to = { service: route?.destination?.service ?? call.to, subset: route?.destination?.serviceSubset };
  const legs = to.subset === undefined ? split(world, to.service, 1) : [resolve(world, to.service, to.subset, 1)];
  const sent = sentOn(call, route?.match?.http, route?.destination);
  return legs.map((leg) => ({ ...leg, isAllowed: isAllowed(world, leg.service, sent) }));
}

/** The call as the callee's proxy sees it. */
function sentOn(call: Call, http: Http | undefined, destination: Destination | undefined): Call {
  const { prefixRewrite, requestHeaders: { set = {}, add = {}, remove = [] } = {} } = destination ?? {};
  const matched = http?.pathPrefix?.length ?? call.path.length;
  const path = prefixRewrite === undefined ? call.path : prefixRewrite + call.path.slice(matched);
  const changed = Object.entries({ ...set, ...add }).map(([name, value]) => [name.toLowerCase(), value] as const);
  const left = Object.entries({ ...call.headers, ...Object.fromEntries(changed) });
  return { ...call, path, headers: Object.fromEntries(left.filter(([name]) => !remove.includes(name))) };
}

type Plain = Omit<Leg, "isAllowed">;

function split(world: World, service: string, share: number): Plain[] {
  const legs = world.splitters[service];
  if (!legs) return [resolve(world, service, undefined, share)];
  return legs.flatMap(({ weight, service: other = service, serviceSubset }) => {
    const own = (share * weight) / 100;
    const isFinal = serviceSubset !== undefined || other === service;
    return isFinal ? [resolve(world, other, serviceSubset, own)] : split(world, other, own);
  });
}

function resolve(world: World, service: string, subset: string | undefined, share: number): Plain {
  const resolver = world.resolvers[service];
  const { redirect } = resolver ?? {};
  if (redirect?.service !== undefined && redirect.service !== service) {
    return resolve(world, redirect.service, redirect.serviceSubset, share);
  }
  const found = subset ?? resolver?.defaultSubset;
  return { service, ...(found === undefined ? {} : { subset: found }), share };
}

/** Both named, the destination named, the source named, neither: the first that is there decides alone. */
function isAllowed({ intentions, fallback }: World, to: string, call: Call): boolean {
  const decision =
    intentions[to]?.[call.from] ?? intentions[to]?.["*"] ?? intentions["*"]?.[call.from] ?? intentions["*"]?.["*"];
  if (decision === undefined) return fallback === "allow";
  if (typeof decision === "string") return decision === "allow";
  const first = decision.find(({ http }) => fits(http, call));
  return (first?.action ?? fallback) === "allow";
}

function fits(http: Http, { path, method, headers, query = {} }: Call): boolean {
  const { pathExact, pathPrefix, pathRegex, caseInsensitive, methods, header = [], queryParam = [] } = http;
  const letters = (text: string) => (caseInsensitive ? text.toLowerCase() : text);
  if (pathExact !== undefined && letters(path) !== letters(pathExact)) return false;
  if (pathPrefix !== undefined && !letters(path).startsWith(letters(pathPrefix))) return false;
  if (pathRegex !== undefined && !whole(pathRegex).test(path)) return false;
  if (methods && !methods.includes(method)) return false;
  if (!queryParam.every((each) => query[each.name] !== undefined && holds(each, query[each.name] ?? ""))) return false;
  return header.every(({ name, invert = false, ...value }) => {
    const own = headers[name.toLowerCase()];
    if (value.present) return (own !== undefined) !== invert;
    return own !== undefined && holds(value, own) !== invert;
  });
}

function holds({ exact, prefix, suffix, contains, regex, present }: Value, text: string): boolean {
  if (present) return true;
  if (exact !== undefined) return text === exact;
  if (prefix !== undefined) return text.startsWith(prefix);
  if (suffix !== undefined) return text.endsWith(suffix);
  return contains === undefined ? whole(regex ?? "").test(text) : text.includes(contains);
}

const whole = (regex: string) => new RegExp(`^(?:${regex})$`, "s");

type Resource = { kind: string; metadata: { name: string }; spec: Record<string, unknown> };

/** The entries of an export. What no intention speaks of is what the one from any to any says. */
export function worldOf(resources: readonly Resource[]): World {
  const world: World = { routers: {}, splitters: {}, resolvers: {}, intentions: {}, fallback: "deny" };
  for (const { kind, metadata, spec } of resources) {
    if (kind === "ServiceRouter") world.routers[metadata.name] = spec["routes"] as World["routers"][string];
    if (kind === "ServiceSplitter") world.splitters[metadata.name] = spec["splits"] as World["splitters"][string];
    if (kind === "ServiceResolver") world.resolvers[metadata.name] = spec as World["resolvers"][string];
    if (kind !== "ServiceIntentions") continue;
    const { name } = spec["destination"] as { name: string };
    const sources = spec["sources"] as { name: string; action?: "allow" | "deny"; permissions?: Permission[] }[];
    world.intentions[name] = Object.fromEntries(
      sources.map((each) => [each.name, each.permissions ?? each.action ?? "deny"]),
    );
  }
  return world;
}
