import { expect, test } from "vitest";
import { demoMesh } from "@/lib/mesh";
import { groupPicture, groupsOf } from "./groups";
import { indexLive } from "./live";
import { type Pinned, pinnedAt } from "./pinned";
import { canvasNodes } from "./to-canvas";

const comment = (anchor: string, id = anchor): Pinned => ({
  id,
  review: 4,
  station: "changes",
  anchor,
  body: "Why?",
  blocking: false,
  author: "Rita",
  createdAt: "2026-11-21T10:00:00.000Z",
});
const CART = "Service/production/cart";
const document = demoMesh();

test("a comment stands at its box or line; one on a policy or a workload at the box that draws it", () => {
  const at = pinnedAt(document, [
    comment(CART, "1"),
    comment("Workload/production/cart-v1", "2"),
    comment("Route/production/payment-service", "3"),
    comment("Dependency/production/checkout-to-shipping", "4"),
    comment("Mesh//shop", "5"),
    comment("Service/production/gone", "6"),
  ]);
  const ids = Object.fromEntries([...at].map(([place, list]) => [place, list.map(({ id }) => id).sort()]));
  expect(ids).toEqual({
    [CART]: ["1", "2"],
    "Service/production/payment-service": ["3"],
    "Dependency/production/checkout-to-shipping": ["4"],
  });
});

test("boxes and closed groups carry the count, and nothing where nobody commented", () => {
  const input = {
    document,
    positions: {},
    live: indexLive([], []),
    layer: "drawn" as const,
    findings: new Map(),
    comments: new Map([
      [CART, 2],
      ["Service/production/shipping", 1],
    ]),
    changes: new Map(),
    matches: null,
  };
  const nodes = canvasNodes(input);
  expect(nodes.find(({ id }) => id === CART)?.comments).toBe(2);
  expect(nodes.find(({ title }) => title === "catalog")).not.toHaveProperty("comments");
  const closed = groupPicture(nodes, [], groupsOf(document, "namespace"), () => false);
  expect(closed.nodes.find(({ id }) => id === "group:production")?.comments).toBe(3);
});
