// The control plane's internal API, as web uses it: fine-grained series of the last minutes, and plans.
// The rule: web works without it. What is unreachable is told as such; nothing is made up.

import type { SaturationRow } from "@/lib/data/system/telemetry";
import { AppError, type Problematic } from "@/lib/errors";
import type { Flow } from "@/lib/signals";

export interface RecentWindow {
  startMs: number;
  endMs: number;
  proxiesSeen: number;
  proxiesTotal: number;
  flows: Flow[];
}

export type RecentSaturation = Omit<SaturationRow, "environmentId" | "minute"> & { at: number };

export interface RecentSignals {
  environmentId: string;
  now: number;
  intervalMs: number;
  lastScrapeAt: number | null;
  proxiesTotal: number;
  proxiesSeen: number;
  windows: RecentWindow[];
  saturation: RecentSaturation[];
}

const TIMEOUT_MS = 3_000;
/** Planning compiles every proxy twice. */
const PLAN_TIMEOUT_MS = 30_000;

export class ControlPlaneClient {
  constructor(
    private readonly baseUrl: string | undefined,
    private readonly secret: string | undefined,
  ) {}

  /** Null when the control plane does not answer. */
  async recentSignals(environmentId: string, seconds: number): Promise<RecentSignals | null> {
    const query = new URLSearchParams({ environment: environmentId, seconds: String(seconds) });
    try {
      const response = await this.ask(`/v1/signals/recent?${query}`, {}, TIMEOUT_MS);
      return response.ok ? ((await response.json()) as RecentSignals) : null;
    } catch (error) {
      if (error instanceof AppError) return null;
      throw error;
    }
  }

  async plan(environmentId: string, revisionId: string): Promise<unknown> {
    const body = JSON.stringify({ environmentId, revisionId });
    const response = await this.ask("/v1/plan", { method: "POST", body }, PLAN_TIMEOUT_MS);
    const answer = (await response.json().catch(() => undefined)) as
      | { error?: { message?: string; violations?: Problematic[] } }
      | undefined;
    if (response.ok) return answer;
    if (response.status === 422) {
      throw new AppError("plan-refused", {
        ...(answer?.error?.message ? { detail: answer.error.message } : {}),
        violations: answer?.error?.violations ?? [],
      });
    }
    throw new AppError("control-plane-unavailable", {
      detail: `The control plane answered ${response.status}: see its log.`,
    });
  }

  /** Encrypts a key so that only the control plane can read it. */
  async sealGatewayKey(asked: {
    environmentId: string;
    namespace: string;
    gateway: string;
    name: string;
    keyPem: string;
  }): Promise<string> {
    const init = { method: "POST", body: JSON.stringify(asked) };
    const response = await this.ask("/v1/seal-gateway-key", init, TIMEOUT_MS);
    const answer = (await response.json().catch(() => undefined)) as { sealedKey?: unknown } | undefined;
    if (response.ok && typeof answer?.sealedKey === "string") return answer.sealedKey;
    throw new AppError("control-plane-unavailable", {
      detail: `The control plane answered ${response.status}: see its log.`,
    });
  }

  private async ask(path: string, init: RequestInit, timeoutMs: number): Promise<Response> {
    if (!this.baseUrl || !this.secret) throw new AppError("control-plane-unavailable");
    try {
      return await fetch(new URL(path, this.baseUrl), {
        ...init,
        headers: { authorization: `Bearer ${this.secret}`, "content-type": "application/json" },
        signal: AbortSignal.timeout(timeoutMs),
        cache: "no-store",
      });
    } catch (cause) {
      throw new AppError("control-plane-unavailable", { cause, headers: { "retry-after": "2" } });
    }
  }
}
