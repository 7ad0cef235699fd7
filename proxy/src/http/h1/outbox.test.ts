// One write per connection and turn, and nothing lost when the connection ends in the same turn.

import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
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

  it("goes over TLS as bytes, which are used again when the socket has let go of them and not before", async () => {
    const socket = new FakeSocket();
    const held: Buffer[] = [];
    let waiting = 0;
    const tls = Object.assign(Object.create(TLSSocket.prototype), {
      write: (bytes: Buffer | string): boolean => {
        if (typeof bytes !== "string") held.push(bytes);
        return socket.write(bytes);
      },
    });
    Object.defineProperty(tls, "writableLength", { get: () => waiting });
    const out = new Outbox(tls as Socket);
    const say = async (text: string): Promise<void> => {
      out.addText(text);
      out.flush();
      await endOfTurn();
    };
    await say("caf\xe9");
    await say("second answer");
    expect(held).toHaveLength(2);
    expect(held[1]?.buffer).toBe(held[0]?.buffer);
    waiting = 13;
    await say("third");
    expect(held).toHaveLength(2);
    expect(held[1]?.toString("latin1")).toBe("second answer");
    waiting = 0;
    await say("x".repeat(5000));
    await say("y".repeat(3000));
    expect(held).toHaveLength(3);
    expect(held[2]?.length).toBe(3000);
    expect(socket.written).toEqual(["caf\xe9", "second answer", "third", "x".repeat(5000), "y".repeat(3000)]);
  });

  describe("when a body joins its head", () => {
    const body = Buffer.alloc(1200, "0123456789");
    const bodyText = body.toString("latin1");

    /** A socket that has sent what it is given (`texts`), unless `writableLength` says that it waits; `given` is its very memory. */
    function holding() {
      const given: (Buffer | string)[] = [];
      const texts: string[] = [];
      const write = (what: Buffer | string): boolean => {
        texts.push(what.toString("latin1"));
        return given.push(what) > 0;
      };
      const socket = { writableLength: 0, destroyed: false, write };
      return { out: new Outbox(socket as unknown as Socket), socket, given, texts };
    }

    it("is one piece with what stands before and behind it", async () => {
      const { out, texts } = holding();
      for (const end of [600, 1200, 900]) {
        out.addText("caf\xe9 ");
        out.addSlice(body, 10, end);
        out.addSlice(body, 0, 5);
        out.addText(" tail");
        out.flush();
        await endOfTurn();
        expect(texts.splice(0)).toEqual([`caf\xe9 ${bodyText.slice(10, end)}01234 tail`]);
      }
      expect(out.bytes).toBe(3 * (5 + 5 + 5) + 590 + 1190 + 890);
    });

    it("keeps its bytes for the next message, but not while the socket has them", async () => {
      const { out, socket, given } = holding();
      const say = async (start: number): Promise<void> => {
        out.addText("head ");
        out.addSlice(body, start, start + 1000);
        out.flush();
        await endOfTurn();
      };
      await say(0);
      await say(1);
      expect((given[1] as Buffer).buffer).toBe((given[0] as Buffer).buffer);
      socket.writableLength = 1005;
      await say(2);
      expect(given[1]?.toString("latin1")).toBe(`head ${bodyText.slice(1, 1001)}`);
      expect(given[2]?.toString("latin1")).toBe(`head ${bodyText.slice(2, 1002)}`);
    });

    it("copies what was lent", async () => {
      const { out, texts } = holding();
      const lent = Buffer.from(body);
      out.addText("head ");
      out.addSlice(lent, 0, 300);
      lent.fill("x");
      out.flush();
      await endOfTurn();
      expect(texts).toEqual([`head ${bodyText.slice(0, 300)}`]);
    });

    it("stays in order with pieces that are too large to keep or to join", async () => {
      const { out, texts } = holding();
      const large = Buffer.alloc(9000, "y");
      out.addText("a");
      out.addSlice(body, 0, 1000);
      out.addSlice(large, 0, 4000);
      out.addText("b");
      out.addSlice(large, 0, 9000);
      out.addText("c");
      out.addSlice(body, 0, 300);
      out.flush();
      await endOfTurn();
      const expected = `a${bodyText.slice(0, 1000)}${"y".repeat(4000)}b${"y".repeat(9000)}c${bodyText.slice(0, 300)}`;
      expect(texts.join("") === expected).toBe(true);
      expect(out.bytes).toBe(expected.length);
    });

    it("is still one piece when more comes than is kept", async () => {
      const { out, texts } = holding();
      const large = Buffer.alloc(3500, "y");
      for (const add of [() => out.addSlice(large, 0, 3500), () => out.addText("y".repeat(3500))]) {
        out.addText("head ");
        out.addSlice(body, 0, 1000);
        add();
        out.flush();
        await endOfTurn();
        expect(texts.splice(0)).toEqual([`head ${bodyText.slice(0, 1000)}${"y".repeat(3500)}`]);
      }
    });

    it("is dropped as a whole", async () => {
      const { out, texts } = holding();
      out.addText("head ");
      out.addSlice(body, 0, 1000);
      out.flush();
      out.drop();
      await endOfTurn();
      expect(texts).toEqual([]);
      out.addText("next");
      out.flush();
      await endOfTurn();
      expect(texts).toEqual(["next"]);
    });
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
