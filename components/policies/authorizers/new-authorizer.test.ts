import { expect, test } from "vitest";
import { buildIndex, demoMesh } from "@/lib/mesh";
import { firstAddress, freeName } from "./new-authorizer";

test("a new authorizer has a name of its own", () => {
  expect(freeName([])).toBe("authorizer");
  expect(freeName([{ name: "opa" }])).toBe("authorizer");
  expect(freeName([{ name: "authorizer" }, { name: "authorizer-2" }])).toBe("authorizer-3");
});

test("it begins with a service that there is and speaks HTTP, and with none where there is none", () => {
  const found = firstAddress(buildIndex(demoMesh()));
  const service = demoMesh().objects.find(
    (object) => object.kind === "Service" && object.metadata.name === found?.target.name,
  );
  expect(service?.metadata.namespace).toBe(found?.target.namespace);
  expect(found).toMatchObject({ target: { kind: "Service" }, protocol: "http", port: 8080 });
  expect(firstAddress(buildIndex({ objects: [] }))).toBeUndefined();
});
