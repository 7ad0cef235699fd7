import fc from "fast-check";
import { expect, test } from "vitest";
import { normalizePath } from "./normalize-path";

const all = { normalizePath: true, mergeSlashes: true, escapedSlashes: "keep" } as const;

test.each([
  ["/a/./b", "/a/b"],
  ["/a/../b", "/b"],
  ["/../../b", "/b"],
  ["/a/..", "/"],
  ["/a/b/.", "/a/b/"],
  ["/a//b", "/a/b"],
  ["/a\\b", "/a/b"],
  ["/%61%2e%2E/x", "/a../x"],
  ["/a/%2e%2e/b", "/b"],
  ["/%7Euser", "/~user"],
  ["/a%2fb", "/a%2Fb"],
  ["/a/../b?c=/../d", "/b?c=/../d"],
  ["/%00", null],
  ["/%zz", null],
])("%s -> %s", (path, expected) => {
  expect(normalizePath(path, all)).toBe(expected);
});

test("escaped slashes are kept, refused or unescaped as configured", () => {
  expect(normalizePath("/a%2Fb", { ...all, escapedSlashes: "reject" })).toBeNull();
  expect(normalizePath("/a%2F..%5cb", { ...all, escapedSlashes: "unescape-and-forward" })).toBe("/b");
  expect(normalizePath("/a?b=%2F", { ...all, escapedSlashes: "reject" })).toBe("/a?b=%2F");
});

test("nothing changes when nothing is configured", () => {
  expect(normalizePath("/a//../%2f", { normalizePath: false, mergeSlashes: false, escapedSlashes: "keep" })).toBe(
    "/a//../%2f",
  );
});

test("normalising twice is normalising once, and no dot segment is left", () => {
  const seed = Date.now() & 0x7fffffff;
  const piece = fc.constantFrom("/", ".", "..", "%2e", "%2F", "%5c", "\\", "a", "%41", "//", "%25");
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const once = normalizePath(`/${pieces.join("")}`, all);
      fc.pre(once !== null);
      expect(normalizePath(once!, all)).toBe(once);
      expect(once!.split("/").some((segment) => segment === "." || segment === "..")).toBe(false);
    }),
    { seed, numRuns: 500, verbose: true },
  );
});
