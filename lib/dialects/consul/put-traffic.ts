// What callers say of a service, and what its resolver says -> TrafficPolicy, subsets, limits, mutual TLS's exceptions.
// The rule: in Consul each caller has its own limits, here they are the service's for all callers: where callers differ, it is told.
import {
  type Dependency,
  isSameJson,
  keyOf,
  type ObjectKey,
  objectKey,
  refKey,
  type Service,
  type SpecOf,
  serviceRefKey,
} from "@/lib/mesh";
import { drawLine } from "../shared/draw-line";
import { slug } from "../shared/names";
import type { World } from "./put-routes";
import type { Defaults, UpstreamConf } from "./state";

/** Consul's, where nothing is said. */
const CONNECT_MS = 5000;

export function putSubsets({ context, state }: World, name: string, service: Service): void {
  const resolver = state.resolvers.get(name);
  const { namespace } = service.metadata;
  for (const { name: subset, labels } of resolver?.subsets ?? []) {
    const key = objectKey(service);
    const own = context
      .all("Subset")
      .find((each) => serviceRefKey(each.spec.service, each) === key && each.spec.name === subset);
    const spec = { service: { name: service.metadata.name }, name: subset, labels };
    const metadata = own?.metadata.name ?? `${service.metadata.name}-${slug(subset)}`.slice(0, 253);
    const resource = { ...(resolver as NonNullable<typeof resolver>).resource, namespace };
    resolver?.result.objects.push(context.put("Subset", metadata, spec, { resource }, own));
    resolver?.result.sentences.push(
      `version ${subset} is what has the labels ${Object.entries(labels)
        .map((each) => each.join("="))
        .join(", ")}.`,
    );
  }
}

type Said = { part: Defaults; conf: UpstreamConf; index: number | undefined };

/** Thousands of services ask the same entries: they are sorted by service once. */
type Shelf = { named: Map<ObjectKey, Said[]>; unnamed: Defaults[]; lines: Map<ObjectKey, Dependency[]> };
const shelves = new WeakMap<World, Shelf>();

function shelfOf(world: World): Shelf {
  const known = shelves.get(world);
  if (known) return known;
  const { context, state, places } = world;
  const shelf: Shelf = { named: new Map(), unnamed: [], lines: new Map() };
  for (const part of state.defaults.values()) {
    if (part.all) shelf.unnamed.push(part);
    for (const { name, conf, index } of part.overrides) {
      const service = places.service(name, part.resource, ["spec"]);
      const key = service && objectKey(service);
      if (key === undefined) continue;
      const there = shelf.named.get(key) ?? [];
      if (there.some((each) => each.part === part)) continue;
      shelf.named.set(key, [...there, { part, conf: withDefaults(conf, part.all), index }]);
    }
  }
  for (const line of context.all("Dependency")) {
    const key = refKey(line.spec.to, line);
    shelf.lines.set(key, [...(shelf.lines.get(key) ?? []), line]);
  }
  shelves.set(world, shelf);
  return shelf;
}

/** What its callers say: an entry for it by name, else their defaults. */
function callersOf(world: World, service: Service): Said[] {
  const { named, unnamed } = shelfOf(world);
  const own = named.get(objectKey(service)) ?? [];
  const rest = unnamed.flatMap((part): Said[] => {
    const isSaid = own.some((each) => each.part === part) || part.resource.name === service.metadata.name;
    return part.all && !isSaid ? [{ part, conf: part.all, index: undefined }] : [];
  });
  return [...own, ...rest];
}

const withDefaults = (own: UpstreamConf, all: UpstreamConf | undefined): UpstreamConf => ({
  pool: { ...all?.pool, ...own.pool },
  ...(own.outlier || all?.outlier ? { outlier: { ...all?.outlier, ...own.outlier } } : {}),
});

