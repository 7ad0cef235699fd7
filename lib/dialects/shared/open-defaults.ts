// Products that let in what nothing closes: a new design takes that from them, an old one is left as it is and told.
import { type MeshRoot, objectKey } from "@/lib/mesh";
import type { ImportContext, Resource } from "./context";

/** Plain text is taken, and everybody may call. */
export const OPEN_DEFAULTS = { mutualTls: "permissive", authorization: "allow" } as const;

export const withDefaults = (mesh: MeshRoot, defaults: MeshRoot["spec"]["defaults"]): MeshRoot => ({
  ...mesh,
  spec: { ...mesh.spec, defaults },
});

/** @param rule what holds there without a policy, as "Linkerd lets in what no Server closes" */
export function settleOpenDefaults(context: ImportContext, first: Resource, rule: string): void {
  // with what is kept beside it by now
  const [mesh] = context.all("Mesh");
  if (!mesh) return;
  const { authorization, mutualTls } = mesh.spec.defaults;
  if (authorization === "allow") return;
  if (context.index.all("Service").length > 0) {
    const refused = authorization === "drawn" ? "not drawn" : "allowed by no policy";
    const message = `${rule}; this design refuses calls that are ${refused}`;
    context.warn(first, ["kind"], message, "Draw the calls, or set the mesh's default to allow.", {
      changesMeaning: true,
    });
    return;
  }
  context.objects.set(objectKey(mesh), withDefaults(mesh, OPEN_DEFAULTS));
  const message = `${rule}: the defaults of this design become allow and permissive (from ${authorization} and ${mutualTls})`;
  context.warn(first, ["kind"], message, "Close services with policies, then set them back.", { verdict: "moved" });
}
