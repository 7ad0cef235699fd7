// Who may do what after an authorization policy, in words. The rule: "only" is said only when it is so: with the mesh's default
// "drawn", callers that are drawn may call beside those that a policy allows.
import { refText } from "../diff/words";
import type { MeshIndex } from "../index-document";
import { keyOf, refKey } from "../refs";
import type { AuthorizationOperation, AuthorizationPolicy, AuthorizationSource } from "../types";
import { listWords, targetWords } from "./words";

export function authorizationEffect(policy: AuthorizationPolicy, index: MeshIndex): string {
  const { action, rules, shadow } = policy.spec;
  const said =
    action === "allow"
      ? allowWords(policy, index)
      : ruleWords(policy, action === "deny" ? "may not" : "is recorded when it wants to");
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
  const isWhole = rules.every((rule) => rule.to === undefined);
  const more = drawn.filter((name) => !callers.includes(name));
  if (isAnybody || !isWhole)
    return ruleWords(policy, "may") + (more.length > 0 && !isAnybody ? `; ${listWords(more)} may as drawn` : "");
  if (more.length > 0) return `${listWords(callers)} may call ${what}, beside ${listWords(more)} as drawn`;
  return `Only ${listWords(callers)} may call ${what}`;
}

function ruleWords(policy: AuthorizationPolicy, may: string): string {
  const what = targetWords(policy.spec.target);
  return policy.spec.rules
    .map((rule) => {
      const who = rule.from
        ? listWords([...new Set(rule.from.flatMap(sourceWords))])
        : may === "may not"
          ? "Nobody"
          : "Anybody";
      const verb = who === "Nobody" ? "may" : may;
      const operations = rule.to?.map(operationWords).filter((each) => each !== "") ?? [];
      return `${who} ${verb} ${operations.length > 0 ? `${operations.join(" or ")} of` : "call"} ${what}`;
    })
    .join("; ");
}

function sourceWords(source: AuthorizationSource): string[] {
  const parts = [
    source.services?.map(refText) ?? [],
    source.namespaces?.map((namespace) => `namespace ${namespace}`) ?? [],
    source.principals?.map((principal) =>
      principal === "*" ? "anybody with an identity" : (principal.split("/sa/")[1] ?? principal),
    ) ?? [],
  ].filter((each) => each.length > 0);
  // fields of one source are AND-ed
  return parts.length <= 1 ? (parts[0] ?? ["anybody"]) : [parts.map((each) => listWords(each)).join(" within ")];
}

function operationWords(operation: AuthorizationOperation): string {
  const { methods, paths, ports, hosts } = operation;
  return [
    methods ? methods.join(" or ") : paths ? "use" : "",
    paths ? listWords(paths) : "",
    ports ? `port ${listWords(ports.map(String))}` : "",
    hosts ? `host ${listWords(hosts)}` : "",
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
