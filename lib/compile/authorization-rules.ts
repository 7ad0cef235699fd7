// One authorization rule -> one RBAC policy: who (principals) may do what (permissions).
// The rule: what cannot be told apart here is refused for an allow and included for a deny; never the other way round.
import type {
  AuthorizationOperation,
  AuthorizationPolicy,
  AuthorizationRule,
  AuthorizationSource,
  HeaderCondition,
  Service,
} from "@/lib/mesh";
import type { JsonObject } from "./envoy-json";
import { type Facts, httpPorts, principalsOf } from "./facts";
import { compileConditions } from "./rbac-conditions";
import {
  ANY,
  allOf,
  anyOf,
  authenticated,
  clientAddress,
  directAddress,
  header,
  hostMatcher,
  methodMatcher,
  namespaceMatcher,
  pathMatcher,
  principalMatcher,
} from "./rbac-matchers";
import { claimPrincipal, requestPrincipal } from "./token-principals";

/** What the rules of one listener's filter chain are about: all HTTP ports of a service together, or one TCP port. */
export type Carried = { readonly as: "http" | "tcp"; readonly ports: readonly number[] };

/** All HTTP ports of a service. */
export const requestsTo = ({ spec }: Service): Carried => ({
  as: "http",
  ports: httpPorts(spec.ports).map(({ port }) => port),
});

/** Null when the rule cannot match anything on these ports of the service. */
export function compileRule(
  facts: Facts,
  policy: AuthorizationPolicy,
  written: AuthorizationRule,
  { as, ports: servicePorts }: Carried,
): JsonObject | null {
  const rule = as === "http" ? written : onConnections(written, policy.spec.action);
  if (!rule) return null;
  const when = compileConditions(facts, rule.when ?? [], (keeps) =>
    portsApply(servicePorts.filter(keeps), servicePorts, policy.spec.action),
  );
  if (!when) return null;
  const operations = rule.to?.map((operation) => compileOperation(operation, servicePorts, policy.spec.action));
  const permissions = operations ? operations.filter((permission) => permission !== null) : [ANY];
  if (permissions.length === 0) return null;
  const sources = rule.from?.map((source) => compileSource(facts, policy, source));
  const principals = sources ? sources.filter((principal) => principal !== null) : [ANY];
  if (principals.length === 0) return null;
  const also = (list: "ids" | "rules", parts: JsonObject[], conditions: JsonObject[]) =>
    conditions.length === 0 ? parts : [allOf(list, [...(isAny(parts) ? [] : [anyOf(list, parts)]), ...conditions])];
  return {
    permissions: also("rules", permissions, when.permissions),
    principals: also("ids", principals, when.principals),
  };
}

/**
 * A connection says nothing of requests. As in Istio a grant that asks for one grants no connection, and so is nothing told of one; a
 * denial takes all connections that the rest of it describes.
 */
function onConnections(
  rule: AuthorizationRule,
  action: AuthorizationPolicy["spec"]["action"],
): AuthorizationRule | null {
  const from = rule.from?.map(withoutRequestOfSource);
  const to = rule.to?.map(withoutRequestOfOperation);
  const when = rule.when?.filter(({ of }) => of !== "token");
  const isLess =
    from?.some((each, i) => each !== rule.from?.[i]) ||
    to?.some((each, i) => each !== rule.to?.[i]) ||
    when?.length !== rule.when?.length;
  if (!isLess) return rule;
  if (action !== "deny" && action !== "custom") return null;
  return { ...(from ? { from } : {}), ...(to ? { to } : {}), ...(when ? { when } : {}) };
}

function withoutRequestOfSource(source: AuthorizationSource): AuthorizationSource {
  const { requestPrincipals, notRequestPrincipals, claims, ...rest } = source;
  return requestPrincipals || notRequestPrincipals || claims ? rest : source;
}

function withoutRequestOfOperation(operation: AuthorizationOperation): AuthorizationOperation {
  const { ports, notPorts, ...ofRequests } = operation;
  if (Object.keys(ofRequests).length === 0) return operation;
  return { ...(ports ? { ports } : {}), ...(notPorts ? { notPorts } : {}) };
}

