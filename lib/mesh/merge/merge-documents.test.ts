import { describe, expect, test } from "vitest";
import { applyCommand } from "../commands/apply";
import type { Command } from "../commands/schema";
import { digestOf } from "../digest/digest";
import { objectKey } from "../refs";
import { demoMesh } from "../samples/demo";
import { randomCommand, seededRandom } from "../testing/random-commands";
import type { MeshDocument } from "../types";
import { fromYaml } from "../yaml/from-yaml";
import { toYaml } from "../yaml/to-yaml";
import { type Choice, type Chooser, mergeDocuments, type Side } from "./merge-documents";

const ROUTE = "Route/production/payment-service";

function draft(...commands: Command[]): MeshDocument {
  const applied = applyCommand(demoMesh(), {}, { type: "batch", commands });
  if (!applied.ok) throw new Error(JSON.stringify(applied.violations));
  return applied.document;
}
const merged = (ours: MeshDocument, theirs: MeshDocument, prefer?: Side | Chooser) =>
  mergeDocuments({ base: demoMesh(), ours, theirs }, prefer);
const timeout = (value: number): Command => ({
  type: "patchSpec",
  key: ROUTE,
  path: ["rules", 0, "timeoutMs"],
  value,
});
const owner = (name: string): Command => ({
  type: "patchSpec",
  key: "Service/production/cart",
  path: ["owner"],
  value: name,
});
const rename: Command = { type: "renameObject", key: "Service/production/cart", name: "basket" };

