import { expect, test } from "vitest";
import type { ApiMatch } from "./lower";
import { type Entry, orderBySpecificity } from "./order";

const match = (type: ApiMatch["path"]["type"], value: string, more: Partial<ApiMatch> = {}): ApiMatch => ({
  path: { type, value },
  headers: [],
  query: [],
  ...more,
});
const entry = (rule: number, own: ApiMatch, sub = 0): Entry => ({
  rule,
  sub,
  match: own,
  base: own,
  written: undefined,
});
const header = (value: string) => ({ headers: [{ name: "x", type: "exact" as const, value }] });
const shown = ({ rule, match: own }: Entry) =>
  [rule, own.path.value, own.method ?? "", own.headers.map(({ value }) => value).join()].join(" ");

test("an earlier rule gets what it shares with a more specific later one", () => {
  const { entries, uncertain } = orderBySpecificity([
    entry(0, match("prefix", "/", header("1"))),
    entry(1, match("exact", "/a")),
  ]);
  expect(entries.map(shown)).toEqual(["0 /a  1", "0 /  1", "1 /a  "]);
  expect(uncertain.size).toBe(0);
});

test("what no call reaches is left out, and what excludes itself is left alone", () => {
  const dead = orderBySpecificity([entry(0, match("prefix", "/")), entry(1, match("exact", "/a"))]);
  expect(dead.entries.map(shown)).toEqual(["0 /  "]);
  const apart = [entry(0, match("prefix", "/", header("1"))), entry(1, match("exact", "/a", header("2")))];
  expect(orderBySpecificity(apart).entries).toEqual(apart);
});

test("matches of one rule that replace different paths keep their order too", () => {
  const post = { method: "POST" };
  const { entries } = orderBySpecificity([entry(0, match("prefix", "/", post), 0), entry(0, match("prefix", "/a"), 1)]);
  expect(entries.map(({ sub, match: own }) => [sub, own.path.value, own.method])).toEqual([
    [0, "/a", "POST"],
    [0, "/", "POST"],
    [1, "/a", undefined],
  ]);
});

test("an expression beside a prefix makes both rules uncertain, beside an exact path neither", () => {
  const regex = match("regex", "/a.*");
  expect([...orderBySpecificity([entry(0, regex), entry(1, match("prefix", "/a"))]).uncertain.keys()]).toEqual([0, 1]);
  const exact = orderBySpecificity([entry(0, regex), entry(1, match("exact", "/ab"))]);
  expect(exact.uncertain.size).toBe(0);
  // the expression takes it, so the later rule is never reached for it
  expect(exact.entries.map(shown)).toEqual(["0 /ab  ", "0 /a.*  ", "1 /ab  "]);
});
