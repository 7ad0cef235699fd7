// Who may call, at random: mutual TLS, tokens, and authorization by caller, request and token.
// The rule: no denial of everything for everybody, which would leave nothing to compare.
import type { AuthorizationOperation, AuthorizationSource, MeshObject, ObjectOf, PolicyTarget } from "@/lib/mesh";
import { object } from "../../compile/testing/rich";
import { type Random, randomCondition } from "./random";
import { METHODS } from "./random-routes";

export const TRUST_DOMAIN = "shop.mesh.local";
const SERVICE_NAMES = ["shop", "basket", "pay", "stock"];
export const ISSUERS = ["https://one.test/", "two"] as const;
const PATHS = ["/", "/api", "/api*", "*.bak", "/pay/*", "*/now", "/items/42", "/new", "/a b", "*"];

export function randomProtection(random: Random, jwks: string): MeshObject[] {
  const found: MeshObject[] = [];
  const tokens = random.chance(0.5) ? tokensOf(random, jwks) : null;
  if (tokens) found.push(tokens);
  const policies = 3 + random.below(6);
  for (let i = 0; i < policies; i++) found.push(policyOf(`policy-${i}`, random));
  for (const service of SERVICE_NAMES) if (random.chance(0.15)) found.push(mutualTlsOf(service, random));
  if (random.chance(0.15)) {
    const mode = random.pick(["strict", "permissive"] as const);
    found.push(object("MutualTls", "all-of-production", { target: { namespace: "production" }, mode }));
  }
  return found;
}

const targetOf = (service: string): PolicyTarget => ({
  service,
  ...(service === "stock" ? { namespace: "staging" } : {}),
});

function mutualTlsOf(service: string, random: Random): ObjectOf<"MutualTls"> {
  const modes = ["strict", "permissive", "disable"] as const;
  const ports = service === "basket" && random.chance(0.5) ? { ports: [{ port: 80, mode: random.pick(modes) }] } : {};
  return object("MutualTls", service, { target: targetOf(service), mode: random.pick(modes), ...ports });
}

function tokensOf(random: Random, jwks: string): ObjectOf<"RequestAuthentication"> {
  const [one, two] = ISSUERS;
  const target = random.pick([{}, { namespace: "production" }, targetOf("basket"), targetOf("pay")]);
  const more = {
    ...(random.chance(0.3) ? { forward: true } : {}),
    ...(random.chance(0.3) ? { outputClaimToHeaders: [{ header: "x-who", claim: "sub" }] } : {}),
    ...(random.chance(0.2) ? { outputPayloadToHeader: "x-payload" } : {}),
  };
  const rules = [{ issuer: one, jwks, ...more }];
  const second = { issuer: two, jwks, audiences: ["shop"] };
  return object("RequestAuthentication", "tokens", {
    target,
    jwtRules: random.chance(0.5) ? [...rules, second] : rules,
  });
}

function policyOf(name: string, random: Random): ObjectOf<"AuthorizationPolicy"> {
  const from = random.chance(0.6) ? [sourceOf(random), ...(random.chance(0.3) ? [sourceOf(random)] : [])] : undefined;
  const to =
    from === undefined || random.chance(0.7)
      ? [operationOf(random), ...(random.chance(0.3) ? [operationOf(random)] : [])]
      : undefined;
  const target = random.chance(0.15)
    ? random.pick([{ namespace: "production" }, { namespace: "staging" }, {}])
    : targetOf(random.pick(SERVICE_NAMES));
  return object("AuthorizationPolicy", name, {
    target,
    action: random.pick(["deny", "deny", "deny", "allow", "allow", "audit"] as const),
    ...(random.chance(0.1) ? { shadow: true } : {}),
    rules: [{ ...(from ? { from } : {}), ...(to ? { to } : {}) }],
  });
}

function sourceOf(random: Random): AuthorizationSource {
  const id = (account: string) => `${TRUST_DOMAIN}/ns/production/sa/${account}`;
  const name = random.pick(["shop", "basket", "pay"]);
  const [issuer] = ISSUERS;
  return random.pick<AuthorizationSource>([
    { principals: [id(name)] },
    { principals: ["*/sa/robot", `*/${name}`] },
    { principals: [`${TRUST_DOMAIN}/ns/staging/*`] },
    { services: [{ kind: "Service", name, namespace: "production" }] },
    { services: [{ kind: "Gateway", name: "edge", namespace: "production" }] },
    { services: [{ kind: "Workload", name: "pay-v1", namespace: "production" }] },
    { namespaces: [random.pick(["production", "staging"])] },
    { requestPrincipals: [random.pick(["*", `${issuer}/ann`, `${issuer}/*`, "*/bob", "two/ann"])] },
    { notRequestPrincipals: [random.pick(["*", `${issuer}/ann`])] },
    {
      claims: [
        { claim: ["groups"], type: "exact", values: ["admin"], ...(random.chance(0.3) ? { invert: true } : {}) },
      ],
    },
    { claims: [{ claim: ["realm", "role"], type: "prefix", values: ["adm"] }] },
    { claims: [{ claim: ["scope"], type: "exact", values: ["write"] }] },
    { claims: [{ claim: ["email"], type: "present" }], namespaces: ["production"] },
  ]);
}

function operationOf(random: Random): AuthorizationOperation {
  return random.pick<AuthorizationOperation>([
    { methods: [random.pick(METHODS), random.pick(METHODS)] },
    { paths: [random.pick(PATHS.slice(0, -1)), random.pick(PATHS.slice(0, -1))] },
    { paths: [random.pick(PATHS)], methods: [random.pick(METHODS)] },
    { hosts: [random.pick(["basket", "other.example", "pay.production", "shop.example"])] },
    { ports: [random.pick([80, 8080, 9090])], paths: ["/pay*"] },
    { headers: [randomCondition(random)] },
    { paths: ["/api*", "/pay"], headers: [randomCondition(random), randomCondition(random)] },
  ]);
}
