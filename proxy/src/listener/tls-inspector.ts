// Tells TLS from plain text by the first bytes of a connection, without eating them.

import type { Socket } from "node:net";

const handshakeRecord = 0x16;
const majorVersion = 0x03;

export type Transport = "tls" | "raw_buffer";

/** Calls `onKnown` once with the socket paused and its bytes put back. A silent peer is dropped after `timeoutMs`. */
export function inspectTransport(socket: Socket, timeoutMs: number, onKnown: (transport: Transport) => void): void {
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
  const onData = (first: Buffer): void => {
    stop();
    socket.pause();
    socket.unshift(first);
    const isTls = first[0] === handshakeRecord && (first.length === 1 || first[1] === majorVersion);
    onKnown(isTls ? "tls" : "raw_buffer");
  };
  socket.on("data", onData);
  socket.on("close", stop);
  socket.on("error", stop);
  socket.on("end", onEnd);
}
