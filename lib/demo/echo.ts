// The echo app: answers with what it received, so that a newcomer sees what a sidecar did to a request.
//   /known            known latencies and errors: of each 100 answers 90 take 20 ms, 7 take 200 ms, 3 take 900 ms, and 7 are 500
//   ?delayMs=&status= as asked
import { type AppHandler, json } from "./app-kinds";
import { pause } from "./latency";

const MAX_DELAY_MS = 30_000;
// Coprime to 100, so that slow answers and errors are spread evenly, and differently from each other.
const LATENCY_STEP = 37;
const ERROR_STEP = 61;

/** The n-th answer of /known: p50 is 20 ms, p95 200 ms, p99 900 ms, 7 % errors, exactly over each 100. */
export function knownAnswer(n: number): { delayMs: number; status: number } {
  const rank = (n * LATENCY_STEP) % 100;
  const delayMs = rank < 90 ? 20 : rank < 97 ? 200 : 900;
  return { delayMs, status: (n * ERROR_STEP) % 100 < 7 ? 500 : 200 };
}

function numberIn(query: URLSearchParams, name: string, lowest: number, highest: number, otherwise: number): number {
  const value = Number(query.get(name) ?? Number.NaN);
  return Number.isInteger(value) && value >= lowest && value <= highest ? value : otherwise;
}

export function createEcho(): AppHandler {
  let known = 0;
  return async (request, { entry }) => {
    if (request.path === "/known") {
      const { delayMs, status } = knownAnswer(known);
      known += 1;
      await pause(delayMs);
      return json(status, { app: entry.name, delayMs });
    }
    await pause(numberIn(request.query, "delayMs", 0, MAX_DELAY_MS, 0));
    return json(numberIn(request.query, "status", 200, 599, 200), {
      app: entry.name,
      version: entry.version ?? null,
      instance: entry.proxyKey,
      method: request.method,
      path: request.path,
      query: Object.fromEntries(request.query),
      headers: request.headers,
      bodyBytes: request.body.length,
      body: request.body.length <= 4_096 ? request.body.toString() : null,
    });
  };
}
