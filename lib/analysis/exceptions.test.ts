// What analyzers make of exceptions, addresses and conditions: "none of these" keeps nobody out, and an address is not a caller.
import { describe, expect, test } from "vitest";
import type { AuthorizationRule } from "@/lib/mesh";
import { analyze } from ".";
import { add, authorization, changed, make, service, svc } from "./testing/calm";

type Source = NonNullable<AuthorizationRule["from"]>[number];
const rulesOf = (action: "allow" | "deny", rules: AuthorizationRule[]) =>
  make("AuthorizationPolicy", action, { target: { service: "payment-service" }, action, rules });
const found = (code: string, ...objects: Parameters<typeof add>) =>
  analyze(changed(add(...objects))).filter((each) => each.code === code);

describe("a permission is for everybody", () => {
  test.each<[string, AuthorizationRule, number]>([
    ["without some", { from: [{ notPrincipals: ["x"] }] }, 1],
    ["without a namespace", { from: [{ notNamespaces: ["edge"] }] }, 1],
    ["at any address", { from: [{ addresses: ["0.0.0.0/0", "::/0"] }] }, 1],
    ["of any namespace", { from: [{ namespaces: ["*"] }] }, 1],
    ["but on one port", { when: [{ of: "targetPort", values: ["8080"] }] }, 1],
    ["but not there", { when: [{ of: "address", notValues: ["10.0.0.0/8"] }] }, 1],
    ["at some addresses: it is not", { from: [{ addresses: ["10.0.0.0/8"] }] }, 0],
    ["of clients there: it is not", { from: [{ clientAddresses: ["10.0.0.0/8"] }] }, 0],
    ["where the caller is one: it is not", { when: [{ of: "principal", values: ["a/ns/b/sa/c"] }] }, 0],
  ])("%s", (_what, rule, count) => {
    expect(found("MW1019", rulesOf("allow", [rule]))).toHaveLength(count);
  });

  test.each<[string, boolean, boolean]>([
    ["x-internal", false, true],
    [":authority", true, false],
  ])("what %s must be, not what it must not, is written by who knows of it", (name, invert, isByHeader) => {
    const header = { name, type: "exact" as const, values: ["a"], ...(invert ? { invert } : {}) };
    const [finding] = found("MW1019", rulesOf("allow", [{ to: [{ headers: [header] }] }]));
    expect(finding?.message.includes("who writes its headers")).toBe(isByHeader);
  });

  test("those that are left out are said", () => {
    const [finding] = found("MW1019", rulesOf("allow", [{ from: [{ notNamespaces: ["edge"] }] }]));
    expect(finding?.message).toContain("everybody but those that it names");
  });
});

describe("a denial covers a permission", () => {
  const to = (operation: object): AuthorizationRule => ({ from: [{ services: [svc("checkout")] }], to: [operation] });
  test.each<[string, AuthorizationRule, AuthorizationRule, number]>([
    ["but what it leaves out", to({ paths: ["/a"] }), { to: [{ notPaths: ["/b"] }] }, 0],
    ["that leaves out the same", to({ notPaths: ["/b"] }), { to: [{ notPaths: ["/b"] }] }, 1],
    ["but its namespaces", to({}), { from: [{ notNamespaces: ["edge"] }] }, 0],
    ["at some addresses only", to({}), { from: [{ addresses: ["10.0.0.0/8"] }] }, 0],
    ["where something else holds", to({}), { when: [{ of: "address", values: ["10.0.0.0/8"] }] }, 0],
  ])("%s", (_what, permitted, denied, count) => {
    expect(found("MW1021", rulesOf("allow", [permitted]), rulesOf("deny", [denied]))).toHaveLength(count);
  });
});

test("who is drawn is not refused by a denial that asks for an address, and is by none that leaves it out", () => {
  const refused = (source: Source) => found("MW1007", rulesOf("deny", [{ from: [source] }])).length;
  expect(refused({ services: [svc("checkout"), svc("storefront")] })).toBeGreaterThan(0);
  expect(refused({ addresses: ["10.0.0.0/8"] })).toBe(0);
  expect(refused({ notPrincipals: ["*"] })).toBe(0);
  expect(refused({ principals: ["*"], notNamespaces: ["production"] })).toBe(0);
});

test("exceptions of methods, paths and hosts are HTTP fields; a port that is left out is not meant", () => {
  const queue = service("queue", { ports: [{ name: "raw", port: 5672, protocol: "tcp" }] });
  const of = (operation: object) =>
    found(
      "MW1018",
      ...queue,
      make("AuthorizationPolicy", "q", { target: { service: "queue" }, action: "deny", rules: [{ to: [operation] }] }),
    );
  expect(of({ notPaths: ["/x"] })).toHaveLength(1);
  expect(of({ notPaths: ["/x"], notPorts: [5672] })).toEqual([]);
  expect(of({ notPorts: [1] })).toEqual([]);
});

test("a permission with exceptions for named callers is calm", () => {
  const rule = {
    from: [{ services: [svc("checkout")], notAddresses: ["10.9.0.0/16"] }],
    to: [{ notPaths: ["/admin"] }],
  };
  const found = analyze(changed(add(authorization("calm", { rules: [rule] }))));
  expect(found).toEqual([]);
});
