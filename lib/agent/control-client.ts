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
    const limit = AbortSignal.timeout(limitMs);
    const response = await fetch(`${this.baseUrl}/v1/agents/${encodeURIComponent(this.agentId)}/${path}`, {
      method,
      headers: { authorization: `Bearer ${this.secret}`, "content-type": "application/json" },
      body: body === null ? undefined : JSON.stringify(body),
      signal: signal ? AbortSignal.any([limit, signal]) : limit,
    });
    const text = await response.text();
    if (!response.ok) {
      throw new Error(`the control plane answered ${response.status} to ${method} ${path}: ${text.slice(0, 300)}`);
    }
    return text === "" ? null : JSON.parse(text);
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
