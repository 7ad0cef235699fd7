// What a random design says last: copies of requests, slow answers and limits of connections.
// The rule: from a stream of its own, as random-traffic.ts; nothing of it refuses a request or is seen by the clock, only who got a copy.
import type { MeshDocument, MeshObject, Mirror, ObjectOf, RouteRule } from "@/lib/mesh";
import { object } from "../../compile/testing/rich";
import { type Random, randomOf } from "./random";

/** So much that nobody is ever refused, and an answer of few bytes never waits. */
const MANY = 1_000_000;

export function withCopies({ objects }: MeshDocument, seed: number): MeshDocument {
  const random = randomOf(seed);
  const services = objects.filter((each) => each.kind === "Service");
  const more = objects.map((each): MeshObject => {
    if (each.kind === "Route") return copied(each, services, objects, random);
    if (each.kind !== "RateLimit" || each.spec.shadow || random.chance(0.5)) return each;
    return { ...each, spec: { ...each.spec, connectionRate: randomRate(random) } };
  });
  const limited = new Set(objects.flatMap((each) => (each.kind === "RateLimit" ? [each.spec.service.name] : [])));
  const alone = services
    .filter(({ metadata }) => !limited.has(metadata.name) && random.chance(0.3))
    .map(({ metadata: { name, namespace } }): MeshObject => {
      const made = object("RateLimit", name, { service: { name }, connectionRate: randomRate(random) });
      return { ...made, metadata: { ...made.metadata, namespace } } as MeshObject;
    });
  return { objects: [...more, ...alone] };
}

function randomRate(random: Random) {
  return {
    connections: MANY,
    perMs: random.pick([50, 1000, 60_000]),
    ...(random.chance(0.4) ? { burst: MANY * 2 } : {}),
  };
}

function copied(
  route: ObjectOf<"Route">,
  services: readonly ObjectOf<"Service">[],
  objects: readonly MeshObject[],
  random: Random,
): MeshObject {
  const rules = route.spec.rules.map((rule): RouteRule => {
    if (rule.action.type !== "forward") return rule;
    const mirrors = Array.from({ length: 1 + random.below(2) }, () => randomMirror(services, objects, random));
    const isSlow = random.chance(0.3);
    const responseBandwidth = { percent: random.pick([100, 50, 0]), limitKbps: random.pick([64, MANY]) };
    // HTTP/2 does not carry what some rewrites make of a path, and a copy that it ends takes others with it
    const isCopied = rule.rewrite === undefined && random.chance(0.4);
    return {
      ...rule,
      ...(isCopied ? { mirrors } : {}),
      ...(isSlow ? { fault: { ...rule.fault, responseBandwidth } } : {}),
    };
  });
  return { ...route, spec: { ...route.spec, rules } };
}

function randomMirror(
  services: readonly ObjectOf<"Service">[],
  objects: readonly MeshObject[],
  random: Random,
): Mirror {
  const { metadata, spec } = random.pick(services);
  const subsets = objects.flatMap((each) =>
    each.kind === "Subset" && each.spec.service.name === metadata.name ? [each.spec.name] : [],
  );
  return {
    service: { name: metadata.name, ...(metadata.namespace ? { namespace: metadata.namespace } : {}) },
    ...(subsets.length > 0 && random.chance(0.5) ? { subset: random.pick(subsets) } : {}),
    // two ports of which neither was called would have to be told apart
    port: random.pick(spec.ports).port,
    percent: random.pick([100, 100, 100, 50, 0]),
  };
}
