import fc from "fast-check";
import { expect, test } from "vitest";
import { digestOf } from "../digest/digest";
import { objectKey } from "../refs";
import { demoMesh, demoPositions } from "../samples/demo";
import type { MeshDocument, MeshObject, Positions } from "../types";
import { applyCommand } from "./apply";
import { conflictsBetween, touchedBetween } from "./merge";
import { type Command, commandSchema } from "./schema";

const keys = demoMesh().objects.map(objectKey);
const find = (document: MeshDocument, key: string) => document.objects.find((o) => objectKey(o) === key);

function applied(command: Command, document = demoMesh(), positions: Positions = demoPositions()) {
  const result = applyCommand(document, positions, command);
  if (!result.ok) throw new Error(JSON.stringify(result.violations));
  return result;
}

function refusal(command: Command) {
  const result = applyCommand(demoMesh(), demoPositions(), command);
  return result.ok ? [] : result.violations;
}

const newService = (name: string): MeshObject => ({
  apiVersion: "meshwright.dev/v1",
  kind: "Service",
  metadata: { name, namespace: "production" },
  spec: { ports: [{ name: "http", port: 8080, protocol: "http" }] },
});

const key = fc.constantFrom(...keys);
const name = fc.stringMatching(/^[a-z][a-z0-9]{0,5}$/);
const place = fc.record({ x: fc.integer({ min: -999, max: 999 }), y: fc.integer({ min: -999, max: 999 }) });
const leaf: fc.Arbitrary<Command> = fc.oneof(
  name.map((n): Command => ({ type: "addObject", object: newService(n), position: { x: 1, y: 2 } })),
  key.map((k): Command => ({ type: "removeObject", key: k })),
  fc.tuple(key, name).map(([k, n]): Command => ({ type: "renameObject", key: k, name: n })),
  fc.tuple(key, place).map(([k, p]): Command => ({ type: "moveObjects", positions: { [k]: p } })),
  fc.tuple(key, name).map(([k, n]): Command => ({ type: "patchSpec", key: k, path: ["owner"], value: n })),
  fc.tuple(key, name).map(([k, n]): Command => ({ type: "setMetadata", key: k, metadata: { labels: { team: n } } })),
);
const command: fc.Arbitrary<Command> = fc.oneof(
  leaf,
  fc.array(leaf, { maxLength: 4 }).map((commands): Command => ({ type: "batch", commands })),
);

test("a command and its inverse leave document and positions as they were", () => {
  fc.assert(
    fc.property(fc.array(command, { minLength: 1, maxLength: 6 }), (commands) => {
      let document = demoMesh();
      let positions: Positions = demoPositions();
      const undo: { digest: string; positions: Positions; inverse: Command }[] = [];
      for (const each of commands) {
        const result = applyCommand(document, positions, JSON.parse(JSON.stringify(each)));
        if (!result.ok) continue;
        undo.push({ digest: digestOf(document), positions, inverse: JSON.parse(JSON.stringify(result.inverse)) });
        document = result.document;
        positions = result.positions;
      }
      for (const back of undo.reverse()) {
        const result = applied(back.inverse, document, positions);
        document = result.document;
        positions = result.positions;
        expect(digestOf(document)).toBe(back.digest);
        expect(positions).toEqual(back.positions);
      }
    }),
    { numRuns: 100 },
  );
}, 60_000);

test("removing a service takes its workloads, routes and dependencies with it, and the inverse brings them back", () => {
  const result = applied({ type: "removeObject", key: "Service/production/payment-service" });
  const text = JSON.stringify(result.document);
  expect(text).not.toContain("payment-service");
  expect(Object.keys(result.positions)).not.toContain("Service/production/payment-service");
  const back = applied(result.inverse, result.document, result.positions);
  expect(digestOf(back.document)).toBe(digestOf(demoMesh()));
  expect(back.positions).toEqual(demoPositions());
});

test("copies follow the name of who gets them, and end with it while the rule stays", () => {
  const key = "Route/production/shop-gateway";
  const value = [{ service: { name: "shipping" }, percent: 10 }];
  const { document } = applied({ type: "patchSpec", key, path: ["rules", 0, "mirrors"], value });
  const mirrors = (of: MeshDocument) => {
    const route = find(of, key);
    return route?.kind === "Route"
      ? route.spec.rules.map((rule) => rule.mirrors?.map(({ service }) => service.name))
      : [];
  };
  const renamed = applied({ type: "renameObject", key: "Service/production/shipping", name: "parcels" }, document);
  expect(mirrors(renamed.document)[0]).toEqual(["parcels"]);
  const removed = applied({ type: "removeObject", key: "Service/production/shipping" }, document);
  expect(mirrors(removed.document)).toEqual(mirrors(demoMesh()));
  expect(digestOf(applied(removed.inverse, removed.document, removed.positions).document)).toBe(digestOf(document));
});

