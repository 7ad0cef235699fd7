// MW1034: a policy whose target has nothing that could keep it.
import {
  type AuthorizationPolicy,
  keyOf,
  type MeshIndex,
  type MutualTls,
  objectKey,
  type PolicyTarget,
  type RequestAuthentication,
} from "@/lib/mesh";
import type { FindingBody, KindsAnalyzer } from "../finding";

export const mw1034PolicyOnNothing: KindsAnalyzer = {
  code: "MW1034",
  title: "Policy on nothing",
  area: "access",
  scope: "object",
  kinds: ["AuthorizationPolicy", "MutualTls", "RequestAuthentication"],
  run(index, object) {
    const { kind } = object;
    const isOne = kind === "AuthorizationPolicy" || kind === "MutualTls" || kind === "RequestAuthentication";
    return isOne ? check(index, object) : [];
  },
};

function check(index: MeshIndex, policy: AuthorizationPolicy | MutualTls | RequestAuthentication): FindingBody[] {
  const target: PolicyTarget = policy.spec.target ?? {};
  const key = objectKey(policy);
  const say = (message: string, cause: string, refs: string[]): FindingBody[] => [
    {
      code: "MW1034",
      severity: "warning",
      message,
      cause,
      refs: [key, ...refs],
      path: "spec.target",
      fixes: [{ title: `Remove ${policy.metadata.name}`, command: { type: "removeObject", key } }],
    },
  ];
  if (target.service) {
    const service = index.find(
      "Service",
      keyOf("Service", target.namespace ?? policy.metadata.namespace, target.service),
    );
    if (!service?.spec.optOut) return [];
    return say(
      `${policy.metadata.name} has no effect: ${target.service} is out of the mesh.`,
      "A policy is kept by the sidecar of its target, and there is none.",
      [objectKey(service)],
    );
  }
  // a gateway always has a proxy
  if (target.gateway) return [];
  const { namespace } = target;
  // a namespace that does not exist is told by MW1015
  if (!namespace || !index.namespaces.includes(namespace)) return [];
  if (index.all("Service").some((service) => service.metadata.namespace === namespace)) return [];
  return say(
    `${policy.metadata.name} has no effect: namespace ${namespace} has no services.`,
    "Somebody believes that it protects something. It will, for whatever comes there next, which may surprise.",
    [],
  );
}
