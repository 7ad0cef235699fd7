// Calls that the source names: permissions of named services and outbounds of Dataplanes -> Dependencies, each once.
// The rule: a line is drawn only between services of the design; what is granted to everybody draws nothing.
import { keyOf } from "@/lib/mesh";
import type { ImportContext, Resource } from "../shared/context";
import type { KumaState } from "./state";

/** What a policy grants a named service is a call that is meant: it is drawn. */
export function drawGranted(context: ImportContext, state: KumaState): void {
  for (const { resource, result } of state.permissions) {
    for (const key of [...result.objects]) {
      const policy = context.get(key);
      if (
        policy?.kind !== "AuthorizationPolicy" ||
        policy.spec.action !== "allow" ||
        policy.spec.target.service === undefined
      )
        continue;
      const to = {
        namespace: policy.spec.target.namespace ?? policy.metadata.namespace,
        name: policy.spec.target.service,
      };
      for (const ref of policy.spec.rules.flatMap(({ from = [] }) => from.flatMap(({ services = [] }) => services))) {
        const from = { namespace: ref.namespace ?? policy.metadata.namespace, name: ref.name };
        const drawn = drawCall(context, resource, from, to);
        if (drawn !== undefined) result.objects.push(drawn);
      }
    }
  }
}

type Named = { namespace: string; name: string };

export function drawCall(context: ImportContext, resource: Resource, from: Named, to: Named): string | undefined {
  const isSame = (ref: { namespace?: string | undefined; name: string; kind: string }, own: string, wanted: Named) =>
    ref.kind === "Service" && ref.name === wanted.name && (ref.namespace ?? own) === wanted.namespace;
  const isThere = context
    .all("Dependency")
    .some(
      ({ metadata, spec }) => isSame(spec.from, metadata.namespace, from) && isSame(spec.to, metadata.namespace, to),
    );
  const exists = [from, to].every(({ namespace, name }) => context.get(keyOf("Service", namespace, name)));
  if (isThere || !exists || (from.name === to.name && from.namespace === to.namespace)) return undefined;
  const spec = {
    from: { kind: "Service" as const, name: from.name },
    to: {
      kind: "Service" as const,
      ...(to.namespace === from.namespace ? {} : { namespace: to.namespace }),
      name: to.name,
    },
  };
  return context.put(
    "Dependency",
    `${from.name}-to-${to.name}`.slice(0, 253),
    spec,
    { resource: { ...resource, namespace: from.namespace } },
    undefined,
  );
}
