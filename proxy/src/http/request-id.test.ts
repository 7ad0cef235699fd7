import { expect, test } from "vitest";
import { requestId } from "./request-id";

test("ids are UUIDs of version 4, and no two are alike", () => {
  const ids = Array.from({ length: 1000 }, requestId);
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(new Set(ids).size).toBe(ids.length);
});

test("every digit that may vary does", () => {
  const ids = Array.from({ length: 1000 }, requestId);
  for (let at = 0; at < 36; at++) {
    const seen = new Set(ids.map((id) => id[at])).size;
    expect(seen).toBe([8, 13, 18, 23, 14].includes(at) ? 1 : at === 19 ? 4 : 16);
  }
});
