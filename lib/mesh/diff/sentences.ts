// The sentences of a diff: one subject, one change, in the words of the field.
import { isSameJson } from "../commands/equal";
import { jwtRuleText } from "../policies/effect-authentication";
import { ruleWords } from "../policies/effect-authorization";
import { isCallerOnly, tcpTargetOf } from "../refs";
import type {
  AuthorizationPolicy,
  Destination,
  MeshObject,
  Path,
  PolicyTarget,
  RateLimit,
  Ref,
  Route,
  RouteDestination,
  RouteRule,
  TcpRoute,
  TcpRule,
  TrafficPolicy,
} from "../types";
import { balancingSentences } from "./balancing-text";
import { externalSentences, externalText, TOLD_WHOLE } from "./external-sentences";
import { listenerSentences } from "./gateway-sentences";
import { type LeafChange, leafChanges } from "./leaves";
import { preferenceText } from "./locality-words";
import {
  actionText,
  connectionRateText,
  corsText,
  destinationText,
  durationText,
  faultText,
  fieldWords,
  headersText,
  internalRedirectsText,
  limitText,
  matchText,
  mirrorsText,
  rateLimitText,
  refText,
  retriesText,
  rewriteText,
  ruleName,
  ruleText,
  shares,
  tcpMatchText,
  tcpRuleText,
  valueText,
} from "./words";

/** Two rules that differ have to differ in their words too. */
const MOST_NAMES = 16;
/** Of a new policy; the policy itself has them all. */
const MOST_RULES = 3;

export type ChangeSentence = { sentence: string; path: Path; before?: unknown; after?: unknown };

/** `Service cart`, `Calls to payment-service`, `Traffic policy of catalog` */
export function subjectOf(object: MeshObject): string {
  const name = object.metadata.name;
  switch (object.kind) {
    case "Dependency":
      return `The dependency ${refText(object.spec.from)} -> ${refText(object.spec.to)}`;
    case "Route":
      return object.spec.target.kind === "Gateway"
        ? `Route ${name} of gateway ${refText(object.spec.target)}`
        : `Calls to ${refText(object.spec.target)}`;
    case "TcpRoute":
      return object.spec.gateway
        ? `Connections at gateway ${nameText(object.spec.gateway)}`
        : `TCP connections to ${nameText(tcpTargetOf(object))}`;
    case "Subset":
      return `Subset ${object.spec.name} of ${object.spec.service.name}`;
    case "TrafficPolicy":
      return `Traffic policy of ${object.spec.service.name}${object.spec.subset ? ` ${object.spec.subset}` : ""}`;
    case "RateLimit":
      return `Rate limit of ${object.spec.service.name}`;
    case "MutualTls":
      return `Mutual TLS of ${targetText(object.spec.target, "the mesh")}`;
    case "RequestAuthentication":
      return `Request authentication of ${targetText(object.spec.target, "everything")}`;
    case "AuthorizationPolicy":
      return `Authorization policy ${name} (${object.spec.action}) on ${targetText(object.spec.target, "everything")}`;
    case "Egress":
      return `Egress to ${refText(object.spec.to)}`;
    case "ExternalService":
      return `External service ${name}`;
    case "TrustBoundary":
      return `Trust boundary ${name}`;
    default:
      return `${object.kind} ${name}`;
  }
}

const nameText = ({ namespace, name }: Pick<Ref, "namespace" | "name">): string =>
  namespace === undefined ? name : `${namespace}/${name}`;

function targetText(target: PolicyTarget | undefined, none: string): string {
  if (target?.service) return target.namespace ? `${target.namespace}/${target.service}` : target.service;
  if (target?.gateway) return `gateway ${target.namespace ? `${target.namespace}/` : ""}${target.gateway}`;
  return target?.namespace ? `namespace ${target.namespace}` : none;
}

