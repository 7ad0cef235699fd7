// Which requests of an HTTP/2 connection that goes away may be sent again, with the retry policy that the compiler writes.
// Each expectation was seen on Envoy 1.40 and is asked of it again when ENVOY_BIN is set.

import type { Socket } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { bootstrapOf, kinds, startConfigured } from "./support/both-proxies";
import { emptySettings, type Frame, FramePeer, field, frame, int32 } from "./support/http2";
import { call, cleanUp, startRawServer } from "./support/network";

afterAll(cleanUp);

const HEADERS = 1;
const compiled = {
  retry_on: "connect-failure,refused-stream,reset-before-request,unavailable,cancelled",
  num_retries: 2,
};
const refuse = (id: number): Buffer => frame(3, 0, id, int32(7));
const goAway = (last: number): Buffer => frame(7, 0, 0, Buffer.concat([int32(last), int32(0)]));
const answer = (id: number): Buffer => frame(HEADERS, 5, id, field(":status", "200"));

/** What the app does with its nth request: decided by the test. */
let react: (peer: FramePeer, id: number, attempt: number) => void = () => {};
let attempts = 0;

function serve(socket: Socket): void {
  const peer = new FramePeer(socket, 24);
  peer.send(emptySettings);
  let looked = 0;
  socket.on("data", () => {
    for (; looked < peer.frames.length; looked++) {
      const { type, flags, id } = peer.frames[looked] as Frame;
      if (type === 4 && (flags & 1) === 0) peer.send(frame(4, 1, 0));
      if (type === 0 || type === HEADERS) if ((flags & 1) !== 0) react(peer, id, ++attempts);
    }
  });
}

describe.each(kinds)("%s", (kind) => {
  let port = 0;
  beforeAll(async () => {
    const app = { port: await startRawServer(serve), options: { http2_protocol_options: {} } };
    const routes = [{ match: { prefix: "/" }, route: { cluster: "app", timeout: "0s", retry_policy: compiled } }];
    port = await startConfigured(kind, (at) => bootstrapOf(at, routes, { app }));
  });
  beforeEach(() => {
    attempts = 0;
  });
  const post = async () => (await call(port, { method: "POST", body: "once" })).status;

  it("repeats a POST whose stream was refused", async () => {
    react = (peer, id, attempt) => peer.send(attempt === 1 ? refuse(id) : answer(id));
    expect([await post(), attempts]).toEqual([200, 2]);
  });

  it("repeats a POST above the last stream of a GOAWAY, on another connection", async () => {
    const peers = new Set<FramePeer>();
    react = (peer, id, attempt) => {
      peers.add(peer);
      peer.send(attempt === 1 ? goAway(id - 2) : answer(id));
    };
    expect([await post(), attempts, peers.size]).toEqual([200, 2, 2]);
  });

  it("gives up after the retries of the policy", async () => {
    react = (peer, id) => peer.send(refuse(id));
    expect([await post(), attempts]).toEqual([503, 3]);
  });

  it("does not repeat a POST that the peer may have acted on", async () => {
    react = (peer) => void peer.socket.destroy();
    expect([await post(), attempts]).toEqual([503, 1]);
    attempts = 0;
    react = (peer, id) => peer.send(frame(3, 0, id, int32(8)));
    expect([await post(), attempts]).toEqual([503, 1]);
    attempts = 0;
    // Below the last stream: the peer has it, and went away before it answered.
    react = (peer, id) => {
      peer.send(goAway(id));
      peer.socket.end();
    };
    expect([await post(), attempts]).toEqual([503, 1]);
  });
});
