// Tells TLS from plain text by the first bytes of a connection, and who and what is asked for, without eating them.
// Rule: what is read here decides about the filter chain alone; whoever serves the connection reads the same bytes again.

import type { Socket } from "node:net";
import type { CountsOf } from "../telemetry/named-counts";
import { maxHelloBytes, readHello } from "./client-hello";
import { readHttpPreface } from "./http-preface";

export interface Inspected {
  readonly transportProtocol: "tls" | "raw_buffer";
  readonly serverName: string;
  readonly applicationProtocols: readonly string[];
}

/** What each of them found; null: it is not asked. */
export interface Inspectors {
  readonly tlsInspector: CountsOf<"tlsInspector"> | null;
  readonly httpInspector: CountsOf<"httpInspector"> | null;
  readonly listener: CountsOf<"listener">;
}

export const notInspected: Inspected = { transportProtocol: "raw_buffer", serverName: "", applicationProtocols: [] };

/** Calls `onKnown` once with the socket paused and its bytes put back. A peer that does not say enough is dropped after `timeoutMs`. */
export function inspect(
  socket: Socket,
  inspectors: Inspectors,
  timeoutMs: number,
  onKnown: (inspected: Inspected) => void,
): void {
  let bytes: Buffer | null = null;
  const progress = { isPlain: false };
  const timer = setTimeout(() => {
    inspectors.listener.downstream_pre_cx_timeout++;
    socket.destroy();
  }, timeoutMs);
  const stop = (): void => {
    clearTimeout(timer);
    socket.off("data", onData);
    socket.off("close", stop);
    socket.off("error", stop);
    socket.off("end", onEnd);
  };
  const onEnd = (): void => {
    stop();
    socket.destroy();
  };
  const onData = (chunk: Buffer): void => {
    bytes = bytes === null ? chunk : Buffer.concat([bytes, chunk]);
    const inspected = read(bytes, inspectors, progress);
    if (inspected === "too much") onEnd();
    if (inspected === null || inspected === "too much") return;
    stop();
    socket.pause();
    socket.unshift(bytes);
    onKnown(inspected);
  };
  socket.on("data", onData);
  socket.on("close", stop);
  socket.on("error", stop);
  socket.on("end", onEnd);
  // Whoever read what stood before stopped it.
  if (socket.isPaused()) socket.resume();
}

const FOUND = {
  h2c: "http2_found",
  "http/1.1": "http11_found",
  "http/1.0": "http10_found",
  "": "http_not_found",
} as const;

function countHello(counts: CountsOf<"tlsInspector">, serverName: string, protocols: readonly string[]): void {
  counts.tls_found++;
  if (serverName === "") counts.sni_not_found++;
  else counts.sni_found++;
  if (protocols.length === 0) counts.alpn_not_found++;
  else counts.alpn_found++;
}

/** null: more has to come. `progress`: what was found of this connection so far. */
function read(
  bytes: Buffer,
  { tlsInspector, httpInspector }: Inspectors,
  progress: { isPlain: boolean },
): Inspected | "too much" | null {
  if (tlsInspector !== null && !progress.isPlain) {
    const hello = readHello(bytes);
    if (hello.kind === "incomplete") {
      if (bytes.length < maxHelloBytes) return null;
      tlsInspector.client_hello_too_large++;
      return "too much";
    }
    if (hello.kind === "tls") {
      const { serverName, applicationProtocols } = hello;
      countHello(tlsInspector, serverName, applicationProtocols);
      return { transportProtocol: "tls", serverName, applicationProtocols };
    }
    progress.isPlain = true;
    tlsInspector.tls_not_found++;
  }
  if (httpInspector === null) return notInspected;
  const protocol = readHttpPreface(bytes);
  if (protocol === null) return null;
  httpInspector[FOUND[protocol]]++;
  return protocol === "" ? notInspected : { ...notInspected, applicationProtocols: [protocol] };
}
