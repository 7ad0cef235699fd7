// The loss of what a traffic policy makes of localities, in products that decide it another way or not at all.
// The rule: another choice of hosts is another meaning, so it is told loudly; a policy that makes no difference loses nothing.

import type { TrafficPolicy, Workload } from "@/lib/mesh";
import { localityName } from "@/lib/mesh/schema/locality";
import type { ExportContext } from "./export-context";

export function loseLocality(
  context: ExportContext,
  policy: TrafficPolicy,
  product: string,
  instead: string,
  verdict: "lost" | "escape" = "lost",
): void {
  const { locality } = policy.spec;
  if (!locality) return;
  const isLoud = locality.enabled !== false;
  const reason = isLoud ? `${product} cannot say it: ${instead}` : `nothing is to be said of it in ${product}`;
  context.lose(
    policy,
    ["spec", "locality"],
    isLoud ? verdict : "ignored",
    reason,
    isLoud ? { changesMeaning: true } : {},
  );
}

/** Istio takes a pod with this label to be there, whatever its node says, and reads dots as slashes. */
export const PLACE_LABEL = "istio-locality";

/** undefined: nobody says it, or not as a locality is written. */
export function placeOfLabel(label: string | undefined): string | undefined {
  const place = label?.includes("/") ? label : label?.replaceAll(".", "/");
  return localityName.safeParse(place).success ? place : undefined;
}

/** undefined: there is none, or the label cannot say it. */
export function labelOfPlace({ spec: { locality } }: Workload): string | undefined {
  if (locality === undefined || locality.includes(".")) return undefined;
  const label = locality.replaceAll("/", ".");
  return label.length <= MAX_LABEL ? label : undefined;
}

/** Of Kubernetes, for the value of a label. */
const MAX_LABEL = 63;
