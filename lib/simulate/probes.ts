// Requests that a route's match or a policy's rule speaks about: one example of each.
// The rule: an example is only a probe; whether it matches is for the proxy's plan to say, so a bad one can hide a change but not invent one.
import type {
  AuthorityMatch,
  AuthorizationPolicy,
  AuthorizationSource,
  HeaderCondition,
  HeaderMatch,
  JwtRule,
  MeshIndex,
  ObjectKey,
  OriginMatch,
  PathMatch,
  Route,
  RouteMatch,
  RouteRule,
} from "@/lib/mesh";
import { policyTargets } from "./policy-targets";
import { tokenText } from "./token-text";
import type { QuestionToken } from "./types";

/** `authority` and `scheme`: what the host and the way have to be, for who knows which there are. */
export type Probe = {
  method: string;
  path: string;
  headers: Record<string, string>;
  origin: "drawn" | "policy";
  authority?: AuthorityMatch;
  scheme?: "http" | "https";
};

/** Bounds the questions of one pair of services. */
const MAX_PROBES = 32;
/** The call of an app that asks its sidecar for a connection. */
export const TUNNEL: Probe = { method: "CONNECT", path: "/", headers: {}, origin: "drawn" };
const PLAIN: Probe = { method: "GET", path: "/", headers: {}, origin: "drawn" };

/** The plain call, then one for each match of the routes to `target` and each operation of the policies for `callee`. */
export function probesFor(index: MeshIndex, target: ObjectKey, callee: ObjectKey | undefined): Probe[] {
  const probes = [PLAIN];
  for (const route of index.routesOf(target)) probes.push(...probesOfRoute(route));
  for (const limit of callee === undefined ? [] : index.rateLimitsOf(callee)) {
    probes.push(...(limit.spec.limits ?? []).flatMap(({ match }) => (match ? [probeOfMatch(match)] : [])));
  }
  const policies = callee === undefined ? [] : policyTargets(index.document).of(callee);
  const [issuer] = policies.flatMap((policy) => (policy.kind === "RequestAuthentication" ? policy.spec.jwtRules : []));
  if (issuer) probes.push(withToken(PLAIN, tokenFor(issuer, {})));
  for (const policy of policies) {
    if (policy.kind === "AuthorizationPolicy") probes.push(...probesOfPolicy(policy, issuer));
  }
  const seen = new Set<string>();
  const distinct = probes.filter((probe) => {
    const text = JSON.stringify([probe.method, probe.path, probe.headers, probe.authority, probe.scheme]);
    return !seen.has(text) && seen.add(text);
  });
  return distinct.slice(0, MAX_PROBES);
}

/** One for each operation of the policies that the gateway keeps. */
export function probesAtGateway(index: MeshIndex, gateway: ObjectKey): Probe[] {
  return policyTargets(index.document)
    .of(gateway)
    .flatMap((policy) => (policy.kind === "AuthorizationPolicy" ? probesOfPolicy(policy, undefined) : []))
    .slice(0, MAX_PROBES);
}

export function probesOfRoute(route: Route): Probe[] {
  return route.spec.rules.flatMap(probesOfRule);
}

/** One for each match; where pages may call, one more of a page. */
export function probesOfRule({ matches, cors }: RouteRule): Probe[] {
  const probes = matches.map(probeOfMatch);
  const [origin] = cors?.allowOrigins ?? [];
  const [first = PLAIN] = probes;
  return origin
    ? [...probes, { ...first, headers: { ...first.headers, origin: exampleOfOrigin(origin) }, origin: "policy" }]
    : probes;
}

function exampleOfOrigin({ type, value }: OriginMatch): string {
  if (type === "regex") return exampleOfRegex(value);
  return type === "exact" && value === "*" ? "https://any.example" : value;
}

export function probeOfMatch({ path, methods, headers, query, authority, scheme }: RouteMatch): Probe {
  const examples = (query ?? []).map(({ name, type, value }) => `${name}=${example(type, value ?? "")}`);
  const search = examples.length > 0 ? `?${examples.join("&")}` : "";
  return {
    method: methods?.[0] ?? "GET",
    path: `${path ? examplePath(path) : "/"}${search}`,
    headers: Object.fromEntries((headers ?? []).flatMap(headerExample)),
    origin: "policy",
    ...(authority ? { authority } : {}),
    ...(scheme ? { scheme } : {}),
  };
}

/** The first of `names` that is meant, else one made of what is asked for. */
export function exampleOfAuthority({ type, value }: AuthorityMatch, names: readonly string[]): string {
  if (type === "exact") return value;
  if (type === "regex") return exampleOfRegex(value);
  return names.find((name) => (type === "prefix" ? name.startsWith(value) : name.endsWith(value))) ?? value;
}