describe("two designs that grew out of one", () => {
  test("what one side changed is taken, two places of one object together", () => {
    const labels: Command = { type: "setMetadata", key: ROUTE, metadata: { labels: { team: "pay" } } };
    const { document, conflicts } = merged(draft(timeout(900)), draft(labels, owner("team-cart")));
    expect(conflicts).toEqual([]);
    expect(digestOf(document)).toBe(digestOf(draft(timeout(900), labels, owner("team-cart"))));
  });

  test("a place that both changed differently is a conflict with all three values, and a side can be preferred", () => {
    const [ours, theirs] = [draft(timeout(900)), draft(timeout(700))];
    const open = merged(ours, theirs);
    expect(open.conflicts).toMatchObject([{ key: ROUTE, path: "spec.rules[0].timeoutMs", ours: 900, theirs: 700 }]);
    expect(open.conflicts[0]).not.toHaveProperty("taken");
    const taken = merged(ours, theirs, "theirs");
    expect(taken.conflicts).toMatchObject([{ taken: "theirs" }]);
    expect(digestOf(taken.document)).toBe(digestOf(theirs));
    expect(merged(draft(timeout(900)), draft(timeout(900))).conflicts).toEqual([]);
  });

  test("one side renames what the other changes", () => {
    const { document, conflicts } = merged(draft(rename), draft(owner("team-cart")));
    expect(conflicts).toEqual([]);
    expect(digestOf(document)).toBe(digestOf(draft(owner("team-cart"), rename)));
  });

  test("what one side removed and the other changed is a conflict; what it left alone is removed", () => {
    const gone = draft({ type: "removeObject", key: ROUTE });
    expect(merged(gone, draft(timeout(900))).conflicts).toMatchObject([
      { key: ROUTE, path: "", message: "ours removed what theirs changed" },
    ]);
    const { document, conflicts } = merged(gone, draft(owner("team-cart")));
    expect(conflicts).toEqual([]);
    expect(document.objects.map(objectKey)).not.toContain(ROUTE);
  });

  test("two new objects of one name are merged where they agree, and told where not", () => {
    const added = (port: number, name: string): Command => ({
      type: "addObject",
      object: {
        apiVersion: "meshwright.dev/v1",
        kind: "Service",
        metadata: { name: "search", namespace: "production" },
        spec: { owner: name, ports: [{ name: "http", port, protocol: "http" }] },
      },
    });
    const { conflicts } = merged(draft(added(8080, "a")), draft(added(8080, "b")));
    expect(conflicts).toMatchObject([{ key: "Service/production/search", path: "spec.owner", ours: "a", theirs: "b" }]);
  });

  test("each conflict is decided by itself: a side, or another value, which is checked where it was given", () => {
    const [ours, theirs] = [draft(timeout(900), owner("web")), draft(timeout(700), owner("shop"))];
    const chosen =
      (choices: Record<string, Choice>): Chooser =>
      ({ path }) =>
        choices[path];
    const both = { "spec.rules[0].timeoutMs": { value: 800 }, "spec.owner": { take: "theirs" } } as const;
    const { document, conflicts } = merged(ours, theirs, chosen(both));
    expect(conflicts.map(({ path, taken }) => [path, taken])).toEqual(
      expect.arrayContaining([
        ["spec.rules[0].timeoutMs", "value"],
        ["spec.owner", "theirs"],
      ]),
    );
    expect(digestOf(document)).toBe(digestOf(draft(timeout(800), owner("shop"))));

    const wrong = merged(ours, theirs, chosen({ ...both, "spec.rules[0].timeoutMs": { value: "soon" } }));
    const [open] = wrong.conflicts.filter(({ path }) => path === "spec.rules[0].timeoutMs");
    expect(open).not.toHaveProperty("taken");
    expect(open?.problem?.message).toContain("number");
    expect(digestOf(wrong.document)).toBe(digestOf(draft(timeout(900), owner("shop"))));
  });

  test("a name that two objects would have goes to the side that is chosen", () => {
    const to = (name: string): Command => ({ type: "renameObject", key: "Service/production/cart", name });
    const added: Command = {
      type: "addObject",
      object: {
        apiVersion: "meshwright.dev/v1",
        kind: "Service",
        metadata: { name: "basket", namespace: "production" },
        spec: { owner: "new", ports: [{ name: "http", port: 8080, protocol: "http" }] },
      },
    };
    const ownerOf = ({ objects }: MeshDocument) =>
      objects.flatMap((each) => (each.kind === "Service" && each.metadata.name === "basket" ? [each.spec.owner] : []));
    const [renamed, other] = [draft(to("basket")), draft(added)];
    expect(merged(renamed, other).conflicts).toMatchObject([
      { key: "Service/production/basket", path: "", kind: "name" },
    ]);
    expect(ownerOf(merged(renamed, other, "theirs").document)).toEqual(["new"]);
    expect(ownerOf(merged(renamed, other, "ours").document)).toEqual(ownerOf(renamed));
    expect(ownerOf(merged(other, renamed, "theirs").document)).toEqual(ownerOf(renamed));
    expect(ownerOf(merged(other, renamed, "ours").document)).toEqual(["new"]);
  });

  test("comments stay with the side that is merged into", () => {
    const read = fromYaml(toYaml(demoMesh()).replace("kind: Route", "kind: Route # why it is so"));
    if (!read.ok) throw new Error(JSON.stringify(read.violations));
    const { document, conflicts } = merged(read.document, draft(timeout(900)));
    expect(conflicts).toEqual([]);
    expect(toYaml(document)).toContain("# why it is so");
    expect(digestOf(document)).toBe(digestOf(draft(timeout(900))));
  });
});

test("merging is the same from both sides, a side alone is taken whole, and no change is lost without a word (60 seeds)", () => {
  const identity = ({ objects }: MeshDocument) => digestOf({ objects });
  for (let seed = 1; seed <= 60; seed++) {
    const random = seededRandom(seed);
    const [a, b] = [edited(random), edited(random)];
    expect(identity(merged(a, demoMesh()).document), `seed ${seed}`).toBe(identity(a));
    expect(identity(merged(demoMesh(), a).document), `seed ${seed}`).toBe(identity(a));
    const [there, back] = [merged(a, b), merged(b, a)];
    expect(there.conflicts.map(({ key }) => key).sort()).toEqual(back.conflicts.map(({ key }) => key).sort());
    if (there.conflicts.length === 0) expect(identity(there.document), `seed ${seed}`).toBe(identity(back.document));
  }
});

function edited(random: () => number): MeshDocument {
  let document = demoMesh();
  for (let i = 0; i < 8; i++) {
    const result = applyCommand(document, {}, randomCommand(document, random));
    if (result.ok) document = result.document;
  }
  return document;
}
