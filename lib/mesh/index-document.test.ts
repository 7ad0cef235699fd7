import { expect, test } from "vitest";
import { applyCommand } from "./commands/apply";
import { buildIndex, createLiveIndex, type MeshIndex } from "./index-document";
import { Reader } from "./index-questions";
import { changeBetween } from "./known-objects";
import { objectKey } from "./refs";
import { demoMesh } from "./samples/demo";
import { KINDS } from "./schema/document";
import { randomCommand, seededRandom } from "./testing/random-commands";
import type { MeshObject, ObjectKey } from "./types";

const seed = Number(process.env["SEED"] ?? 1);

/** Everything that can be asked, of these keys. */
function questionsOf(keys: Iterable<ObjectKey>): [string, (index: MeshIndex) => unknown][] {
  const general: [string, (index: MeshIndex) => unknown][] = [
    ["document", (index) => byKey(index.document.objects)],
    ["mesh", (index) => index.mesh],
    ["namespaces", (index) => index.namespaces],
    ...KINDS.map((kind): [string, (index: MeshIndex) => unknown] => [`all ${kind}`, (index) => index.all(kind)]),
    ...["production", "legacy", "nowhere"].map((name): [string, (index: MeshIndex) => unknown] => [
      `namespace ${name}`,
      (index) => index.hasNamespace(name),
    ]),
  ];
  const ofKey = [
    "get",
    "workloadsOf",
    "subsetsOf",
    "routesOf",
    "trafficPoliciesOf",
    "rateLimitsOf",
    "dependenciesFrom",
    "dependenciesTo",
    "egressesTo",
    "authorizationsOn",
    "authenticationsOn",
    "mutualTlsOn",
    "boundariesOf",
    "referrersOf",
  ] as const;
  return [
    ...general,
    ...[...keys].flatMap((key) =>
      ofKey.map((name): [string, (index: MeshIndex) => unknown] => [`${name} ${key}`, (index) => index[name](key)]),
    ),
  ];
}

const isSame = (a: unknown, b: unknown): boolean =>
  Array.isArray(a) && Array.isArray(b) ? a.length === b.length && a.every((each, i) => each === b[i]) : a === b;

const byKey = (objects: readonly MeshObject[]): MeshObject[] =>
  [...objects].sort((a, b) => (objectKey(a) < objectKey(b) ? -1 : 1));

test(`after any commands a live index answers as one that is built anew, and names whoever asked what is answered differently (seed ${seed})`, () => {
  const random = seededRandom(seed);
  let document = demoMesh();
  const keys = new Set([
    "Service/production/nobody",
    "Namespace//legacy",
    "Mesh//",
    ...document.objects.map(objectKey),
  ]);
  const live = createLiveIndex();
  live.change(document.objects, []);
  const noting = { near: live.asking("each question"), wide: live.asking("kinds") };
  let told = 0;
  for (let step = 0; step < 25; step++) {
    const asked = questionsOf(keys).flatMap(([name, ask]) =>
      ([noting.near, noting.wide] as const).map((index) => {
        const reader = new Reader();
        live.notes.start();
        const answer = ask(index);
        live.notes.keep(reader);
        return { name, ask, reader, answer };
      }),
    );
    const result = applyCommand(document, {}, randomCommand(document, random));
    if (!result.ok) continue;
    const { put, remove } = changeBetween(document.objects, result.document.objects);
    document = result.document;
    for (const object of put) keys.add(objectKey(object));
    const again = live.change(put, remove);
    const fresh = buildIndex({ objects: byKey(document.objects) });
    const plain = live.asking("nothing");
    for (const { name, ask, reader, answer } of asked) {
      const now = ask(plain);
      expect(now, `${name}, step ${step}`).toEqual(ask(fresh));
      if (isSame(answer, now)) continue;
      told += 1;
      expect(again.has(reader), `${name} is answered differently, step ${step}`).toBe(true);
      live.notes.forget(reader);
    }
    for (const { reader } of asked) live.notes.forget(reader);
  }
  expect(told).toBeGreaterThan(100);
}, 60_000);

test("a reader is named for what it asked last, and for nothing else", () => {
  const document = demoMesh();
  const [service, route] = ["Service", "Route"].map((kind) => document.objects.find((object) => object.kind === kind));
  if (!service || !route) throw new Error("the sample has both");
  const live = createLiveIndex();
  live.change(document.objects, []);
  const index = live.asking("each question");
  const reader = new Reader();
  const asking = (...keys: string[]) => {
    live.notes.start();
    for (const key of keys) index.get(key);
    live.notes.keep(reader);
  };
  const isNamed = (object: typeof service) => live.change([{ ...object }], []).has(reader);
  asking(objectKey(service), objectKey(route));
  expect([isNamed(service), isNamed(route)]).toEqual([true, true]);
  asking(objectKey(route));
  expect([isNamed(service), isNamed(route)]).toEqual([false, true]);
  live.notes.forget(reader);
  expect(isNamed(route)).toBe(false);
});

test("a list that was given stays what it was", () => {
  const document = demoMesh();
  const live = createLiveIndex();
  live.change(document.objects, []);
  const index = live.asking("nothing");
  const before = index.all("Service");
  const copy = [...before];
  live.change([], [objectKey(copy[0] ?? document.objects[0] ?? never())]);
  expect(before).toEqual(copy);
  expect(index.all("Service")).toEqual(copy.slice(1));
});

function never(): never {
  throw new Error("the sample has services");
}
