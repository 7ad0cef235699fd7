// One authorization rule -> one RBAC policy: who (principals) may do what (permissions).
// The rule: what cannot be told apart here is refused for an allow and included for a deny; never the other way round.
import type {
  AuthorizationOperation,
  AuthorizationPolicy,
  AuthorizationRule,
  AuthorizationSource,
  HeaderCondition,
} from "@/lib/mesh";
import { type JsonObject, quoteRegex } from "./envoy-json";
import { type Facts, principalsOf } from "./facts";

const ANY: JsonObject = { any: true };

/** Null when the rule cannot match anything on these ports of the service. */
export function compileRule(
  facts: Facts,
  policy: AuthorizationPolicy,
  rule: AuthorizationRule,
  servicePorts: readonly number[],
): JsonObject | null {
  const operations = rule.to?.map((operation) => compileOperation(operation, servicePorts, policy.spec.action));
  const permissions = operations ? operations.filter((permission) => permission !== null) : [ANY];
  if (permissions.length === 0) return null;
  const sources = rule.from?.map((source) => compileSource(facts, policy, source));
  const principals = sources ? sources.filter((principal) => principal !== null) : [ANY];
  return principals.length === 0 ? null : { permissions, principals };
}

function compileSource(facts: Facts, policy: AuthorizationPolicy, source: AuthorizationSource): JsonObject | null {
  const fields: JsonObject[][] = [];
  if (source.principals) fields.push(source.principals.map(principalMatcher));
  if (source.services) {
    fields.push(
      source.services.flatMap((ref) => principalsOf(facts, ref, policy)).map((id) => authenticated({ exact: id })),
    );
  }
  if (source.namespaces) {
    fields.push(source.namespaces.map((ns) => authenticated({ prefix: `spiffe://${facts.trustDomain}/ns/${ns}/` })));
  }
  // A service without workloads has no identity: nothing can match that source.
  if (fields.some((field) => field.length === 0)) return null;
  return allOf(
    "ids",
    fields.map((field) => anyOf("ids", field)),
  );
}

/** `td/ns/x/sa/y` without the scheme, `*` at the beginning or end; `*` alone is anybody with an identity. */
function principalMatcher(text: string): JsonObject {
  if (text === "*") return { authenticated: {} };
  if (text.startsWith("*")) return authenticated({ suffix: text.slice(1) });
  const id = text.startsWith("spiffe://") ? text : `spiffe://${text}`;
  return authenticated(id.endsWith("*") ? { prefix: id.slice(0, -1) } : { exact: id });
}

function authenticated(matcher: JsonObject): JsonObject {
  return { authenticated: { principal_name: matcher } };
}

function compileOperation(
  operation: AuthorizationOperation,
  servicePorts: readonly number[],
  action: AuthorizationPolicy["spec"]["action"],
): JsonObject | null {
  if (operation.ports && !portsApply(operation.ports, servicePorts, action)) return null;
  const fields: JsonObject[][] = [];
  if (operation.methods) fields.push(operation.methods.map((method) => header(":method", { exact: method })));
  if (operation.paths) fields.push(operation.paths.map((path) => (path === "*" ? ANY : urlPath(path))));
  if (operation.hosts)
    fields.push(operation.hosts.map((host) => (host === "*" ? ANY : header(":authority", hostMatcher(host)))));
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

/** A sidecar has one inbound port for all ports of its service, so a rule for some of them applies to all or to none. */
function portsApply(
  wanted: readonly number[],
  servicePorts: readonly number[],
  action: AuthorizationPolicy["spec"]["action"],
): boolean {
  const matching = servicePorts.filter((port) => wanted.includes(port));
  return action === "allow" ? matching.length === servicePorts.length && matching.length > 0 : matching.length > 0;
}

function header(name: string, matcher: JsonObject): JsonObject {
  return { header: { name, string_match: matcher } };
}

function urlPath(path: string): JsonObject {
  if (path.startsWith("*")) return { url_path: { path: { suffix: path.slice(1) } } };
  return { url_path: { path: path.endsWith("*") ? { prefix: path.slice(0, -1) } : { exact: path } } };
}

/** A host with or without its port, in any case; `*.x` is any name below x. */
function hostMatcher(host: string): JsonObject {
  const port = /:\d+$/.test(host) ? "" : "(:[0-9]+)?";
  const name = host.startsWith("*.") ? `.+${quoteRegex(host.slice(1))}` : quoteRegex(host);
  return { safe_regex: { regex: `(?i)${name}${port}` } };
}

function anyOf(list: "ids" | "rules", parts: JsonObject[]): JsonObject {
  const [only] = parts;
  if (parts.length === 1 && only) return only;
  return { [list === "ids" ? "or_ids" : "or_rules"]: { [list]: parts } };
}

function allOf(list: "ids" | "rules", parts: JsonObject[]): JsonObject {
  const [only] = parts;
  if (!only) return ANY;
  if (parts.length === 1) return only;
  return { [list === "ids" ? "and_ids" : "and_rules"]: { [list]: parts } };
}
