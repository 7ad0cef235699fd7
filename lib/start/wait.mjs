// Waiting and ports: the few things of time and sockets that start, build and tests share.
import net from "node:net";

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Calls `check` until it answers something truthy; undefined when the time is over. */
export async function until(check, timeoutMs, everyMs = 50) {
  const end = Date.now() + timeoutMs;
  for (;;) {
    const answer = await check();
    if (answer) return answer;
    if (Date.now() >= end) return undefined;
    await sleep(everyMs);
  }
}

// Below the ports of sidecars (lib/agent/ports.ts) and below those that systems take for outgoing connections (Linux from 32768,
// others from 49152): a port from there may be anybody's by the time a program that starts slowly listens on it.
const FIRST_PORT = 13_000;
const LAST_PORT = 19_999;
const PORT_ATTEMPTS = 1_000;

/** Whether nobody can have taken the port for an outgoing connection. */
export const isSteadyPort = (port) => port < 32_768;

/** A loopback port that is free now and not taken by an outgoing connection later; `wanted` if that one is free. */
export async function freePort(wanted = 0) {
  if (wanted !== 0 && (await canListen(wanted))) return wanted;
  for (let attempt = 0; attempt < PORT_ATTEMPTS; attempt++) {
    const port = FIRST_PORT + Math.floor(Math.random() * (LAST_PORT - FIRST_PORT + 1));
    if (await canListen(port)) return port;
  }
  throw new Error(`No free port from ${FIRST_PORT} to ${LAST_PORT}. End programs that listen there.`);
}

function canListen(port) {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.once("error", () => resolve(false));
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => server.close(() => resolve(true)));
  });
}
