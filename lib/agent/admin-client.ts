// A proxy's loopback admin port, as agent and control plane use it.
// One rule: every call has a time limit; a proxy that hangs is a proxy that does not answer.

import { Agent, request } from "node:http";

/** Whatever address a proxy serves on, its admin interface is for its own machine. */
export const ADMIN_HOST = "127.0.0.1";

const keepAlive = new Agent({ keepAlive: true, maxSockets: 2, timeout: 30_000 });

export interface AdminAnswer {
  status: number;
  body: string;
}

export function callAdmin(
  host: string,
  port: number,
  path: string,
  options: { method?: string; timeoutMs?: number } = {},
): Promise<AdminAnswer> {
  return new Promise((resolve, reject) => {
    const timeoutMs = options.timeoutMs ?? 1_000;
    const call = request({ host, port, path, method: options.method ?? "GET", agent: keepAlive }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", fail);
      response.on("end", () => {
        clearTimeout(timer);
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString("utf8") });
      });
    });
    const timer = setTimeout(
      () => call.destroy(new Error(`no answer from admin port ${port} within ${timeoutMs} ms`)),
      timeoutMs,
    );
    function fail(error: Error): void {
      clearTimeout(timer);
      reject(error);
    }
    call.on("error", fail);
    call.end();
  });
}
