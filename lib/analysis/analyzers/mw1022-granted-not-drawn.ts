// MW1022: a permission, or a way out, for a caller that the design does not draw. More may be done than is needed.
import {
  API_VERSION,
  type AuthorizationPolicy,
  type Command,
  keyOf,
  type MeshIndex,
  type ObjectKey,
  objectKey,
  type Ref,
  refKey,
} from "@/lib/mesh";
import { isDrawn } from "../calls";
import type { FindingBody, Fix, ObjectAnalyzer } from "../finding";
import { isSensitive } from "../protection";

export const mw1022GrantedNotDrawn: ObjectAnalyzer<"AuthorizationPolicy"> = {
  code: "MW1022",
  title: "Permission without a dependency",
  area: "access",
  ofDesign: true,
  scope: "object",
  kind: "AuthorizationPolicy",
  run(index, policy) {
    const { target, action } = policy.spec;
    if (action !== "allow" || !target.service) return [];
    const callee = keyOf("Service", target.namespace ?? policy.metadata.namespace, target.service);
    const service = index.find("Service", callee);
    if (!service) return [];
    const to: Ref = { kind: "Service", name: service.metadata.name };
    return policy.spec.rules.flatMap((rule, r) =>
      (rule.from ?? []).flatMap((source, f) =>
        (source.services ?? []).flatMap((ref, s): FindingBody[] => {
          const caller = refKey(ref, policy);
          if (isDrawn(index, ref, caller, callee)) return [];
          return [
            {
              code: "MW1022",
              severity: isSensitive(service) ? "warning" : "info",
              message: `${policy.metadata.name} lets ${ref.name} call ${target.service}, but no such dependency is drawn.`,
              cause: "Either the drawing is incomplete, or the permission is not needed any more.",
              refs: [objectKey(policy), callee, ...(index.get(caller) ? [caller] : [])],
              path: `spec.rules[${r}].from[${f}].services[${s}]`,
              fixes: [
                ...drawIt(index, ref, caller, to, callee),
                { title: `Take the permission from ${ref.name}`, command: withoutSource(policy, r, f, s) },
              ],
            },
          ];
        }),
      ),
    );
  },
};

function drawIt(index: MeshIndex, ref: Ref, caller: ObjectKey, to: Ref, callee: ObjectKey): Fix[] {
  const from = index.get(caller);
  const namespace = from?.metadata.namespace;
  const name = `${ref.name}-to-${to.name}`;
  if (!from || namespace === undefined || caller === callee || index.get(keyOf("Dependency", namespace, name)))
    return [];
  const calleeNamespace = callee.split("/")[1];
  const target = calleeNamespace === namespace ? to : { ...to, namespace: calleeNamespace };
  return [
    {
      title: `Draw ${ref.name} -> ${to.name}`,
      command: {
        type: "addObject",
        object: {
          apiVersion: API_VERSION,
          kind: "Dependency",
          metadata: { name, namespace },
          spec: { from: { kind: ref.kind, name: ref.name }, to: target },
        },
      },
    },
  ];
}

/** A list that becomes empty takes its rule with it: it must not come to mean "anybody". */
function withoutSource(policy: AuthorizationPolicy, r: number, f: number, s: number): Command {
  const key = objectKey(policy);
  const from = policy.spec.rules[r]?.from ?? [];
  if ((from[f]?.services?.length ?? 0) > 1) {
    return { type: "patchSpec", key, path: ["rules", r, "from", f, "services", s] };
  }
  return from.length > 1
    ? { type: "patchSpec", key, path: ["rules", r, "from", f] }
    : { type: "patchSpec", key, path: ["rules", r] };
}
