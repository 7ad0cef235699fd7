// What a rollout says about a proxy: on the deployment's page, and when it is why a deployment was taken back.

import type { ProxyEntry } from "../registry/proxy-entry";

/** `hasRunIt`: its wave is through. Later waves give it new endpoints, and while it takes those it still runs this deployment. */
export function describeProxy(
  proxyKey: string,
  entry: Pick<ProxyEntry, "row" | "lastRejection" | "isInForce"> | undefined,
  { deploymentId, hasRunIt }: { deploymentId: string; hasRunIt: boolean },
) {
  const refused = entry?.row.state === "nack" ? entry.lastRejection() : null;
  const state = refused ? "nack" : hasRunIt || entry?.isInForce(deploymentId) ? "ack" : "pending";
  const reason = refused?.message ?? null;
  return { proxyKey, state, reason, runningDigest: entry?.row.runningDigest ?? null };
}

export function describeLaggard(key: string, entry: ProxyEntry | undefined, limitMs: number): string {
  const limit = `within ${limitMs / 1000} s`;
  if (!entry || entry.connections.size === 0) {
    return `${key} was not connected ${limit}. See its agent and its proxy.log.`;
  }
  if (entry.compileProblem !== null) {
    return `${key} has no configuration: ${entry.compileProblem}`;
  }
  const refusal = entry.status?.lastRefusal;
  const cause = refusal ? ` What it refused last, at ${refusal.at}: ${refusal.message}` : "";
  return entry.row.ready
    ? `${key} did not run its new configuration ${limit} (it reports ${entry.status?.digest ?? "no digest"}, wanted ${entry.current?.digest ?? "none"}).${cause}`
    : `${key} did not become ready ${limit}. See its proxy.log.${cause}`;
}

export function previousOf(plan: unknown): Record<string, string | null> {
  const previous = typeof plan === "object" && plan !== null && "previous" in plan ? plan.previous : null;
  return typeof previous === "object" && previous !== null ? (previous as Record<string, string | null>) : {};
}

export function reasonOf(error: unknown): string {
  const reason = typeof error === "object" && error !== null && "reason" in error ? error.reason : null;
  return typeof reason === "string" ? reason : "It was being taken back when the control plane ended.";
}
