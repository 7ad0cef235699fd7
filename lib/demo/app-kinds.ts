// What an app of the demo is: a handler for one request. All apps live in one process; each listens on its own loopback port
// behind its own sidecar, and reaches others only through that sidecar's outbound port.
import type { IncomingHttpHeaders } from "node:http";

/** One entry of home/agent/apps.json. */
export interface AppEntry {
  proxyKey: string;
  kind: "demo" | "echo";
  name: string;
  version?: string;
  appPort: number;
  outboundPort: number;
}

export interface AppRequest {
  method: string;
  path: string;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

export interface AppAnswer {
  status: number;
  body: string;
  contentType?: string;
  headers?: Record<string, string>;
}

export interface CallAnswer {
  status: number;
  body: string;
}

/** What a handler may use. */
export interface AppContext {
  entry: AppEntry;
  /** Calls another service through the own sidecar; `host` as a caller in the same namespace writes it, e.g. "catalog:8080". */
  call(host: string, path: string, options?: { method?: string; body?: unknown }): Promise<CallAnswer>;
  /** Takes as long as real work with this median would take. */
  work(medianMs: number): Promise<void>;
}

export type AppHandler = (request: AppRequest, context: AppContext) => Promise<AppAnswer>;

export function json(status: number, value: unknown, headers?: Record<string, string>): AppAnswer {
  return {
    status,
    body: `${JSON.stringify(value)}\n`,
    contentType: "application/json",
    ...(headers ? { headers } : {}),
  };
}
