// By what a host is chosen where its cluster hashes: which keys the request has, and what it means that it has none.
// The rule: the proxy's own reading of the keys; which of the hosts it is depends on their addresses, which a design does not have.
import type { HashPolicyPlan } from "@meshwright/proxy/plan";
import { hashedValue } from "@meshwright/proxy/semantics";
import { type Message, viewOf } from "./message";
import type { PlannedProxy } from "./scene";
import type { HopHash } from "./types";

type Planned = Extract<PlannedProxy, { ok: true }>;

/**
 * Null where the cluster chooses in another way.
 * @param message as it is sent: the route's changes of headers, path and host come before the hash, as in Envoy's router
 */
export function hashOf(
  { plan }: Planned,
  cluster: string,
  policies: readonly HashPolicyPlan[] | null,
  message: Message,
  remoteAddress: string,
): HopHash | null {
  const table = plan.clusters.get(cluster)?.balancing.hashTable;
  if (!table) return null;
  const asked = { request: viewOf(message), path: message.path, authority: message.authority, remoteAddress };
  const keys: HopHash["keys"] = [];
  for (const policy of policies ?? []) {
    const value = hashedValue(policy, asked);
    const isNew = value === null && policy.kind === "cookie" && policy.ttlSeconds !== null;
    keys.push({ key: nameOf(policy), value, ...(isNew ? { isGiven: true as const } : {}) });
    if (policy.isTerminal && keys.some((each) => each.value !== null || each.isGiven)) break;
  }
  return { table: table.kind, keys, why: whyOf(keys) };
}

function nameOf(policy: HashPolicyPlan): string {
  switch (policy.kind) {
    case "header":
      return `header ${policy.name}`;
    case "cookie":
      return `cookie ${policy.name}`;
    case "query-parameter":
      return `query ${policy.name}`;
    case "source-ip":
      return "the caller's address";
  }
}

function whyOf(keys: HopHash["keys"]): string {
  const there = keys.flatMap(({ key, value }) => (value === null ? [] : [`${key} (${JSON.stringify(value)})`]));
  const given = keys.flatMap(({ key, isGiven }) => (isGiven ? [key] : []));
  if (there.length + given.length === 0) {
    const names = keys.map(({ key }) => key).join(" or ");
    return keys.length === 0
      ? "nothing of it is hashed, so any host may get it"
      : `it has no ${names}, so any host may get it`;
  }
  const gets = given.length > 0 ? `, and it is given ${given.join(" and ")}, by which it comes back there` : "";
  if (there.length === 0) return `any host may get it${gets}`;
  return `the hash of ${there.join(" and ")} chooses the host, the same one for all equal requests${gets}`;
}
