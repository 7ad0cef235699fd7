import { expect, test } from "vitest";
import { demoMesh, demoPositions } from "@/lib/mesh";
import { changePicture } from "@/lib/review/walkthrough";
import { nearChange, pictureEdges, pictureNodes } from "./picture";

const before = demoMesh();
const removed = "Dependency/production/checkout-to-shipping";
const now = {
  objects: demoMesh().objects.filter(
    ({ kind, metadata }) => `${kind}/${metadata.namespace}/${metadata.name}` !== removed,
  ),
};
const picture = changePicture(before, now, { before: demoPositions(), after: {} });

test("what changes is shown with its neighbours, and nothing else", () => {
  const near = nearChange(picture);
  expect([...near]).toContain("Service/production/checkout");
  expect([...near]).toContain("Service/production/payment-service");
  expect([...near]).not.toContain("Service/production/catalog");
  expect(
    pictureNodes(picture, near, null)
      .map(({ id }) => id)
      .sort(),
  ).toEqual([...near].sort());
});

test("a removed line is drawn, dashed and said so", () => {
  expect(pictureEdges(picture, null).find(({ id }) => id === removed)).toMatchObject({
    change: "removed",
    line: "dashed",
    sentence: "checkout to shipping: removed",
  });
});

test("boxes without a place stand in a grid, none on another", () => {
  const nodes = pictureNodes(changePicture(before, now, { before: {}, after: {} }), null, null);
  expect(new Set(nodes.map(({ x, y }) => `${x} ${y}`)).size).toBe(nodes.length);
});
