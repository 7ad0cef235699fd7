import { expect, test } from "vitest";
import type { TcpRule } from ".";
import { coversServerName, serverNamesAt } from "./server-names";

test.each([
  ["*", "*.example.com", true],
  ["*.example.com", "a.example.com", true],
  ["*.example.com", "a.b.example.com", true],
  ["*.example.com", "*.b.example.com", true],
  ["*.example.com", "example.com", false],
  ["*.example.com", "aexample.com", false],
  ["*.example.com", "*", false],
  ["A.example.com", "a.EXAMPLE.com", true],
  ["a.example.com", "*.example.com", false],
])("%s covers %s: %s", (wide, narrow, covers) => {
  expect(coversServerName(wide, narrow)).toBe(covers);
});

const listener = (...hosts: string[]) => ({ name: "tls", port: 443, protocol: "tls" as const, hosts });
const rule = (...matches: TcpRule["matches"]): TcpRule => ({ matches, destinations: [] });

test("a rule decides about its names as far as the listener serves them", () => {
  const at = listener("*.example.com", "db.example.net");
  expect(serverNamesAt([rule({ serverNames: ["*.example.com", "*.example.org"] }), rule()], at)).toEqual([
    { rule: 0, names: ["*.example.com"] },
    { rule: 1, names: ["db.example.net"] },
  ]);
  expect(serverNamesAt([rule({ serverNames: ["*"] })], listener("*"))).toEqual([{ rule: 0, names: ["*"] }]);
});

test("the first rule of the list decides, also where a later one names a host more closely", () => {
  const wide = rule({ serverNames: ["*.example.com"] });
  const close = rule({ serverNames: ["a.example.com"] });
  expect(serverNamesAt([wide, close], listener("*"))).toEqual([{ rule: 0, names: ["*.example.com"] }]);
  expect(serverNamesAt([close, wide], listener("*"))).toEqual([
    { rule: 0, names: ["a.example.com"] },
    { rule: 1, names: ["*.example.com"] },
  ]);
});

test("rules for another port, or for callers, decide nothing here", () => {
  const rules = [rule({ port: 5432, serverNames: ["a.example.com"] }), rule({ caller: { namespace: "production" } })];
  expect(serverNamesAt(rules, listener("*"))).toEqual([]);
});