export function addedSentence(object: MeshObject): string {
  switch (object.kind) {
    case "Dependency": {
      const port = object.spec.port === undefined ? "" : ` on port ${object.spec.port}`;
      return `${refText(object.spec.from)} may now call ${refText(object.spec.to)}${port}.`;
    }
    case "Workload":
      return isCallerOnly(object)
        ? `Workload ${object.metadata.name} is added: version ${object.spec.version}, which calls and serves nothing.`
        : `Workload ${object.metadata.name} is added: version ${object.spec.version} of ${object.spec.service}.`;
    case "Subset": {
      const labels = Object.entries(object.spec.labels).map(([key, value]) => `${key}=${value}`);
      return `${subjectOf(object)} is added (${labels.join(", ")}).`;
    }
    case "Route":
      return `${subjectOf(object)} get a route: ${object.spec.rules.map((rule) => ruleText(rule, object.spec.target.name)).join("; ")}.`.replace(
        /^(Route .*?) get a route/,
        "$1 is added",
      );
    case "TcpRoute": {
      const { name } = tcpTargetOf(object);
      return `${subjectOf(object)} get a route: ${object.spec.rules.map((rule) => tcpRuleText(rule, name)).join("; ")}.`;
    }
    case "RateLimit":
      return `${subjectOf(object)} is added: ${rateLimitText(object.spec)}${object.spec.shadow ? ", in shadow" : ""}.`;
    case "MutualTls":
      return `${subjectOf(object)} is set to ${object.spec.mode}.`;
    case "RequestAuthentication": {
      const issuers = object.spec.jwtRules.map(jwtRuleText).join("; ");
      return `${subjectOf(object)} is added: tokens have to be of ${issuers}; a request without one passes.`;
    }
    case "AuthorizationPolicy": {
      const { rules } = object.spec;
      const told = rules.slice(0, MOST_RULES).map((rule) => ruleWords(rule, object, MOST_NAMES));
      const more = rules.length > told.length ? `; and ${rules.length - told.length} more` : "";
      return `${subjectOf(object)} is added${told.length > 0 ? `: ${told.join("; ")}${more}` : ""}.`;
    }
    case "Egress": {
      const from = object.spec.from?.map(refText).join(", ");
      return `${subjectOf(object)} is opened${from ? ` for ${from}` : ""}.`;
    }
    case "ExternalService":
      return `${subjectOf(object)} is added${externalText(object.spec)}.`;
    default:
      return `${subjectOf(object)} is added.`;
  }
}

export function removedSentence(object: MeshObject): string {
  if (object.kind === "Dependency")
    return `${refText(object.spec.from)} may no longer call ${refText(object.spec.to)}.`;
  if (object.kind === "Egress") return `${subjectOf(object)} is closed.`;
  if (object.kind === "TcpRoute") return `${subjectOf(object)} lose their route.`;
  if (object.kind === "Route")
    return `${subjectOf(object)} lose their route.`.replace(/^(Route .*?) lose their route/, "$1 is removed");
  return `${subjectOf(object)} is removed.`;
}

/** One sentence per thing that changed. */
export function changedSentences(was: MeshObject, now: MeshObject, leaves: LeafChange[]): ChangeSentence[] {
  if (was.kind === "Route" && now.kind === "Route") {
    const rest = leaves.filter((leaf) => leaf.path[1] !== "rules");
    return [...routeSentences(was, now), ...rest.map((leaf) => plainSentence(now, leaf))];
  }
  if (was.kind === "TcpRoute" && now.kind === "TcpRoute") {
    const rest = leaves.filter((leaf) => leaf.path[1] !== "rules");
    return [...tcpSentences(was, now), ...rest.map((leaf) => plainSentence(now, leaf))];
  }
  if (was.kind === "AuthorizationPolicy" && now.kind === "AuthorizationPolicy") {
    const rest = leaves.filter((leaf) => leaf.path[1] !== "rules");
    return [...authorizationSentences(was, now), ...rest.map((leaf) => plainSentence(now, leaf))];
  }
  if (was.kind === "RateLimit" && now.kind === "RateLimit") {
    const rest = leaves.filter(({ path }) => path[1] !== "limits" && path[1] !== "connectionRate");
    return [
      ...limitSentences(was, now),
      ...connectionRateSentences(was, now),
      ...rest.map((leaf) => plainSentence(now, leaf)),
    ];
  }
  if (was.kind === "TrafficPolicy" && now.kind === "TrafficPolicy") {
    const [before, after] = [was.spec.loadBalancing, now.spec.loadBalancing];
    const rest = [
      ...leaves.filter(({ path }) => path[1] !== "locality" && path[1] !== "loadBalancing"),
      ...leafChanges(before?.warmup, after?.warmup, ["spec", "loadBalancing", "warmup"]),
    ];
    return [
      ...balancingSentences(subjectOf(now), before, after),
      ...rest.map((leaf) => plainSentence(now, leaf)),
      ...localitySentences(was, now),
    ];
  }
  if (was.kind === "Gateway" && now.kind === "Gateway") {
    const rest = leaves.filter((leaf) => leaf.path[1] !== "listeners");
    const [before, after] = [was.spec.listeners, now.spec.listeners];
    const listeners = listenerSentences(subjectOf(now), before, after, (leaf) => plainSentence(now, leaf));
    return [...listeners, ...rest.map((leaf) => plainSentence(now, leaf))];
  }
  if (was.kind === "ExternalService" && now.kind === "ExternalService") {
    const rest = leaves.filter((leaf) => !TOLD_WHOLE.has(leaf.path[1]));
    const whole = externalSentences(subjectOf(now), was.spec, now.spec);
    return [...whole, ...rest.map((leaf) => plainSentence(now, leaf))];
  }
  return leaves.map((leaf) => plainSentence(now, leaf));
}

