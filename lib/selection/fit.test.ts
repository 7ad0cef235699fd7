import { expect, test } from "vitest";
import { demoMesh, type MeshObject } from "@/lib/mesh";
import { object, seedObjects } from "../compile/testing/rich";
import { type Fit, factsOfFit, fitText } from "./fit";
import { countFit, fitOf, fitsOf } from "./measure";

const withObjects = (...more: MeshObject[]) => ({ objects: [...demoMesh().objects, ...more] });
const measured = (id: "istio-sidecar" | "linkerd" | "meshwright", exportTarget?: string): Fit => {
  const fit = fitOf({ id, version: "1", ...(exportTarget ? { exportTarget } : {}) }, withObjects(...seedObjects()));
  if (!fit) throw new Error("nothing was measured");
  return fit;
};

test("an object counts by its worst part, and each once", () => {
  const part = { path: "spec", reason: "because" };
  const fit = countFit("kuma", [
    { ...part, key: "Route/a/one", verdict: "exact" },
    { ...part, key: "Route/a/one", verdict: "ignored" },
    { ...part, key: "Route/a/two", verdict: "moved" },
    { ...part, key: "Route/a/three", verdict: "escape" },
    { ...part, key: "Route/a/four", verdict: "approximate", changesMeaning: true },
    { ...part, key: "Route/a/five", verdict: "exact" },
  ]);
  expect(fit).toMatchObject({ objects: 5, changed: 1, lossesTotal: 3 });
  expect(fit.counts).toEqual({ exact: 1, moved: 1, approximate: 2, lost: 1 });
  expect(fit.losses.map(({ object }) => object)).toEqual(["Route/a/four", "Route/a/three", "Route/a/one"]);
  expect(fitText(fit)).toBe("1 of 5 objects exact, 1 moved, 2 approximate, 1 lost");
});

test("a product without words for the design's limits loses them by name", () => {
  const fit = measured("linkerd", "linkerd");
  expect(fit.losses).toContainEqual({
    object: "TrafficPolicy/production/payment-service",
    path: "spec.connectionPool.maxConnections",
    verdict: "lost",
    changesMeaning: false,
    reason: "Linkerd has no maxConnections: it limits nothing here",
  });
  expect(fit.losses[0]?.changesMeaning).toBe(true);
  const sum = Object.values(fit.counts).reduce((total, each) => total + each, 0);
  expect(sum).toBe(fit.objects);
});

test("our own data plane is measured by the compiler: what it refuses is lost", () => {
  expect(measured("meshwright").counts.lost).toBe(0);
  const wrong = object("Route", "cart", {
    target: { kind: "Service", name: "cart" },
    rules: [
      {
        matches: [],
        action: { type: "forward", destinations: [{ service: { name: "cart" }, subset: "gone", weight: 1 }] },
      },
    ],
  });
  const refused = fitOf({ id: "meshwright", version: "1" }, withObjects(wrong));
  expect(refused?.losses).toEqual([
    expect.objectContaining({ object: "Route/production/cart", verdict: "lost", changesMeaning: false }),
  ]);
  expect(refused?.counts).toEqual({ exact: demoMesh().objects.length, moved: 0, approximate: 0, lost: 1 });
});

test("a product that nothing is written for is not measured", () => {
  expect(fitOf({ id: "cilium", version: "1", exportTarget: "no-such-dialect" }, demoMesh())).toBeUndefined();
  expect(fitOf({ id: "cilium", version: "1" }, demoMesh())).toBeUndefined();
});

test("nothing is measured on a design in which no service is drawn", () => {
  const { objects } = demoMesh();
  const products = [{ id: "meshwright", version: "1" }] as const;
  expect(fitsOf(products, { objects: objects.filter(({ kind }) => kind === "Mesh") })).toEqual([]);
  expect(fitsOf(products, { objects })).toHaveLength(1);
});

test("what was measured counts as facts: answers by yes or no, objects by how many are the same", () => {
  const at = { source: "/meshes/shop/export?to=kuma", today: "2026-11-23" };
  const made = (changed: number, counts: Fit["counts"]): Fit => ({
    product: "kuma",
    objects: Object.values(counts).reduce((sum, each) => sum + each, 0),
    counts,
    changed,
    losses: [],
    lossesTotal: 0,
  });
  const verdicts = (each: Fit) => factsOfFit(each, at).map(({ verdict }) => verdict);
  expect(verdicts(made(0, { exact: 3, moved: 1, approximate: 0, lost: 0 }))).toEqual(["yes", "yes"]);
  expect(verdicts(made(0, { exact: 1, moved: 1, approximate: 1, lost: 1 }))).toEqual(["yes", "partly"]);
  expect(verdicts(made(2, { exact: 1, moved: 0, approximate: 1, lost: 1 }))).toEqual(["no", "no"]);
  expect(factsOfFit(made(0, { exact: 0, moved: 0, approximate: 0, lost: 0 }), at)).toEqual([]);
});
