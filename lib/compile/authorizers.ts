// External authorization of an inbound listener or a gateway, as Istio writes it: shadow rules say which requests an authorizer is asked about, and
// Envoy's ext_authz asks where they matched. Rule: this comes before every denial and grant, and what nobody can be asked about is refused.
import { type AuthorizationPolicy, type Authorizer, type Gateway, keyOf, objectKey, type Service } from "@/lib/mesh";
import { policiesOf, UNASKED_FILTER } from "./authorization";
import { type Carried, requestsTo } from "./authorization-rules";
import { clusterName } from "./destinations";
import { any, compact, duration, type JsonObject } from "./envoy-json";
import { policiesFor } from "./facts";
import type { Protection } from "./modes";
import { externalCluster } from "./outbound";
import type { CompileContext } from "./parts";
import { stringPattern } from "./rbac-matchers";

const RBAC = "extensions.filters.http.rbac.v3.RBAC";
export const RBAC_METADATA = "envoy.filters.http.rbac";
const ASKS_FILTER = "meshwright.ext_authz.";
/** Istio's default for a provider. */
const TIMEOUT_MS = 600_000;

const WATCHES_FILTER = `${UNASKED_FILTER}.`;

/** Does an RBAC filter of this name only tell an authorizer what it is asked about? */
export const isAskingFilter = (name: string): boolean => name.startsWith(WATCHES_FILTER);

/** The authorizer behind a filter of this name; null: another kind of filter. */
export function authorizerOfFilter(name: string): string | null {
  return name.startsWith(ASKS_FILTER) ? name.slice(ASKS_FILTER.length) : null;
}

/** None where no policy asks, or where a step of adoption refuses nobody. */
export function authorizerFilters(context: CompileContext, service: Service, protection: Protection): JsonObject[] {
  const { facts } = context;
  const policies = policiesFor(facts.authorizationsOn, service);
  return protection.denials === "enforced" ? filtersAsking(context, policies, requestsTo(service)) : [];
}

/** A gateway keeps the policies that name it. All of its listeners are one port here, so a rule for some of its ports is for all. */
export function gatewayAuthorizerFilters(context: CompileContext, gateway: Gateway): JsonObject[] {
  const policies = context.facts.authorizationsOn.get(objectKey(gateway)) ?? [];
  return filtersAsking(context, policies, { as: "http", ports: gateway.spec.listeners.map(({ port }) => port) });
}

function filtersAsking(context: CompileContext, all: readonly AuthorizationPolicy[], carried: Carried): JsonObject[] {
  const { facts } = context;
  const policies = all.filter(({ spec }) => spec.action === "custom");
  if (policies.length === 0) return [];
  const names = [...new Set(policies.map(({ spec }) => spec.authorizer ?? ""))].sort();
  const refused: AuthorizationPolicy[] = [];
  const asking = names.flatMap((name) => {
    const own = policies.filter(({ spec }) => (spec.authorizer ?? "") === name);
    const authorizer = facts.root?.spec.authorizers?.find((each) => each.name === name);
    const rules = policiesOf(facts, own, carried);
    if (rules.size === 0) return [];
    const place = authorizer && placeOf(context, authorizer);
    if (place) return [watches(name, rules), asks(authorizer, place)];
    refused.push(...own);
    return [];
  });
  return refused.length === 0 ? asking : [refuses(context, carried, refused), ...asking];
}

function refuses({ facts, problems }: CompileContext, carried: Carried, policies: AuthorizationPolicy[]): JsonObject {
  for (const policy of policies) {
    problems.warn(
      policy,
      "spec.authorizer",
      `nobody knows where authorizer ${policy.spec.authorizer ?? ""} is, so what it would decide is refused`,
      "Give it an address, in authorizers of the Mesh.",
    );
  }
  const rules = { action: "DENY", policies: Object.fromEntries(policiesOf(facts, policies, carried)) };
  return { name: UNASKED_FILTER, typed_config: any(RBAC, { rules }) };
}

const saidBy = (name: string) => `authorizer_${name}_`;
const MATCHED = "shadow_effective_policy_id";
const matchedBy = (name: string) => `${saidBy(name)}${MATCHED}`;

