// Whether the running design lets one service call another at all: the layer "granted" of the canvas.
// The rule: it answers for the pair, not for a request. A grant for one path counts; a denial counts only when it is of everything.
import { type AuthorizationPolicy, keyOf, type MeshDocument, parseKey, refKey } from "@/lib/mesh";

type Rule = AuthorizationPolicy["spec"]["rules"][number];

export function isOpenedBy(running: MeshDocument, source: string, target: string): boolean {
  const isDrawn = running.objects.some(
    (object) =>
      object.kind === "Dependency" &&
      refKey(object.spec.from, object) === source &&
      refKey(object.spec.to, object) === target,
  );
  // Egress is closed by default; a drawn line to an external service opens it for that caller.
  if (parseKey(target)?.kind === "ExternalService") return isDrawn;
  const mode = running.objects.find((object) => object.kind === "Mesh")?.spec.defaults.authorization;
  const policies = running.objects.filter(
    (object): object is AuthorizationPolicy =>
      object.kind === "AuthorizationPolicy" && !object.spec.shadow && isTarget(object, target),
  );
  const ofAction = (action: "allow" | "deny") => policies.filter((policy) => policy.spec.action === action);
  const names = (policy: AuthorizationPolicy, isWhole: boolean) =>
    policy.spec.rules.some((rule) => (!isWhole || rule.to === undefined) && isFrom(rule, policy, source));
  if (ofAction("deny").some((policy) => names(policy, true))) return false;
  const isAllowed = ofAction("allow").some((policy) => names(policy, false));
  if (mode === "allow") return ofAction("allow").length === 0 || isAllowed;
  return isAllowed || (mode !== "deny" && isDrawn);
}

function isTarget({ spec: { target }, metadata }: AuthorizationPolicy, service: string): boolean {
  if (target.gateway !== undefined) return false;
  if (target.service !== undefined)
    return keyOf("Service", target.namespace ?? metadata.namespace, target.service) === service;
  return target.namespace === undefined || target.namespace === parseKey(service)?.namespace;
}

function isFrom(rule: Rule, policy: AuthorizationPolicy, source: string): boolean {
  if (!rule.from) return true;
  const caller = parseKey(source);
  return rule.from.some(({ principals, services, namespaces, ...tokens }) => {
    // A denial that asks of tokens leaves some of the caller's requests.
    if (policy.spec.action === "deny" && Object.keys(tokens).length > 0) return false;
    if (services && !services.some((ref) => refKey(ref, policy) === source)) return false;
    if (namespaces && !namespaces.includes(caller?.namespace ?? "")) return false;
    if (principals && !principals.some((principal) => isPrincipal(principal, caller))) return false;
    return true;
  });
}

/** By the service's own account, which is its name unless a workload says otherwise. */
function isPrincipal(principal: string, caller: ReturnType<typeof parseKey>): boolean {
  if (principal === "*") return true;
  const own = `/ns/${caller?.namespace}/sa/${caller?.name}`;
  if (principal.startsWith("*")) return own.endsWith(principal.slice(1));
  if (principal.endsWith("*")) return own.startsWith(principal.slice(principal.indexOf("/"), -1));
  return principal.endsWith(own);
}
