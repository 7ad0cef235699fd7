// Kinds of Linkerd that the model has no place for: kept whole, and written back on export to Linkerd.
import { type ImportContext, type Resource, type Understood, understood } from "../shared/context";
import { keptWords } from "../shared/kept-kinds";
import { keepBeside } from "../shared/verbatim";

const WHY = {
  EgressNetwork: "says which addresses outside the cluster may be called; a design grants external services by name",
  ExternalWorkload: "is a workload outside the cluster, with addresses that belong to the environment",
} as const;

export type KeptKind = keyof typeof WHY;
export const KEPT_KINDS: readonly { kind: KeptKind; group: string; versions: readonly string[] }[] = [
  { kind: "EgressNetwork", group: "policy.linkerd.io", versions: ["v1alpha1"] },
  { kind: "ExternalWorkload", group: "workload.linkerd.io", versions: ["v1beta1", "v1alpha1"] },
];

export const importKept =
  (kind: KeptKind) =>
  (context: ImportContext, resource: Resource): Understood => {
    const result = understood(resource);
    keepAside(context, { resource, result }, ["kind"], WHY[kind]);
    result.sentences.push(`it ${WHY[kind]}.`);
    return result;
  };

type Aside = { resource: Resource; result: Understood };

/** Keeps a resource that has no place, and says that calls get another answer here. */
export function keepAside(context: ImportContext, part: Aside, path: string[], why: string): void {
  const what = keptWords(keepBeside(context, part));
  context.warn(
    part.resource,
    path,
    `${why}: ${what}, without effect here`,
    "Say by hand what it means, or keep Linkerd.",
    {
      verdict: "lost",
      changesMeaning: true,
    },
  );
}
