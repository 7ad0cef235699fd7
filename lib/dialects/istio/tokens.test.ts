import { expect, test } from "vitest";
import { applyCommand, demoMesh, type MeshObject } from "@/lib/mesh";
import { exportIstio, importIstio } from ".";

const KEYS = '{"keys":[{"kty":"EC","crv":"P-256","x":"x","y":"y"}]}';

function imported(text: string): { objects: MeshObject[]; warnings: string[] } {
  const document = demoMesh();
  const result = importIstio(text, { document });
  const applied = applyCommand(document, {}, { type: "batch", commands: result.commands });
  if (!applied.ok) throw new Error(JSON.stringify(applied.violations));
  const kinds = ["RequestAuthentication", "AuthorizationPolicy"];
  const known = new Set(document.objects.map(({ kind, metadata }) => `${kind}/${metadata.name}`));
  return {
    objects: applied.document.objects.filter(
      ({ kind, metadata }) => kinds.includes(kind) && !known.has(`${kind}/${metadata.name}`),
    ),
    warnings: result.warnings.map(({ message }) => message),
  };
}

/** As it came, but for what Meshwright adds. */
function thereAndBack(text: string, kind: string): unknown {
  const { objects, warnings } = imported(text);
  expect(warnings).toEqual([]);
  const document = { objects: [...demoMesh().objects, ...objects] };
  const made = exportIstio(document).resources.filter(
    (each) => each.kind === kind && each.metadata.labels === undefined,
  );
  return made.map((each) => each["spec"]);
}

const authentication = (spec: string) => `
apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata: { name: tokens, namespace: production }
spec: ${spec}
`;
const policy = (rules: string, action = "DENY") => `
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: by-token, namespace: production }
spec:
  selector: { matchLabels: { app: cart } }
  action: ${action}
  rules: ${rules}
`;

test("a RequestAuthentication is one of the model, and the same one back", () => {
  const rule = {
    issuer: "https://issuer.test/",
    audiences: ["shop"],
    jwks: KEYS,
    fromHeaders: [{ name: "x-jwt", prefix: "Token " }, { name: "x-bare" }],
    fromParams: ["t"],
    fromCookies: ["c"],
    outputPayloadToHeader: "x-payload",
    outputClaimToHeaders: [{ header: "x-user", claim: "sub" }],
    forwardOriginalToken: true,
  };
  const other = { issuer: "b", jwksUri: "https://b.test/keys" };
  const spec = { selector: { matchLabels: { app: "cart" } }, jwtRules: [rule, other] };
  const { objects } = imported(authentication(JSON.stringify(spec)));
  const { forwardOriginalToken: forward, ...rest } = rule;
  expect(objects).toMatchObject([
    { kind: "RequestAuthentication", spec: { target: { service: "cart" }, jwtRules: [{ ...rest, forward }, other] } },
  ]);
  expect(thereAndBack(authentication(JSON.stringify(spec)), "RequestAuthentication")).toEqual([spec]);
});

test("what has no word is kept beside its rule and comes back", () => {
  const spec = {
    jwtRules: [{ issuer: "b", jwksUri: "https://b.test/keys", timeout: "3s", spaceDelimitedClaims: ["roles"] }],
  };
  const { objects } = imported(authentication(JSON.stringify(spec)));
  expect(objects).toMatchObject([{ spec: { target: { namespace: "production" } } }]);
  expect(objects[0]?.metadata.origin?.kept).toHaveLength(2);
  const made = exportIstio({ objects: [...demoMesh().objects, ...objects] }).resources;
  expect(made.find(({ kind }) => kind === "RequestAuthentication")?.["spec"]).toEqual(spec);
});

test.each([
  ["a rule without keys", '{"jwtRules":[{"issuer":"https://issuer.test/"}]}', "Istio looks for the keys by itself"],
  ["no rule", "{}", "it has no rule"],
])("%s leaves the whole resource out, told as a change of meaning", (_, spec, why) => {
  const { objects, warnings } = imported(authentication(spec));
  expect(objects).toEqual([]);
  expect(warnings).toEqual([expect.stringContaining(why)]);
});

