// AuthorizationPolicy -> AuthorizationPolicy.
// The rule: a condition that Istio cannot say refuses more, never less.
import {
  type AuthorizationOperation,
  type AuthorizationPolicy,
  type AuthorizationRule,
  type Gateway,
  isSameJson,
  objectKey,
  type Path,
  type PolicyTarget,
  type Service,
  targetKey,
} from "@/lib/mesh";
import { type ExportContext, metadataOf, originOfKind } from "../shared/export-context";
import { principalsOf, trustDomainOf } from "../shared/principals";
import { SEVERAL_PROVIDERS } from "./assume-authorizer";
import { exportRule } from "./authorization-rule";
import { byHeaders, exportCondition, type IstioCondition } from "./conditions";
import { isCountedDenial } from "./export-defaults";
import { assumedLabels, gatewayTarget } from "./gateway-target";
import { toPodPorts, withPorts } from "./pod-ports";
import { exportHosts } from "./policy-hosts";
import { exportRuleCondition } from "./rule-conditions";
import { DRY_RUN, ROOT_NAMESPACE } from "./security";
import { selectorFor } from "./selector";
import { byClaims, exportClaim } from "./token-conditions";

/** Whom a policy is for. */
function servicesOf(context: ExportContext, object: AuthorizationPolicy): Service[] {
  const target: PolicyTarget | undefined = object.spec.target;
  if (target?.gateway) return [];
  const space = target?.namespace ?? (target?.service === undefined ? undefined : object.metadata.namespace);
  return context.index
    .all("Service")
    .filter(
      ({ metadata }) =>
        (space === undefined || metadata.namespace === space) &&
        (target?.service === undefined || metadata.name === target.service),
    );
}

export function exportAuthorizationPolicy(context: ExportContext, policy: AuthorizationPolicy): void {
  const { target, action, authorizer, shadow, rules } = policy.spec;
  const own = policy.metadata.namespace;
  const gateway = target.gateway && context.index.find("Gateway", targetKey(target, policy));
  const namespace = gateway
    ? placeAtGateway(policy, gateway)
    : (target.namespace ?? (target.service ? own : ROOT_NAMESPACE));
  // an audit changes nothing anyway, and Istio takes no dry run of it
  const isCounted = action !== "audit" && (shadow || isCountedDenial(context, policy));
  const metadata = metadataOf(
    enforced(policy),
    policy.metadata.name,
    namespace,
    isCounted ? { [DRY_RUN]: "true" } : {},
  );
  if (action === "custom") loseSeveral(context, policy);
  const spec = {
    ...(gateway ? selectGateway(context, policy, gateway) : selectorFor(context, policy)),
    action: action.toUpperCase(),
    ...(authorizer === undefined ? {} : { provider: { name: authorizer } }),
    ...(rules.length === 0
      ? {}
      : {
          rules: rules.flatMap((rule, r) => withConditions(context, policy, ofPods(context, policy, rule, r), r)),
        }),
  };
  context.add({ apiVersion: "security.istio.io/v1", kind: "AuthorizationPolicy", metadata, spec }, policy);
}

/** Without the annotation that it may have come with: the design says what is only counted. */
function enforced(policy: AuthorizationPolicy): AuthorizationPolicy {
  const { [DRY_RUN]: _, ...annotations } = policy.metadata.annotations ?? {};
  return { ...policy, metadata: { ...policy.metadata, annotations } };
}

function ofPods(
  context: ExportContext,
  policy: AuthorizationPolicy,
  rule: AuthorizationRule,
  r: number,
): AuthorizationRule {
  const own = withPorts(rule, toPodPorts(servicesOf(context, policy)));
  if (own) return own;
  const reason =
    "Istio means ports of the pods, which are others here for some of the services: the numbers are written as they are";
  context.lose(policy, ["spec", "rules", r], "approximate", reason, { changesMeaning: true });
  return rule;
}

