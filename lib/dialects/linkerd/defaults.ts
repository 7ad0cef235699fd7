// What holds where no Server is: the default policies of mesh, namespaces and pods.
// The rule: a Linkerd mesh that was told nothing lets every call in, by plain text too; a namespace or pods may say otherwise.
import { keyOf, type ObjectKey, type PolicyTarget, valueAt } from "@/lib/mesh";
import { labelsAt } from "../kubernetes/selectors";
import { type ImportContext, type Resource, understood } from "../shared/context";
import { INBOUND_POLICY, INJECT } from "./annotations";
import { putMutualTls } from "./mutual-tls";

const STRICT = new Set(["all-authenticated", "cluster-authenticated", "deny"]);
const KNOWN = new Set([...STRICT, "all-unauthenticated", "cluster-unauthenticated", "audit"]);

export function putDefaultPolicies(context: ImportContext, guarded: ReadonlySet<ObjectKey>): void {
  for (const resource of context.resources) {
    if (resource.kind === "Namespace" && resource.apiVersion === "v1") {
      const policy = resource.annotations?.[INBOUND_POLICY];
      if (policy !== undefined) putDefault(context, { ...resource, namespace: resource.name }, policy, {});
    } else if (resource.apiVersion === "apps/v1") putPodDefault(context, resource, guarded);
  }
}

function putPodDefault(context: ImportContext, resource: Resource, guarded: ReadonlySet<ObjectKey>): void {
  const annotations = labelsAt(valueAt(resource.spec, ["template", "metadata", "annotations"])) ?? {};
  const path = ["spec", "template", "metadata", "annotations"];
  const workload = context.find("Workload", keyOf("Workload", resource.namespace, resource.name));
  if (annotations[INJECT] === "disabled") {
    const message = "its pods have no proxy in Linkerd; here they are in the mesh";
    context.warn(resource, [...path, INJECT], message, "Give the service an opt-out, with its reason and owner.", {
      changesMeaning: true,
    });
  }
  for (const name of Object.keys(annotations)) {
    if (!/^config\.linkerd\.io\/skip-(inbound|outbound)-ports$/.test(name)) continue;
    const message = `${name} has no counterpart: these ports pass by the proxy in Linkerd, and do not here`;
    const judgement = { verdict: "lost", changesMeaning: true } as const;
    context.warn(resource, [...path, name], message, "It stays in Kubernetes; opt the service out by hand.", judgement);
  }
  const policy = annotations[INBOUND_POLICY];
  if (policy === undefined || !workload) return;
  const { service } = workload.spec;
  // nobody calls what serves nothing
  if (service === undefined) return;
  if (guarded.has(keyOf("Service", resource.namespace, service))) return;
  const { annotations: _annotations, labels: _labels, ...source } = resource;
  putDefault(context, source, policy, { service });
}

function putDefault(context: ImportContext, resource: Resource, policy: string, { service }: PolicyTarget): void {
  const path = ["metadata", "annotations", INBOUND_POLICY];
  if (!KNOWN.has(policy)) {
    const fix = `Write one of ${[...KNOWN].join(", ")}.`;
    context.warn(resource, path, `${INBOUND_POLICY} ${policy} is not known; it is ignored`, fix, {
      verdict: "ignored",
    });
    return;
  }
  const source = { ...resource, dialect: "linkerd" as const };
  const target: PolicyTarget = service === undefined ? { namespace: resource.namespace } : { service };
  const name = service === undefined ? "default-inbound-policy" : `default-inbound-policy-${service}`;
  context.assumeNamespace(resource.namespace);
  putMutualTls(
    context,
    { resource: bare(source), result: understood(resource) },
    target,
    STRICT.has(policy) ? "strict" : "permissive",
    name,
  );
  if (policy === "deny") {
    const existing = context.find("AuthorizationPolicy", keyOf("AuthorizationPolicy", resource.namespace, name));
    const spec = { target, action: "allow" as const, rules: [] };
    context.put("AuthorizationPolicy", name, spec, { resource: bare(source) }, existing);
  }
  if (policy.startsWith("cluster-")) {
    const message = `${policy} is taken over without "cluster": addresses have no place in the model`;
    const changesMeaning = policy === "cluster-unauthenticated";
    context.warn(resource, path, message, "Close the cluster to others.", { changesMeaning });
  } else if (policy === "audit") {
    const message = "audit is taken over as letting everything in: what it would tell is not told here";
    context.warn(resource, path, message, "Write policies in shadow.");
  }
}

/** The annotations are those of the Namespace, not of what came of them. */
function bare({ annotations: _annotations, labels: _labels, ...resource }: Resource): Resource {
  return resource;
}
