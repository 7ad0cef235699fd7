// A large body gives way: one buffer full a turn, every byte in order, paused when it is asked to.

import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { PassThrough } from "node:stream";
import { afterEach, describe, expect, it } from "vitest";
import { readInto } from "./socket-reader";

const open: { destroy(): void }[] = [];
afterEach(() => {
  for (const one of open.splice(0)) one.destroy();
});

async function pair(): Promise<{ from: Socket; to: Socket }> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const from = connect((server.address() as AddressInfo).port, "127.0.0.1");
  const [to] = (await once(server, "connection")) as [Socket];
  server.close();
  open.push(from, to);
  return { from, to };
}

const size = 3 << 20;
const sent = Buffer.alloc(size);
for (let i = 0; i < size; i += 4) sent.writeUInt32BE(Math.imul(i, 2654435761) >>> 0, i);

it("reads sockets that only look like one by their events, and real ones into its buffer all the same", async () => {
  const { from, to } = await pair();
  const other = new PassThrough();
  const heard: string[] = [];
  expect(readInto(other as unknown as Socket, (chunk) => heard.push(chunk.toString()))).toBe(false);
  other.end("other");
  await once(other, "end");
  const ended = once(to, "end");
  expect(readInto(to, (chunk) => heard.push(chunk.toString()))).toBe(true);
  from.end("real");
  await ended;
  expect(heard).toEqual(["other", "real"]);
});

describe("a connection with a large body", () => {
  it("gives at most a buffer full and what was begun in a turn", async () => {
    const { from, to } = await pair();
    const received = Buffer.alloc(size);
    let at = 0;
    const turns: number[][] = [];
    let turn: number[] | null = null;
    await new Promise<void>((resolve) => {
      readInto(to, (chunk) => {
        at += chunk.copy(received, at);
        if (turn === null) {
          turn = [];
          turns.push(turn);
          setImmediate(() => {
            turn = null;
          });
        }
        turn.push(chunk.length);
        if (at === size) resolve();
      });
      from.end(sent);
    });
    expect(received.equals(sent)).toBe(true);
    // What reaches the limit is still handed on.
    const sum = (sizes: readonly number[]): number => sizes.reduce((total, each) => total + each, 0);
    expect(turns.filter((sizes) => sum(sizes) >= 2 * 64 * 1024)).toEqual([]);
    expect(turns.length).toBeGreaterThan(size / (2 * 64 * 1024));
  });

  it("stays paused when its reader pauses it in the same turn", async () => {
    const { from, to } = await pair();
    let received = 0;
    let pauses = 0;
    const whole = new Promise<void>((resolve) => {
      readInto(to, (chunk) => {
        expect(to.isPaused()).toBe(false);
        received += chunk.length;
        if (received === size) resolve();
        if (chunk.length < 64 * 1024) return;
        to.pause();
        pauses++;
        setTimeout(() => to.resume(), 1);
      });
    });
    from.end(sent);
    await whole;
    expect(received).toBe(size);
    expect(pauses).toBeGreaterThan(0);
  });
});
