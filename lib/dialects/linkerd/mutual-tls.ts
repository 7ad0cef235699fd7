// The modes of mutual TLS that Linkerd's policies amount to: its proxies always offer it, and policies say who may come without.
import { keyOf, type MutualTlsMode, type PolicyTarget } from "@/lib/mesh";
import type { ImportContext } from "../shared/context";
import type { Part } from "./state";

export function putMutualTls(
  context: ImportContext,
  { resource, result }: Pick<Part, "resource" | "result">,
  target: PolicyTarget,
  mode: MutualTlsMode,
  name: string,
): void {
  const existing = context
    .all("MutualTls")
    .find(
      ({ spec, metadata }) =>
        metadata.namespace === resource.namespace &&
        spec.target?.service === target.service &&
        spec.target?.namespace === target.namespace,
    );
  const taken = context.get(keyOf("MutualTls", resource.namespace, name));
  const free = taken && !existing ? `${name}-linkerd` : name;
  result.objects.push(context.put("MutualTls", free, { target, mode }, { resource }, existing));
}