/** A reference is for its own namespace; a selector in the root namespace for the gateway's pods wherever they are. */
function placeAtGateway(policy: AuthorizationPolicy, gateway: Gateway): string {
  const isRef = gateway.metadata.origin?.dialect === "gateway-api";
  const own = isRef ? gateway.metadata.namespace : originOfKind(policy, "AuthorizationPolicy")?.namespace;
  return own ?? ROOT_NAMESPACE;
}

function selectGateway(context: ExportContext, policy: AuthorizationPolicy, gateway: Gateway): Record<string, unknown> {
  const { said, isAssumed } = gatewayTarget(gateway);
  if (isAssumed) {
    const reason = `Istio selects the pods of a gateway: ${JSON.stringify(assumedLabels(gateway))} is assumed on those of ${gateway.metadata.name}`;
    context.lose(policy, ["spec", "target"], "approximate", reason);
  }
  const alike = context.index
    .all("Gateway")
    .filter((each) => each !== gateway && isSameJson(gatewayTarget(each).said, said))
    .map(({ metadata }) => metadata.name);
  if (alike.length > 0) {
    const reason = `the same pods serve ${alike.join(", ")}: Istio asks about its requests as well`;
    context.lose(policy, ["spec", "target", "gateway"], "approximate", reason, { changesMeaning: true });
  }
  return said;
}

/** Istio asks one provider about a workload, unless it was told otherwise. */
function loseSeveral(context: ExportContext, policy: AuthorizationPolicy): void {
  const { authorizer } = policy.spec;
  const others = context.index.all("Service").flatMap((service) => {
    const asking = context.index.authorizationsOn(objectKey(service)).filter(({ spec }) => spec.action === "custom");
    return asking.includes(policy) ? asking.flatMap(({ spec }) => spec.authorizer ?? []) : [];
  });
  const key = targetKey(policy.spec.target, policy);
  const atGateway = policy.spec.target.gateway
    ? context.index.authorizationsOn(key).flatMap(({ spec }) => spec.authorizer ?? [])
    : [];
  const other = [...others, ...atGateway].find((name) => name !== authorizer);
  if (other === undefined) return;
  const reason = `another policy asks ${other} about the same workload: Istio refuses what either matches, unless istiod has ${SEVERAL_PROVIDERS}`;
  context.lose(policy, ["spec", "authorizer"], "approximate", reason, { changesMeaning: true });
}

/**
 * Istio has no word for a condition. A denial goes without it, for then more is denied, and never more granted; so does a question to a
 * provider; any other rule goes. Returns whether the rule stays.
 */
function loseCondition(context: ExportContext, policy: AuthorizationPolicy, path: Path, what: string): boolean {
  const { action, shadow } = policy.spec;
  const stays = action === "deny" || action === "custom";
  const without =
    action === "custom"
      ? "its provider is asked without this condition, about more"
      : "denied without this condition, which refuses more";
  const changesMeaning = action !== "audit" && shadow !== true;
  const reason = `${what}: ${stays ? without : "the rule is left out"}`;
  context.lose(policy, path, stays ? "approximate" : "lost", reason, { changesMeaning });
  return stays;
}

/** What the rule asks for beside its callers and operations holds for each rule that it becomes. */
function withConditions(
  context: ExportContext,
  policy: AuthorizationPolicy,
  rule: AuthorizationRule,
  r: number,
): IstioRule[] {
  const { when = [], ...rest } = rule;
  const said = when.map((each) => exportRuleCondition(each, trustDomainOf(context.index)));
  const lost = when.filter((_, i) => said[i] === null);
  if (lost.length > 0) {
    const words = lost.map(({ of, name }) => name ?? of).join(", ");
    if (!loseCondition(context, policy, ["spec", "rules", r, "when"], `Istio cannot ask for ${words}`)) return [];
  }
  return withClaims(context, policy, rest, r).map((each) => asking(each, said));
}

