// Whom the callee's sidecar asks whether a request goes on, and what becomes of it by what the question says they answer.
// The rule: which requests are asked about is the proxy's own; what an authorizer says is no part of a design, so an answer that the
// question does not give is taken to let the request on, and told as what it depends on.
import type { ExtAuthzFilterPlan, HttpConnectionPlan, RbacContext, RoutePlan } from "@meshwright/proxy/plan";
import type { AuthorizationDecision } from "@meshwright/proxy/semantics";
import { UNASKED_FILTER } from "@/lib/compile/authorization";
import { askedBecauseOf, authorizerOfFilter, RBAC_METADATA } from "@/lib/compile/authorizers";
import { withLine } from "./lines";
import { nameOf } from "./names";
import { originOfPolicy } from "./origins";
import type { Scene } from "./scene";
import type { AuthorizerAnswer, HopAuthorizer } from "./types";

const FORBIDDEN = 403;

/** `status` null: the request goes on, or nobody said what is answered. */
export type Asked = { name: string; policy: string | null; answer: AuthorizerAnswer | null; status: number | null };

/** In order, up to the one that refuses. */
export function askAuthorizers(
  { filters }: HttpConnectionPlan,
  route: RoutePlan | null,
  context: RbacContext,
  decision: AuthorizationDecision | null,
  answers: Readonly<Record<string, AuthorizerAnswer>>,
): Asked[] {
  // As Envoy: who goes nowhere is not asked for.
  if (route === null || decision?.deniedBy === UNASKED_FILTER) return [];
  const shadow = decision?.shadow ?? {};
  const told: RbacContext = { ...context, metadata: { ...context.metadata, [RBAC_METADATA]: shadow } };
  const asked: Asked[] = [];
  for (const filter of filters) {
    const name = filter.kind === "ext-authz" ? authorizerOfFilter(filter.name) : null;
    if (filter.kind !== "ext-authz" || name === null || !(filter.asks?.matches(told) ?? true)) continue;
    const answer = (Object.hasOwn(answers, name) ? answers[name] : undefined) ?? null;
    const status = statusOf(filter, answer);
    asked.push({ name, policy: askedBecauseOf(name, shadow), answer, status });
    if (status !== null) break;
  }
  return asked;
}

function statusOf({ allowsOnError, statusOnError }: ExtAuthzFilterPlan, answer: AuthorizerAnswer | null) {
  if (answer === "deny") return FORBIDDEN;
  return answer === "away" && !allowsOnError ? statusOnError : null;
}

export function hopAuthorizers(scene: Scene, asked: readonly Asked[], isExplained: boolean): HopAuthorizer[] {
  return asked.map(({ name, policy, answer, status }): HopAuthorizer => {
    const origin = policy === null ? null : originOfPolicy(policy);
    const by = origin ? `, whom ${nameOf(origin.object)} asks,` : "";
    return {
      name,
      answer,
      status,
      why: `authorizer ${name}${by} ${whatIsSaid(answer, status)}`,
      ...(origin ? { rule: isExplained ? withLine(scene, origin) : origin } : {}),
    };
  });
}

function whatIsSaid(answer: AuthorizerAnswer | null, status: number | null): string {
  switch (answer) {
    case null:
      return "decides";
    case "allow":
      return "lets it on";
    case "deny":
      return "refuses it";
    case "away":
      return status === null ? "gives no answer, which lets it on" : "gives no answer";
  }
}