export function putTraffic(world: World, name: string, service: Service): void {
  const { context, state } = world;
  const resolver = state.resolvers.get(name);
  const said = callersOf(world, service);
  const byName = said.filter(({ index }) => index !== undefined);
  const chosen = byName[0] ?? said[0];
  const different = said.filter(({ conf }) => !isSameJson(conf, chosen?.conf));
  for (const { part } of different) {
    const words = chosen?.part.resource.name;
    const message = `says other limits for ${name} than ${words}; here those of ${words} are for all callers`;
    context.warn(part.resource, ["spec", "upstreamConfig"], message, "Let all callers say the same.", {
      changesMeaning: true,
    });
  }
  if (chosen && different.length === 0) tellOthers(world, service, name, said);
  const pool = {
    ...(resolver?.connectMs === undefined ? {} : { connectTimeoutMs: resolver.connectMs }),
    ...chosen?.conf.pool,
  };
  const hasPool = Object.keys(pool).length > 0;
  const blocks: Omit<SpecOf<"TrafficPolicy">, "service"> = {
    ...(hasPool ? { connectionPool: { connectTimeoutMs: CONNECT_MS, ...pool } } : {}),
    ...(chosen?.conf.outlier ? { outlierDetection: chosen.conf.outlier } : {}),
    ...(resolver?.balancing ? { loadBalancing: resolver.balancing } : {}),
    ...(resolver?.priority ? { locality: { enabled: resolver.priority === "failover" } } : {}),
  };
  const part = chosen?.part ?? resolver;
  if (Object.keys(blocks).length === 0 || !part) return;
  const key = objectKey(service);
  const existing = context
    .all("TrafficPolicy")
    .find((each) => serviceRefKey(each.spec.service, each) === key && each.spec.subset === undefined);
  const resource = { ...part.resource, namespace: service.metadata.namespace };
  const spec = { service: existing?.spec.service ?? { name: service.metadata.name }, ...blocks };
  const put = context.put(
    "TrafficPolicy",
    existing?.metadata.name ?? service.metadata.name,
    spec,
    { resource },
    existing,
  );
  for (const each of new Set([part, ...said.map((one) => one.part), ...(resolver ? [resolver] : [])])) {
    each.result.objects.push(put);
    each.result.sentences.push(`${Object.keys(blocks).join(", ")} of ${name}.`);
  }
}

/** Callers that say nothing have no limits in Consul; here they share those that others say. */
function tellOthers(world: World, service: Service, name: string, said: readonly Said[]): void {
  const { context, places } = world;
  const key = objectKey(service);
  const speaking = new Set<ObjectKey>(
    said.flatMap(({ part }) => {
      const caller = places.service(part.resource.name, part.resource, []);
      return caller ? [objectKey(caller)] : [];
    }),
  );
  const silent = (shelfOf(world).lines.get(key) ?? []).filter((each) => !speaking.has(refKey(each.spec.from, each)));
  const [first] = said;
  if (silent.length === 0 || !first) return;
  const names = silent.map(({ spec }) => spec.from.name).join(", ");
  const message = `limits calls to ${name} for ${first.part.resource.name} only; here ${names} have the same limits`;
  context.warn(
    first.part.resource,
    ["spec", "upstreamConfig"],
    message,
    "Say them in the ServiceDefaults of each caller.",
    {
      changesMeaning: true,
    },
  );
}

/** An upstream that is named is a call that is meant. */
export function drawUpstreams({ context, places, state }: World): void {
  for (const part of state.defaults.values()) {
    const from = places.service(part.resource.name, part.resource, []);
    for (const { name } of part.overrides) {
      const to = places.service(name, part.resource, []);
      const [caller, callee] = [from, to].map((each) => each && { kind: each.kind, ...each.metadata });
      if (caller && callee) part.result.objects.push(...drawLine(context, part.resource, caller, callee));
    }
  }
}

export function putLimits({ context, state }: World, name: string, service: Service): void {
  const part = state.defaults.get(name);
  if (!part || part.limits.length === 0) return;
  const { namespace, name: own } = service.metadata;
  const existing = context.find("RateLimit", keyOf("RateLimit", namespace, own));
  const spec = { service: { name: own }, limits: part.limits };
  part.result.objects.push(
    context.put("RateLimit", own, spec, { resource: { ...part.resource, namespace } }, existing),
  );
  part.result.sentences.push(`each instance of ${name} takes a limited number of requests.`);
}

export function putMutualTls({ context, state }: World, name: string, service: Service): void {
  const part = state.defaults.get(name);
  if (!part?.isPermissive) return;
  const { namespace, name: own } = service.metadata;
  const existing = context.find("MutualTls", keyOf("MutualTls", namespace, own));
  const spec = { target: { service: own }, mode: "permissive" as const };
  part.result.objects.push(
    context.put("MutualTls", own, spec, { resource: { ...part.resource, namespace } }, existing),
  );
  part.result.sentences.push(`${name} also takes calls in plain text.`);
}
