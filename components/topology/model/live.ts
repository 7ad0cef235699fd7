// Live state as the topology reads it: one answer of the API, made easy to look up. Rule: absent stays absent; a
// dependency that nobody measured is "no-data", never zero.
import type { Status } from "@/components/ui/status-words";
import { failureRatio, failureStatus, type Traffic } from "@/components/ui/traffic";

export interface LiveNumbers extends Traffic {
  p50: number | null;
  p95: number | null;
  p99: number | null;
  mtlsRatio: number | null;
}

export type LiveState = "live" | "zero" | "stale" | "no-data";

export interface LiveDependency {
  key: string | null;
  source: string;
  target: string;
  drawn: boolean;
  granted: boolean | null;
  seen: boolean;
  now: LiveNumbers;
  state: LiveState;
}

export interface LiveService {
  key: string;
  now: LiveNumbers;
  state: LiveState;
  versions: { version: string; share: number | null }[];
  proxies: { total: number; ready: number; pending: number; nack: number; disconnected: number };
}

export interface Live {
  dependencies: ReadonlyMap<string, LiveDependency>;
  services: ReadonlyMap<string, LiveService>;
}

export const nothingLive: Live = { dependencies: new Map(), services: new Map() };

export const pairKey = (source: string, target: string) => `${source} -> ${target}`;

export function indexLive(dependencies: readonly LiveDependency[], services: readonly LiveService[]): Live {
  return {
    dependencies: new Map(dependencies.map((each) => [pairKey(each.source, each.target), each])),
    services: new Map(services.map((each) => [each.key, each])),
  };
}

/** Istio's thresholds for the success rate: below 95 % failing, below 99 % attention. */
export function healthOf(now: LiveNumbers, state: LiveState): Status {
  if (state === "no-data") return "unmeasured";
  if (state === "stale") return "stale";
  if (state === "zero") return "ok";
  const failed = failureRatio(now);
  // Bytes pass on connections of the past: nothing failed, nothing was asked anew.
  if (failed === null) return now.tcp ? "ok" : "unmeasured";
  return failureStatus(failed);
}

export function healthWord(status: Status, state: LiveState): string {
  if (state === "zero") return "no traffic now";
  return status === "unmeasured" ? "not measured" : status;
}

export type Encryption = "all" | "some" | "none" | "unknown";

export function encryptionOf(mtlsRatio: number | null | undefined): Encryption {
  if (mtlsRatio === null || mtlsRatio === undefined) return "unknown";
  if (mtlsRatio >= 0.99999) return "all";
  return mtlsRatio <= 0 ? "none" : "some";
}
