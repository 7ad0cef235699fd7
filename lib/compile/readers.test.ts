import { expect, test } from "vitest";
import { Readers } from "./readers";

function chain(): Readers {
  const readers = new Readers();
  readers.add("routes of cart", "host of cart");
  readers.add("host of cart", "hosts for web");
  readers.add("hosts for web", "web/0");
  readers.add("hosts for web", "web/1");
  readers.add("routes of user", "user/0");
  return readers;
}

test("who leans on an answer is found through any number of pieces, and nobody else is", () => {
  const concerned = chain().concernedBy(["routes of cart"]);
  expect([...concerned].sort()).toEqual(["host of cart", "hosts for web", "routes of cart", "web/0", "web/1"]);
});

test("pieces that lean on each other end the search", () => {
  const readers = chain();
  readers.add("web/0", "host of cart");
  expect(readers.concernedBy(["host of cart"]).has("web/1")).toBe(true);
});

test("who is not kept is not found any more, and those who are kept are", () => {
  const readers = chain();
  readers.keepOnly(new Set(["host of cart", "hosts for web", "web/1"]));
  expect([...readers.concernedBy(["routes of cart", "routes of user"])].sort()).toEqual([
    "host of cart",
    "hosts for web",
    "routes of cart",
    "routes of user",
    "web/1",
  ]);
});
