import { expect, test } from "vitest";
import { demoMesh } from "@/lib/mesh";
import { object, richMesh } from "../compile/testing/rich";
import { ask, buildScene, consequencesOf } from ".";
import { changesBetween } from "./changes";
import { get, withObjects } from "./testing/designs";

test("a page of another origin is told whether it may read the answer, and a preflight is answered on the way", () => {
  const scene = buildScene(richMesh());
  const page = (method: string, origin: string, more: Record<string, string> = {}) =>
    ask(scene, get("catalog-v1", "inventory", "/browser/x", { method, headers: { Origin: origin, ...more } }));
  const asks = { "Access-Control-Request-Method": "PUT" };
  const allowed = page("GET", "https://shop.example");
  expect(allowed).toMatchObject({
    outcome: "forwarded",
    hops: [{ cors: { isAllowed: true, isPreflight: false } }, {}],
  });
  expect(allowed.hops[0]?.cors?.headers).toEqual([
    { name: "access-control-allow-origin", value: "https://shop.example" },
    { name: "access-control-allow-credentials", value: "true" },
    { name: "access-control-expose-headers", value: "x-by" },
  ]);
  expect(allowed.sentence).toContain("In a browser a page of https://shop.example may read the answer.");
  expect(page("GET", "https://evil.example").sentence).toContain("a page of https://evil.example may not read");
  const preflight = page("OPTIONS", "https://shop.example", asks);
  expect(preflight).toMatchObject({ outcome: "responded", status: 200, hops: [{ cors: { isPreflight: true } }] });
  expect(preflight.sentence).toContain(
    "catalog answers the preflight itself (200), by rule 12 of Route inventory: a page of https://shop.example may make the call.",
  );
  expect(page("OPTIONS", "https://evil.example", asks)).toMatchObject({ outcome: "forwarded" });
  expect(ask(scene, get("catalog-v1", "inventory", "/browser/x")).hops[0]?.cors).toBeUndefined();
  expect(ask(scene, get("catalog-v1", "inventory", "/x", { headers: { origin: "a" } })).hops[0]?.cors).toBeUndefined();
});

test("a CORS policy is a consequence for the pages that it is about, and a preflight that is answered is no lost access", () => {
  const route = (value: string) =>
    object("Route", "cart", {
      target: { kind: "Service", name: "cart" },
      rules: [
        {
          matches: [],
          action: { type: "forward", destinations: [{ service: { name: "cart" }, weight: 1 }] },
          cors: { allowOrigins: [{ type: "exact", value }] },
        },
      ],
    });
  const [none, some] = [demoMesh(), withObjects(demoMesh(), route("https://shop.example"))];
  const found = consequencesOf(buildScene(none), buildScene(some)).filter(({ callee }) => callee.endsWith("/cart"));
  expect(found.map(({ kind }) => kind)).not.toContain("loses-access");
  expect(found.map(({ sentence }) => sentence)).toContainEqual(
    expect.stringContaining("a page of https://shop.example may read the answer now"),
  );
  const headers = { origin: "https://shop.example", "access-control-request-method": "PUT" };
  const preflight = get("storefront-v1", "cart", "/", { method: "OPTIONS", headers });
  expect(changesBetween(ask(buildScene(none), preflight), ask(buildScene(some), preflight))).toEqual([
    expect.objectContaining({ kind: "status", severity: "change" }),
  ]);
});