/** The list is short and its order counts: what is different is said whole. */
function limitSentences(was: RateLimit, now: RateLimit): ChangeSentence[] {
  const [before, after] = [was.spec.limits, now.spec.limits];
  if (isSameJson(before, after)) return [];
  const text = (limits: RateLimit["spec"]["limits"]) => limits?.map(limitText).join(", ") ?? "any number of requests";
  const most = after ? `at most ${text(after)}` : text(after);
  const words =
    text(before) === text(after)
      ? "the names of its limits change."
      : `each instance takes ${most} (${text(before)} before).`;
  return [{ sentence: `${subjectOf(now)}: ${words}`, path: ["spec", "limits"], before, after }];
}

function connectionRateSentences(was: RateLimit, now: RateLimit): ChangeSentence[] {
  const [before, after] = [was.spec.connectionRate, now.spec.connectionRate];
  if (isSameJson(before, after)) return [];
  const text = (rate: typeof after) => (rate ? connectionRateText(rate) : "any number of new connections");
  const most = after ? `at most ${text(after)}` : text(after);
  const sentence = `${subjectOf(now)}: each instance takes ${most} (${text(before)} before).`;
  return [{ sentence, path: ["spec", "connectionRate"], before, after }];
}

/** Its parts mean nothing alone. */
function localitySentences(was: TrafficPolicy, now: TrafficPolicy): ChangeSentence[] {
  const [before, after] = [was.spec.locality, now.spec.locality];
  if (isSameJson(before, after)) return [];
  const text = (locality: TrafficPolicy["spec"]["locality"]) =>
    locality ? preferenceText(locality) : "all hosts alike";
  const sentence = `${subjectOf(now)}: now ${text(after)} (${text(before)} before).`;
  return [{ sentence, path: ["spec", "locality"], before, after }];
}

function plainSentence(object: MeshObject, leaf: LeafChange): ChangeSentence {
  const { path, before, after } = leaf;
  const what = `${subjectOf(object)}: ${fieldWords(path)}`;
  const places = { path, before, after };
  if (path[0] === "metadata" && path[1] === "origin") {
    return { ...places, sentence: `${subjectOf(object)}: what was kept of its source changes.` };
  }
  if (before === undefined) return { ...places, sentence: `${what} is set to ${valueText(after, path)}.` };
  if (after === undefined) return { ...places, sentence: `${what} (${valueText(before, path)}) is removed.` };
  return { ...places, sentence: `${what} changes from ${valueText(before, path)} to ${valueText(after, path)}.` };
}

type AnyRule = RouteRule | TcpRule;

const sameCondition = (a: AnyRule, b: AnyRule) => isSameJson(a.matches, b.matches);

function routeSentences(was: Route, now: Route): ChangeSentence[] {
  const target = now.spec.target.name;
  return rulesSentences(subjectOf(now), was.spec.rules, now.spec.rules, (rule) => ruleText(rule, target), {
    between: (subject, before, after, path) => ruleSentences(subject, before, after, target, path),
  });
}

function tcpSentences(was: TcpRoute, now: TcpRoute): ChangeSentence[] {
  const target = tcpTargetOf(now).name;
  return rulesSentences(subjectOf(now), was.spec.rules, now.spec.rules, (rule) => tcpRuleText(rule, target), {
    between: (subject, before, after, path) => tcpRuleSentences(subject, before, after, target, path),
  });
}

