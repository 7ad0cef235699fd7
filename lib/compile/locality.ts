// Localities: the hosts of a service in the order, or with the weights, that a traffic policy gives them for one caller.
// The rule: callers that the policy makes no difference between share one cluster; where it says nothing, nothing is written.
import {
  isWithin,
  localityText,
  type Placed,
  placedOf,
  type Standing,
  standings,
  type TrafficLocality,
  type Workload,
} from "@/lib/mesh";
import type { Target } from "./destinations";
import { compact, type JsonObject } from "./envoy-json";
import type { Facts } from "./facts";
import { policyBlock } from "./policy-block";

/** What a policy says, and for whom; `name` is the same for callers that are alike to it. */
export type Preference = { locality: TrafficLocality; caller: Placed; name: string };

const NOWHERE: Placed = { locality: { region: "", zone: "", subzone: "" }, labels: {} };

export const placedAt = (object: Parameters<typeof placedOf>[0] | undefined): Placed =>
  object ? placedOf(object) : NOWHERE;

/** null: no policy, or one that makes no difference for this caller. */
export function preferenceFor(facts: Facts, target: Target, placed: () => Placed): Preference | null {
  const locality = policyBlock(facts, target, "locality");
  if (locality === undefined || locality.enabled === false) return null;
  const caller = placed();
  const asked = locality.failoverPriority?.map((label) => caller.labels[label] ?? "") ?? [];
  const preference = { locality, caller, name: [localityText(caller.locality), ...asked].join(" ") };
  return locality.distribute && !hasShares(preference) ? null : preference;
}

/** Does this caller get fixed shares? */
export const hasShares = ({ locality, caller }: Preference): boolean =>
  (locality.distribute ?? []).some(({ from }) => isWithin(caller.locality, from));

/** Hosts in one place of one priority: an entry of a ClusterLoadAssignment. */
export type Group<H> = { place: JsonObject; hosts: readonly H[] };

export function groupsFor<H>(
  preference: Preference | null,
  hosts: readonly H[],
  workloadOf: (host: H) => Workload | undefined,
): Group<H>[] {
  if (preference === null) return [{ place: {}, hosts }];
  const placed = hosts.map((host) => placedAt(workloadOf(host)));
  const groups = new Map<string, { place: JsonObject; priority: number; hosts: H[] }>();
  standings(preference.locality, preference.caller, placed).forEach((standing, i) => {
    const [host, at] = [hosts[i], placed[i]];
    if (standing === null || host === undefined || at === undefined) return;
    const key = `${standing.priority} ${localityText(at.locality)}`;
    const group = groups.get(key) ?? { place: placeOf(at, standing), priority: standing.priority, hosts: [] };
    group.hosts.push(host);
    groups.set(key, group);
  });
  return [...groups].sort(([a, { priority: p }], [b, { priority: q }]) => p - q || (a < b ? -1 : 1)).map(([, g]) => g);
}

function placeOf(
  { locality: { region, zone, subzone } }: Placed,
  { priority, weight }: NonNullable<Standing>,
): JsonObject {
  return compact({
    locality: compact({
      region: region === "" ? undefined : region,
      zone: zone === "" ? undefined : zone,
      sub_zone: subzone === "" ? undefined : subzone,
    }),
    priority: priority === 0 ? undefined : priority,
    load_balancing_weight: weight ?? undefined,
  });
}
