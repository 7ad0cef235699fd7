// What streams append leaves once a turn, and stays as it was until the socket has let go of it.

import type { Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { FrameWriter } from "./frame-writer";
import { frameHeadBytes } from "./protocol";

/** Keeps what it was given, as a socket does whose peer is slow. */
class SlowSocket {
  private readonly held: { readonly bytes: Buffer; readonly text: string }[] = [];
  readonly slabs = new Set<ArrayBufferLike>();
  writes = 0;
  taken = "";
  isAtOnce = false;

  get writableLength(): number {
    return this.held.reduce((sum, { bytes }) => sum + bytes.length, 0);
  }

  write(bytes: Buffer): boolean {
    this.writes++;
    this.slabs.add(bytes.buffer);
    this.held.push({ bytes, text: bytes.toString("latin1") });
    if (this.isAtOnce) this.letGo(this.held.length);
    return true;
  }

  /** Of the oldest writes. */
  letGo(count: number): void {
    for (const { bytes, text } of this.held.splice(0, count)) {
      expect(bytes.toString("latin1") === text).toBe(true);
      this.taken += text;
    }
  }
}

function writer(): { out: FrameWriter; socket: SlowSocket } {
  const socket = new SlowSocket();
  return { out: new FrameWriter(socket as unknown as Socket), socket };
}

const endOfTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const payload = (size: number, mark: number): Buffer => Buffer.alloc(size, String.fromCharCode(97 + (mark % 26)));
const frameOf = (size: number, mark: number): string => {
  const head = Buffer.alloc(frameHeadBytes);
  head.writeUIntBE(size, 0, 3);
  head.writeUInt32BE(1, 5);
  return head.toString("latin1") + payload(size, mark).toString("latin1");
};

describe("frames of a connection", () => {
  it("leave in one write at the end of the turn", async () => {
    const { out, socket } = writer();
    socket.isAtOnce = true;
    for (let i = 0; i < 20; i++) out.data(1, payload(100, i), 0, 100, false);
    expect(socket.writes).toBe(0);
    await endOfTurn();
    expect(socket.writes).toBe(1);
    expect(socket.taken).toBe(Array.from({ length: 20 }, (_, i) => frameOf(100, i)).join(""));
  });

  it("stay as they were while the socket holds them, however many turns that takes", async () => {
    const { out, socket } = writer();
    let expected = "";
    let mark = 0;
    let state = 7;
    const draw = (below: number): number => {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0;
      return (state >>> 8) % below;
    };
    for (let turn = 0; turn < 400; turn++) {
      for (let frames = draw(6); frames > 0; frames--) {
        const size = 1 + draw(turn % 5 === 0 ? 16_000 : 3000);
        out.data(1, payload(size, mark), 0, size, false);
        expected += frameOf(size, mark++);
      }
      await endOfTurn();
      socket.letGo(draw(3));
    }
    socket.letGo(Number.POSITIVE_INFINITY);
    expect(socket.taken === expected).toBe(true);
  });

  it("take two slabs in turns over a socket that lets go in the next turn", async () => {
    const { out, socket } = writer();
    for (let turn = 0; turn < 40; turn++) {
      for (let i = 0; i < 9; i++) out.data(1, payload(1000, i), 0, 1000, false);
      // As TLS: what was written before is taken before the next is written.
      await Promise.resolve();
      setImmediate(() => {});
      socket.letGo(turn === 0 ? 0 : 1);
      await endOfTurn();
    }
    expect(socket.writes).toBe(40);
    expect(socket.slabs.size).toBe(2);
  });

  it("use the same slabs again while a peer stays some turns behind", async () => {
    const { out, socket } = writer();
    const behind = async (turns: number): Promise<void> => {
      for (let turn = 0; turn < turns; turn++) {
        for (let i = 0; i < 40; i++) out.data(1, payload(1000, i), 0, 1000, false);
        await endOfTurn();
        while (socket.writableLength > 240_000) socket.letGo(1);
      }
    };
    await behind(50);
    const known = socket.slabs.size;
    await behind(400);
    expect(socket.slabs.size).toBe(known);
  });

  it("get a larger slab when a turn did not fit, until a turn is one write", async () => {
    const { out, socket } = writer();
    socket.isAtOnce = true;
    const turn = async (): Promise<number> => {
      const before = socket.writes;
      for (let i = 0; i < 50; i++) out.data(1, payload(1000, i), 0, 1000, false);
      await endOfTurn();
      return socket.writes - before;
    };
    expect(await turn()).toBeGreaterThan(1);
    await turn();
    expect(await turn()).toBe(1);
  });
});
