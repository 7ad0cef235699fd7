// What an accepted set still waits for before it can come into force, in words for the status page.

import type { ResourceKind } from "../contract/resource-types";
import type { ProxyPlan } from "../plan/types";
import type { ResourceSet } from "./resource-set";
import { IDENTITY_SECRET } from "./static-source";

export interface WarmingState {
  readonly plan: ProxyPlan | null;
  readonly accepted: ResourceSet;
  readonly received: ReadonlySet<ResourceKind>;
  readonly absent: ReadonlyMap<ResourceKind, ReadonlySet<string>>;
  readonly hasIdentity: boolean;
}

export function missingFrom({ plan, accepted, received, absent, hasIdentity }: WarmingState): string[] {
  const missing: string[] = [];
  for (const kind of ["cluster", "listener"] as const) {
    if (!received.has(kind)) {
      missing.push(`${kind}s from the control plane`);
    }
  }
  const needs = (kind: ResourceKind, name: string): boolean =>
    !accepted.of(kind).has(name) && !absent.get(kind)?.has(name);
  for (const { name, edsName } of plan?.clusters.values() ?? []) {
    if (edsName !== null && needs("endpoint", edsName)) {
      missing.push(`endpoints of cluster ${JSON.stringify(name)}`);
    }
  }
  for (const { name, filterChains } of plan?.listeners ?? []) {
    for (const { network } of filterChains) {
      const isRds = network.kind === "http" && !network.routeConfig.startsWith("inline:");
      if (isRds && needs("route", network.routeConfig)) {
        missing.push(`routes ${JSON.stringify(network.routeConfig)} of listener ${JSON.stringify(name)}`);
      }
    }
  }
  for (const name of plan?.secretNames ?? []) {
    const isThere =
      name === IDENTITY_SECRET ? hasIdentity || accepted.of("secret").has(name) : accepted.of("secret").has(name);
    if (!isThere && !plan?.secretSources.has(name)) {
      missing.push(`secret ${JSON.stringify(name)}`);
    }
  }
  return [...new Set(missing)];
}
