// What the traffic policies of a service say of one matter to one of its versions.
// The rule: a block of the subset's policy replaces the service's whole.
import type { TrafficPolicy } from "@/lib/mesh";
import type { Target } from "./destinations";
import type { Facts } from "./facts";

type Spec = TrafficPolicy["spec"];

/** Undefined: nothing is said. */
export function policyBlock<B extends "connectionPool" | "loadBalancing" | "locality">(
  facts: Facts,
  { service, subset }: Pick<Target, "service" | "subset">,
  block: B,
): Spec[B] {
  const policies = facts.trafficPoliciesOf.get(service) ?? [];
  const of = (wanted: string | undefined) => policies.find(({ spec }) => spec.subset === wanted)?.spec[block];
  return (subset === undefined ? undefined : of(subset)) ?? of(undefined);
}
