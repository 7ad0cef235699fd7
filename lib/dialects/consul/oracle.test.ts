// Random worlds of Consul: what the design answers is what Consul's rules say, and nobody is let in whom they refuse.
import { expect, test } from "vitest";
import type { MeshDocument } from "@/lib/mesh";
import { ask, buildScene } from "@/lib/simulate";
import { type Random, randomOf } from "../../simulate/testing/random";
import { answerOf, type Call, type Http, type Permission, type World } from "./testing/oracle";
import { deployment, entry, intentions, read, service } from "./testing/resources";

/** SEED and WORLDS in the environment ask more; a set seed keeps the run the same for everybody. */
const SEED = Number(process.env["SEED"] ?? 5);
const WORLDS = Number(process.env["WORLDS"] ?? 3);
const CALLS = 25;
const NAMES = ["a", "b", "c", "d"];
const PATHS = ["/", "/x", "/x/1", "/admin", "/admin/keys", "/y"];
const METHODS = ["GET", "POST"];

function randomHttp(random: Random): Http {
  const path = random.next();
  return {
    ...(path < 0.35
      ? { pathExact: random.pick(PATHS) }
      : path < 0.8
        ? { pathPrefix: random.pick(["/", "/x", "/adm"]) }
        : {}),
    ...(random.chance(0.3) ? { methods: [random.pick(METHODS)] } : {}),
    ...(path >= 0.8 || random.chance(0.2)
      ? {
          header: [
            random.pick([
              { name: "x-env", exact: "test" },
              { name: "x-env", exact: "test", invert: true },
              { name: "x-env", present: true },
              { name: "x-env", present: true, invert: true },
            ]),
          ],
        }
      : {}),
  };
}

function randomWorld(random: Random): World {
  const target = () => ({
    ...(random.chance(0.6) ? { service: random.pick(NAMES) } : {}),
    ...(random.chance(0.3) ? { serviceSubset: random.pick(["v1", "v2"]) } : {}),
  });
  const decision = (canAsk: boolean) => {
    if (!canAsk || random.chance(0.5)) return random.pick(["allow", "deny"] as const);
    return Array.from(
      { length: 1 + random.below(3) },
      (): Permission => ({
        action: random.pick(["allow", "deny"]),
        http: randomHttp(random),
      }),
    );
  };
  const world: World = { routers: {}, splitters: {}, resolvers: {}, intentions: {}, fallback: "deny" };
  for (const [i, name] of NAMES.entries()) {
    if (random.chance(0.5)) {
      world.routers[name] = Array.from({ length: 1 + random.below(3) }, () => ({
        match: { http: randomHttp(random) },
        destination: target(),
      }));
    }
    // splitters lead on to later services only: Consul refuses circles
    const later = NAMES.slice(i + 1);
    if (random.chance(0.4)) {
      const rest = later.length > 0 && random.chance(0.6) ? { service: random.pick(later) } : { serviceSubset: "v2" };
      const weight = random.pick([10, 25, 50]);
      world.splitters[name] = [
        { weight, ...rest },
        { weight: 100 - weight, ...(random.chance(0.5) ? { serviceSubset: "v1" } : {}) },
      ];
    }
    const redirect = later.length > 0 && random.chance(0.15) ? { redirect: { service: random.pick(later) } } : {};
    world.resolvers[name] = { ...(random.chance(0.3) ? { defaultSubset: "v1" } : {}), ...redirect };
    const sources = ["*", ...NAMES].filter(() => random.chance(0.4));
    world.intentions[name] = Object.fromEntries(sources.map((source) => [source, decision(true)]));
  }
  const wild = NAMES.filter(() => random.chance(0.2));
  const fallback = random.pick(["allow", "deny"] as const);
  world.intentions["*"] = Object.fromEntries([...wild.map((name) => [name, decision(false)]), ["*", fallback]]);
  return { ...world, fallback };
}

