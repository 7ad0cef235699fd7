// Closed-loop load on raw keep-alive connections. Every reply's status and body are checked.

import { createHash } from "node:crypto";
import { connect } from "node:net";

export const responseBody = Buffer.alloc(1024, "0123456789abcdef");
export const responseChecksum = createHash("sha256").update(responseBody).digest("hex").slice(0, 16);

const request = Buffer.from(
  "GET /orders/items?limit=10 HTTP/1.1\r\nHost: callee\r\nUser-Agent: bench/1.0\r\nAccept: application/json\r\nAccept-Encoding: gzip\r\nX-Tenant: blue\r\n\r\n",
);

/**
 * Runs `connections` connections for `durationMs` or `maxRequests`; `ratePerSecond` paces them (0: as fast as they go).
 * Returns {requests, failures, latencies, calls, seconds}; latencies (ms, sorted) are those of calls after the first `settleMs`, and
 * calls are the same in the order of their end: {sent, took}, two lists, sent by performance.now().
 */
export function runLoad({
  port,
  connections = 32,
  durationMs,
  settleMs = 0,
  ratePerSecond = 0,
  maxRequests = Number.POSITIVE_INFINITY,
}) {
  return new Promise((resolve) => {
    const from = performance.now();
    const until = from + durationMs;
    const settled = from + settleMs;
    const calls = { sent: [], took: [] };
    let requests = 0;
    let failures = 0;
    let open = connections;
    const done = () => {
      if (--open > 0) return;
      const latencies = calls.took.toSorted((a, b) => a - b);
      resolve({ requests, failures, latencies, calls, seconds: (performance.now() - from) / 1000 });
    };
    const gapMs = ratePerSecond > 0 ? (1000 * connections) / ratePerSecond : 0;
    for (let i = 0; i < connections; i++) {
      const socket = connect({ port, host: "127.0.0.1", noDelay: true });
      let held = null;
      let sentAt = 0;
      let nextAt = from + (gapMs * i) / connections;
      const send = () => {
        if (performance.now() >= until || requests >= maxRequests) {
          socket.end();
          return;
        }
        sentAt = performance.now();
        socket.write(request);
      };
      const schedule = () => {
        if (gapMs === 0) return send();
        nextAt += gapMs;
        const wait = nextAt - performance.now();
        if (wait <= 0) send();
        else setTimeout(send, wait);
      };
      socket.on("connect", schedule);
      socket.on("data", (chunk) => {
        const input = held === null ? chunk : Buffer.concat([held, chunk]);
        const head = input.indexOf("\r\n\r\n");
        if (head < 0 || input.length < head + 4 + responseBody.length) {
          const text = head < 0 ? "" : input.toString("latin1", 0, head);
          if (head >= 0 && !text.startsWith("HTTP/1.1 200")) {
            failures++;
            socket.destroy();
            return;
          }
          held = input;
          return;
        }
        held = null;
        requests++;
        if (sentAt >= settled) {
          calls.sent.push(sentAt);
          calls.took.push(performance.now() - sentAt);
        }
        const isGood =
          input.subarray(head + 4).equals(responseBody) && input.toString("latin1", 0, 12) === "HTTP/1.1 200";
        if (!isGood) failures++;
        schedule();
      });
      socket.on("error", () => {
        failures++;
      });
      socket.on("close", done);
    }
  });
}

export function percentile(sorted, share) {
  return sorted.length === 0 ? Number.NaN : sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}
