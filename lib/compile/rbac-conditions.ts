// What a rule asks for beside its callers and operations -> principals and permissions that all have to hold.
// The rule: ports are decided here, as everywhere: a sidecar has one inbound port for all of its service.
import { type AuthorizationCondition, METADATA_NAME } from "@/lib/mesh";
import type { JsonObject } from "./envoy-json";
import type { Facts } from "./facts";
import {
  allOf,
  anyOf,
  clientAddress,
  directAddress,
  namespaceMatcher,
  principalMatcher,
  stringPattern,
  targetAddress,
} from "./rbac-matchers";
import { requestPrincipal } from "./token-principals";

type Conditions = { principals: JsonObject[]; permissions: JsonObject[] };

/** Null: they cannot hold on these ports. */
export function compileConditions(
  facts: Facts,
  conditions: readonly AuthorizationCondition[],
  portsApply: (keeps: (port: number) => boolean) => boolean,
): Conditions | null {
  const found: Conditions = { principals: [], permissions: [] };
  for (const each of conditions) {
    if (each.of === "targetPort") {
      if (!portsApply((port) => isAskedFor(each, port))) return null;
      continue;
    }
    const isOfTarget = each.of === "targetAddress" || each.of === "serverName";
    const list = isOfTarget ? "rules" : "ids";
    const match = matcherOf(facts, each);
    const parts = [
      ...(each.values ? [anyOf(list, each.values.map(match))] : []),
      ...(each.notValues ? [{ [isOfTarget ? "not_rule" : "not_id"]: anyOf(list, each.notValues.map(match)) }] : []),
    ];
    found[isOfTarget ? "permissions" : "principals"].push(allOf(list, parts));
  }
  return found;
}

function isAskedFor({ values, notValues }: AuthorizationCondition, port: number): boolean {
  return (values?.includes(String(port)) ?? true) && !notValues?.includes(String(port));
}

function matcherOf(facts: Facts, { of, name }: AuthorizationCondition): (value: string) => JsonObject {
  switch (of) {
    case "address":
      return directAddress;
    case "clientAddress":
      return clientAddress;
    case "targetAddress":
      return targetAddress;
    case "principal":
      return principalMatcher;
    case "namespace":
      return (value) => namespaceMatcher(facts.trustDomain, value);
    case "token":
      return requestPrincipal;
    case "metadata":
      return (value) => metadataMatcher(name ?? "", value);
    default:
      return (value) => ({ requested_server_name: stringPattern(value) });
  }
}

/** `com.acme.filter[tenant]`: the filter that left it, then keys. */
function metadataMatcher(name: string, value: string): JsonObject {
  const [, filter = "", keys = ""] = METADATA_NAME.exec(name) ?? [];
  const path = keys.slice(1, -1).split("][");
  return { metadata: { filter, path: path.map((key) => ({ key })), value: { string_match: stringPattern(value) } } };
}
