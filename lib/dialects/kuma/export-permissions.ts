// AuthorizationPolicies, drawn dependencies and defaults -> MeshTrafficPermissions.
// The rule: 2.x tells callers by their tags (from[], a later entry wins), 3.x by SPIFFE IDs (rules[], a denial wins). What has a condition that Kuma
// lacks is left out and told: an allowance without it would open, a denial without it would close.
import {
  type AuthorizationPolicy,
  type AuthorizationSource,
  isCallerOnly,
  keyOf,
  type MeshRoot,
  type ObjectKey,
  objectKey,
  refKey,
  serviceAccountOf,
  spiffeId,
  workloadOwnerKey,
} from "@/lib/mesh";
import { isSystem, NAMESPACE_LABEL, SERVICE_TAG, SYSTEM_NAMESPACE } from "./documents";
import type { KumaExport, Ref } from "./export-refs";

type Matcher = { spiffeID: { type: "Exact" | "Prefix"; value: string } };
/** Callers in the words of the version: client selectors or matchers. */
export type Callers = { refs: Ref[]; matchers: Matcher[] };
export type Side = "allow" | "deny";
const NOBODY: Callers = { refs: [], matchers: [] };

export function exportPermissions(out: KumaExport): void {
  const { index } = out.context;
  const { mesh } = index;
  if (!mesh) return;
  const policies = index.all("AuthorizationPolicy");
  const sides = new Map(policies.map((policy) => [policy, callersOf(out, mesh, policy)]));
  for (const policy of policies) {
    const callers = sides.get(policy);
    if (!callers) continue;
    // an entry that denies everybody would override what other policies allow, and what nobody allows is refused anyway
    if (!out.isThree && callers.refs.length === 0) {
      out.context.tell(policy, ["spec", "rules"], "moved", "it allows nobody, and what nobody allows is refused");
      continue;
    }
    const denied = policies.filter(
      (each) => each.spec.action === "deny" && each !== policy && sides.get(each) && covers(each, policy),
    );
    const isAllow = policy.spec.action === "allow";
    // in 2.x the more particular policy wins, so what is denied above it is said in it again
    const again = isAllow && !out.isThree ? denied.map((each) => sides.get(each) ?? NOBODY) : [];
    const spec = specOf(out, targetRefOf(out, policy), [
      [isAllow ? "allow" : "deny", callers],
      ...again.map((each): [Side, Callers] => ["deny", each]),
    ]);
    out.add("MeshTrafficPermission", { name: policy.metadata.name, namespace: homeOf(policy) }, spec, { of: policy });
    out.context.fillExact([{ key: objectKey(policy), path: "spec" }], "means the same in MeshTrafficPermission");
  }
}

/** Undefined when the policy has no counterpart. */
function callersOf(out: KumaExport, mesh: MeshRoot, policy: AuthorizationPolicy): Callers | undefined {
  const { action, shadow, rules } = policy.spec;
  const lose = (reason: string, isLoud: boolean) =>
    out.context.lose(policy, ["spec"], "lost", reason, isLoud ? { changesMeaning: true } : {});
  if (action === "audit" || shadow) {
    lose("Kuma has no audit and no shadow of its own policies beside allowWithShadowDeny", false);
    return undefined;
  }
  const isDeny = action === "deny";
  const result: Callers = { refs: [], matchers: [] };
  let isAny = false;
  for (const [r, rule] of rules.entries()) {
    if (rule.to) {
      const what = isDeny ? "what it denies here is not refused" : "what it allows here is refused";
      const reason = `Kuma knows callers, not methods, paths, ports, hosts or headers: ${what}`;
      out.context.lose(policy, ["spec", "rules", r], "lost", reason, { changesMeaning: true });
      continue;
    }
    const sources: (AuthorizationSource | undefined)[] = rule.from ?? [undefined];
    for (const source of sources) {
      const found = sourceCallers(out, mesh, policy, source);
      if (!found) {
        const reason = `Kuma ${out.channel} has no words for callers ${JSON.stringify(source)}`;
        out.context.lose(policy, ["spec", "rules", r, "from"], "lost", reason, { changesMeaning: true });
        continue;
      }
      isAny ||= source === undefined;
      result.refs.push(...found.refs);
      result.matchers.push(...found.matchers);
    }
  }
  if (isAny && out.isThree && !isDeny) {
    out.context.tell(
      policy,
      ["spec", "rules"],
      "approximate",
      `any caller is any identity of ${mesh.spec.trustDomain}`,
    );
  }
  const hasNothing = result.refs.length === 0 && result.matchers.length === 0;
  if (isDeny && hasNothing) return undefined;
  return result;
}

