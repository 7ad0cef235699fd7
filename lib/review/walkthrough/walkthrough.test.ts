import { describe, expect, test, vi } from "vitest";
import { analyze } from "@/lib/analysis";
import {
  API_VERSION,
  applyCommand,
  type Command,
  demoMesh,
  demoPositions,
  diffDocuments,
  emptyMesh,
  type MeshDocument,
  type MeshObject,
} from "@/lib/mesh";
import { accessMatrix, buildScene } from "@/lib/simulate";
import { changePicture, compareAccess, compareFindings, OUTSIDE, trustView } from "./index";

// Compiling every proxy of a design takes a second alone, and much more beside busy neighbours.
vi.setConfig({ testTimeout: 30_000 });

function changed(commands: Command[], document = demoMesh()): MeshDocument {
  const result = applyCommand(document, {}, { type: "batch", commands });
  if (!result.ok) throw new Error(JSON.stringify(result.violations));
  return result.document;
}
const forbid: Command = {
  type: "addObject",
  object: {
    apiVersion: API_VERSION,
    kind: "AuthorizationPolicy",
    metadata: { name: "no-checkout", namespace: "production" },
    spec: {
      target: { service: "payment-service" },
      action: "deny",
      rules: [{ from: [{ services: [{ kind: "Service", name: "checkout" }] }] }],
    },
  },
};
const accessOf = (before: MeshDocument, now: MeshDocument) =>
  compareAccess(accessMatrix(buildScene(before)), accessMatrix(buildScene(now)));

describe("the picture of a change", () => {
  test("marks boxes for what is not drawn itself, and draws what was removed", () => {
    const now = changed([forbid, { type: "removeObject", key: "Dependency/production/checkout-to-shipping" }]);
    const picture = changePicture(demoMesh(), now, { before: demoPositions(), after: demoPositions() });
    const mark = (name: string) => picture.boxes.find((box) => box.name === name)?.mark;
    expect([mark("payment-service"), mark("catalog")]).toEqual(["changed", null]);
    expect(picture.lines.find(({ key }) => key.endsWith("checkout-to-shipping"))?.mark).toBe("removed");
    expect(picture.counts).toEqual({ added: 1, removed: 1, changed: 0 });
    expect(picture.boxes.every(({ x }) => x !== null)).toBe(true);
  });

  test("against an empty mesh everything is added", () => {
    const picture = changePicture(emptyMesh("shop"), demoMesh(), { before: {}, after: {} });
    expect(picture.boxes.every(({ mark }) => mark === "added")).toBe(true);
  });

  test("of 1,000 services and 2,000 policies, with its sentences, is made in a fraction of the second that it may take", () => {
    const named = (kind: "Service" | "TrafficPolicy" | "AuthorizationPolicy", name: string, spec: unknown) =>
      ({ apiVersion: API_VERSION, kind, metadata: { name, namespace: "production" }, spec }) as MeshObject;
    const many = Array.from({ length: 1_000 }, (_, number) => `s${number}`);
    const large: MeshDocument = {
      objects: [
        ...demoMesh().objects,
        ...many.map((name) => named("Service", name, { ports: [{ name: "http", port: 8080, protocol: "http" }] })),
        ...many.map((name) =>
          named("TrafficPolicy", name, { service: { name }, connectionPool: { maxConnections: 100 } }),
        ),
        ...many.map((name) =>
          named("AuthorizationPolicy", name, { target: { service: name }, action: "deny", rules: [] }),
        ),
      ],
    };
    const now = changed([forbid, { type: "removeObject", key: "AuthorizationPolicy/production/s7" }], large);
    const changes = diffDocuments(large, now);
    const picture = changePicture(large, now, { before: {}, after: {} });
    const sent = JSON.stringify({ changes, picture }).length;
    expect(changes).toHaveLength(2);
    expect(picture.boxes.length).toBeGreaterThan(1_000);
    expect(sent).toBeLessThan(400_000);
  });
});

describe("who may call whom", () => {
  test("a denial is a loss of exactly that pair, with the policy that decides", () => {
    const { lost, gained, cells } = accessOf(demoMesh(), changed([forbid]));
    expect(gained).toEqual([]);
    expect(lost).toHaveLength(1);
    expect(lost[0]).toMatchObject({
      caller: "Service/production/checkout",
      callee: "Service/production/payment-service",
      before: "allowed",
      after: "denied",
    });
    expect(lost[0]?.why.join()).toContain("no-checkout");
    expect(cells.length).toBeGreaterThan(5);
  });

  test("is the same in both directions, mirrored", () => {
    const now = changed([forbid]);
    expect(accessOf(now, demoMesh()).gained).toHaveLength(accessOf(demoMesh(), now).lost.length);
  });
});

describe("where trust ends", () => {
  test("without a drawn boundary the outside is one", () => {
    const view = trustView(demoMesh(), accessOf(demoMesh(), demoMesh()));
    expect(view.isDrawn).toBe(false);
    expect(view.crossings.map(({ from, to }) => [from, to])).toEqual(
      expect.arrayContaining([
        [OUTSIDE, "namespace production"],
        ["namespace production", OUTSIDE],
      ]),
    );
    expect(view.inside.mutual).toBe(view.inside.total);
  });

  test("a drawn boundary names its crossings, and a weaker one is a change", () => {
    const boundary: Command = {
      type: "addObject",
      object: {
        apiVersion: API_VERSION,
        kind: "TrustBoundary",
        metadata: { name: "cards" },
        spec: { members: [{ service: { namespace: "production", name: "payment-service" } }] },
      },
    };
    const weaker: Command = {
      type: "addObject",
      object: {
        apiVersion: API_VERSION,
        kind: "MutualTls",
        metadata: { name: "open", namespace: "production" },
        spec: { target: { service: "payment-service" }, mode: "disable" },
      },
    };
    const before = changed([boundary]);
    const now = changed([weaker], before);
    const view = trustView(now, accessOf(before, now));
    expect(view.boundaries).toMatchObject([{ name: "cards", services: ["Service/production/payment-service"] }]);
    expect(view.crossings).toContainEqual(
      expect.objectContaining({ to: "cards", before: "mutual", after: "plaintext" }),
    );
    expect(view.changed.length).toBeGreaterThan(0);
  });
});

test("findings are new, fixed or stay", () => {
  const broken = changed([
    {
      type: "patchSpec",
      key: "Route/production/catalog",
      path: ["rules", 0, "retries", "perTryTimeoutMs"],
      value: 5000,
    },
  ]);
  const compare = (a: MeshDocument, b: MeshDocument) =>
    compareFindings(analyze(a), analyze(b)).map((each) => each.standing);
  expect(compare(demoMesh(), broken)).toContain("new");
  expect(compare(broken, demoMesh())).toContain("fixed");
  expect(new Set(compare(demoMesh(), demoMesh()))).toEqual(new Set(analyze(demoMesh()).length ? ["stays"] : []));
});
