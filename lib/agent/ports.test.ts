import { expect, test } from "vitest";
import { PortAllocator } from "./ports";

/** Tries the ports from the first one up. */
function upwards(): () => number {
  let tried = 0;
  return () => tried++ / 12_000;
}

test("ports that are kept or reserved are not chosen", async () => {
  const free = await new PortAllocator("127.0.0.1", upwards()).next();
  const kept = new PortAllocator("127.0.0.1", upwards());
  kept.keep(free);
  expect(await kept.next()).toBeGreaterThan(free);
  const reserving = new PortAllocator("127.0.0.1", upwards());
  reserving.reserve([free]);
  expect(await reserving.next()).toBeGreaterThan(free);
});
