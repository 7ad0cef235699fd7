// Two control planes that count in one budget, over a real PostgreSQL.
import { afterAll, beforeAll, expect, test } from "vitest";
import { createSystemData, type SystemData } from "@/lib/data/system";
import { silentLogger } from "@/lib/observability/logger";
import { startTestPostgres, type TestPostgres } from "@/lib/start/testing/postgres";
import { Counters } from "./counters";
import { CountExchange, type CountStore } from "./exchange";

const LIMIT = { requests: 10, perMs: 60_000 };
const NOON = 1_799_971_200_000;
let postgres: TestPostgres;
let data: SystemData;

beforeAll(async () => {
  postgres = await startTestPostgres();
  data = createSystemData(postgres.url);
});
afterAll(async () => {
  await data?.close();
  await postgres?.stop();
});

function plane(store: CountStore = data.rateLimits, now = () => NOON) {
  const counters = new Counters();
  const exchange = new CountExchange(counters, store, now, silentLogger());
  const granted = (count: number, value = "") =>
    Array.from({ length: count }, () => counters.take("limit", value, LIMIT, 1, now())).filter(({ isOver }) => !isOver)
      .length;
  return { exchange, granted };
}

test("what one has granted the other does not grant again, from the next exchange on", async () => {
  const [one, other] = [plane(), plane()];
  expect([one.granted(6), other.granted(3)]).toEqual([6, 3]);
  await one.exchange.round();
  await other.exchange.round();
  expect(other.granted(5), "9 of 10 are gone").toBe(1);
  await other.exchange.round();
  expect(one.granted(1), "told one's own only, when it asked first").toBe(1);
  await one.exchange.round();
  expect([one.granted(1), other.granted(1)]).toEqual([0, 0]);
  const third = plane();
  expect(third.granted(1, "another key")).toBe(1);
});

test("many at once add up to one sum, in whatever order they come", async () => {
  const planes = Array.from({ length: 4 }, () => plane());
  const values = Array.from({ length: 50 }, (_, i) => `user ${i}`);
  for (const each of planes) for (const value of values) each.granted(2, value);
  await Promise.all(planes.map(({ exchange }) => exchange.round()));
  // Whoever was last in the database knows all of it.
  const left = planes.map(({ granted }) => granted(10, "user 0"));
  expect(Math.min(...left)).toBe(2);
});

test("while the database is away each counts for itself, and tells all of it afterwards", async () => {
  let isAway = true;
  const store: CountStore = {
    add: (shares) => (isAway ? Promise.reject(new Error("away")) : data.rateLimits.add(shares)),
    deleteEnded: (before) => data.rateLimits.deleteEnded(before),
  };
  const cut = plane(store, () => NOON + 60_000);
  expect(cut.granted(4)).toBe(4);
  await cut.exchange.round();
  expect(cut.granted(20)).toBe(6);
  isAway = false;
  await cut.exchange.round();
  const other = plane(data.rateLimits, () => NOON + 60_000);
  expect(other.granted(1)).toBe(1);
  await other.exchange.round();
  expect(other.granted(1)).toBe(0);
});

test("windows that are over are forgotten", async () => {
  expect(await data.rateLimits.deleteEnded(new Date(NOON + 600_000))).toBeGreaterThan(0);
  expect(await data.rateLimits.deleteEnded(new Date(NOON + 600_000))).toBe(0);
});
