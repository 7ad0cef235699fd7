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

/**
 * Calls at a steady rate, whatever the answers do: a stall is seen as late answers, not as fewer calls.
 * Ends after the answers to what was asked.
 */
export class SteadyCaller {
  private readonly caller: Caller;
  private timer: NodeJS.Timeout | null = null;
  private readonly open = new Set<Promise<void>>();
  private counts: Record<string, number> = {};

  /** `maxOpen`: calls that wait for an answer at most; what is due beyond is called later. */
  constructor(
    target: Target,
    private readonly perSecond: number,
    private readonly maxOpen = 256,
  ) {
    this.caller = new Caller(target, maxOpen);
  }

  start(): void {
    const startedAt = performance.now();
    let asked = 0;
    this.timer = setInterval(() => {
      const due = ((performance.now() - startedAt) / 1000) * this.perSecond;
      for (; asked < due && this.open.size < this.maxOpen; asked += 1) this.ask();
    }, 2);
  }

  /** Answers since the last look, by status. */
  take(): Record<string, number> {
    const { counts } = this;
    this.counts = {};
    return counts;
  }

  async stop(): Promise<void> {
    if (this.timer) clearInterval(this.timer);
    await Promise.all(this.open);
    this.caller.close();
  }

  private ask(): void {
    const one = this.caller.call().then((reply) => {
      const name = nameOf(reply);
      this.counts[name] = (this.counts[name] ?? 0) + 1;
      this.open.delete(one);
    });
    this.open.add(one);
  }
}

const nameOf = ({ status, body }: Reply): string =>
  status >= 200 && status < 300 ? String(status) : `${status} ${body.slice(0, 200).trim()}`;

/** How often each answer came, for an expectation that shows what went wrong: `{ "200": 5000 }`. */
export function statusCounts(replies: readonly Reply[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const reply of replies) {
    const name = nameOf(reply);
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}
