import { createHash } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { demoMesh } from "../samples/demo";
import { digestOf } from "./digest";
import { sha256Hex } from "./sha256";

test("sha256Hex agrees with the known answers of FIPS 180-4", () => {
  expect(sha256Hex("")).toBe("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  expect(sha256Hex("abc")).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  expect(sha256Hex("a".repeat(1_000_000))).toBe("cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
});

test("sha256Hex agrees with Node on any text", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 300 }), (text) => {
      expect(sha256Hex(text)).toBe(createHash("sha256").update(text, "utf8").digest("hex"));
    }),
  );
}, 60_000);

test("the order of objects and absent fields do not change the digest, an owner does", () => {
  const before = digestOf(demoMesh());
  const document = { objects: demoMesh().objects.reverse() };
  const service = document.objects.find((o) => o.kind === "Service")!;
  Object.assign(service.spec, { mode: undefined });
  expect(digestOf(document)).toBe(before);
  Object.assign(service.spec, { owner: "somebody else" });
  expect(digestOf(document)).not.toBe(before);
});
