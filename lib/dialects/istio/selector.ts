// The pods that a policy is for.
import { type AuthorizationPolicy, keyOf, type MutualTls, type RequestAuthentication } from "@/lib/mesh";
import { knownSelector, selectorOf } from "../kubernetes/selectors";
import type { ExportContext } from "../shared/export-context";

/** The pods of the target, as its Kubernetes Service selects them; assumed and told where that was not read. */
export function selectorFor(
  context: ExportContext,
  object: MutualTls | AuthorizationPolicy | RequestAuthentication,
): { selector?: { matchLabels: Record<string, string> } } {
  const { target } = object.spec;
  if (!target?.service) return {};
  const key = keyOf("Service", target.namespace ?? object.metadata.namespace, target.service);
  const service = context.index.find("Service", key);
  if (service && !knownSelector(service)) {
    const reason = `Istio selects pods, not services: label app=${target.service} is assumed on the pods`;
    context.lose(object, ["spec", "target"], "approximate", reason);
  }
  return { selector: { matchLabels: service ? selectorOf(service) : { app: target.service } } };
}
