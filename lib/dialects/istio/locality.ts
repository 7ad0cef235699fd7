// localityLbSetting <-> locality of a TrafficPolicy.
// The rule: Istio makes levels only beside outlierDetection, and then by its mesh's default as well; what it would not act on is kept word for word.
import type { MeshIndex, MeshObject, TrafficLocality, TrafficPolicy } from "@/lib/mesh";
import { trafficLocality } from "@/lib/mesh/schema/locality";
import { violationsOfLocality } from "@/lib/mesh/validate/locality";
import type { ExportContext } from "../shared/export-context";
import type { Fields } from "../shared/fields";

const SETTING = "localityLbSetting";

/** Taken where it has an effect in Istio and the model can say it; else it stays for `keepRest`. `balancer`: of the same policy. */
export function localityOf(balancer: Fields | undefined, hasDetection: boolean): TrafficLocality | undefined {
  const written = balancer?.peek(SETTING);
  if (written === null || typeof written !== "object") return undefined;
  const said = Object.entries(written as Record<string, unknown>).filter(([, value]) => !isEmpty(value));
  const parsed = trafficLocality.safeParse(Object.fromEntries(said));
  if (!parsed.success || hasViolations(parsed.data)) return undefined;
  const locality = parsed.data;
  if (locality.enabled !== false && !locality.distribute && !hasDetection) return undefined;
  balancer?.take(SETTING);
  return said.length === 0 ? { enabled: true } : locality;
}

const isEmpty = (value: unknown) =>
  value === undefined || value === null || (Array.isArray(value) && value.length === 0);

function hasViolations(locality: TrafficLocality): boolean {
  const spec = { service: { name: "x" }, locality };
  const policy = { kind: "TrafficPolicy", metadata: { name: "x", namespace: "x" }, spec };
  return violationsOfLocality(policy as MeshObject).length > 0;
}

/** What a subset without a setting of its own gets: a loadBalancer of its own hides the service's, and leaves the mesh's default. */
export const withoutSetting = (hasDetection: boolean): TrafficLocality => ({ enabled: hasDetection });

/** undefined: Istio's own default means the same. `locality` and detection: of the policy, or of the service's. */
export function settingOf(
  context: ExportContext,
  policy: TrafficPolicy,
  locality: TrafficLocality | undefined,
  hasDetection: boolean,
): Record<string, unknown> | undefined {
  const path = ["spec", "locality"];
  if (locality === undefined) {
    if (!hasDetection || !hasPlaces(context.index)) return undefined;
    const reason = "Istio prefers the nearest hosts wherever outlierDetection is: localityLbSetting switches it off";
    context.tell(policy, ["spec", "outlierDetection"], "moved", reason);
    return { enabled: false };
  }
  if (locality.enabled !== false && !locality.distribute && !hasDetection) {
    const reason = "Istio makes no levels without outlierDetection: add it, or all hosts are called alike";
    context.lose(policy, path, "lost", reason, { changesMeaning: true });
    // A setting without effect would still hide the trafficDistribution of the Service.
    return undefined;
  }
  if (policy.spec.locality) context.tell(policy, path, "exact", "localityLbSetting of its DestinationRule");
  return { ...locality };
}

const hasPlaces = (index: MeshIndex): boolean => index.all("Workload").some(({ spec }) => spec.locality !== undefined);
