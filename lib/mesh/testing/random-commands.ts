// Random edits as people make them, from a seed: for property tests of commands, analysis and merging.
// The rule: the same seed gives the same commands; some of them do not fit the document, as it is with two people.

import type { Command } from "../commands/schema";
import { objectKey } from "../refs";
import { API_VERSION } from "../schema/document";
import type { Kind, MeshDocument, MeshObject, Path, Ref, SpecOf } from "../types";

/** mulberry32: small, good enough, and the same everywhere. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

type Random = () => number;
const pick = <T>(random: Random, list: readonly T[]): T | undefined => list[Math.floor(random() * list.length)];
const whole = (random: Random, max: number) => Math.floor(random() * max);

export function randomCommand(document: MeshDocument, random: Random): Command {
  const any = pick(
    random,
    document.objects.filter((object) => object.kind !== "Mesh"),
  );
  const key = any ? objectKey(any) : "Service/production/nobody";
  switch (whole(random, 12)) {
    case 0:
    case 1:
      return {
        type: "addObject",
        object: newObject(document, random),
        position: { x: whole(random, 900), y: whole(random, 900) },
      };
    case 2:
      return { type: "removeObject", key };
    case 3:
      return { type: "renameObject", key, name: `n${whole(random, 500)}` };
    case 4:
      return { type: "moveObjects", positions: { [key]: { x: whole(random, 900), y: whole(random, 900) } } };
    case 5:
      return { type: "setMetadata", key, metadata: { labels: { team: `t${whole(random, 9)}` } } };
    case 6:
      return {
        type: "batch",
        commands: [patchOf(document, random), { type: "addObject", object: newObject(document, random) }],
      };
    default:
      return patchOf(document, random);
  }
}

/** What people change, by kind: place and value. */
const PATCHES: { [K in Kind]?: (random: Random) => [Path, unknown] } = {
  Mesh: (random) =>
    random() < 0.5
      ? [["defaults", "authorization"], pick(random, ["drawn", "deny", "allow"])]
      : [["certificateTtlHours"], 1 + whole(random, 700)],
  Service: (random) =>
    pick<[Path, unknown]>(random, [
      [["owner"], random() < 0.3 ? undefined : `team-${whole(random, 5)}`],
      [["mode"], pick(random, ["observe", "permissive", "strict", "enforced", undefined])],
      [["criticality"], pick(random, ["critical", "high", "low"])],
      [["dataClass"], pick(random, ["public", "restricted"])],
    ]) ?? [["owner"], "x"],
  Workload: (random) =>
    random() < 0.5
      ? [["replicas"], whole(random, 4)]
      : [["serviceAccount"], pick(random, ["cart", "shared", undefined])],
  Dependency: (random) => [["interaction"], pick(random, ["sync", "async", undefined])],
  Route: (random) =>
    random() < 0.5
      ? [["rules", 0, "timeoutMs"], random() < 0.3 ? undefined : 100 + whole(random, 9000)]
      : [["rules", 0, "retries"], { attempts: whole(random, 4), on: ["5xx"] }],
  TrafficPolicy: (random) => [
    ["connectionPool"],
    { maxRequests: 1 + whole(random, 50), maxRetries: 1 + whole(random, 50) },
  ],
  RateLimit: (random) => [["limits"], [{ requests: 1 + whole(random, 50), perMs: 1000 }]],
  MutualTls: (random) => [["mode"], pick(random, ["strict", "permissive", "disable"])],
  RequestAuthentication: (random) => [["jwtRules", 0, "forward"], random() < 0.5],
  AuthorizationPolicy: (random) => [["shadow"], random() < 0.5],
  Subset: (random) => [["labels"], { version: pick(random, ["v1", "v2", "v9"]) }],
  Egress: (random) => [["owner"], random() < 0.3 ? undefined : "team"],
};

function patchOf(document: MeshDocument, random: Random): Command {
  const object = pick(
    random,
    document.objects.filter((each) => PATCHES[each.kind]),
  );
  const made = object && PATCHES[object.kind]?.(random);
  if (!object || !made) return { type: "moveObjects", positions: {} };
  const [path, value] = made;
  return { type: "patchSpec", key: objectKey(object), path: [...path], ...(value === undefined ? {} : { value }) };
}

function newObject(document: MeshDocument, random: Random): MeshObject {
  const services = document.objects.filter((object) => object.kind === "Service");
  const one = pick(random, services);
  const other = pick(random, services);
  const namespace = one?.metadata.namespace ?? "production";
  const name = `r${whole(random, 1000)}`;
  const ref = (object: MeshObject | undefined): Ref => ({
    kind: "Service",
    name: object?.metadata.name ?? "nobody",
    ...(object?.metadata.namespace && object.metadata.namespace !== namespace
      ? { namespace: object.metadata.namespace }
      : {}),
  });
  const service = { name: one?.metadata.name ?? "nobody" };
  const of = <K extends Kind>(kind: K, spec: SpecOf<K>): MeshObject =>
    ({ apiVersion: API_VERSION, kind, metadata: { name, namespace }, spec }) as MeshObject;
  switch (whole(random, 8)) {
    case 0:
      return of("Dependency", { from: ref(one), to: ref(other), interaction: random() < 0.5 ? "sync" : "async" });
    case 1:
      return of("Workload", { service: service.name, version: "v9", replicas: whole(random, 3) });
    case 2:
      return of("TrafficPolicy", { service, outlierDetection: { consecutive5xxErrors: 5 } });
    case 3:
      return of("AuthorizationPolicy", {
        target: { service: service.name },
        action: random() < 0.5 ? "allow" : "deny",
        rules: [random() < 0.3 ? {} : { from: [{ services: [ref(other)] }] }],
      });
    case 4:
      return of("MutualTls", {
        target: random() < 0.5 ? { service: service.name } : { namespace },
        mode: "permissive",
      });
    case 5:
      return of("Subset", { service, name: `v${whole(random, 4)}`, labels: { version: `v${whole(random, 4)}` } });
    case 6:
      return of("Route", {
        target: { kind: "Service", name: service.name },
        rules: [
          {
            matches: [{ path: { type: "prefix", value: `/${name}` } }],
            action: { type: "forward", destinations: [{ service, weight: 1 }] },
          },
        ],
      });
    default:
      return of("Service", { ports: [{ name: "http", port: 80, protocol: "http" }] });
  }
}
