// Who may do what after an authorization policy, in words. The rule: "only" is said only when it is so: with the mesh's default
// "drawn", callers that are drawn may call beside those that a policy allows.
import { isSameJson } from "../commands/equal";
import { claimsText, conditionsText, refText } from "../diff/words";
import type { MeshIndex } from "../index-document";
import { keyOf, refKey } from "../refs";
import type {
  AuthorizationCondition,
  AuthorizationOperation,
  AuthorizationPolicy,
  AuthorizationRule,
  AuthorizationSource,
} from "../types";
import { listWords, targetWords } from "./words";

export function authorizationEffect(policy: AuthorizationPolicy, index: MeshIndex): string {
  const { action, rules, shadow } = policy.spec;
  const said = action === "allow" ? allowWords(policy, index) : rulesWords(policy);
  if (rules.length === 0 && action !== "allow") return "Matches nothing: it has no rule";
  return shadow ? `Would apply, counted only: ${said}` : said;
}

function allowWords(policy: AuthorizationPolicy, index: MeshIndex): string {
  const { rules, target } = policy.spec;
  const what = targetWords(target);
  const defaults = index.mesh?.spec.defaults.authorization ?? "drawn";
  const drawn = defaults === "drawn" ? drawnCallers(policy, index) : [];
  if (rules.length === 0) {
    if (defaults === "drawn")
      return drawn.length > 0
        ? `Adds nobody: the drawn callers of ${what} stay (${listWords(drawn)})`
        : `Nobody may call ${what}`;
    return `Nobody may call ${what}`;
  }
  const callers = [...new Set(rules.flatMap((rule) => (rule.from ?? []).flatMap(sourceWords)))];
  const isAnybody = rules.some((rule) => rule.from === undefined);
  const isWhole = rules.every((rule) => rule.to === undefined && rule.when === undefined);
  const more = drawn.filter((name) => !callers.includes(name));
  if (isAnybody || !isWhole)
    return rulesWords(policy) + (more.length > 0 && !isAnybody ? `; ${listWords(more)} may as drawn` : "");
  if (more.length > 0) return `${listWords(callers)} may call ${what}, beside ${listWords(more)} as drawn`;
  return `Only ${listWords(callers)} may call ${what}`;
}

const MAY = {
  allow: "may",
  deny: "may not",
  audit: "is recorded when it wants to",
} as const;

const rulesWords = (policy: AuthorizationPolicy) =>
  policy.spec.rules
    .map((rule) => ruleWords(rule, policy))
    .map((words, i) => (i === 0 ? words : words.replace(/^(N|A)(?=(o|ny)body )/, (letter) => letter.toLowerCase())))
    .join("; ");

/** `checkout may POST /pay of payment-service when header x-role is admin` */
export function ruleWords(
  rule: AuthorizationRule,
  { spec: { action, target, authorizer } }: AuthorizationPolicy,
  most = 4,
): string {
  const may = action === "custom" ? `may, where authorizer ${authorizer ?? ""} lets it,` : MAY[action];
  const who = rule.from
    ? listWords([...new Set(rule.from.flatMap(sourceWords))], most).replace(/^anybody /, "Anybody ")
    : may === "may not"
      ? "Nobody"
      : "Anybody";
  const verb = who === "Nobody" ? "may" : may;
  const what = targetWords(target) + whenWords(rule);
  const to = rule.to ?? [];
  const headers = to[0]?.headers;
  if (to.every((each) => isSameJson(each.headers ?? [], headers ?? []))) {
    return `${who} ${verb} ${operationsWords(
      to.map((each) => operationWords(each, most)),
      what,
    )}${headers ? ` when ${conditionsText(headers)}` : ""}`;
  }
  const each = to.map((operation) => {
    const words = operationWords(operation, most);
    if (!operation.headers) return words;
    return `${words || "send a request"} (when ${conditionsText(operation.headers)})`;
  });
  return `${who} ${verb} ${operationsWords(each, what)}`;
}

/** ` where the address is in 10.0.0.0/8 and the port is not 9000` */
function whenWords({ when = [] }: AuthorizationRule): string {
  const said = when.map(({ of, name, values, notValues }) => {
    const subject = name === undefined ? SUBJECT_WORDS[of] : `metadata ${name}`;
    const is = values ? `is ${values.join(" or ")}` : "";
    const not = notValues ? `is not ${notValues.join(" or ")}` : "";
    return `${subject} ${[is, not].filter(Boolean).join(" and ")}`;
  });
  return said.length === 0 ? "" : ` where ${said.join(" and ")}`;
}

