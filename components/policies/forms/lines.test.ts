import { expect, test } from "vitest";
import { linesOf, readLines } from "./lines";

test("what is read is written in the order of names, however it comes back", () => {
  const text = "code: %RESPONSE_CODE%\nmethod: %REQ(:METHOD)%";
  const read = readLines("\nmethod: %REQ(:METHOD)%\n code:  %RESPONSE_CODE%\n\n");
  expect(read).toEqual({ ok: true, fields: { method: "%REQ(:METHOD)%", code: "%RESPONSE_CODE%" } });
  expect(read.ok && linesOf(read.fields)).toBe(text);
});

test.each([
  ["a: b\ncode", "Line 2 has to be a name, a colon and what it says."],
  [": b", "Line 1 has to be a name, a colon and what it says."],
  ["a: ", "Line 1 has to be a name, a colon and what it says."],
  ["a: b\na: c", "Line 2 names a again."],
])("%j is refused: %s", (text, message) => {
  expect(readLines(text)).toEqual({ ok: false, message });
});
