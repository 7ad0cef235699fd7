// MW1019: an allow rule that lets everybody in. Beside it the list of callers means nothing.
import {
  type AuthorizationCondition,
  type AuthorizationRule,
  type AuthorizationSource,
  type HeaderCondition,
  keyOf,
  objectKey,
} from "@/lib/mesh";
import type { FindingBody, ObjectAnalyzer, Severity } from "../finding";
import { isSensitive } from "../protection";

export const mw1019OpenAllow: ObjectAnalyzer<"AuthorizationPolicy"> = {
  code: "MW1019",
  title: "Permission for everybody",
  area: "access",
  scope: "object",
  kind: "AuthorizationPolicy",
  run(index, policy) {
    const { target, action, shadow, rules } = policy.spec;
    if (action !== "allow" || shadow) return [];
    const key = objectKey(policy);
    const service = target.service
      ? index.find("Service", keyOf("Service", target.namespace ?? policy.metadata.namespace, target.service))
      : undefined;
    const where = target.service ?? (target.namespace ? `namespace ${target.namespace}` : "the whole mesh");
    const severity: Severity =
      !service || isSensitive(service) || service.spec.criticality === "critical"
        ? "error"
        : service.spec.dataClass === "public"
          ? "info"
          : "warning";
    return rules.flatMap((rule, r): FindingBody[] => {
      if (!isForEverybody(rule) || isForSomePaths(rule)) return [];
      const who = whoOf(rule);
      const isByHeader = rule.to?.every(({ headers }) => headers?.some(keepsStrangersOut)) ?? false;
      return [
        {
          code: "MW1019",
          severity: isByHeader ? LESS[severity] : severity,
          message: `Rule ${r + 1} of ${policy.metadata.name} lets ${who} call ${where}${isByHeader ? " who writes its headers to fit" : ""}.`,
          cause: isByHeader
            ? "A header is what the caller writes: it tells requests apart, and proves nobody. Whoever can reach the service can send it."
            : "Allow rules add up: one for everybody makes every narrower one, and every drawn dependency, mean nothing.",
          refs: [key, ...(service ? [objectKey(service)] : [])],
          path: rule.from ? `spec.rules[${r}].from` : `spec.rules[${r}]`,
          fixes: [{ title: `Remove rule ${r + 1}`, command: { type: "patchSpec", key, path: ["rules", r] } }],
        },
      ];
    });
  },
};

function whoOf({ from = [] }: AuthorizationRule): string {
  const open = from.find(isAnybody);
  if (!open) return "any caller";
  const isNot = open.notPrincipals ?? open.notNamespaces ?? open.notAddresses ?? open.notClientAddresses;
  if (isNot) return "everybody but those that it names";
  return open.principals || open.namespaces ? "anybody with an identity of the mesh" : "any caller";
}

/** What the host must not be is met by nearly everybody, without knowing of it. */
const keepsStrangersOut = ({ name, invert }: HeaderCondition) => !(invert && name === ":authority");

/** A condition on headers keeps out who does not know it. */
const LESS: Record<Severity, Severity> = { error: "warning", warning: "info", info: "info" };

/** "None of these" keeps out those, and lets in whoever comes next. */
const isForEverybody = (rule: AuthorizationRule) =>
  !rule.when?.some(keepsOut) && (!rule.from || rule.from.some((source) => isAnybody(source)));

const isAnybody = (source: AuthorizationSource) =>
  !source.services &&
  (source.namespaces?.includes("*") ?? true) &&
  !needsToken(source) &&
  (source.principals?.includes("*") ?? true) &&
  isAnywhere(source.addresses) &&
  isAnywhere(source.clientAddresses);

const isAnywhere = (blocks: readonly string[] | undefined) => blocks?.some((block) => block.endsWith("/0")) ?? true;

/** Of the target a condition says what is called, not who calls. */
const keepsOut = ({ of, values }: AuthorizationCondition) =>
  values !== undefined &&
  of !== "targetAddress" &&
  of !== "targetPort" &&
  of !== "serverName" &&
  !values.some((value) => value === "*" || value.endsWith("/0"));

/** An issuer vouches for who has one. */
const needsToken = ({ requestPrincipals, claims = [] }: AuthorizationSource) =>
  requestPrincipals !== undefined || claims.some(({ invert }) => !invert);

/** A health page or a public path is open on purpose. */
const isForSomePaths = (rule: AuthorizationRule) =>
  rule.to?.every((operation) => operation.paths?.every((path) => path !== "*" && path !== "/*") ?? false) ?? false;
