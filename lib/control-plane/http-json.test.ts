import { Readable } from "node:stream";
import { expect, test } from "vitest";
import { parseJson, Refusal, readBody } from "./http-json";

const body = (...parts: string[]) => Readable.from(parts.map((part) => Buffer.from(part)));

test("a body is put together, in the middle of a letter too", async () => {
  const letter = Buffer.from("é");
  const parts = [Buffer.from('{"name":"caf'), letter.subarray(0, 1), letter.subarray(1), Buffer.from('"}')];
  expect(parseJson(await readBody(Readable.from(parts), 100))).toEqual({ name: "café" });
  expect(await readBody(body(), 100)).toBe("");
});

test("a body that is too large is refused while it comes", async () => {
  let given = 0;
  async function* endless() {
    for (;;) {
      given += 1;
      yield Buffer.alloc(10);
    }
  }
  await expect(readBody(endless(), 25)).rejects.toMatchObject({ status: 413, code: "body_too_large" });
  expect(given).toBe(3);
  expect(await readBody(body("12345", "67890"), 10)).toBe("1234567890");
});

test("what is no JSON is refused as such", () => {
  expect(() => parseJson("{")).toThrow(Refusal);
  expect(() => parseJson("")).toThrow("is not JSON");
});
