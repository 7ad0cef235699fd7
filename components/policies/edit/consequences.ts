// Which consequences belong to the policy one looks at, and in which order they are told. Pure.
// Rule: nothing is hidden: what other changes of the draft do is told apart, not left out.
import { type MeshIndex, objectKey, refKey } from "@/lib/mesh";
import { type PolicyObject, targetOf } from "@/lib/mesh/policies";
import type { Answer, Consequence, Hop } from "@/lib/simulate";

export interface Told {
  /** Of calls that this policy decides, before or after. */
  own: Consequence[];
  /** Of other changes in the draft. */
  others: Consequence[];
}

export function toldOf(policy: PolicyObject, consequences: readonly Consequence[], index: MeshIndex): Told {
  const keys = subjectsOf(policy, index);
  const isOwn = (each: Consequence) =>
    keys.some((key) => key === each.callee || key === each.caller) || decides(keys[0] ?? "", each);
  return {
    own: consequences.filter(isOwn),
    others: consequences.filter((each) => !isOwn(each)),
  };
}

/** The policy itself first, then what it is about. */
function subjectsOf(policy: PolicyObject, index: MeshIndex): string[] {
  const target = targetOf(policy);
  const keys = [objectKey(policy)];
  const isWhole =
    (policy.kind === "MutualTls" || policy.kind === "AuthorizationPolicy" || policy.kind === "RequestAuthentication") &&
    !policy.spec.target?.service &&
    !(policy.kind === "AuthorizationPolicy" && policy.spec.target.gateway);
  if (isWhole) {
    const namespace = policy.spec.target?.namespace;
    const services = index
      .all("Service")
      .filter((each) => namespace === undefined || each.metadata.namespace === namespace);
    return [...keys, ...services.map(objectKey)];
  }
  if (target.key) keys.push(target.key);
  if (policy.kind === "Egress") keys.push(refKey(policy.spec.to, policy));
  return keys;
}

function decides(key: string, consequence: Consequence): boolean {
  return [consequence.before, consequence.after].some((answer: Answer) =>
    answer.hops.some((hop) => hopNames(hop, key)),
  );
}

function hopNames(hop: Hop, key: string): boolean {
  return (
    hop.rule?.object === key ||
    hop.mtlsRule?.object === key ||
    hop.token?.rule?.object === key ||
    hop.authorizers?.some(({ rule }) => rule?.object === key) === true ||
    hop.authorization?.policy === key
  );
}

/** Why the mesh answers as it does, one line per proxy that decided something. */
export function reasonsOf(answer: Answer): { id: string; text: string; object: string | null; path: string | null }[] {
  return answer.hops.map((hop, i) => {
    const rule = hop.authorization && !hop.authorization.allowed ? hop.authorization.rule : hop.rule;
    return { id: `${i} ${hop.proxy}`, text: hop.sentence, object: rule?.object ?? null, path: rule?.path ?? null };
  });
}
