// What a wire reads of bytes: SETTINGS of a peer, lines of a log, the body of an upstream. Rule: what is not there is left out.

import { readFileSync } from "node:fs";
import { connect } from "node:net";

/** Preface and empty SETTINGS. */
export const HELLO = Buffer.concat([
  Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "latin1"),
  Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]),
]);
const SETTINGS: Readonly<Record<number, string>> = { 1: "table", 3: "streams", 4: "stream window", 8: "connect" };

function readSettings(frame: Buffer, seen: Record<string, number>): void {
  const type = frame[3];
  if (type === 8 && frame.readUInt32BE(5) === 0) seen["window"] = (seen["window"] ?? 0) + frame.readUInt32BE(9);
  if (type !== 4 || frame.length === 9) return;
  seen["settings"] = 1;
  seen["table"] = 4096;
  seen["connect"] = 0;
  for (let at = 9; at + 6 <= frame.length; at += 6) {
    const name = SETTINGS[frame.readUInt16BE(at)];
    if (name) seen[name] = frame.readUInt32BE(at + 2);
  }
}

export function readLines(file: string): string[] {
  try {
    return readFileSync(file, "utf8").split("\n").slice(0, -1);
  } catch {
    return [];
  }
}

export function readBody(text: string): unknown {
  if (!text.startsWith('{"upstream"')) return text;
  return JSON.parse(text);
}

export function settingsOf(port: number): Promise<unknown> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(HELLO));
    let held = Buffer.alloc(0);
    const seen: Record<string, number> = {};
    const timer = setTimeout(() => socket.destroy(), 1500);
    socket.on("error", () => {});
    socket.on("close", () => {
      clearTimeout(timer);
      resolve(seen);
    });
    socket.on("data", (chunk: Buffer) => {
      held = Buffer.concat([held, chunk]);
      while (held.length >= 9 && held.length >= 9 + held.readUIntBE(0, 3)) {
        const end = 9 + held.readUIntBE(0, 3);
        readSettings(held.subarray(0, end), seen);
        held = held.subarray(end);
      }
      if (seen["window"] !== undefined && seen["settings"] !== undefined) socket.destroy();
    });
  });
}
