// Why a rule did or did not match, in words.
// The rule: each condition is asked by the proxy's own matcher, one at a time; only the sentence is made here.
import type {
  HeaderMatcher,
  HttpRequestView,
  QueryMatcher,
  RbacContext,
  RbacPolicy,
  RoutePlan,
  VirtualHostPlan,
} from "@meshwright/proxy/plan";
import { isGrpcRequest, matchRoute, pathWithoutQuery } from "@meshwright/proxy/semantics";
import { headerOf, type Message, viewOf } from "./message";

export type Verdict = { matched: boolean; why: string };

export function judgeRoute(route: RoutePlan, message: Message): Verdict {
  const request = viewOf(message);
  const { path, headers, query, fraction, isGrpc } = route.match;
  const reasons: string[] = [];
  if (!path.matches(pathWithoutQuery(message.path))) reasons.push(pathReason(route, message));
  if (isGrpc && !isGrpcRequest(request)) {
    reasons.push("the request is no gRPC call; the rule wants content-type application/grpc");
  }
  for (const matcher of headers) if (!matcher.matches(request)) reasons.push(headerReason(matcher, message));
  for (const matcher of query) if (!queryHolds(route, matcher, message)) reasons.push(queryReason(matcher, message));
  if (reasons.length > 0) return { matched: false, why: reasons.join("; ") };
  if (fraction) return { matched: true, why: `takes ${fraction.numerator} of ${fraction.denominator} such requests` };
  return { matched: true, why: conditionsOf(route) };
}

/** What a rule that matched asked for. */
function conditionsOf({ match: { path, headers, query, isGrpc } }: RoutePlan): string {
  const isAnyPath = path.value === "/" && path.kind !== "exact";
  const parts = [
    ...(isAnyPath ? [] : [`path ${pathWords(path)}`]),
    ...(isGrpc ? ["content-type application/grpc"] : []),
    ...headers.map((matcher) => `${PSEUDO_WORDS[matcher.name] ?? `header ${matcher.name}`} ${rest(matcher)}`),
    ...query.map((matcher) => `parameter ${matcher.text}`),
  ];
  return parts.length === 0 ? "takes every request" : `${parts.join(" and ")} holds`;
}

const PSEUDO_WORDS: Record<string, string> = { ":method": "method", ":authority": "host", ":scheme": "scheme" };

const PATH_WORDS = {
  exact: "exactly",
  prefix: "beginning with",
  "path-separated-prefix": "at or below",
  regex: "matching the regular expression",
  connect: "of CONNECT",
} as const;

const pathWords = ({ kind, value, caseSensitive }: RoutePlan["match"]["path"]) =>
  `${PATH_WORDS[kind]} ${value}${caseSensitive || kind === "regex" ? "" : " in any case"}`;

function pathReason({ match: { path } }: RoutePlan, message: Message): string {
  return `the path is ${pathWithoutQuery(message.path)}; the rule wants one ${pathWords(path)}`;
}

const rest = ({ name, text }: { name: string; text: string }) =>
  text.startsWith(`${name} `) ? text.slice(name.length + 1) : text;

function headerReason(matcher: HeaderMatcher, message: Message): string {
  if (matcher.name === ":method") return `the method is ${message.method}; the rule wants ${rest(matcher)}`;
  if (matcher.name === ":authority") return `the host is ${message.authority}; the rule wants ${rest(matcher)}`;
  if (matcher.name === ":scheme") return `the scheme is ${message.scheme}; the rule wants ${rest(matcher)}`;
  const value = headerOf(message, matcher.name);
  const is = value === undefined ? "is absent" : `is ${JSON.stringify(value)}`;
  return `header ${matcher.name} ${is}; the rule wants ${wanted(rest(matcher))}`;
}

function queryReason(matcher: QueryMatcher, message: Message): string {
  const value = new URLSearchParams(message.path.split("?")[1] ?? "").get(matcher.name);
  const is = value === null ? "is absent" : `is ${JSON.stringify(value)}`;
  return `parameter ${matcher.name} ${is}; the rule wants ${wanted(rest({ ...matcher, name: `?${matcher.name}` }))}`;
}

const wanted = (text: string) => (text === "present" || text === "absent" ? `it ${text}` : text);

/** Parameters are read by the semantics: a route with this one condition, asked alone. */
function queryHolds(route: RoutePlan, matcher: QueryMatcher, message: Message): boolean {
  const path = { ...route.match.path, matches: () => true };
  const alone: RoutePlan = { ...route, match: { path, isGrpc: false, headers: [], query: [matcher], fraction: null } };
  const host: VirtualHostPlan = {
    name: "",
    domains: [],
    routes: [alone],
    includeRequestAttemptCount: false,
    includeAttemptCountInResponse: false,
  };
  return matchRoute(host, viewOf(message), 0) !== null;
}

export function judgePolicy(policy: RbacPolicy, context: RbacContext): Verdict {
  const isCaller = policy.principal.matches(context);
  const isOperation = policy.permission.matches(context);
  const peer = context.peer?.uriSans[0];
  if (isCaller && isOperation) return { matched: true, why: "caller and request match" };
  const reasons: string[] = [];
  if (!isCaller) {
    const who = peer === undefined ? "the caller has no proved identity" : `the caller is ${peer}`;
    reasons.push(`${who}; the rule wants ${policy.principal.text}`);
  }
  if (!isOperation && context.request) {
    const { method, path, authority } = context.request;
    const sent = headersIn(policy.permission.text, context.request);
    reasons.push(`the request is ${method} ${path} to ${authority}${sent}; the rule wants ${policy.permission.text}`);
  }
  return { matched: false, why: reasons.join("; ") };
}

/** The request's headers that the rule speaks of. */
function headersIn(wanted: string, { headers }: HttpRequestView): string {
  const names = [...new Set([...wanted.matchAll(/header ([^\s:]+) /g)].map(([, name]) => name ?? ""))];
  const parts = names.map((name) => {
    const values = Array.from({ length: headers.count }, (_, i) => i)
      .filter((i) => headers.nameAt(i) === name)
      .map((i) => JSON.stringify(headers.valueAt(i)));
    return values.length > 0 ? `${name} ${values.join(" and ")}` : `no ${name}`;
  });
  return parts.length > 0 ? `, with ${parts.join(", ")}` : "";
}
