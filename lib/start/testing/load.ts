// Requests for tests of live meshes: so many at a time until a number is reached, or a steady row while something happens.
// The rule: each request is answered exactly once, with its status or with 0 when there was no answer; nothing is tried again.
import { Agent, request } from "node:http";

export interface Reply {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: string;
  tookMs: number;
}

interface Target {
  port: number;
  host: string;
  path: string;
  headers?: Record<string, string>;
}

const TIMEOUT_MS = 30_000;

export class Caller {
  private readonly agent: Agent;

  constructor(
    private readonly target: Target,
    readonly concurrency: number,
  ) {
    this.agent = new Agent({ keepAlive: true, maxSockets: concurrency });
  }

  close(): void {
    this.agent.destroy();
  }

  call(): Promise<Reply> {
    const { port, host, path, headers } = this.target;
    const startedAt = performance.now();
    return new Promise((resolve) => {
      const failed = (error: Error) =>
        resolve({ status: 0, headers: {}, body: error.message, tookMs: performance.now() - startedAt });
      const outgoing = request(
        { agent: this.agent, host: "127.0.0.1", port, path, headers: { ...headers, host }, timeout: TIMEOUT_MS },
        (response) => {
          let body = "";
          response.setEncoding("utf8");
          response.on("data", (text) => {
            body += text;
          });
          response.once("error", failed);
          response.once("end", () => {
            const { statusCode: status = 0, headers: got } = response;
            resolve({ status, headers: got, body, tookMs: performance.now() - startedAt });
          });
        },
      );
      outgoing.once("timeout", () => outgoing.destroy(new Error(`no answer in ${TIMEOUT_MS / 1_000} s`)));
      outgoing.once("error", failed);
      outgoing.end();
    });
  }

  /** Exactly `count` requests, `concurrency` at a time. */
  async times(count: number): Promise<Reply[]> {
    const replies: Reply[] = [];
    let left = count;
    const worker = async () => {
      while (left > 0) {
        left -= 1;
        replies.push(await this.call());
      }
    };
    await Promise.all(Array.from({ length: this.concurrency }, worker));
    return replies;
  }

  /**
   * Requests without a pause while `work` runs; the ones under way at its end are waited for. A quick `work` is followed by more, so
   * that what comes just after it is seen too: `atLeast` in all.
   */
  async during<T>(work: () => Promise<T>, atLeast = 0): Promise<{ replies: Reply[]; result: T }> {
    const replies: Reply[] = [];
    let isOver = false;
    const worker = async () => {
      while (!isOver || replies.length < atLeast) replies.push(await this.call());
    };
    const workers = Array.from({ length: this.concurrency }, worker);
    try {
      return { result: await work(), replies };
    } finally {
      isOver = true;
      await Promise.all(workers);
    }
  }
}

/** How often each answer came, for an expectation that shows what went wrong: `{ "200": 5000 }`. */
export function statusCounts(replies: readonly Reply[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { status, body } of replies) {
    const name = status >= 200 && status < 300 ? String(status) : `${status} ${body.slice(0, 200).trim()}`;
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}
