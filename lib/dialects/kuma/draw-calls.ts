// Calls that the source names: permissions of named services and outbounds of Dataplanes -> Dependencies, each once.
// The rule: a line is drawn only between services of the design; what is granted to everybody draws nothing.
import type { ImportContext, Resource } from "../shared/context";
import { drawLine } from "../shared/draw-line";
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

export const drawCall = (context: ImportContext, resource: Resource, from: Named, to: Named): string | undefined =>
  drawLine(context, resource, { kind: "Service", ...from }, { kind: "Service", ...to })[0];
