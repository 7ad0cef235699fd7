import { expect, test } from "vitest";
import { demoMesh, demoPositions, emptyMesh, meshDocument, objectKey, positions } from "..";

test("the demo mesh and its positions follow the schema", () => {
  expect(meshDocument.safeParse(demoMesh()).error?.issues).toBeUndefined();
  expect(positions.safeParse(demoPositions()).error?.issues).toBeUndefined();
});

test("every box of the demo mesh has a place", () => {
  const boxes = demoMesh().objects.filter((o) => ["Service", "Gateway", "ExternalService"].includes(o.kind));
  expect(Object.keys(demoPositions()).sort()).toEqual(boxes.map(objectKey).sort());
});

test("an empty mesh is valid, strict and grants only what is drawn", () => {
  const document = emptyMesh("my-mesh");
  expect(meshDocument.safeParse(document).success).toBe(true);
  expect(document.objects[0]).toMatchObject({ spec: { defaults: { mutualTls: "strict", authorization: "drawn" } } });
});

test("an unknown field is refused with its path", () => {
  const document = demoMesh();
  Object.assign(document.objects[0]!.spec, { trustdomain: "x" });
  const result = meshDocument.safeParse(document);
  expect(result.error?.issues[0]).toMatchObject({ code: "unrecognized_keys", path: ["objects", 0, "spec"] });
});