export function sourceCallers(
  out: KumaExport,
  mesh: MeshRoot,
  policy: AuthorizationPolicy,
  source: AuthorizationSource | undefined,
): Callers | undefined {
  const domain = mesh.spec.trustDomain;
  if (!source || Object.keys(source).length === 0) return anyone(domain);
  const { principals, services, namespaces } = source;
  if ([principals, services, namespaces].filter(Boolean).length > 1) return undefined;
  if (services) return merge(services.map((ref) => objectCallers(out, mesh, refKey(ref, policy))));
  if (namespaces) {
    return {
      refs: namespaces.map((namespace) => ({ kind: "MeshSubset", tags: { [NAMESPACE_LABEL]: namespace } })),
      matchers: namespaces.map((namespace) => matcher("Prefix", `spiffe://${domain}/ns/${namespace}/`)),
    };
  }
  const found = (principals ?? []).map((text) => principalCallers(out, mesh, text));
  return found.every((each) => each !== undefined) ? merge(found) : undefined;
}

export const anyone = (domain: string): Callers => ({
  refs: [{ kind: "Mesh" }],
  matchers: [matcher("Prefix", `spiffe://${domain}/`)],
});
const matcher = (type: "Exact" | "Prefix", value: string): Matcher => ({ spiffeID: { type, value } });
export const merge = (all: readonly Callers[]): Callers => ({
  refs: all.flatMap(({ refs }) => refs),
  matchers: all.flatMap(({ matchers }) => matchers),
});

