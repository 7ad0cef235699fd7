// Whose tokens a sidecar takes: Envoy's JWT filter, as Istio writes it, before anything is authorized.
// The rule: a request without a token goes on; what a token said is for the filters after it, under "payload".
import { type JwtRule, objectKey, type RequestAuthentication, type Service } from "@/lib/mesh";
import { behaviourOf, inlineEndpoints } from "./clusters";
import { any, compact, duration, type JsonObject } from "./envoy-json";
import { policiesFor } from "./facts";
import type { Protection } from "./modes";
import type { CompileContext } from "./parts";
import { publicTls } from "./transport";

/** Its metadata has this name in Envoy, whatever the filter is called. */
export const JWT_FILTER = "envoy.filters.http.jwt_authn";
export const JWT_PAYLOAD = "payload";

/** Lists with spaces between (RFC 8693 4.2): authorization asks for one of them. */
const SPACE_DELIMITED = ["scope", "permission"];
/** Envoy's own default, written out. */
const CACHE_MS = 600_000;
/** Istio's default for one try. */
const FETCH_TIMEOUT_MS = 5000;
const JWKS_IDLE_TIMEOUT_MS = 3000;

type Found = { name: string; policy: RequestAuthentication; rule: JwtRule; at: number };

/** None when no policy speaks of the callers of this service. */
export function tokenFilters(context: CompileContext, service: Service, protection: Protection): JsonObject[] {
  const found = rulesFor(context, service);
  if (found.length === 0) return [];
  const providers = Object.fromEntries(found.map((each) => [each.name, providerOf(context, each)]));
  const names = found.map(({ name }) => name);
  // A step of adoption refuses nobody, and what a token says is known all the same.
  const requires = protection.denials === "enforced" ? requirementOf(names) : anyOf([...byName(names), FAILED]);
  const config = { providers, rules: [{ match: { prefix: "/" }, requires }], bypass_cors_preflight: true };
  return [{ name: JWT_FILTER, typed_config: any("extensions.filters.http.jwt_authn.v3.JwtAuthentication", config) }];
}

/** By issuer, as Istio sorts them. Two for one issuer are two sets of keys: a token has to fit one of them. */
function rulesFor({ facts }: CompileContext, service: Service): Found[] {
  return policiesFor(facts.authenticationsOn, service)
    .flatMap((policy) =>
      policy.spec.jwtRules.map((rule, at) => ({ name: `${objectKey(policy)}#${at}`, policy, rule, at })),
    )
    .sort((a, b) => (a.rule.issuer < b.rule.issuer ? -1 : a.rule.issuer > b.rule.issuer ? 1 : 0));
}

const MISSING: JsonObject = { allow_missing: {} };
const FAILED: JsonObject = { allow_missing_or_failed: {} };
const byName = (names: readonly string[]): JsonObject[] => names.map((name) => ({ provider_name: name }));
const anyOf = (requirements: JsonObject[]): JsonObject => ({ requires_any: { requirements } });

/** As Istio: one of them is right, or each that is there is right. */
function requirementOf(names: readonly string[]): JsonObject {
  const optional = byName(names).map((one) => anyOf([one, MISSING]));
  const [only] = optional;
  if (optional.length === 1 && only) return only;
  return anyOf([...byName(names), { requires_all: { requirements: optional } }]);
}

function providerOf(context: CompileContext, { rule, policy, at }: Found): JsonObject {
  const { jwks, jwksUri } = rule;
  return compact({
    issuer: rule.issuer,
    audiences: rule.audiences,
    ...(jwksUri === undefined
      ? { local_jwks: { inline_string: jwks ?? "" } }
      : { remote_jwks: remoteKeys(context, policy, at, jwksUri) }),
    from_headers: rule.fromHeaders?.map(({ name, prefix }) => compact({ name, value_prefix: prefix })),
    from_params: rule.fromParams,
    from_cookies: rule.fromCookies,
    forward: rule.forward,
    forward_payload_header: rule.outputPayloadToHeader,
    claim_to_headers: rule.outputClaimToHeaders?.map(({ header, claim }) => ({
      header_name: header,
      claim_name: claim,
    })),
    payload_in_metadata: JWT_PAYLOAD,
    normalize_payload_in_metadata: { space_delimited_claims: SPACE_DELIMITED },
  });
}

/** Each sidecar fetches them itself: no Egress is asked, so it is said. */
function remoteKeys(context: CompileContext, policy: RequestAuthentication, at: number, uri: string): JsonObject {
  const url = new URL(uri);
  const isTls = url.protocol === "https:";
  const port = url.port === "" ? (isTls ? 443 : 80) : Number(url.port);
  const cluster = `jwks|${url.protocol}//${url.hostname}:${port}`;
  context.clusters.set(
    cluster,
    compact({
      name: cluster,
      ...inlineEndpoints(cluster, [{ host: url.hostname, port }]),
      ...behaviourOf({}, JWKS_IDLE_TIMEOUT_MS),
      transport_socket: isTls ? publicTls(url.hostname) : undefined,
    }),
  );
  const needs = isTls ? `, and trusts the certificates of its own machine for it` : " in plain text";
  context.problems.warn(
    policy,
    `spec.jwtRules[${at}].jwksUri`,
    `each sidecar fetches the keys from ${url.hostname}:${port} itself${needs}; no Egress is asked`,
    "Open that way in the network, or write the keys into jwks.",
  );
  return {
    http_uri: { uri, cluster, timeout: duration(FETCH_TIMEOUT_MS) },
    cache_duration: duration(CACHE_MS),
    async_fetch: { fast_listener: true },
  };
}
