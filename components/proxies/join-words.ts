// Joining in words. Rule: a token that ended is told from one that was taken back.
import type { Mark } from "@/components/ui/status-words";
import type { JoinTokenDto } from "@/lib/api/schema";

export const joinTokenWord: Readonly<Record<JoinTokenDto["state"], { status: Mark; word: string }>> = {
  open: { status: "attention", word: "waits" },
  used: { status: "ok", word: "used" },
  expired: { status: "note", word: "expired" },
  withdrawn: { status: "note", word: "withdrawn" },
};

/** `production/cart-v1` as the API takes it; null: it is not written like that. */
export function workloadOf(text: string): { namespace: string; name: string } | null {
  const [, namespace, name] = /^([a-z0-9-]{1,63})\/([a-z0-9.-]{1,253})$/.exec(text.trim()) ?? [];
  return namespace !== undefined && name !== undefined ? { namespace, name } : null;
}

/** Workloads that run, by name; gateways are none. */
export function workloadsIn(
  proxies: readonly { namespace: string; workload: string; workloadVersion: string | null }[],
): string[] {
  const names = proxies
    .filter(({ workloadVersion }) => workloadVersion !== null)
    .map(({ namespace, workload }) => `${namespace}/${workload}`);
  return [...new Set(names)].sort();
}