/** So do conditions on the token. */
function withClaims(
  context: ExportContext,
  policy: AuthorizationPolicy,
  rule: AuthorizationRule,
  r: number,
): IstioRule[] {
  if (!rule.from?.some(({ claims }) => claims)) return rulesOf(context, policy, rule, r);
  return byClaims(rule.from).flatMap((sources) => {
    const claims = sources[0]?.claims ?? [];
    const said = claims.map(exportClaim);
    const lost = claims.filter((_, i) => said[i] === null);
    if (lost.length > 0) {
      const what = `Istio cannot say what is asked of claim ${lost.map(({ claim }) => claim.join(".")).join(", ")}`;
      if (!loseCondition(context, policy, ["spec", "rules", r, "from"], what)) return [];
    }
    const plain = sources.map(({ claims: _, ...source }) => source);
    const isAny = plain.some((source) => Object.keys(source).length === 0);
    const { from: _, ...rest } = rule;
    return rulesOf(context, policy, isAny ? rest : { ...rest, from: plain }, r).map((each) => asking(each, said));
  });
}

/** @returns null: without an operation that can be said the rule would be for every request */
function withHosts(
  context: ExportContext,
  policy: AuthorizationPolicy,
  operations: AuthorizationRule["to"],
  r: number,
): AuthorizationRule["to"] | null {
  const { action } = policy.spec;
  const said = operations?.flatMap((each, o): AuthorizationOperation[] => {
    const { operation, isNarrower, isWider } = exportHosts(each);
    if (!isNarrower && !isWider) return [operation];
    const path = ["spec", "rules", r, "to", o, isNarrower ? "hosts" : "notHosts"];
    const what = "Istio compares a host with its port, and cannot say the end of one with any port";
    const isDenial = action === "deny" || action === "custom";
    if (isDenial ? isNarrower : isWider) {
      const { hosts: _, notHosts: _n, ...rest } = operation;
      return loseCondition(context, policy, path, what) ? [rest] : [];
    }
    const reason = `${what}: ${isDenial ? "more" : "less"} is meant there`;
    const changesMeaning = action !== "audit" && policy.spec.shadow !== true;
    context.lose(policy, path, "approximate", reason, { changesMeaning });
    return [operation];
  });
  return said?.length === 0 ? null : said;
}

/** Conditions on headers stand beside the operations in Istio, so operations with other headers are another rule. */
function rulesOf(context: ExportContext, policy: AuthorizationPolicy, rule: AuthorizationRule, r: number): IstioRule[] {
  const to = withHosts(context, policy, rule.to, r);
  if (to === null) return [];
  if (!to?.some(({ headers }) => headers)) return ruleOf(context, policy, to ? { ...rule, to } : rule);
  return byHeaders(to).flatMap((operations) => {
    const headers = operations[0]?.headers ?? [];
    const said = headers.map(exportCondition);
    const lost = headers.filter((_, i) => said[i] === null);
    if (lost.length > 0) {
      const names = lost.map(({ name }) => name).join(", ");
      const what = `Istio has no contains, no regular expression and no literal * for header ${names}`;
      if (!loseCondition(context, policy, ["spec", "rules", r, "to"], what)) return [];
    }
    const isPlain = operations.every((each) => Object.keys(each).every((field) => field === "headers"));
    return ruleOf(context, policy, { ...rule, to: operations }).map(({ to, ...rest }) =>
      asking({ ...rest, ...(isPlain || to === undefined ? {} : { to }) }, said),
    );
  });
}

type IstioRule = { from?: object[]; to?: object[]; when?: IstioCondition[] };

function asking(rule: IstioRule, conditions: readonly (IstioCondition | null)[]): IstioRule {
  const when = [...(rule.when ?? []), ...conditions.filter((each) => each !== null)];
  return when.length === 0 ? rule : { ...rule, when };
}

/** None where none of its callers is anybody. */
function ruleOf({ index }: ExportContext, policy: AuthorizationPolicy, rule: AuthorizationRule): IstioRule[] {
  const own = trustDomainOf(index);
  const made = exportRule(rule, policy, own, (caller) => principalsOf(index, own, caller));
  return made ? [made] : [];
}
