import { describe, expect, test } from "vitest";
import type { RbacContext } from "../plan/types";
import { authorizeConnection, authorizeRequest } from "./authorize";
import { context, type RequestParts, rbacOf } from "./testing/build";

const A = "spiffe://mesh.local/ns/production/sa/a";
const any = [{ any: true }];
const policy = (permissions: object[], principals: object[]) => ({ permissions, principals }) as never;

function isAllowed(rules: object, parts: Partial<RbacContext> & RequestParts = {}): boolean {
  return authorizeRequest([rbacOf({ rules: rules as never })], null, context(parts)).allowed;
}

describe("rules", () => {
  test("absent rules enforce nothing; present and empty ALLOW rules deny everything; empty DENY rules nothing", () => {
    expect(authorizeRequest([rbacOf({})], null, context()).allowed).toBe(true);
    expect(isAllowed({ action: "ALLOW" })).toBe(false);
    expect(isAllowed({ action: "DENY" })).toBe(true);
  });

  test("the first policy by name decides and is named", () => {
    const filter = rbacOf({ rules: { policies: { zebra: policy(any, any), ant: policy(any, any) } } });
    expect(authorizeRequest([filter], null, context())).toMatchObject({ allowed: true, policy: "ant" });
  });

  test("filters are asked in order: a DENY before an ALLOW wins", () => {
    const deny = {
      ...rbacOf({
        rules: {
          action: "DENY",
          policies: { block: policy(any, [{ authenticated: { principal_name: { exact: A } } }]) },
        },
      }),
      name: "deny",
    };
    const allow = { ...rbacOf({ rules: { policies: { all: policy(any, any) } } }), name: "allow" };
    expect(authorizeRequest([deny, allow], null, context())).toMatchObject({
      allowed: false,
      policy: "block",
      deniedBy: "deny",
    });
    expect(authorizeRequest([deny, allow], null, context({ peer: null }))).toMatchObject({
      allowed: true,
      policy: "all",
    });
  });

  test("shadow rules are reported and never enforced", () => {
    const filter = rbacOf({
      shadow_rules: {
        action: "ALLOW",
        policies: { other: policy(any, [{ authenticated: { principal_name: { exact: "spiffe://x/y" } } }]) },
      },
    });
    expect(authorizeRequest([filter], null, context())).toMatchObject({
      allowed: true,
      shadowDenials: [{ filter: "rbac", policy: null }],
    });
  });

  test("what shadow rules say is told under their prefix, with the policy that matched", () => {
    const watch = rbacOf({
      shadow_rules: { action: "LOG", policies: { watch: policy([{ url_path: { path: { exact: "/a" } } }], any) } },
      shadow_rules_stat_prefix: "own_",
    });
    const said = (path: string) => authorizeRequest([watch], null, context({ path })).shadow;
    expect(said("/a")).toEqual({ own_shadow_engine_result: "allowed", own_shadow_effective_policy_id: "watch" });
    expect(said("/b")).toEqual({ own_shadow_engine_result: "allowed" });
    expect(authorizeRequest([rbacOf({})], null, context()).shadow).toBeNull();
  });

  test("LOG rules let everything pass and name what matched", () => {
    const filter = rbacOf({ rules: { action: "LOG", policies: { watch: policy(any, any) } } });
    expect(authorizeRequest([filter], null, context())).toMatchObject({ allowed: true, logged: ["watch"] });
  });
});

