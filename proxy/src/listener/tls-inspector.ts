// Tells TLS from plain text by the first bytes of a connection, and who and what is asked for, without eating them.
// Rule: what is read here decides about the filter chain alone; whoever serves the connection reads the same bytes again.

import type { Socket } from "node:net";
import { maxHelloBytes, readHello } from "./client-hello";
import { readHttpPreface } from "./http-preface";

export interface Inspected {
  readonly transportProtocol: "tls" | "raw_buffer";
  readonly serverName: string;
  readonly applicationProtocols: readonly string[];
}

export interface Inspectors {
  readonly tlsInspector: boolean;
  readonly httpInspector: boolean;
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
  const timer = setTimeout(() => socket.destroy(), timeoutMs);
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
    const inspected = read(bytes, inspectors);
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
}

/** null: more has to come. */
function read(bytes: Buffer, { tlsInspector, httpInspector }: Inspectors): Inspected | "too much" | null {
  if (tlsInspector) {
    const hello = readHello(bytes);
    if (hello.kind === "incomplete") return bytes.length < maxHelloBytes ? null : "too much";
    if (hello.kind === "tls") {
      const { serverName, applicationProtocols } = hello;
      return { transportProtocol: "tls", serverName, applicationProtocols };
    }
  }
  if (!httpInspector) return notInspected;
  const protocol = readHttpPreface(bytes);
  if (protocol === null) return null;
  return protocol === "" ? notInspected : { ...notInspected, applicationProtocols: [protocol] };
}
