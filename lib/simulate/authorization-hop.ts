// What the RBAC filters of a sidecar said about one request, with every policy that was looked at.
// The rule: the decision is the semantics' own; this only names the objects behind it.
import type { RbacContext, RbacFilterPlan, RbacPlan } from "@meshwright/proxy/plan";
import type { AuthorizationDecision } from "@meshwright/proxy/semantics";
import { UNASKED_FILTER } from "@/lib/compile/authorization";
import { isAskingFilter } from "@/lib/compile/authorizers";
import { withLine } from "./lines";
import { nameOf } from "./names";
import { originOfPolicy } from "./origins";
import { judgePolicy } from "./reasons";
import type { Scene } from "./scene";
import type { Considered, HopAuthorization } from "./types";

const DENY_FILTER = "meshwright.rbac.deny";

export function hopAuthorization(
  scene: Scene,
  filters: readonly RbacFilterPlan[],
  decision: AuthorizationDecision | null,
  hasIdentity: boolean,
): HopAuthorization {
  if (!decision || filters.filter(isOfPolicies).every(({ rules, shadowRules }) => !rules && !shadowRules)) {
    return { allowed: true, why: "nothing restricts who may call", shadow: [] };
  }
  const origin = decision.policy === null ? null : originOfPolicy(decision.policy);
  return {
    allowed: decision.allowed,
    ...(origin ? { policy: origin.object, rule: withLine(scene, origin) } : {}),
    why: whyOf(filters, decision, hasIdentity),
    shadow: decision.shadowDenials.map(({ filter, policy }) => {
      if (policy === null) return { why: `${shadowList(filter)} would refuse it: it names no such caller and request` };
      const { object } = originOfPolicy(policy);
      return { policy: object, why: `${nameOf(object)} would refuse it (in shadow: only counted)` };
    }),
  };
}

/** Those that tell whom to ask about what decide nothing themselves. */
const isOfPolicies = ({ name }: RbacFilterPlan) => !isAskingFilter(name);

const shadowList = (filter: string) => (filter === DENY_FILTER ? "a denial in shadow" : "the list of allowed callers");

function whyOf(filters: readonly RbacFilterPlan[], decision: AuthorizationDecision, hasIdentity: boolean): string {
  const { policy, allowed } = decision;
  if (policy !== null) {
    const { object, path } = originOfPolicy(policy);
    const [kind] = object.split("/");
    if (kind === "Dependency") return `the drawn dependency ${nameOf(object)} allows it`;
    const rule = /\[(\d+)\]/.exec(path)?.[1];
    const which = rule === undefined ? "" : `, rule ${Number(rule) + 1},`;
    if (decision.deniedBy === UNASKED_FILTER)
      return `${nameOf(object)}${which} asks an authorizer that nobody can reach, so it is refused`;
    return `${nameOf(object)}${which} ${allowed ? "allows" : "denies"} it`;
  }
  if (!allowed) {
    return hasIdentity
      ? "no drawn dependency and no policy allows this caller and request"
      : "the caller has no proved identity, so nothing can allow it";
  }
  const isListEnforced = filters.some(({ rules }) => rules?.action === "allow");
  return isListEnforced ? "a policy allows it" : "no policy denies it, and the list of allowed callers is not enforced";
}

/** Every policy in the order of evaluation, up to the one that decided. */
export function consideredPolicies(
  scene: Scene,
  filters: readonly RbacFilterPlan[],
  decision: AuthorizationDecision | null,
  context: RbacContext,
): Considered[] {
  const looked: Considered[] = [];
  for (const { rules, shadowRules, name } of filters) {
    if (isAskingFilter(name)) continue;
    for (const [plan, isShadow] of [
      [rules, false],
      [shadowRules, true],
    ] as const) {
      if (plan) looked.push(...considered(scene, plan, isShadow, context));
    }
    if (decision && !decision.allowed && decision.deniedBy === name) break;
  }
  return looked;
}

function considered(scene: Scene, plan: RbacPlan, isShadow: boolean, context: RbacContext): Considered[] {
  const looked: Considered[] = [];
  for (const policy of plan.policies) {
    const { matched, why } = judgePolicy(policy, context);
    const shadow = isShadow ? " (in shadow)" : "";
    looked.push({ ...withLine(scene, originOfPolicy(policy.name)), matched, why: `${why}${shadow}` });
    if (matched) break;
  }
  return looked;
}
