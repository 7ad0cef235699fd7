// What the simulator says of requests with tokens, the compiled filters on our proxy, and on Envoy where ENVOY_BIN names it: alike.
// Rule: every rule has a path of its own, so that one design holds them all; keys are made anew.
import { afterAll, describe, expect, test } from "vitest";
import { kinds } from "../../proxy/test/support/both-proxies";
import { cleanUp } from "../../proxy/test/support/network";
import { send } from "../../proxy/test/support/send";
import { ecKey, keySetOf, tokenOf } from "../../proxy/test/support/tokens";
import { object } from "../compile/testing/rich";
import type { AuthorizationSource } from "../mesh";
import { ask } from "./ask";
import { buildScene } from "./scene";
import { demoWith, get } from "./testing/designs";
import { startFiltered } from "./testing/filtered-sidecar";
import type { QuestionToken } from "./types";

afterAll(cleanUp);

const key = ecKey("one");
const other = ecKey("one");
const A = "https://a.test/x";
const SOURCES: Record<string, AuthorizationSource> = {
  any: { requestPrincipals: ["*"] },
  exact: { requestPrincipals: [`${A}/ann`] },
  slashes: { requestPrincipals: [`${A}/team/ann`] },
  prefix: { requestPrincipals: ["https://a.test/*"] },
  whole: { requestPrincipals: [`${A}/*`] },
  suffix: { requestPrincipals: ["*/ann"] },
  tail: { requestPrincipals: ["*nn"] },
  none: { requestPrincipals: ["no-slash"] },
  several: { requestPrincipals: ["b/bob", `${A}/ann`] },
  not: { notRequestPrincipals: [`${A}/ann`] },
  nobody: { notRequestPrincipals: ["*"] },
  group: { claims: [{ claim: ["groups"], type: "exact", values: ["admin", "owner"] }] },
  nested: { claims: [{ claim: ["realm", "role"], type: "prefix", values: ["adm"] }] },
  ends: { claims: [{ claim: ["email"], type: "suffix", values: ["@shop.test"] }] },
  present: { claims: [{ claim: ["email"], type: "present" }] },
  absent: { claims: [{ claim: ["email"], type: "present", invert: true }] },
  scope: { claims: [{ claim: ["scope"], type: "exact", values: ["write"] }] },
  unlike: { claims: [{ claim: ["groups"], type: "exact", values: ["admin"], invert: true }] },
  both: { requestPrincipals: [`${A}/*`], claims: [{ claim: ["groups"], type: "exact", values: ["admin"] }] },
};
const ann = {
  iss: A,
  sub: "ann",
  groups: ["x", "admin"],
  realm: { role: "admin" },
  email: "ann@shop.test",
  scope: "read write",
};
const TOKENS: Record<string, QuestionToken | null> = {
  none: null,
  ann: { claims: ann },
  forged: { claims: ann, isForged: true },
  plain: { claims: { iss: A, sub: "zoe", groups: "owner", scope: "read" } },
  team: { claims: { iss: A, sub: "team/ann" } },
  bob: { claims: { iss: "b", sub: "bob", aud: "shop" } },
  elsewhere: { claims: { iss: "b", sub: "bob", aud: "other" } },
  subjectless: { claims: { iss: A } },
  stranger: { claims: { iss: "c", sub: "ann" } },
};

const design = demoWith(
  object("RequestAuthentication", "tokens", {
    target: { service: "catalog" },
    jwtRules: [
      { issuer: A, jwks: keySetOf(key) },
      { issuer: "b", jwks: keySetOf(key), audiences: ["shop"] },
    ],
  }),
  object("AuthorizationPolicy", "everybody-but", {
    target: { service: "catalog" },
    action: "deny",
    // Who is drawn may call: so what a rule does not match is denied.
    rules: Object.entries(SOURCES).map(([name, source]) => ({ from: [source], to: [{ paths: [`/${name}`] }] })),
  }),
);

const questions = Object.keys(SOURCES).flatMap((rule) => Object.keys(TOKENS).map((token) => [rule, token] as const));

describe.each(kinds)("a sidecar on %s", (kind) => {
  test("answers as the simulator says, whatever the token", async () => {
    const port = await startFiltered(kind, design, "production/catalog-v1/0");
    const scene = buildScene(design);
    const answers = await Promise.all(
      questions.map(async ([rule, name]) => {
        const token = TOKENS[name];
        const written = token ? tokenOf(token.isForged ? other : key, token.claims) : null;
        const headers = written ? { authorization: `Bearer ${written}` } : {};
        return `${rule} ${name}: ${(await send(port, `/${rule}`, headers)).status}`;
      }),
    );
    const said = questions.map(([rule, name]) => {
      const token = TOKENS[name] ?? undefined;
      const { status } = ask(scene, get("storefront-v1", "catalog", `/${rule}`, token ? { token } : {}));
      return `${rule} ${name}: ${status ?? 200}`;
    });
    expect(answers).toEqual(said);
    expect(new Set(said.map((each) => each.split(": ")[1]))).toEqual(new Set(["200", "401", "403"]));
  });
});
