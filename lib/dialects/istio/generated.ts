// A resource that an export makes of drawn dependencies and mesh defaults: an import passes over it.
import type { Manifest } from "../shared/dialect";
import { GENERATED_LABEL } from "../shared/generated";

/** @param why the label's value: what it comes from */
export function generated(
  kind: "PeerAuthentication" | "AuthorizationPolicy",
  name: string,
  namespace: string | undefined,
  why: "default" | "drawn" | "step",
  spec: Record<string, unknown>,
  annotations?: Record<string, string>,
): Manifest {
  const metadata = {
    name,
    ...(namespace === undefined ? {} : { namespace }),
    labels: { [GENERATED_LABEL]: why },
    ...(annotations ? { annotations } : {}),
  };
  return { apiVersion: "security.istio.io/v1", kind, metadata, spec };
}