function rulesSentences<R extends AnyRule>(
  subject: string,
  wasRules: readonly R[],
  nowRules: readonly R[],
  text: (rule: R) => string,
  { between }: { between: (subject: string, was: R, now: R, path: Path) => ChangeSentence[] },
): ChangeSentence[] {
  const sentences: ChangeSentence[] = [];
  const used = new Set<R>();
  const pairs = nowRules.map((rule, i) => {
    const free = wasRules.filter((each) => !used.has(each));
    const before =
      free.find((each) => rule.name !== undefined && each.name === rule.name) ??
      free.find((each) => sameCondition(each, rule));
    if (before) used.add(before);
    return { rule, before, i };
  });
  for (const { rule, before, i } of pairs) {
    const path: Path = ["spec", "rules", i];
    if (!before) sentences.push({ path, after: rule, sentence: `${subject}: now ${text(rule)}.` });
    else sentences.push(...between(`${subject}, ${ruleName(rule, i)}`, before, rule, path));
  }
  wasRules.forEach((rule, i) => {
    if (used.has(rule)) return;
    const sentence = `${subject}: ${ruleName(rule, i)} is removed (${text(rule)}).`;
    sentences.push({ path: ["spec", "rules"], before: rule, sentence });
  });
  const order = pairs.flatMap(({ before }) => (before ? [wasRules.indexOf(before)] : []));
  if (order.some((position, i) => i > 0 && position < (order[i - 1] ?? 0))) {
    sentences.push({ path: ["spec", "rules"], sentence: `${subject}: the rules are tried in another order.` });
  }
  return sentences;
}

function tcpRuleSentences(subject: string, was: TcpRule, now: TcpRule, target: string, path: Path): ChangeSentence[] {
  const sentences: ChangeSentence[] = [];
  const say = (sentence: string, field: "name" | "matches" | "destinations") =>
    sentences.push({
      sentence: `${subject}: ${sentence}`,
      path: [...path, field],
      before: was[field],
      after: now[field],
    });
  if (!sameCondition(was, now)) {
    const text = now.matches.length === 0 ? "every connection" : now.matches.map(tcpMatchText).join(", or ");
    say(`now for ${text}.`, "matches");
  }
  if (!isSameJson(was.destinations, now.destinations)) {
    say(sharesText(was.destinations, now.destinations, target), "destinations");
  }
  if (was.name !== now.name)
    say(`name changes from ${valueText(was.name, path)} to ${valueText(now.name, path)}.`, "name");
  return sentences;
}

function ruleSentences(subject: string, was: RouteRule, now: RouteRule, target: string, path: Path): ChangeSentence[] {
  const sentences: ChangeSentence[] = [];
  const say = (sentence: string, field: string, before: unknown, after: unknown) =>
    sentences.push({ sentence: `${subject}: ${sentence}`, path: [...path, field], before, after });
  if (!sameCondition(was, now)) {
    const text = now.matches.length === 0 ? "every request" : now.matches.map(matchText).join(", or ");
    say(`now for ${text}.`, "matches", was.matches, now.matches);
  }
  if (!isSameJson(was.action, now.action)) say(splitText(was, now, target), "action", was.action, now.action);
  if (was.timeoutMs !== now.timeoutMs) {
    const text = (ms: number | undefined) => (ms === undefined ? "none" : durationText(ms));
    say(
      `the timeout changes from ${text(was.timeoutMs)} to ${text(now.timeoutMs)}.`,
      "timeoutMs",
      was.timeoutMs,
      now.timeoutMs,
    );
  }
  if (was.idleTimeoutMs !== now.idleTimeoutMs) {
    const text = (ms: number | undefined) => (ms === undefined ? "the default" : durationText(ms));
    say(
      `the idle timeout changes from ${text(was.idleTimeoutMs)} to ${text(now.idleTimeoutMs)}.`,
      "idleTimeoutMs",
      was.idleTimeoutMs,
      now.idleTimeoutMs,
    );
  }
  if (!isSameJson(was.internalRedirects, now.internalRedirects)) {
    const text = (said: RouteRule["internalRedirects"]) => (said ? internalRedirectsText(said) : "none");
    say(
      `redirects that the proxy follows change from ${text(was.internalRedirects)} to ${text(now.internalRedirects)}.`,
      "internalRedirects",
      was.internalRedirects,
      now.internalRedirects,
    );
  }
  if (!isSameJson(was.fault, now.fault)) {
    const text = (fault: RouteRule["fault"]) => (fault ? faultText(fault) : "none");
    say(`the fault changes from ${text(was.fault)} to ${text(now.fault)}.`, "fault", was.fault, now.fault);
  }
  if (!isSameJson(was.mirrors, now.mirrors)) {
    say(mirrorChange(was.mirrors, now.mirrors, target), "mirrors", was.mirrors, now.mirrors);
  }
  if (!isSameJson(was.cors, now.cors)) {
    const text = (cors: RouteRule["cors"]) => (cors ? corsText(cors) : "none");
    say(`the CORS policy changes from ${text(was.cors)} to ${text(now.cors)}.`, "cors", was.cors, now.cors);
  }
  const told = (field: "retries" | "rewrite" | "headers", what: string, text: (rule: RouteRule) => string) => {
    if (isSameJson(was[field], now[field])) return;
    const [before, after] = [text(was), text(now)];
    const words =
      before === after
        ? `${what}: written differently; what happens stays.`
        : `${what}: ${after || "none"} (${before || "none"} before).`;
    say(words, field, was[field], now[field]);
  };
  told("retries", "retries", ({ retries }) => (retries ? retriesText(retries) : "the default"));
  told("rewrite", "rewrite", ({ rewrite }) => (rewrite ? rewriteText(rewrite) : ""));
  told("headers", "header changes", ({ headers }) => (headers ? headersText(headers) : ""));
  if (was.name !== now.name) {
    say(`name changes from ${valueText(was.name, path)} to ${valueText(now.name, path)}.`, "name", was.name, now.name);
  }
  return sentences;
}

