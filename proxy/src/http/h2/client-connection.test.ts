import { EventEmitter } from "node:events";
import type { Socket } from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import { expect, test } from "vitest";
import { defaultHttp2 } from "../../plan/http2-options";
import type { ResetFacts, ResetReason, ResponseSink } from "../exchange";
import { RequestHead } from "../h1/request-head";
import { H2ClientConnection } from "./client-connection";
import type { H2ClientStream } from "./client-stream";
import { preface } from "./protocol";

class FakeSocket extends EventEmitter {
  writable = true;
  writableLength = 0;
  written = Buffer.alloc(0);
  write(bytes: Uint8Array): boolean {
    this.written = Buffer.concat([this.written, bytes]);
    return true;
  }
  setNoDelay(): void {}
  end(): void {}
  resume(): void {}
  destroy(): void {}
  destroySoon(): void {}
}

type Reset = { readonly reason: ResetReason } & ResetFacts;

function begin(): { socket: FakeSocket; stream: H2ClientStream; resets: Reset[] } {
  const socket = new FakeSocket();
  const owner = { onStreamFree: () => {}, onConnectionClosed: () => {} };
  const limits = { maxHeaderBytes: 65_536, maxHeaders: 100 };
  const connection = new H2ClientConnection(socket as unknown as Socket, defaultHttp2, limits, owner, 1000);
  const stream = connection.acquire();
  if (stream === null) throw new Error("no stream");
  const resets: Reset[] = [];
  const nothing = (): void => {};
  const sink: ResponseSink = {
    onResponse: nothing,
    onResponseData: nothing,
    onResponseEnd: nothing,
    onResponseFlush: nothing,
    onUpstreamReset: (reason, _detail, how) => resets.push({ reason, ...how }),
    onUpstreamWritable: nothing,
  };
  stream.attach(sink);
  return { socket, stream, resets };
}

function post(): RequestHead {
  const head = new RequestHead();
  head.method = "POST";
  head.headers.push("host", "callee");
  return head;
}

test("a request whose bytes were never written has not started when its connection dies", async () => {
  const { socket, stream, resets } = begin();
  await turn();
  const handshake = socket.written.length;
  expect(handshake).toBeGreaterThan(preface.length);
  stream.sendHead(post(), "/pay");
  stream.endRequest(null);
  socket.emit("close");
  expect(resets).toMatchObject([{ reason: "remote-reset", hasStarted: false, hadBytes: false }]);
  await turn();
  expect(socket.written.length).toBe(handshake);
});

test("a request that was written may have been acted on", async () => {
  const { socket, stream, resets } = begin();
  stream.sendHead(post(), "/pay");
  stream.endRequest(null);
  await turn();
  socket.emit("close");
  expect(resets).toMatchObject([{ reason: "remote-reset", hasStarted: true, hadBytes: false }]);
});
