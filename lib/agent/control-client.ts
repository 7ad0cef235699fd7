// The agent's side of the control plane's internal API.
// One rule: every answer is decoded; an answer that does not fit is an error, not a guess.

import type { z } from "zod";
import {
  type AgentRegistration,
  type AgentReport,
  type DesiredState,
  desiredStateSchema,
  joinTokenAnswerSchema,
} from "./protocol";

const CALL_LIMIT_MS = 5_000;
const LONG_POLL_LIMIT_MS = 30_000; // the server answers after 20 s at the latest

export class ControlClient {
  constructor(
    private readonly baseUrl: string,
    private readonly secret: string,
    private readonly agentId: string,
  ) {}

  async register(registration: AgentRegistration): Promise<void> {
    await this.call("POST", "register", registration, CALL_LIMIT_MS);
  }

  async desired(after: string, signal: AbortSignal): Promise<DesiredState> {
    const answer = await this.call(
      "GET",
      `desired?after=${encodeURIComponent(after)}`,
      null,
      LONG_POLL_LIMIT_MS,
      signal,
    );
    return decode(desiredStateSchema, answer);
  }

  async report(report: AgentReport): Promise<void> {
    await this.call("POST", "status", report, CALL_LIMIT_MS);
  }

  async joinToken(proxyRowId: string): Promise<string> {
    return decode(joinTokenAnswerSchema, await this.call("POST", "join-token", { proxyRowId }, CALL_LIMIT_MS))
      .joinToken;
  }

  private async call(
    method: string,
    path: string,
    body: unknown,
    limitMs: number,
    signal?: AbortSignal,
  ): Promise<unknown> {
    // Not AbortSignal.any with a timeout's signal: nothing holds that one, and once it is collected the call has no limit.
    const ended = new AbortController();
    const timer = setTimeout(() => ended.abort(new Error(`no answer within ${limitMs} ms`)), limitMs);
    const stop = () => ended.abort(signal?.reason);
    signal?.addEventListener("abort", stop, { once: true });
    if (signal?.aborted) stop();
    try {
      const response = await fetch(`${this.baseUrl}/v1/agents/${encodeURIComponent(this.agentId)}/${path}`, {
        method,
        headers: { authorization: `Bearer ${this.secret}`, "content-type": "application/json" },
        body: body === null ? undefined : JSON.stringify(body),
        signal: ended.signal,
      });
      const text = await response.text();
      if (!response.ok) {
        throw new Error(`the control plane answered ${response.status} to ${method} ${path}: ${text.slice(0, 300)}`);
      }
      return text === "" ? null : JSON.parse(text);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", stop);
    }
  }
}

function decode<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (!result.success) {
    throw new Error(
      `the control plane's answer does not fit: ${result.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`).join("; ")}`,
    );
  }
  return result.data;
}
