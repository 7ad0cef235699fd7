// Calls from an app to the next one, through its own sidecar: HTTP/1.1 to the outbound port with the Host that is meant.
// The rule: what says who is asking and in which trace travels on, nothing else does.
import { Agent, type IncomingHttpHeaders, request } from "node:http";
import type { CallAnswer } from "./app-kinds";

const CARRIED_ON = ["x-user-type", "x-request-id", "traceparent", "tracestate", "b3"];
const TIMEOUT_MS = 12_000;

export function carriedHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(
    CARRIED_ON.flatMap((name) => {
      const value = headers[name];
      return typeof value === "string" ? [[name, value]] : [];
    }),
  );
}

export class Outbound {
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 64 });

  constructor(private readonly port: number) {}

  call(
    host: string,
    path: string,
    options: { method?: string; body?: unknown; headers?: Record<string, string> } = {},
  ): Promise<CallAnswer> {
    const text = options.body === undefined ? undefined : JSON.stringify(options.body);
    return new Promise((resolve, reject) => {
      const outgoing = request(
        {
          agent: this.agent,
          host: "127.0.0.1",
          port: this.port,
          method: options.method ?? (text === undefined ? "GET" : "POST"),
          path,
          timeout: TIMEOUT_MS,
          headers: {
            ...options.headers,
            host,
            ...(text === undefined
              ? {}
              : { "content-type": "application/json", "content-length": Buffer.byteLength(text) }),
          },
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on("data", (chunk: Buffer) => chunks.push(chunk));
          response.once("end", () =>
            resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() }),
          );
          response.once("error", reject);
        },
      );
      outgoing.once("timeout", () => outgoing.destroy(new Error(`no answer from ${host} in ${TIMEOUT_MS / 1000} s`)));
      outgoing.once("error", reject);
      outgoing.end(text);
    });
  }

  close(): void {
    this.agent.destroy();
  }
}