/** One for each operation; where tokens are looked at, one more with a token as each source asks for. */
function probesOfPolicy(policy: AuthorizationPolicy, issuer: JwtRule | undefined): Probe[] {
  return policy.spec.rules.flatMap((rule) => {
    const plain = (rule.to ?? []).flatMap(({ methods, paths, hosts, headers: conditions = [] }) => {
      const headers = Object.fromEntries(conditions.flatMap(conditionExample));
      const authority = authorityOfPattern(hosts?.[0] ?? "*");
      return (methods ?? ["GET"]).flatMap((method) =>
        (paths ?? ["/"]).map(
          (path): Probe => ({ method, path: pathOfPattern(path), headers, origin: "policy", ...authority }),
        ),
      );
    });
    const sources = issuer
      ? (rule.from ?? []).filter(({ requestPrincipals, claims }) => requestPrincipals ?? claims)
      : [];
    const [first = PLAIN] = plain;
    return [...plain, ...sources.map((source) => withToken(first, tokenFor(issuer, source)))];
  });
}

const withToken = (probe: Probe, token: QuestionToken): Probe => ({
  ...probe,
  headers: { ...probe.headers, authorization: `Bearer ${tokenText(token)}` },
  origin: "policy",
});

/** Of this issuer, and with what a source asks for. */
function tokenFor(issuer: JwtRule | undefined, { requestPrincipals, claims = [] }: AuthorizationSource): QuestionToken {
  const subject = requestPrincipals?.[0]?.split("/").at(-1)?.replaceAll("*", "") || "somebody";
  const said: QuestionToken["claims"] = { iss: issuer?.issuer ?? "", sub: subject };
  const [audience] = issuer?.audiences ?? [];
  if (audience !== undefined) said["aud"] = audience;
  for (const { claim, values, invert } of claims) {
    const [name, ...within] = claim;
    if (invert || name === undefined) continue;
    said[name] = within.reduceRight<QuestionToken["claims"][string]>(
      (value, each) => ({ [each]: value }),
      values?.[0] ?? "any",
    );
  }
  return { claims: said };
}

/** Of a host with a star at its beginning or end; nothing where any will do. */
function authorityOfPattern(host: string): Pick<Probe, "authority"> {
  if (host === "*") return {};
  if (host.startsWith("*")) return { authority: { type: "suffix", value: host.slice(1) } };
  return {
    authority: host.endsWith("*") ? { type: "prefix", value: host.slice(0, -1) } : { type: "exact", value: host },
  };
}

/** A path that a pattern with stars or placeholders stands for. */
export function pathOfPattern(pattern: string): string {
  const path = pattern.replace(/\{[^}]*\}|:[A-Za-z_]\w*/g, "1").replaceAll("*", "1");
  return path.startsWith("/") ? path : `/${path}`;
}

function examplePath({ type, value }: PathMatch): string {
  const path = type === "regex" ? exampleOfRegex(value) : value;
  return path.startsWith("/") ? path : `/${path}`;
}

function headerExample({ name, type, value, start, invert }: HeaderMatch): [string, string][] {
  if (type === "present") return invert ? [] : [[name.toLowerCase(), "any"]];
  if (type === "range" && !invert) return [[name.toLowerCase(), String(start)]];
  return [[name.toLowerCase(), invert ? "something-else" : example(type, value ?? "")]];
}

/** "Not" holds without the header. */
function conditionExample({ name, type, values, invert }: HeaderCondition): [string, string][] {
  return invert ? [] : [[name.toLowerCase(), example(type, values?.[0] ?? "")]];
}

function example(type: string, value: string): string {
  if (type === "present") return "any";
  return type === "regex" ? exampleOfRegex(value) : value;
}

/** For the patterns that people write in routes: first alternative, one of each class and group. */
function exampleOfRegex(pattern: string): string {
  let text = pattern.replace(/^\^|\$$/g, "").replace(/\(\?[a-z:]+\)?/gi, "(");
  for (let i = 0; i < 8 && /\(([^()]*)\)/.test(text); i++) {
    text = text.replace(/\(([^()]*)\)([*+?]|\{\d+(?:,\d*)?\})?/g, (_, inner: string) => inner.split("|")[0] ?? "");
  }
  return (text.split("|")[0] ?? "")
    .replace(/\[\^[^\]]*\]([*+?]|\{\d+(?:,\d*)?\})?/g, "x")
    .replace(/\[(.)[^\]]*\]([*+?]|\{\d+(?:,\d*)?\})?/g, "$1")
    .replace(/\\d([*+?]|\{\d+(?:,\d*)?\})?/g, "1")
    .replace(/\\w([*+?]|\{\d+(?:,\d*)?\})?/g, "a")
    .replace(/\.([*+?]|\{\d+(?:,\d*)?\})/g, "x")
    .replace(/\\(.)/g, "$1");
}