function principalCallers(out: KumaExport, mesh: MeshRoot, text: string): Callers | undefined {
  const domain = mesh.spec.trustDomain;
  if (text === "*") return anyone(domain);
  if (text.startsWith("*")) return undefined;
  const isPrefix = text.endsWith("*");
  const id = text.replace(/^spiffe:\/\//, "").replace(/\*$/, "");
  const matchers = [matcher(isPrefix ? "Prefix" : "Exact", `spiffe://${id}`)];
  if (out.isThree) return { refs: [], matchers };
  if (isPrefix && id === `${domain}/`) return { refs: [{ kind: "Mesh" }], matchers };
  const namespace = new RegExp(`^${domain.replaceAll(".", "\\.")}/ns/([^/]+)/$`).exec(isPrefix ? id : "")?.[1];
  if (namespace !== undefined)
    return { refs: [{ kind: "MeshSubset", tags: { [NAMESPACE_LABEL]: namespace } }], matchers };
  if (isPrefix) return undefined;
  const { index } = out.context;
  const holders = [...index.all("Workload"), ...index.all("Gateway")].filter((each) => {
    const account = serviceAccountOf(each);
    return account !== undefined && spiffeId(domain, each.metadata.namespace, account) === `spiffe://${id}`;
  });
  const keys = new Set(holders.map((each) => (each.kind === "Workload" ? workloadOwnerKey(each) : objectKey(each))));
  if (keys.size === 0) return undefined;
  return { refs: [...keys].flatMap((key) => objectCallers(out, mesh, key).refs), matchers };
}

/** A service, gateway or workload: by its tag, or by the identities of what runs it. */
export function objectCallers(out: KumaExport, mesh: MeshRoot, key: ObjectKey): Callers {
  const { index } = out.context;
  const object = index.get(key);
  const exact = (namespace: string | undefined, account: string) =>
    matcher("Exact", spiffeId(mesh.spec.trustDomain, namespace ?? "", account));
  // what no service selects has the name that it was deployed by
  if (object?.kind === "Gateway" || (object && isCallerOnly(object))) {
    const { name, namespace } = object.metadata;
    return {
      refs: [{ kind: "MeshSubset", tags: { [SERVICE_TAG]: `${name}_${namespace}_svc` } }],
      matchers: [exact(namespace, serviceAccountOf(object) ?? name)],
    };
  }
  const service = object?.kind === "Workload" ? index.get(workloadOwnerKey(object)) : object;
  if (service?.kind !== "Service") return NOBODY;
  const holders = object?.kind === "Workload" ? [object] : index.workloadsOf(objectKey(service));
  const accounts = holders.flatMap((each) => serviceAccountOf(each) ?? []);
  const { name, namespace } = service.metadata;
  return {
    refs: [{ kind: "MeshSubset", tags: { [SERVICE_TAG]: out.tagOf(service) } }],
    // a service without workloads keeps the account it will have
    matchers: [...new Set(accounts.length > 0 ? accounts : [name])].map((account) => exact(namespace, account)),
  };
}

export function specOf(out: KumaExport, targetRef: Ref, sides: readonly [Side, Callers][]): Record<string, unknown> {
  if (out.isThree) {
    const lists = Object.fromEntries(sides.map(([side, { matchers }]) => [side, unique(matchers)]));
    return { targetRef, rules: [{ default: lists }] };
  }
  const from = sides.flatMap(([side, { refs }]) =>
    unique(refs).map((each) => ({ targetRef: each, default: { action: side === "allow" ? "Allow" : "Deny" } })),
  );
  return { targetRef, from };
}

const unique = <T>(list: readonly T[]): T[] => [...new Map(list.map((each) => [JSON.stringify(each), each])).values()];

export function targetOf({ spec, metadata }: AuthorizationPolicy): { namespace?: string; service?: string } {
  const { target } = spec;
  if (target.service !== undefined)
    return { namespace: target.namespace ?? metadata.namespace, service: target.service };
  return target.namespace === undefined ? {} : { namespace: target.namespace };
}

/** Whether all that the second is for is also of the first: there the second wins in 2.x. */
function covers(wide: AuthorizationPolicy, narrow: AuthorizationPolicy): boolean {
  const [one, other] = [targetOf(wide), targetOf(narrow)];
  if (one.namespace === undefined) return true;
  if (one.namespace !== other.namespace) return false;
  return one.service === undefined || one.service === other.service;
}

/** In a namespace of its own a policy acts on the workloads there; the system's acts everywhere. */
function homeOf(policy: AuthorizationPolicy): string {
  const { namespace } = targetOf(policy);
  const isOfSystem = isSystem({ namespace: policy.metadata.namespace });
  return namespace === undefined || isOfSystem ? SYSTEM_NAMESPACE : namespace;
}

function targetRefOf(out: KumaExport, policy: AuthorizationPolicy): Ref {
  const { namespace, service } = targetOf(policy);
  if (namespace === undefined) return { kind: "Mesh" };
  const isElsewhere = homeOf(policy) !== namespace;
  const place = isElsewhere ? { [NAMESPACE_LABEL]: namespace } : {};
  if (service === undefined) return isElsewhere ? { kind: "Dataplane", labels: place } : { kind: "Mesh" };
  const found = out.context.index.get(keyOf("Service", namespace, service));
  if (found?.kind !== "Service") return { kind: "Dataplane", labels: { app: service, ...place } };
  const { ref, isAssumed } = out.pods(found);
  if (isAssumed) {
    const reason = `Kuma selects workloads by label: app=${service} is assumed on them`;
    out.context.lose(policy, ["spec", "target"], "approximate", reason);
  }
  return { ...ref, labels: { ...(ref["labels"] as Record<string, string>), ...place } };
}