const SUBJECT_WORDS: Readonly<Record<AuthorizationCondition["of"], string>> = {
  address: "the caller's address",
  clientAddress: "the client's address",
  principal: "the caller",
  namespace: "the caller's namespace",
  token: "the token",
  targetAddress: "the address called",
  targetPort: "the port",
  serverName: "the server name",
  metadata: "metadata",
};

/** One operation without a word is every request. */
const operationsWords = (operations: readonly string[], what: string) =>
  operations.length === 0 || operations.includes("") ? `call ${what}` : `${operations.join(" or ")} of ${what}`;

function sourceWords(source: AuthorizationSource): string[] {
  const callers = callerWords(source);
  const more = [placeWords(source), exceptWords(source), tokenWords(source)].filter(Boolean).join(" ");
  return more === "" ? callers : [`${listWords(callers)} ${more}`];
}

/** `from 10.0.0.0/8` */
function placeWords({ addresses, clientAddresses }: AuthorizationSource): string {
  return [
    addresses ? `from ${listWords(addresses)}` : "",
    clientAddresses ? `for clients at ${listWords(clientAddresses)}` : "",
  ]
    .filter(Boolean)
    .join(" ");
}

/** `except namespace edge and those from 10.0.0.0/8` */
function exceptWords(source: AuthorizationSource): string {
  const left = [
    ...(source.notPrincipals ?? []).map(principalWords),
    ...(source.notNamespaces ?? []).map((namespace) => `namespace ${namespace}`),
    ...(source.notAddresses ? [`those from ${listWords(source.notAddresses)}`] : []),
    ...(source.notClientAddresses ? [`clients at ${listWords(source.notClientAddresses)}`] : []),
  ];
  return left.length === 0 ? "" : `except ${listWords(left)}`;
}

const principalWords = (principal: string) =>
  principal === "*" ? "anybody with an identity" : (principal.split("/sa/")[1] ?? principal);

/** `with a token of https://issuer.test/ann and groups being admin` */
function tokenWords({ requestPrincipals, notRequestPrincipals, claims }: AuthorizationSource): string {
  const named = (patterns: readonly string[]) =>
    patterns.includes("*") ? "a token" : `a token of ${listWords(patterns)}`;
  const said = [
    requestPrincipals ? `with ${named(requestPrincipals)}` : "",
    notRequestPrincipals ? `without ${named(notRequestPrincipals)}` : "",
    claims ? `whose token says ${claimsText(claims)}` : "",
  ];
  return said.filter(Boolean).join(" and ");
}

function callerWords(source: AuthorizationSource): string[] {
  const parts = [
    source.services?.map(refText) ?? [],
    source.namespaces?.map((namespace) => `namespace ${namespace}`) ?? [],
    source.principals?.map(principalWords) ?? [],
  ].filter((each) => each.length > 0);
  // fields of one source are AND-ed
  return parts.length <= 1 ? (parts[0] ?? ["anybody"]) : [parts.map((each) => listWords(each)).join(" within ")];
}

function operationWords(operation: AuthorizationOperation, most: number): string {
  const { methods, notMethods, paths, notPaths, ports, notPorts, hosts, notHosts } = operation;
  const left = [
    ...(notMethods ?? []),
    ...(notPaths ?? []),
    ...(notPorts ?? []).map((port) => `port ${port}`),
    ...(notHosts ?? []).map((host) => `host ${host}`),
  ];
  const isAnything = !methods && !paths && !ports && !hosts;
  return [
    methods ? methods.join(" or ") : paths ? "use" : "",
    paths ? listWords(paths, most) : "",
    ports ? `port ${listWords(ports.map(String), most)}` : "",
    hosts ? `host ${listWords(hosts, most)}` : "",
    left.length === 0 ? "" : `${isAnything ? "use anything " : ""}except ${listWords(left, most)}`,
  ]
    .filter(Boolean)
    .join(" ");
}

function drawnCallers(policy: AuthorizationPolicy, index: MeshIndex): string[] {
  const { service, namespace } = policy.spec.target;
  if (!service) return [];
  const key = keyOf("Service", namespace ?? policy.metadata.namespace, service);
  return [
    ...new Set(
      index
        .dependenciesTo(key)
        .map((each) => ({ ref: each.spec.from, key: refKey(each.spec.from, each) }))
        .map(({ ref }) => refText(ref)),
    ),
  ];
}
