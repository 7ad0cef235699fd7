import { expect, test } from "vitest";
import { API_VERSION, demoMesh, type MeshObject } from "@/lib/mesh";
import { EXPORT_IDS, exportDocument, lossesOf } from "..";
import { withoutTokens } from "./without-tokens";

const object = (kind: string, name: string, spec: object) =>
  ({ apiVersion: API_VERSION, kind, metadata: { name, namespace: "production" }, spec }) as MeshObject;
const tokens = object("RequestAuthentication", "tokens", {
  target: { service: "cart" },
  jwtRules: [{ issuer: "a", jwks: '{"keys":[{"kty":"EC"}]}' }],
});
const policy = (action: string, ...rules: object[]) =>
  object("AuthorizationPolicy", action, { target: { service: "cart" }, action, rules });
const to = [{ paths: ["/x"] }];
const services = [{ kind: "Service", name: "checkout" }];
const document = {
  objects: [
    ...demoMesh().objects,
    tokens,
    policy(
      "allow",
      { from: [{ requestPrincipals: ["*"] }], to },
      { from: [{ services }, { services, claims: [{ claim: ["a"], type: "present" }] }] },
    ),
    policy(
      "deny",
      { from: [{ notRequestPrincipals: ["*"] }], to },
      { from: [{ services, requestPrincipals: ["a/b"] }] },
      { from: [{ services }], to },
    ),
  ],
};

test("a grant that asks for a token goes, a denial that asks of one is for all of its callers", () => {
  const left = withoutTokens(document, "X").document.objects;
  expect(left).not.toContain(tokens);
  expect(left.filter(({ kind }) => kind === "AuthorizationPolicy").slice(-2)).toMatchObject([
    { spec: { rules: [{ from: [{ services }] }] } },
    { spec: { rules: [{ to }, { from: [{ services }] }, { from: [{ services }], to }] } },
  ]);
  const [, grant] = left.filter(({ kind }) => kind === "AuthorizationPolicy").slice(-2);
  expect(JSON.stringify(grant)).not.toMatch(/[Rr]equestPrincipals/);
});

test("a design that asks of no token stays the same one", () => {
  const plain = demoMesh();
  expect(withoutTokens(plain, "X")).toEqual({ document: plain, losses: [] });
  expect(withoutTokens(plain, "X").document).toBe(plain);
});

test.each(EXPORT_IDS.filter((id) => id !== "istio" && id !== "envoy"))("%s tells what becomes of tokens", (id) => {
  const losses = lossesOf(exportDocument(id, document).report);
  expect(losses).toContainEqual(
    expect.objectContaining({ key: "RequestAuthentication/production/tokens", verdict: "lost", changesMeaning: true }),
  );
  expect(losses.filter(({ reason }) => reason.includes("does not ask of tokens")).map(({ path }) => path)).toEqual([
    "spec.rules[0].from",
    "spec.rules[1].from",
    "spec.rules[0].from",
    "spec.rules[1].from",
  ]);
});