function entriesOf({ routers, splitters, resolvers, intentions: all }: World): object[] {
  const subsets = Object.fromEntries(["v1", "v2"].map((name) => [name, { filter: `Service.Meta.version == ${name}` }]));
  return [
    ...NAMES.flatMap((name) => [service(name), deployment(name, "v1"), deployment(name, "v2")]),
    entry("ProxyDefaults", "global", { config: { protocol: "http" } }, "consul"),
    ...Object.entries(routers).map(([name, routes]) => entry("ServiceRouter", name, { routes })),
    ...Object.entries(splitters).map(([name, splits]) => entry("ServiceSplitter", name, { splits })),
    ...Object.entries(resolvers).map(([name, spec]) => entry("ServiceResolver", name, { subsets, ...spec })),
    ...Object.entries(all).map(([name, sources]) =>
      intentions(
        name,
        Object.entries(sources).map(([source, each]) =>
          typeof each === "string" ? { name: source, action: each } : { name: source, permissions: each },
        ),
      ),
    ),
  ];
}

/** A call needs a line before it can be refused; where nothing is drawn by default a line grants nothing. */
function drawn({ objects }: MeshDocument): MeshDocument {
  const lines = NAMES.flatMap((from) =>
    NAMES.filter((to) => to !== from).map((to) => ({
      apiVersion: "meshwright.dev/v1",
      kind: "Dependency",
      metadata: { name: `all-${from}-${to}`, namespace: "shop" },
      spec: { from: { kind: "Service", name: from }, to: { kind: "Service", name: to } },
    })),
  ) as MeshDocument["objects"];
  return { objects: [...objects.filter(({ kind }) => kind !== "Dependency"), ...lines] };
}

test(`${WORLDS} random worlds from seed ${SEED} answer as Consul's rules say`, () => {
  const random = randomOf(SEED);
  let compared = 0;
  for (let i = 0; i < WORLDS; i++) {
    const world = randomWorld(random);
    const { document, warnings } = read(entriesOf(world));
    const scene = buildScene(drawn(document));
    const isNarrower = new Set(
      warnings.flatMap(({ source, changesMeaning }) =>
        changesMeaning && source.startsWith("ServiceIntentions") ? [source.split("/")[1]] : [],
      ),
    );
    for (let q = 0; q < CALLS; q++) {
      const from = random.pick(NAMES);
      const to = random.pick(NAMES.filter((name) => name !== from));
      const headers: Record<string, string> = random.chance(0.5) ? { "x-env": random.pick(["test", "live"]) } : {};
      const call: Call = { from, to, method: random.pick(METHODS), path: random.pick(PATHS), headers };
      const answer = ask(scene, {
        from: { kind: "workload", workload: `Workload/shop/${from}-v1` },
        to: { host: to },
        method: call.method,
        path: call.path,
        headers,
      });
      const legs = answerOf(world, call);
      const short = answer.destinations.map((each) => ({
        service: each.service.split("/")[2] ?? "",
        ...(each.subset === undefined ? {} : { subset: each.subset }),
        share: Number(each.probability.toFixed(6)),
        isAllowed: each.outcome === "forwarded",
      }));
      const inOrder = <T extends { service: string; subset?: string }>(list: readonly T[]) =>
        [...list].sort((x, y) => (`${x.service} ${x.subset}` < `${y.service} ${y.subset}` ? -1 : 1));
      const expected = inOrder(joined(legs));
      const found = inOrder(short);
      const where = ({ isAllowed: _isAllowed, ...leg }: (typeof found)[number]) => leg;
      expect([call, found.map(where)]).toEqual([call, expected.map(where)]);
      for (const [k, leg] of found.entries()) {
        const isRight = isNarrower.has(leg.service)
          ? !leg.isAllowed || expected[k]?.isAllowed === true
          : leg.isAllowed === expected[k]?.isAllowed;
        expect([call, leg, isRight]).toEqual([call, leg, true]);
        compared += isNarrower.has(leg.service) ? 0 : 1;
      }
    }
  }
  expect(compared).toBeGreaterThan(WORLDS * CALLS * 0.4);
}, 600_000);

/** Legs to the same place are one. */
function joined(legs: ReturnType<typeof answerOf>): ReturnType<typeof answerOf> {
  const all = new Map<string, (typeof legs)[number]>();
  for (const leg of legs) {
    const key = `${leg.service} ${leg.subset}`;
    all.set(key, { ...leg, share: Number((leg.share + (all.get(key)?.share ?? 0)).toFixed(6)) });
  }
  return [...all.values()];
}
