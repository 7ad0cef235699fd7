import { expect, test } from "vitest";
import { demoMesh } from "@/lib/mesh";
import { ask, buildScene } from "@/lib/simulate";
import { object } from "../../lib/compile/testing/rich";
import { formFrom, formOf, parametersOf, problemsOf, questionOf } from "./question-url";
import { fieldsOfToken, issuersIn, NO_TOKEN, tokenOf, tokenProblems } from "./token-fields";

const fields = (claims: string, issuer = "https://issuer.test/", isForged = false) => ({ issuer, claims, isForged });
const FORM = {
  from: "Workload/production/storefront-v1",
  host: "catalog",
  method: "GET",
  path: "/",
  headers: "",
  ...fields('{"sub":"ann","groups":["admin"]}'),
};

test("issuer and claims become the token of the question, and come back as they were", () => {
  const { token } = questionOf(FORM);
  expect(token).toEqual({ claims: { iss: "https://issuer.test/", sub: "ann", groups: ["admin"] } });
  expect(formOf(questionOf(FORM))).toEqual(FORM);
  const all: Record<string, string | number>[] = [
    {},
    { iss: 7 },
    { iss: "" },
    { sub: "ann" },
    { iss: "b" },
    { iss: " b" },
  ];
  for (const claims of all) {
    expect(tokenOf(fieldsOfToken({ claims, isForged: true }))).toEqual({ token: { claims, isForged: true } });
  }
});

test("without issuer and claims there is no token", () => {
  expect(tokenOf(NO_TOKEN)).toEqual({});
  expect(fieldsOfToken(undefined)).toEqual(NO_TOKEN);
  expect(questionOf({ ...FORM, ...NO_TOKEN })).not.toHaveProperty("token");
});

test("the token is part of the address", () => {
  const forged = { ...FORM, isForged: true };
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(parametersOf(forged))) if (value !== null) search.set(name, value);
  expect(formFrom(search)).toEqual(forged);
});

test.each([
  [fields('{"sub": '), { claims: expect.stringContaining("no JSON") }],
  [fields('["ann"]'), { claims: expect.stringContaining("a JSON object") }],
  [fields('"ann"', ""), { claims: expect.stringContaining("a JSON object") }],
  [fields('{"iss": "b"}'), { claims: expect.stringContaining("remove iss") }],
  [fields(`{"a": "${"x".repeat(9000)}"}`), { claims: expect.stringContaining("8192") }],
  [fields("", "", true), { isForged: expect.stringContaining("no token yet") }],
  [fields('{"iss": "b"}', ""), {}],
  [fields("{}", ""), {}],
  [fields(""), {}],
])("what is wrong with %j is told at its field", (token, problems) => {
  expect(tokenProblems(token)).toEqual(problems);
  expect(problemsOf({ ...FORM, ...token })).toEqual(problems);
});

test("the simulator answers for the token that the form says, and the form offers the issuers of the design", () => {
  const rule = { issuer: "https://issuer.test/", jwksUri: "https://issuer.test/keys" };
  const policy = object("RequestAuthentication", "tokens", { target: { service: "catalog" }, jwtRules: [rule] });
  const document = { objects: [...demoMesh().objects, policy] };
  expect(issuersIn(document)).toEqual(["https://issuer.test/"]);
  expect(issuersIn(demoMesh())).toEqual([]);
  const statusOf = (token: object) => ask(buildScene(document), questionOf({ ...FORM, ...token })).status;
  expect([{}, { isForged: true }, { issuer: "https://other.test/" }, NO_TOKEN].map(statusOf)).toEqual([
    null,
    401,
    401,
    null,
  ]);
});
