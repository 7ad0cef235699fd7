// The same resource written more than once, as two files of a folder may do.
import { expect, test } from "vitest";
import { applyCommand, emptyMesh, keyOf } from "@/lib/mesh";
import { importDocuments } from "..";

const service = (port: number) => `apiVersion: v1
kind: Service
metadata: {name: cart, namespace: shop}
spec: {selector: {app: cart}, ports: [{name: http, port: ${port}}]}
`;

test("the later one counts, and the earlier one is named with the place of the other", () => {
  const document = emptyMesh("mesh");
  const texts = [
    { text: service(80), file: "a.yaml" },
    { text: `# again\n${service(8080)}`, file: "b.yaml" },
  ];
  const { commands, warnings, understood } = importDocuments("kubernetes", texts, { document });
  const applied = applyCommand(document, {}, { type: "batch", commands });
  if (!applied.ok) throw new Error(JSON.stringify(applied.violations));
  const found = applied.document.objects.find(({ kind, metadata }) => kind === "Service" && metadata.name === "cart");
  expect(found).toMatchObject({ spec: { ports: [{ port: 8080 }] } });
  expect(understood).toHaveLength(1);
  expect(warnings.filter(({ message }) => message.includes("once more"))).toMatchObject([
    { source: "Service shop/cart", file: "a.yaml", path: "metadata.name", verdict: "lost" },
  ]);
  expect(warnings.map(({ message }) => message).join()).toContain("line 2 of b.yaml");
});

test("resources of one name in two namespaces, or of two kinds, are not the same", () => {
  const document = emptyMesh("mesh");
  const text = [service(80), service(80).replace("shop", "other")].join("---\n");
  const { warnings, commands } = importDocuments("kubernetes", [{ text }], { document });
  expect(warnings.filter(({ message }) => message.includes("once more"))).toEqual([]);
  const added = commands.flatMap((each) => (each.type === "addObject" ? [each.object] : []));
  const keys = added.map(({ kind, metadata }) => keyOf(kind, metadata.namespace, metadata.name));
  expect(keys).toEqual(expect.arrayContaining(["Service/shop/cart", "Service/other/cart"]));
});
