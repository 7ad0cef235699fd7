// MW1021: a permission that a denial takes away whole. Deny wins, so it never grants anything.
import {
  type AuthorizationOperation,
  type AuthorizationPolicy,
  type AuthorizationRule,
  type AuthorizationSource,
  type HeaderCondition,
  isSameJson,
  keyOf,
  objectKey,
  refKey,
} from "@/lib/mesh";
import type { FindingBody, ObjectAnalyzer } from "../finding";
import { asksOfTokens } from "../tokens";

export const mw1021DenyCoversAllow: ObjectAnalyzer<"AuthorizationPolicy"> = {
  code: "MW1021",
  title: "Permission that a denial takes away",
  area: "access",
  scope: "object",
  kind: "AuthorizationPolicy",
  run(index, policy) {
    const { target, action, shadow } = policy.spec;
    if (action !== "allow" || shadow || !target.service) return [];
    const service = keyOf("Service", target.namespace ?? policy.metadata.namespace, target.service);
    const denials = index.authorizationsOn(service).filter((each) => each.spec.action === "deny" && !each.spec.shadow);
    const key = objectKey(policy);
    return policy.spec.rules.flatMap((rule, r): FindingBody[] => {
      const deny = denials.find((each) => each.spec.rules.some((other) => coversRule(other, each, rule, policy)));
      if (!deny) return [];
      return [
        {
          code: "MW1021",
          severity: "warning",
          message: `Rule ${r + 1} of ${policy.metadata.name} never allows anything: ${deny.metadata.name} denies all of it.`,
          cause: "Denials are asked before permissions, and one match refuses.",
          refs: [key, objectKey(deny)],
          path: `spec.rules[${r}]`,
          fixes: [
            { title: `Remove rule ${r + 1}`, command: { type: "patchSpec", key, path: ["rules", r] } },
            { title: `Remove ${deny.metadata.name}`, command: { type: "removeObject", key: objectKey(deny) } },
          ],
        },
      ];
    });
  },
};

/** Says no when it cannot tell. */
function coversRule(
  wide: AuthorizationRule,
  wideIn: AuthorizationPolicy,
  narrow: AuthorizationRule,
  narrowIn: AuthorizationPolicy,
): boolean {
  const from =
    !wide.from ||
    (narrow.from?.every((source) => wide.from?.some((each) => coversSource(each, wideIn, source, narrowIn))) ?? false);
  const to = !wide.to || (narrow.to?.every((each) => wide.to?.some((other) => coversOperation(other, each))) ?? false);
  const when = !wide.when || isSameJson(wide.when, narrow.when);
  return from && to && when;
}

function coversSource(
  wide: AuthorizationSource,
  wideIn: AuthorizationPolicy,
  narrow: AuthorizationSource,
  narrowIn: AuthorizationPolicy,
): boolean {
  const keys = (source: AuthorizationSource, holder: AuthorizationPolicy) =>
    source.services?.map((ref) => refKey(ref, holder));
  const services = isWithin(keys(wide, wideIn), keys(narrow, narrowIn));
  // A token is another question: only the same one is surely covered.
  const tokens = !asksOfTokens(wide) || isSameJson(tokenPart(wide), tokenPart(narrow));
  const excluded = NOT_OF_SOURCES.every((field) => isLeftOut(wide[field], narrow[field]));
  return (
    services &&
    tokens &&
    excluded &&
    isWithin(wide.principals, narrow.principals) &&
    isWithin(wide.namespaces, narrow.namespaces) &&
    isWithin(wide.addresses, narrow.addresses) &&
    isWithin(wide.clientAddresses, narrow.clientAddresses)
  );
}

const NOT_OF_SOURCES = ["notPrincipals", "notNamespaces", "notAddresses", "notClientAddresses"] as const;
const NOT_OF_OPERATIONS = ["notMethods", "notPaths", "notPorts", "notHosts"] as const;

/** What the denial leaves out, the permission has to leave out as well. */
const isLeftOut = (wide: readonly unknown[] | undefined, narrow: readonly unknown[] | undefined) =>
  wide?.every((each) => narrow?.includes(each) ?? false) ?? true;

const tokenPart = ({ requestPrincipals, notRequestPrincipals, claims }: AuthorizationSource) => [
  requestPrincipals ?? [],
  notRequestPrincipals ?? [],
  claims ?? [],
];

function coversOperation(wide: AuthorizationOperation, narrow: AuthorizationOperation): boolean {
  if (isSameJson(wide, narrow)) return true;
  return (
    NOT_OF_OPERATIONS.every((field) => isLeftOut(wide[field], narrow[field])) &&
    isWithin(wide.methods, narrow.methods) &&
    isWithin(wide.ports, narrow.ports) &&
    isWithin(wide.hosts, narrow.hosts) &&
    (!wide.paths || (narrow.paths?.every((path) => wide.paths?.some((each) => coversPath(each, path))) ?? false)) &&
    (wide.headers?.every((each) => narrow.headers?.some((other) => coversCondition(each, other)) ?? false) ?? true)
  );
}

function coversPath(wide: string, narrow: string): boolean {
  if (wide === "*" || wide === narrow) return true;
  return wide.endsWith("*") && !narrow.startsWith("*") && narrow.startsWith(wide.slice(0, -1));
}

/** Every request of which `narrow` holds has `wide` too. */
function coversCondition(wide: HeaderCondition, narrow: HeaderCondition): boolean {
  if (wide.name.toLowerCase() !== narrow.name.toLowerCase()) return false;
  if (Boolean(wide.invert) !== Boolean(narrow.invert)) return false;
  // "is absent" is inside every "is not ..."; "is ..." is inside "is present"
  if (wide.invert)
    return narrow.type === "present" || (wide.type === narrow.type && isWithin(narrow.values, wide.values));
  return wide.type === "present" || (wide.type === narrow.type && isWithin(wide.values, narrow.values));
}

const isWithin = (wide: readonly unknown[] | undefined, narrow: readonly unknown[] | undefined) =>
  !wide || (narrow?.every((each) => wide.includes(each)) ?? false);
