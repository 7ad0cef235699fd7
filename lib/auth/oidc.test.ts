import { expect, test } from "vitest";
import { readEnv } from "@/lib/env";
import { oidcProvider, personOfProfile, rolesOfGroups } from "./oidc";

const env = readEnv([], {
  DATABASE_URL: "postgresql://u:p@127.0.0.1/m",
  OIDC_ISSUER: "https://id.example",
  OIDC_CLIENT_ID: "meshwright",
  OIDC_CLIENT_SECRET: "secret",
  OIDC_GROUP_ROLES: '{"admins":"administrator","shop-team":{"role":"author","mesh":"shop"}}',
});

test("groups become roles by the mapping only", () => {
  const mapping = env.OIDC_GROUP_ROLES;
  expect(rolesOfGroups(["shop-team", "strangers", "__proto__"], mapping)).toEqual([{ role: "author", mesh: "shop" }]);
  expect(rolesOfGroups("admins", mapping)).toEqual([{ role: "administrator", mesh: null }]);
  expect(rolesOfGroups(["admins"], undefined)).toEqual([]);
  expect(rolesOfGroups({ admins: true }, mapping)).toEqual([]);
});

test("a person is known by issuer and subject", () => {
  const person = personOfProfile({ sub: "1", email: "A@Example.org", email_verified: "true", groups: ["admins"] }, env);
  expect(person).toMatchObject({
    subject: "https://id.example|1",
    isEmailVerified: true,
    roles: [{ role: "administrator" }],
  });
  expect(personOfProfile({ sub: "1" }, env)).toBeNull();
  expect(personOfProfile(undefined, env)).toBeNull();
});

test("a mapping that is not JSON stops the start, not the sign-in", () => {
  expect(() => readEnv([], { DATABASE_URL: "postgresql://h/d", OIDC_GROUP_ROLES: "admins=administrator" })).toThrow(
    /OIDC_GROUP_ROLES/,
  );
});

test("single sign-on is offered when it is set up, with PKCE, state and nonce", () => {
  expect(oidcProvider(env)).toMatchObject({ id: "oidc", checks: ["pkce", "state", "nonce"] });
  expect(oidcProvider(readEnv([], { DATABASE_URL: "postgresql://h/d" }))).toBeNull();
});
