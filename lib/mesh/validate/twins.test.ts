import { expect, test } from "vitest";
import { demoMesh } from "../samples/demo";
import type { MeshObject } from "../types";
import { claimsOf, mayClaimTheSame } from "./twins";

const shareAClaim = (a: MeshObject, b: MeshObject) => {
  const theirs = new Set(claimsOf(b).map(({ id }) => id));
  return claimsOf(a).some(({ id }) => theirs.has(id));
};

test("objects that share a claim are worth comparing, and most dependencies of one caller are not", () => {
  const { objects } = demoMesh();
  const again = (object: MeshObject, metadata: object) =>
    ({ ...object, metadata: { ...object.metadata, ...metadata } }) as MeshObject;
  const all = objects.flatMap((object, i) => [
    again(object, { uid: `u${i % 40}` }),
    again(object, { name: `${object.metadata.name}-twin` }),
  ]);
  const pairs = all.flatMap((a) => all.flatMap((b) => (a.kind === b.kind && a !== b ? [{ a, b }] : [])));
  const sharing = pairs.filter(({ a, b }) => shareAClaim(a, b));
  expect(sharing.length).toBeGreaterThan(objects.length / 2);
  expect(sharing.filter(({ a, b }) => !mayClaimTheSame(a, b))).toEqual([]);
  const dependencies = pairs.filter(({ a }) => a.kind === "Dependency");
  expect(dependencies.filter(({ a, b }) => mayClaimTheSame(a, b)).length).toBeLessThan(dependencies.length / 2);
});
