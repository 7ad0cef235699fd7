import { expect, test } from "vitest";
import { compile, NO_ROLLOUT, resourcesToJson } from "@/lib/compile";
import { buildIndex, demoMesh, type MeshDocument, type MeshObject, objectKey } from "@/lib/mesh";
import { object, richMesh } from "../compile/testing/rich";
import { buildScene } from ".";
import { changedOwners } from "./affected";
import { sliceFor } from "./slice";
import { largeMesh, seedMesh, withObjects } from "./testing/designs";
import { madeUpWorld } from "./world";

const designs: [string, MeshDocument][] = [
  ["the demo", demoMesh()],
  ["the seed's policies", seedMesh()],
  ["one of everything", richMesh()],
  ["policies for namespaces and the mesh", scoped()],
  ["thirty-five services", largeMesh(35)],
];

function scoped(): MeshDocument {
  return withObjects(
    seedMesh(),
    object("MutualTls", "all", { mode: "permissive" }),
    object("MutualTls", "production", { target: { namespace: "production" }, mode: "strict" }),
    object("AuthorizationPolicy", "everywhere", {
      target: {},
      action: "deny",
      rules: [{ from: [{ services: [{ kind: "Service", name: "cart" }] }], to: [{ paths: ["/debug*"] }] }],
    }),
    object("AuthorizationPolicy", "gateway-only", {
      target: { namespace: "production" },
      action: "audit",
      rules: [{ from: [{ services: [{ kind: "Gateway", name: "shop-gateway" }] }] }],
    }),
    object("Dependency", "from-a-workload", {
      from: { kind: "Workload", name: "cart-v1" },
      to: { kind: "Workload", name: "shipping-v1" },
    }),
  );
}

test.each(designs)("compiling a slice gives what compiling the whole design gives: %s", (_, document) => {
  const index = buildIndex(document);
  const world = madeUpWorld(document);
  const parts = new Map<string, { part: MeshDocument; world: typeof world }>();
  for (const { proxyId, namespace, workload } of world.endpoints) {
    const found = index.find("Workload", `Workload/${namespace}/${workload}`);
    const owner = found ? `Service/${namespace}/${found.spec.service}` : `Gateway/${namespace}/${workload}`;
    const slice = parts.get(owner) ?? partOf(sliceFor(index, owner).document);
    parts.set(owner, slice);
    const ofSlice = compiled(slice.part, slice.world, proxyId);
    const ofWhole = compiled(document, world, proxyId);
    // The texts first: comparing large values field by field takes longer than compiling them.
    if (JSON.stringify(ofSlice) !== JSON.stringify(ofWhole)) expect(ofSlice, proxyId).toEqual(ofWhole);
  }
  expect(parts.size).toBeGreaterThan(0);
});

const partOf = (part: MeshDocument) => ({ part, world: madeUpWorld(part) });

function compiled(document: MeshDocument, world: ReturnType<typeof madeUpWorld>, proxyId: string) {
  const result = compile({ document, digest: "", ...world, rollout: NO_ROLLOUT, overrides: {} }, proxyId);
  return result.ok ? { json: resourcesToJson(result.resources), warnings: result.warnings } : result;
}

/** Every edit that takes one object away or changes one a little. */
function edits(document: MeshDocument): [string, MeshDocument][] {
  return document.objects.flatMap((each): [string, MeshDocument][] => {
    const others = document.objects.filter((other) => other !== each);
    const key = objectKey(each);
    const changed = { ...each, metadata: { ...each.metadata, labels: { edited: "yes" } } } as MeshObject;
    return [
      [`without ${key}`, { objects: others }],
      [`${key} edited`, { objects: [...others, changed] }],
    ];
  });
}

test.each(designs)("no edit's reach is underestimated: %s", (_, document) => {
  const before = buildScene(document);
  for (const [name, edited] of edits(document).filter((_, i) => i % 5 === 0 || document.objects.length < 60)) {
    const after = buildScene(edited);
    const owners = [before, after].flatMap(({ index }) =>
      [...index.all("Service"), ...index.all("Gateway")].map(objectKey),
    );
    const differing = new Set(owners.filter((owner) => before.slice(owner).key !== after.slice(owner).key));
    const found = [...changedOwners(before, after)].filter((key) => !key.startsWith("ExternalService/"));
    expect(found.sort(), name).toEqual([...differing].sort());
  }
});
