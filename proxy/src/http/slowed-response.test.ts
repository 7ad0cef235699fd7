// What waits of a slowed answer and what goes on, by a clock that the test moves.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { UpstreamStream } from "./exchange";
import { HeaderList } from "./h1/header-list";
import { ResponseHead } from "./h1/response-head";
import { SlowedResponse, type SlowedSink } from "./slowed-response";

const made: SlowedResponse[] = [];

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["performance", "setTimeout", "clearTimeout", "setImmediate", "clearImmediate"] });
});
afterEach(async () => {
  for (const one of made.splice(0)) one.discard();
  // the queue of deadlines is one of the process: it has to come to rest on this clock
  await vi.advanceTimersByTimeAsync(2 * TICK_MS);
  vi.useRealTimers();
});

const TICK_MS = 50;
const RATE = 2000;
const PER_TICK = (RATE * TICK_MS) / 1000;

function slowed(bytesPerSecond = RATE) {
  const told: string[] = [];
  const say =
    (what: string) =>
    (...rest: unknown[]) => {
      told.push(typeof rest[0] === "string" ? `${what} ${rest[0]}` : what);
    };
  const upstream = {
    localAddress: "127.0.0.1:1",
    attach: say("attach"),
    pauseResponse: say("pause"),
    resumeResponse: say("resume"),
    cancel: say("cancel"),
    discard: say("discard"),
  } as unknown as UpstreamStream;
  const out = { bytes: 0, text: "", trailers: null as HeaderList | null, head: null as ResponseHead | null };
  const sink: SlowedSink = {
    onResponse: (head) => {
      out.head = head;
    },
    onResponseData: (chunk, start, end) => {
      out.bytes += end - start;
      if (out.bytes <= 1000) out.text += chunk.toString("latin1", start, end);
    },
    onResponseFlush: () => {},
    onResponseEnd: (trailers) => {
      out.trailers = trailers;
      told.push("end");
    },
    onUpstreamDone: say("done"),
    onUpstreamReset: say("reset"),
    onUpstreamWritable: say("writable"),
  };
  const response = new SlowedResponse(upstream, bytesPerSecond);
  response.attach(sink);
  made.push(response);
  told.length = 0;
  const give = (text: string | Buffer) => {
    const chunk = Buffer.from(text);
    response.onResponseData(chunk, 0, chunk.length);
    chunk.fill(0);
    response.onResponseFlush();
  };
  return { response, out, told, give };
}

test("what fits the tokens of one tick goes on at once, whole", () => {
  const { response, out, told, give } = slowed();
  give("hello");
  response.onResponseEnd(null);
  expect([out.text, told]).toEqual(["hello", ["end"]]);
});

test("more goes on tick by tick in its order, and its trailers after the last byte", async () => {
  const { response, out, told, give } = slowed();
  const text = Array.from({ length: 35 }, (_, i) => `${i}`.padStart(10, ".")).join("");
  const trailers = new HeaderList();
  trailers.push("grpc-status", "0");
  give(text);
  expect(out.bytes).toBe(PER_TICK);
  response.onResponseEnd(trailers);
  trailers.clear();
  expect(told).toEqual(["done"]);
  for (const bytes of [200, 300]) {
    await vi.advanceTimersByTimeAsync(TICK_MS + 1);
    // a tick is late by what the clock was moved further: never more than it is owed
    expect(out.bytes).toBeGreaterThanOrEqual(bytes);
    expect(out.bytes).toBeLessThan(bytes + PER_TICK / 2);
  }
  await vi.advanceTimersByTimeAsync(TICK_MS + 1);
  expect([out.text, told]).toEqual([text, ["done", "end"]]);
  expect(out.trailers?.get("grpc-status")).toBe("0");
});

test("after a quiet time at most a second of tokens is there", async () => {
  const { out, give } = slowed();
  give("a");
  await vi.advanceTimersByTimeAsync(60_000);
  give(Buffer.alloc(10 * RATE));
  expect(out.bytes).toBe(1 + RATE);
});

test("what waits is bounded: the upstream is paused, and goes on when half of it is gone", async () => {
  const { told, give } = slowed(1024 * 1024);
  give(Buffer.alloc(1024 * 1024));
  expect(told).toEqual([]);
  give(Buffer.alloc(1024 * 1024));
  expect(told).toEqual(["pause"]);
  await vi.advanceTimersByTimeAsync(1000);
  expect(told).toEqual(["pause"]);
  await vi.advanceTimersByTimeAsync(1000);
  expect(told).toEqual(["pause", "resume"]);
});

test("a caller that takes no more gets no more until it does", async () => {
  const { response, out, give } = slowed();
  response.pauseResponse();
  give("hello");
  await vi.advanceTimersByTimeAsync(1000);
  expect(out.bytes).toBe(0);
  response.resumeResponse();
  expect(out.text).toBe("hello");
});

test("an upstream that breaks off is heard at once, and nothing of its answer after that", async () => {
  const { response, out, told, give } = slowed();
  give(Buffer.alloc(1000));
  response.onUpstreamReset("remote-reset", "gone", { hadBytes: true, isReused: false, hasStarted: true });
  const { bytes } = out;
  await vi.advanceTimersByTimeAsync(1000);
  expect([told, out.bytes]).toEqual([["reset remote-reset"], bytes]);
});

test("who gives up ends the upstream while it speaks, and nothing after it has said everything", async () => {
  const speaking = slowed();
  speaking.give(Buffer.alloc(1000));
  speaking.response.cancel();
  expect(speaking.told).toEqual(["cancel"]);
  const done = slowed();
  done.give(Buffer.alloc(1000));
  done.response.onResponseEnd(null);
  done.response.cancel();
  const { bytes } = done.out;
  await vi.advanceTimersByTimeAsync(1000);
  expect([done.told, done.out.bytes]).toEqual([["done"], bytes]);
});

test("its head is a copy: the connection may have another answer's by then", () => {
  const { response, out } = slowed();
  const head = new ResponseHead();
  head.status = 200;
  head.headers.push("x-a", "1");
  response.onResponse(head);
  head.headers.clear();
  head.status = 500;
  expect([out.head?.status, out.head?.headers.get("x-a")]).toEqual([200, "1"]);
});