function mirrorChange(was: RouteRule["mirrors"], now: RouteRule["mirrors"], target: string): string {
  if (!was && now) return `now ${mirrorsText(now, target)}.`;
  if (was && !now) return `copies are no longer made (${mirrorsText(was, target)} before).`;
  return `now ${mirrorsText(now ?? [], target)} (${mirrorsText(was ?? [], target)} before).`;
}

function splitText(was: RouteRule, now: RouteRule, target: string): string {
  if (was.action.type !== "forward" || now.action.type !== "forward") return `now ${actionText(now, target)}.`;
  const [before, after] = [was.action.destinations, now.action.destinations];
  const moves = sharesText(before, after, target);
  const changed = headerChangesText(before, after, target);
  if (changed.length === 0) return moves;
  return [...(moves === SHARES_STAY ? [] : [moves]), ...changed].join(" ");
}

/** What becomes of headers at each place, where that changes. */
function headerChangesText(
  was: readonly RouteDestination[],
  now: readonly RouteDestination[],
  target: string,
): string[] {
  const said = (list: readonly RouteDestination[], name: string) =>
    list.filter((each) => destinationText(each, target) === name).flatMap(({ headers }) => headers ?? []);
  return [...new Set(now.map((each) => destinationText(each, target)))].flatMap((name) => {
    const [before, after] = [said(was, name), said(now, name)];
    if (isSameJson(before, after)) return [];
    const [from, to] = [before, after].map((each) => each.map(headersText).join(", or ") || "none");
    return [`header changes of what goes to ${name}: ${to} (${from} before).`];
  });
}

function sharesText(was: readonly Destination[], now: readonly Destination[], target: string): string {
  const before = shares(was, target);
  const after = shares(now, target);
  const names = [...new Set([...before.keys(), ...after.keys()])];
  const moves = names.flatMap((name) => {
    const [from, to] = [before.get(name) ?? "0 %", after.get(name) ?? "0 %"];
    return from === to ? [] : [`${name} goes from ${from} to ${to}`];
  });
  return moves.length === 0 ? SHARES_STAY : `${moves.join(", ")}.`;
}

const SHARES_STAY = "the weights are written differently; the shares stay.";

function authorizationSentences(was: AuthorizationPolicy, now: AuthorizationPolicy): ChangeSentence[] {
  const path: Path = ["spec", "rules"];
  const missing = (rules: AuthorizationPolicy["spec"]["rules"], other: AuthorizationPolicy["spec"]["rules"]) =>
    rules.filter((rule) => !other.some((each) => isSameJson(each, rule)));
  return [
    ...missing(now.spec.rules, was.spec.rules).map((rule) => ({
      path,
      after: rule,
      sentence: `${subjectOf(now)}: a rule is added: ${ruleWords(rule, now, MOST_NAMES)}.`,
    })),
    ...missing(was.spec.rules, now.spec.rules).map((rule) => ({
      path,
      before: rule,
      sentence: `${subjectOf(now)}: a rule is removed: ${ruleWords(rule, was, MOST_NAMES)}.`,
    })),
  ];
}