/** The policy's rule for which an authorizer is asked, as shadow rules told it. */
export const askedBecauseOf = (name: string, shadow: Readonly<Record<string, string>>): string | null =>
  shadow[matchedBy(name)] ?? null;

/** Is any authorizer asked about the request of which shadow rules told this? */
export const asksSomebody = (shadow: Readonly<Record<string, string>>): boolean =>
  Object.keys(shadow).some((key) => key.startsWith("authorizer_") && key.endsWith(MATCHED));

/** LOG: nothing is denied, and nothing is counted as what would be. */
function watches(name: string, rules: ReadonlyMap<string, JsonObject>): JsonObject {
  return {
    name: WATCHES_FILTER + name,
    typed_config: any(RBAC, {
      shadow_rules: { action: "LOG", policies: Object.fromEntries(rules) },
      shadow_rules_stat_prefix: saidBy(name),
    }),
  };
}

type Place = { cluster: string; host: string };

function asks(authorizer: Authorizer, place: Place): JsonObject {
  const { name, whenAway, statusOnError, body, clearsRouteCache, requestHeaders } = authorizer;
  const config = compact({
    transport_api_version: "V3",
    ...serviceOf(authorizer, place),
    failure_mode_allow: whenAway === "allow" ? true : undefined,
    status_on_error: statusOnError === undefined ? undefined : { code: statusOnError },
    with_request_body:
      body &&
      compact({
        max_request_bytes: body.maxBytes,
        allow_partial_message: body.allowPartial,
        pack_as_bytes: body.asBytes,
      }),
    clear_route_cache: clearsRouteCache,
    allowed_headers: requestHeaders && patterns(requestHeaders),
    filter_enabled_metadata: {
      filter: RBAC_METADATA,
      path: [{ key: matchedBy(name) }],
      value: { present_match: true },
    },
  });
  return { name: ASKS_FILTER + name, typed_config: any("extensions.filters.http.ext_authz.v3.ExtAuthz", config) };
}

function serviceOf(authorizer: Authorizer, { cluster, host }: Place): JsonObject {
  const timeout = duration(authorizer.timeoutMs ?? TIMEOUT_MS);
  const { address, addedHeaders, upstreamHeaders, allowedResponseHeaders, deniedResponseHeaders } = authorizer;
  if (address?.protocol === "grpc") {
    return { grpc_service: { envoy_grpc: { cluster_name: cluster, authority: host }, timeout } };
  }
  const answer = compact({
    allowed_upstream_headers: upstreamHeaders && patterns(upstreamHeaders),
    allowed_client_headers: deniedResponseHeaders && patterns(deniedResponseHeaders),
    allowed_client_headers_on_success: allowedResponseHeaders && patterns(allowedResponseHeaders),
  });
  const headers = addedHeaders?.map(({ name, value }) => ({ key: name, value }));
  return {
    http_service: compact({
      server_uri: { uri: `http://${host}`, cluster, timeout },
      path_prefix: address?.pathPrefix,
      authorization_request: headers && { headers_to_add: headers },
      authorization_response: Object.keys(answer).length > 0 ? answer : undefined,
    }),
  };
}

const patterns = (names: readonly string[]): JsonObject => ({
  patterns: names.map((name) => stringPattern(name.toLowerCase())),
});

/** Null: nobody can be asked. Its cluster is that of any caller, so the authorizer sees who asks. */
function placeOf(context: CompileContext, { address }: Authorizer): Place | null {
  if (!address) return null;
  const { target, port } = address;
  const key = keyOf(target.kind, target.namespace, target.name);
  if (target.kind === "ExternalService") {
    const external = context.facts.externals.get(key);
    const host = external?.spec.hosts[0];
    const cluster = external && host !== undefined ? externalCluster(context, external, host, port) : null;
    return cluster === null || host === undefined ? null : { cluster, host: `${host}:${port}` };
  }
  const service = context.facts.services.get(key);
  if (!service) return null;
  const cluster = clusterName(service, port, undefined);
  context.targets.set(cluster, { service: objectKey(service), port, subset: undefined });
  return { cluster, host: `${target.name}.${target.namespace}.svc.cluster.local:${port}` };
}