describe("principals", () => {
  const cases: [what: string, principal: object, parts: Partial<RbacContext> & RequestParts, expected: boolean][] = [
    ["exact name", { authenticated: { principal_name: { exact: A } } }, {}, true],
    ["another name", { authenticated: { principal_name: { exact: `${A}b` } } }, {}, false],
    [
      "any TLS peer, without certificate too",
      { authenticated: {} },
      { peer: { uriSans: [], dnsSans: [], subject: "" } },
      true,
    ],
    ["no TLS", { authenticated: {} }, { peer: null }, false],
    ["no TLS, with a name", { authenticated: { principal_name: { prefix: "spiffe://" } } }, { peer: null }, false],
    [
      "DNS SAN",
      { authenticated: { principal_name: { exact: "a.test" } } },
      { peer: { uriSans: [], dnsSans: ["a.test"], subject: "" } },
      true,
    ],
    [
      "subject",
      { authenticated: { principal_name: { exact: "CN=a" } } },
      { peer: { uriSans: [], dnsSans: [], subject: "CN=a" } },
      true,
    ],
    ["not", { not_id: { authenticated: { principal_name: { exact: A } } } }, {}, false],
    ["and", { and_ids: { ids: [{ any: true }, { header: { name: "x", present_match: true } }] } }, {}, false],
    ["or", { or_ids: { ids: [{ any: true }, { header: { name: "x", present_match: true } }] } }, {}, true],
    ["direct address", { direct_remote_ip: { address_prefix: "127.0.0.0", prefix_len: 8 } }, {}, true],
    ["remote address", { remote_ip: { address_prefix: "10.1.2.0", prefix_len: 24 } }, {}, true],
    ["remote address, other", { remote_ip: { address_prefix: "10.1.3.0", prefix_len: 24 } }, {}, false],
    [
      "IPv4 mapped into IPv6",
      { direct_remote_ip: { address_prefix: "127.0.0.1", prefix_len: 32 } },
      { directRemoteAddress: "::ffff:127.0.0.1" },
      true,
    ],
    [
      "IPv6 range",
      { direct_remote_ip: { address_prefix: "fd00::", prefix_len: 8 } },
      { directRemoteAddress: "fd12::1" },
      true,
    ],
  ];
  test.each(cases)("%s", (_what, principal, parts, expected) => {
    expect(isAllowed({ policies: { one: policy(any, [principal]) } }, parts)).toBe(expected);
  });
});

describe("permissions", () => {
  const roleIs = (string_match: object) => ({ name: "x-role", string_match });
  const ROLES: RequestParts = {
    headers: [
      ["x-role", "user"],
      ["x-role", "admin"],
    ],
  };
  const cases: [what: string, permission: object, parts: Partial<RbacContext> & RequestParts, expected: boolean][] = [
    ["method by header", { header: { name: ":method", string_match: { exact: "GET" } } }, {}, true],
    ["path without query", { url_path: { path: { exact: "/pay" } } }, { path: "/pay?x=1" }, true],
    ["path without fragment", { url_path: { path: { exact: "/pay" } } }, { path: "/pay#x" }, true],
    [":path with query", { header: { name: ":path", string_match: { exact: "/pay" } } }, { path: "/pay?x=1" }, false],
    ["port", { destination_port: 8080 }, {}, true],
    ["port range", { destination_port_range: { start: 8000, end: 8080 } }, {}, false],
    ["destination address", { destination_ip: { address_prefix: "127.0.0.2", prefix_len: 32 } }, {}, true],
    ["server name", { requested_server_name: { exact: "a.b" } }, { requestedServerName: "a.b" }, true],
    ["not", { not_rule: { any: true } }, {}, false],
    ["not a header: holds without it", { not_rule: { header: roleIs({ exact: "admin" }) } }, {}, true],
    ["not a header: one of two values is it", { not_rule: { header: roleIs({ exact: "admin" }) } }, ROLES, false],
    [
      "header, inverted: does not hold without it",
      { header: { ...roleIs({ exact: "admin" }), invert_match: true } },
      {},
      false,
    ],
    ["header prefix", { header: roleIs({ prefix: "adm" }) }, ROLES, true],
    ["header suffix", { header: roleIs({ suffix: "min" }) }, ROLES, true],
    ["header contains", { header: roleIs({ contains: "dmi" }) }, ROLES, true],
    ["header contains, other", { header: roleIs({ contains: "root" }) }, ROLES, false],
    ["header regex, whole value", { header: roleIs({ safe_regex: { regex: "adm" } }) }, ROLES, false],
    ["header present", { header: { name: "x-role", present_match: true } }, ROLES, true],
    ["header absent", { not_rule: { header: { name: "x-role", present_match: true } } }, ROLES, false],
    [
      "repeated header, one value",
      { header: { name: "x-role", string_match: { exact: "admin" } } },
      {
        headers: [
          ["x-role", "user"],
          ["x-role", "admin"],
        ],
      },
      true,
    ],
    [
      "repeated header, inverted",
      { header: { name: "x-role", string_match: { exact: "admin" }, invert_match: true } },
      {
        headers: [
          ["x-role", "user"],
          ["x-role", "admin"],
        ],
      },
      false,
    ],
  ];
  test.each(cases)("%s", (_what, permission, parts, expected) => {
    expect(isAllowed({ policies: { one: policy([permission], any) } }, parts)).toBe(expected);
  });

  test("on a TCP connection matchers of requests hold for nothing", () => {
    const filter = rbacOf({ rules: { policies: { one: policy([{ url_path: { path: { prefix: "/" } } }], any) } } });
    expect(authorizeConnection([filter], context({ request: null })).allowed).toBe(false);
  });
});
