import { expect, test } from "vitest";
import { analyze } from "@/lib/analysis";
import { buildIndex, demoMesh, type MeshDocument, type Route } from "@/lib/mesh";
import { problemsOf } from "./problems";
import { openSession } from "./session";

const isCatalog = (object: MeshDocument["objects"][number]): object is Route =>
  object.kind === "Route" && object.metadata.name === "catalog";

/** A redirect that says a whole path and a part of it as well: the model takes each, the mesh not both. */
function twoPaths(): { document: MeshDocument; route: Route } {
  const { objects } = demoMesh();
  const before = objects.find(isCatalog);
  if (!before) throw new Error("the demo has a route catalog");
  const action = { type: "redirect" as const, host: "shop.example.com", path: "/new", prefixRewrite: "/old" };
  const route: Route = { ...before, spec: { ...before.spec, rules: [{ matches: [], action }] } };
  return { document: { objects: objects.map((each) => (isCatalog(each) ? route : each)) }, route };
}

test("what does not fit is told once, with its field, whether or not the analyzers have told it too", () => {
  const { document, route } = twoPaths();
  const index = buildIndex(document);
  const findings = analyze(document, { today: "2026-11-21" });
  expect(findings.filter(({ code }) => code === "MW1015")).toHaveLength(1);
  const told = problemsOf(openSession(route), index, findings).filter(({ severity }) => severity === "error");
  expect(told).toMatchObject([
    {
      field: "spec.rules[0].action.prefixRewrite",
      reason: "is not for a redirect that has a path as well. Keep one of the two.",
      title: "spec.rules[0].action.prefixRewrite is not for a redirect that has a path as well.",
      fix: "Keep one of the two. Until then no revision can be made of the draft.",
    },
  ]);
  const alone = problemsOf(openSession(route), index, []);
  expect(alone.map(({ field }) => field)).toEqual(["spec.rules[0].action.prefixRewrite"]);
});