test.each([
  [
    "any token",
    [{ from: [{ source: { notRequestPrincipals: ["*"] } }] }],
    [{ from: [{ notRequestPrincipals: ["*"] }] }],
  ],
  [
    "a principal within a namespace",
    [{ from: [{ source: { namespaces: ["production"], requestPrincipals: ["https://a.test/*"] } }] }],
    [{ from: [{ namespaces: ["production"], requestPrincipals: ["https://a.test/*"] }] }],
  ],
  [
    "a claim, with an operation",
    [
      {
        to: [{ operation: { paths: ["/x"] } }],
        when: [{ key: "request.auth.claims[realm][role]", values: ["admin"] }],
      },
    ],
    [
      {
        from: [{ claims: [{ claim: ["realm", "role"], type: "exact", values: ["admin"] }] }],
        to: [{ paths: ["/x"] }],
      },
    ],
  ],
  [
    "claims that must not be, beside a header and a caller",
    [
      {
        from: [{ source: { principals: ["cluster.local/ns/production/sa/checkout"] } }],
        when: [
          { key: "request.headers[x-a]", values: ["1"] },
          { key: "request.auth.claims[groups]", notValues: ["a*", "b*"] },
          { key: "request.auth.claims[email]", values: ["*"] },
        ],
      },
    ],
    [
      {
        from: [
          {
            principals: ["shop.mesh.local/ns/production/sa/checkout"],
            claims: [
              { claim: ["groups"], type: "prefix", values: ["a", "b"], invert: true },
              { claim: ["email"], type: "present" },
            ],
          },
        ],
        to: [{ headers: [{ name: "x-a", type: "exact", values: ["1"] }] }],
      },
    ],
  ],
])("%s is the same there and back", (_, rules, model) => {
  const text = policy(JSON.stringify(rules));
  expect(imported(text).objects).toMatchObject([{ spec: { rules: model } }]);
  expect(thereAndBack(text, "AuthorizationPolicy")).toEqual([
    { selector: { matchLabels: { app: "cart" } }, action: "DENY", rules },
  ]);
});

test("values of several comparisons are several sources, and Istio's own words are the claims they stand for", () => {
  const rules = [
    {
      when: [
        { key: "request.auth.audiences", values: ["shop", "eu-*"] },
        { key: "request.auth.presenter", notValues: ["cli"] },
        { key: "request.auth.principal", values: ["a/b"], notValues: ["a/c"] },
      ],
    },
  ];
  const rest = {
    requestPrincipals: ["a/b"],
    notRequestPrincipals: ["a/c"],
  };
  const not = { claim: ["azp"], type: "exact", values: ["cli"], invert: true };
  expect(imported(policy(JSON.stringify(rules))).objects).toMatchObject([
    {
      spec: {
        rules: [
          {
            from: [
              { ...rest, claims: [{ claim: ["aud"], type: "exact", values: ["shop"] }, not] },
              { ...rest, claims: [{ claim: ["aud"], type: "prefix", values: ["eu-"] }, not] },
            ],
          },
        ],
      },
    },
  ]);
});

test.each([
  '[{"when":[{"key":"request.auth.claims","values":["x"]}]}]',
  '[{"when":[{"key":"request.auth.unknown","values":["x"]}]}]',
  '[{"when":[{"key":"request.auth.claims[x]","values":[]}]}]',
])("what cannot be said leaves the whole policy out: %s", (rules) => {
  const { objects, warnings } = imported(policy(rules));
  expect(objects).toEqual([]);
  expect(warnings[0]).toContain("the whole policy is left out");
});

test("a claim that Istio cannot name refuses more, and is told", () => {
  const of = (action: "allow" | "deny") => {
    const spec = {
      target: { service: "cart" },
      action,
      rules: [{ from: [{ claims: [{ claim: ["a]b"], type: "present" }] }] }],
    };
    const object = {
      apiVersion: "meshwright.dev/v1",
      kind: "AuthorizationPolicy",
      metadata: { name: "odd", namespace: "production" },
      spec,
    } as MeshObject;
    const { resources, losses } = exportIstio({ objects: [...demoMesh().objects, object] });
    return { spec: resources.find(({ metadata }) => metadata.name === "odd")?.["spec"], losses };
  };
  expect(of("deny").spec).toMatchObject({ action: "DENY", rules: [{}] });
  expect(of("allow").spec).toMatchObject({ action: "ALLOW", rules: [] });
  expect(of("allow").losses).toContainEqual(expect.objectContaining({ path: "spec.rules[0].from", verdict: "lost" }));
});
