// GET of a key set through a cluster: its hosts, its TLS, its connections. Rule: a body is kept only up to the limit of a key set,
// and every way in which it can fail ends in one answer.

import type { UpstreamCluster } from "../../cluster/cluster";
import type { JwksPlan } from "../../plan/types";
import { type CallResult, callCluster } from "../cluster-call";
import { MAX_JWKS_BYTES } from "./jwks";
import type { FetchKeys } from "./key-set";

type RemotePlan = Extract<JwksPlan, { kind: "remote" }>;

/** @param clusterNamed the cluster as it is now: plans come and go while a set is kept */
export function fetchThrough(clusterNamed: (name: string) => UpstreamCluster | undefined): FetchKeys {
  return (plan, onDone) => {
    let attempt = 0;
    let cancel: (() => void) | null = null;
    let pause: NodeJS.Timeout | null = null;
    const start = (): void => {
      attempt++;
      const cluster = clusterNamed(plan.cluster);
      const willRepeat = (result: CallResult): boolean => keysOf(result) === null && attempt <= plan.retries;
      cancel = callCluster(cluster, { ...requestOf(plan), willRepeat }, (result) => {
        const body = keysOf(result);
        if (cluster !== undefined) countRetry(cluster, plan, attempt, body !== null);
        if (!willRepeat(result)) return onDone(body);
        // Full jitter, as Envoy's retries.
        const most = Math.min(plan.retryMaxMs, plan.retryBaseMs * 2 ** (attempt - 1));
        pause = setTimeout(start, Math.random() * most).unref();
      });
    };
    // Never answered inside the call that asks.
    pause = setTimeout(start, 0);
    return () => {
      if (pause !== null) clearTimeout(pause);
      cancel?.();
    };
  };
}

const keysOf = (result: CallResult): string | null =>
  result.kind === "answer" && result.status === 200 && result.body.length > 0 ? result.body.toString("utf8") : null;

function countRetry(cluster: UpstreamCluster, { retries }: RemotePlan, attempt: number, isGood: boolean): void {
  if (isGood) cluster.retrySuccesses += attempt > 1 ? 1 : 0;
  else if (attempt <= retries) cluster.totalRetries++;
  else if (retries > 0) cluster.retryLimitExceeded++;
}

const requestOf = ({ scheme, host, path, timeoutMs }: RemotePlan) => ({
  method: "GET",
  scheme,
  authority: host,
  path,
  headers: [["accept", "application/json"]] as const,
  body: null,
  timeoutMs,
  maxAnswerBytes: MAX_JWKS_BYTES,
});