test("removing the only caller of an allow rule removes the rule instead of opening it to everybody", () => {
  const policy: MeshObject = {
    apiVersion: "meshwright.dev/v1",
    kind: "AuthorizationPolicy",
    metadata: { name: "p", namespace: "production" },
    spec: {
      target: { service: "catalog" },
      action: "allow",
      rules: [{ from: [{ services: [{ kind: "Service", name: "cart" }] }] }],
    },
  };
  const { document, positions } = applied({ type: "addObject", object: policy });
  const result = applied({ type: "removeObject", key: "Service/production/cart" }, document, positions);
  expect(find(result.document, "AuthorizationPolicy/production/p")).toMatchObject({ spec: { rules: [] } });
});

test("a rename keeps the identity and rewrites every reference", () => {
  const { document, positions } = applied({ type: "renameObject", key: "Service/production/checkout", name: "till" });
  const till = find(document, "Service/production/till");
  expect(till?.metadata.uid).toBe("Service/production/checkout");
  const rest = document.objects.filter((o) => o !== till).map((o) => JSON.stringify(o.spec));
  expect(rest.filter((spec) => spec.includes('"checkout"'))).toEqual([]);
  expect(positions["Service/production/till"]).toEqual(demoPositions()["Service/production/checkout"]);
  const again = applied({ type: "renameObject", key: "Service/production/till", name: "checkout" }, document);
  expect(digestOf(again.document)).toBe(digestOf(demoMesh()));
});

test("renaming a namespace moves everything in it", () => {
  const { document } = applied({ type: "renameObject", key: "Namespace//production", name: "live" });
  expect(document.objects.map(objectKey).filter((k) => k.includes("/production"))).toEqual([]);
  expect(find(document, "Service/live/checkout")).toBeDefined();
});

test("a bad command is refused with the path and what to do", () => {
  expect(refusal({ type: "addObject", object: newService("cart") })[0]?.message).toBe("exists already");
  expect(refusal({ type: "renameObject", key: "Service/production/cart", name: "Cart!" })[0]?.path).toBe(
    "Service/production/cart#metadata.name",
  );
  expect(
    refusal({ type: "patchSpec", key: "Service/production/cart", path: ["ports", 0, "port"], value: 0 })[0],
  ).toMatchObject({ path: "Service/production/cart#spec.ports[0].port", message: "must be a port from 1 to 65535" });
  expect(
    refusal({ type: "patchSpec", key: "Service/production/cart", path: ["ports", 9, "port"], value: 1 }),
  ).toHaveLength(1);
  expect(refusal({ type: "removeObject", key: "Mesh//shop" })[0]?.message).toBe("cannot be removed");
  expect(refusal({ type: "removeObject", key: "Service/production/nobody" })[0]?.message).toBe(
    "is not in the document",
  );
});

test("a batch applies whole or not at all", () => {
  const commands: Command[] = [
    { type: "addObject", object: newService("one") },
    { type: "addObject", object: newService("cart") },
  ];
  expect(refusal({ type: "batch", commands })).toHaveLength(1);
});

test("paths cannot reach a prototype", () => {
  const path = JSON.parse('["__proto__","polluted"]');
  expect(refusal({ type: "patchSpec", key: "Service/production/cart", path, value: true })).not.toEqual([]);
  expect(Object.hasOwn(Object.prototype, "polluted")).toBe(false);
});

test("commands of any origin are decoded and bounded", () => {
  expect(commandSchema.safeParse({ type: "removeObject", key: "Service/a/b" }).success).toBe(true);
  expect(commandSchema.safeParse({ type: "removeObject", key: "Service/a/b", force: true }).success).toBe(false);
  let nested: unknown = { type: "batch", commands: [] };
  for (let i = 0; i < 6; i++) nested = { type: "batch", commands: [nested] };
  expect(commandSchema.safeParse(nested).success).toBe(false);
});

test("changes of different objects merge; the same object, or a removal of what the other refers to, does not", () => {
  const base = demoMesh();
  const change = (c: Command) => touchedBetween(base, applied(c, base).document);
  const owner = (k: string): Command => ({ type: "patchSpec", key: k, path: ["owner"], value: "x" });
  const cart = change(owner("Service/production/cart"));
  expect(conflictsBetween(cart, change(owner("Service/production/catalog")))).toEqual([]);
  expect(conflictsBetween(cart, cart)).toEqual(["Service/production/cart"]);
  const removal = change({ type: "removeObject", key: "Service/production/cart" });
  const dependency: MeshObject = {
    apiVersion: "meshwright.dev/v1",
    kind: "Dependency",
    metadata: { name: "d", namespace: "production" },
    spec: { from: { kind: "Service", name: "shipping" }, to: { kind: "Service", name: "cart" } },
  };
  expect(conflictsBetween(removal, change({ type: "addObject", object: dependency }))).toEqual([
    "Service/production/cart",
  ]);
});
