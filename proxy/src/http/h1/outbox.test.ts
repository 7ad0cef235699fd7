// One write per connection and turn, and nothing lost when the connection ends in the same turn.

import type { Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { Outbox } from "./outbox";

class FakeSocket {
  readonly written: string[] = [];
  destroyed = false;
  /** What write() says: below the high water mark. */
  isBelowMark = true;
  write(what: string | Buffer): boolean {
    this.written.push(what.toString("latin1"));
    return this.isBelowMark;
  }
}

function outbox(): { out: Outbox; socket: FakeSocket } {
  const socket = new FakeSocket();
  return { out: new Outbox(socket as unknown as Socket), socket };
}

const endOfTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("what goes out on an HTTP/1.1 connection", () => {
  it("leaves at the end of the turn, in one piece", async () => {
    const { out, socket } = outbox();
    out.addText("head");
    out.flush();
    out.addSlice(Buffer.from("-body-"), 1, 5);
    out.flush();
    expect(socket.written).toEqual([]);
    await endOfTurn();
    expect(socket.written).toEqual(["headbody"]);
    out.addText("next");
    out.flush();
    await endOfTurn();
    expect(socket.written).toEqual(["headbody", "next"]);
    expect(out.bytes).toBe(12);
  });

  it("does not leave before it is flushed", async () => {
    const { out, socket } = outbox();
    out.addText("head");
    await endOfTurn();
    expect(socket.written).toEqual([]);
    expect(out.bytes).toBe(0);
  });

  it("keeps its order around a piece that is too large to join", async () => {
    const { out, socket } = outbox();
    const large = Buffer.alloc(20_000, "x");
    out.addText("before");
    out.flush();
    out.addSlice(large, 0, large.length);
    out.addText("behind");
    out.flush();
    await endOfTurn();
    expect(socket.written).toEqual(["before", large.toString(), "behind"]);
  });

  it("is written at once, and once, when its connection ends", async () => {
    const { out, socket } = outbox();
    out.addText("answer");
    out.flush();
    out.writeFlushed();
    expect(socket.written).toEqual(["answer"]);
    out.drop();
    await endOfTurn();
    expect(socket.written).toEqual(["answer"]);
  });

  it("is dropped when nobody flushed it, or nobody can read it", async () => {
    const { out, socket } = outbox();
    out.addText("half");
    out.writeFlushed();
    out.drop();
    out.addText("late");
    out.flush();
    socket.destroyed = true;
    out.writeFlushed();
    out.drop();
    await endOfTurn();
    expect(socket.written).toEqual([]);
    expect(out.bytes).toBe(0);
  });

  it("tells its source to wait from the first write that the socket had no room for, until drain", async () => {
    const { out, socket } = outbox();
    socket.isBelowMark = false;
    out.addText("a");
    out.flush();
    await endOfTurn();
    out.addText("b");
    expect(out.flush()).toBe(false);
    out.onDrain();
    expect(out.flush()).toBe(true);
  });
});
