// `meshwright-proxy wait`: blocks until a proxy's admin interface says that it is ready; for containers and init scripts.
// Rule: whatever keeps the proxy from being ready (not started, no answer, warming, draining) is waited out until the limit,
// and the last of it is what the caller reads.

import { get } from "node:http";
import { parseArgs } from "node:util";
import { ProxyError } from "./errors";

const defaultTimeoutSeconds = 60;
const maxTimeoutSeconds = 86_400;
const periodMs = 100;
/** An admin interface that takes the connection and says nothing is asked again after so long. */
const answerLimitMs = 1000;
const maxReasonBytes = 500;
const readyPath = "/ready";

export interface WaitOptions {
  readonly url: string;
  readonly timeoutMs: number;
}

export const waitUsage = `meshwright-proxy wait (--admin-port N | --url URL) [--timeout SECONDS]

  --admin-port N      the admin port of a proxy on this machine
  --url URL           the same as an address: http://127.0.0.1:15000/ready
  --timeout SECONDS   longest time to wait (${defaultTimeoutSeconds}; 0: ask once); the last question has ${answerLimitMs / 1000} s to be answered

Exit codes: 0 ready, 1 not ready in time (the reason is on stderr), 2 the command line is not understood.
`;

export function parseWait(argv: readonly string[]): WaitOptions | "help" {
  const values = parse(argv);
  if (values.help) return "help";
  const port = values["admin-port"];
  if ((port === undefined) === (values.url === undefined)) {
    throw refuse("Name the proxy with either --admin-port N or --url URL.");
  }
  const timeoutMs = number("--timeout", values.timeout ?? String(defaultTimeoutSeconds), maxTimeoutSeconds) * 1000;
  if (values.url !== undefined) return { url: readyUrl(values.url), timeoutMs };
  const known = number("--admin-port", port ?? "", 65_535);
  if (!Number.isInteger(known) || known === 0) throw refuse(`--admin-port is a port, not "${port}".`);
  return { url: `http://127.0.0.1:${known}${readyPath}`, timeoutMs };
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: {
        "admin-port": { type: "string" },
        url: { type: "string" },
        timeout: { type: "string" },
        help: { type: "boolean", short: "h" },
      },
    }).values;
  } catch (error) {
    throw refuse(error instanceof Error ? error.message : String(error));
  }
}

function refuse(message: string): ProxyError {
  return new ProxyError("usage", `${message}\n\n${waitUsage}`, 2);
}

function number(name: string, text: string, max: number): number {
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (!(value <= max)) throw refuse(`${name} is a number from 0 to ${max}, not "${text}".`);
  return value;
}

function readyUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url?.protocol !== "http:") throw refuse(`--url is an address like http://127.0.0.1:15000/ready, not "${text}".`);
  if (url.pathname === "/") url.pathname = readyPath;
  return url.href;
}

/** `limitMs`: how long an answer is waited for, also for the last question, which may be asked as the time ends. */
export async function waitUntilReady({ url, timeoutMs }: WaitOptions, limitMs = answerLimitMs): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const reason = await ask(url, limitMs);
    if (reason === null) return;
    const left = deadline - performance.now();
    if (left <= 0) {
      const message = `not ready after ${timeoutMs / 1000} s: ${url} ${reason}. Look at the proxy's log, or wait longer with --timeout.`;
      throw new ProxyError("not_ready", message);
    }
    await new Promise((resolve) => setTimeout(resolve, Math.min(periodMs, left)));
  }
}

/** Why the proxy is not ready; null when it is. */
function ask(url: string, limitMs: number): Promise<string | null> {
  return new Promise((resolve) => {
    const call = get(url, { agent: false, signal: AbortSignal.timeout(limitMs) }, (response) => {
      if (response.statusCode === 200) {
        response.destroy();
        resolve(null);
        return;
      }
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        text = (text + chunk).slice(0, maxReasonBytes);
      });
      response.on("close", () => resolve(`says ${response.statusCode} ${text.trim()}`.trim()));
      response.on("error", () => {});
    });
    call.on("error", (error: NodeJS.ErrnoException) => {
      const isSilent = error.name === "AbortError" || error.name === "TimeoutError";
      resolve(isSilent ? "does not answer" : `cannot be reached (${error.code ?? error.message})`);
    });
  });
}