const isAny = ([first, ...more]: readonly JsonObject[]) => first === ANY && more.length === 0;

function compileSource(facts: Facts, policy: AuthorizationPolicy, source: AuthorizationSource): JsonObject | null {
  const fields: JsonObject[][] = [];
  if (source.principals) fields.push(source.principals.map(principalMatcher));
  if (source.services) {
    fields.push(
      source.services.flatMap((ref) => principalsOf(facts, ref, policy)).map((id) => authenticated({ exact: id })),
    );
  }
  if (source.namespaces) fields.push(source.namespaces.map((name) => namespaceMatcher(facts.trustDomain, name)));
  if (source.requestPrincipals) fields.push(source.requestPrincipals.map(requestPrincipal));
  if (source.notRequestPrincipals) {
    fields.push([{ not_id: anyOf("ids", source.notRequestPrincipals.map(requestPrincipal)) }]);
  }
  for (const condition of source.claims ?? []) fields.push([claimPrincipal(condition)]);
  if (source.addresses) fields.push(source.addresses.map(directAddress));
  if (source.clientAddresses) fields.push(source.clientAddresses.map(clientAddress));
  const excluded = [
    source.notPrincipals?.map(principalMatcher),
    source.notNamespaces?.map((name) => namespaceMatcher(facts.trustDomain, name)),
    source.notAddresses?.map(directAddress),
    source.notClientAddresses?.map(clientAddress),
  ];
  for (const ids of excluded) if (ids) fields.push([{ not_id: anyOf("ids", ids) }]);
  // A service without workloads has no identity: nothing can match that source.
  if (fields.some((field) => field.length === 0)) return null;
  return allOf(
    "ids",
    fields.map((field) => anyOf("ids", field)),
  );
}

function compileOperation(
  operation: AuthorizationOperation,
  servicePorts: readonly number[],
  action: AuthorizationPolicy["spec"]["action"],
): JsonObject | null {
  if (operation.ports && !portsApply(operation.ports, servicePorts, action)) return null;
  const { notPorts } = operation;
  if (notPorts) {
    const left = servicePorts.filter((port) => !notPorts.includes(port));
    if (!portsApply(left, servicePorts, action)) return null;
  }
  const fields: JsonObject[][] = [];
  if (operation.methods) fields.push(operation.methods.map(methodMatcher));
  if (operation.paths) fields.push(operation.paths.map(pathMatcher));
  if (operation.hosts) fields.push(operation.hosts.map(hostMatcher));
  const excluded = [
    operation.notMethods?.map(methodMatcher),
    operation.notPaths?.map(pathMatcher),
    operation.notHosts?.map(hostMatcher),
  ];
  for (const rules of excluded) if (rules) fields.push([{ not_rule: anyOf("rules", rules) }]);
  return allOf("rules", [...fields.map((field) => anyOf("rules", field)), ...(operation.headers ?? []).map(condition)]);
}

/** "Not" is a rule around the matcher: Envoy's invert_match does not hold for a request without the header, and a denial would let it by. */
function condition({ name: written, type, values = [], invert }: HeaderCondition): JsonObject {
  const name = written.toLowerCase();
  const holds =
    type === "present"
      ? { header: { name, present_match: true } }
      : anyOf(
          "rules",
          values.map((value) => header(name, type === "regex" ? { safe_regex: { regex: value } } : { [type]: value })),
        );
  return invert ? { not_rule: holds } : holds;
}

/** A sidecar hands the requests of all HTTP ports of its service to one app port, so a rule for some of them applies to all or to none. */
function portsApply(
  wanted: readonly number[],
  servicePorts: readonly number[],
  action: AuthorizationPolicy["spec"]["action"],
): boolean {
  const matching = servicePorts.filter((port) => wanted.includes(port));
  return action === "allow" ? matching.length === servicePorts.length && matching.length > 0 : matching.length > 0;
}
