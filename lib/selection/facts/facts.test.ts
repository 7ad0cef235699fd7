import { existsSync } from "node:fs";
import { expect, test } from "vitest";
import { CRITERIA } from "../criteria";
import { PRODUCTS } from "../products";
import { CRITERION_GROUPS } from "../types";
import { FACTS } from ".";

const ROOT = new URL("../../../", import.meta.url);
/** The day of the last look at any source; raise it with a fact that is looked at later. */
const LAST_LOOK = "2026-11-23";

const ALL = PRODUCTS.flatMap(({ id }) => FACTS[id].map((fact) => ({ ...fact, product: id })));

test("criteria have an id each, stand in a group, and every group has some", () => {
  expect(new Set(CRITERIA.map(({ id }) => id)).size).toBe(CRITERIA.length);
  for (const { id, question } of CRITERIA) {
    expect(id).toMatch(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/);
    expect(question).toMatch(/\?$/);
  }
  expect(new Set(CRITERIA.map(({ group }) => group))).toEqual(new Set(CRITERION_GROUPS));
});

test("there are facts for each product and for no other", () => {
  expect(Object.keys(FACTS).sort()).toEqual(PRODUCTS.map(({ id }) => id).sort());
});

test("each fact answers a criterion that there is, once for its product", () => {
  const known = new Set(CRITERIA.map(({ id }) => id));
  expect(ALL.filter(({ criterion }) => !known.has(criterion))).toEqual([]);
  const answered = ALL.map(({ product, criterion }) => `${product} ${criterion}`);
  expect(answered.filter((name, at) => answered.indexOf(name) !== at)).toEqual([]);
});

test("each fact says something, in 200 characters at most", () => {
  expect(ALL.filter(({ text }) => text.length < 10 || text.length > 200)).toEqual([]);
});

test("each fact has a source: https of a product, or one of our own pages for ourselves", () => {
  for (const { product, criterion, source } of ALL) {
    if (product === "meshwright") expect(existsSync(new URL(source, ROOT)), `${criterion}: ${source}`).toBe(true);
    else expect(() => new URL(source), `${product} ${criterion}`).not.toThrow();
    if (product !== "meshwright") expect(source, `${product} ${criterion}`).toMatch(/^https:\/\/[^\s]+$/);
  }
});

test("each fact was looked at on a day that has been", () => {
  for (const { product, criterion, asOf } of ALL) {
    expect(new Date(`${asOf}T00:00:00Z`).toISOString().slice(0, 10), `${product} ${criterion}`).toBe(asOf);
    expect(asOf <= LAST_LOOK, `${product} ${criterion}: ${asOf}`).toBe(true);
  }
});

test("nobody is judged by little: each product has facts for four fifths of the criteria", () => {
  const shares = PRODUCTS.map(({ id }) => [id, FACTS[id].length / CRITERIA.length] as const);
  expect(shares.filter(([, share]) => share < 0.8)).toEqual([]);
});

test("each criterion is answered for five products or more", () => {
  const counts = CRITERIA.map(({ id }) => [id, ALL.filter(({ criterion }) => criterion === id).length] as const);
  expect(counts.filter(([, count]) => count < 5)).toEqual([]);
});

test("each criterion tells products apart", () => {
  const alike = CRITERIA.filter(
    ({ id }) => new Set(ALL.filter(({ criterion }) => criterion === id).map(({ verdict }) => verdict)).size < 2,
  );
  expect(alike).toEqual([]);
});
