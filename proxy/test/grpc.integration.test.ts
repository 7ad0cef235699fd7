// gRPC's interop cases through a pair of sidecars: grpc-js =h2c=> A =h2, mTLS=> B =h2c=> grpc-js.

import { once } from "node:events";
import * as grpc from "@grpc/grpc-js";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { pairIdentities, type TestCa, type TestLeaf } from "./support/certificates";
import { missing, outcomeOf, startTestServer, TestClient, type TestServer, testService } from "./support/grpc";
import { type Pair, type PairOptions, startPair } from "./support/http2";
import { cleanUp } from "./support/network";
import { cluster } from "./support/plans";

afterEach(cleanUp);

let ca: TestCa;
let caller: TestLeaf;
let callee: TestLeaf;
beforeAll(async () => {
  ({ ca, caller, callee } = await pairIdentities());
});

const speaksH2 = { ...cluster("app", []).http, protocol: "http2" as const };
/** A busy machine is no failure. */
const patience = { timeout: 20_000, interval: 10 };

async function start(over: Partial<PairOptions> = {}): Promise<{ client: TestClient; server: TestServer; pair: Pair }> {
  const server = await startTestServer();
  const pair = await startPair({
    app: server.port,
    ca,
    caller,
    callee,
    appHttp: speaksH2,
    ...over,
    action: { timeoutMs: null, ...over.action },
  });
  return { client: new TestClient(pair.port), server, pair };
}

/** "code flags grpc-status count" of the gRPC requests of one side. */
function counted(plane: Pair["a"]): string[] {
  return [...plane.telemetry.metrics.all.values()].flatMap((series) =>
    series.labels.request_protocol !== "grpc"
      ? []
      : series.codes.map(({ code, flags, grpcStatus, count }) => `${code} ${flags} ${grpcStatus} ${count}`),
  );
}

describe("gRPC through a pair of sidecars", () => {
  it("empty unary", async () => {
    const { client, pair } = await start();
    const { code, messages } = await client.call(testService.unary, [""]);
    expect([code, messages.map(String)]).toEqual([0, [""]]);
    expect(counted(pair.a)).toEqual(["200 - 0 1"]);
    expect(counted(pair.b)).toEqual(["200 - 0 1"]);
  });

  it("large unary, 4 MB both ways", async () => {
    const { client } = await start();
    const body = Buffer.alloc(4_000_000, "0123456789");
    const { code, messages } = await client.call(testService.unary, [body]);
    expect(code).toBe(0);
    expect(messages).toHaveLength(1);
    expect(messages[0]?.equals(body)).toBe(true);
  });

  it("client streaming", async () => {
    const { client } = await start();
    const sizes = [27_182, 8, 1828, 45_904];
    const { code, messages } = await client.call(
      testService.clientStream,
      sizes.map((size) => Buffer.alloc(size)),
    );
    expect([code, String(messages[0])]).toEqual([0, "74922"]);
  });

  it("server streaming", async () => {
    const { client } = await start();
    const { code, messages } = await client.call(testService.serverStream, ["31415,9,2653,58979,0,300000"]);
    expect([code, messages.map((message) => message.length)]).toEqual([0, [31_415, 9, 2653, 58_979, 0, 300_000]]);
  });

  it("ping-pong: each message is answered before the next is sent", async () => {
    const { client } = await start();
    const stream = client.bidi();
    const result = outcomeOf(stream);
    for (let i = 0; i < 50; i++) {
      stream.write(Buffer.from(`ping ${i}`));
      const [answer] = (await once(stream, "data")) as [Buffer];
      expect(answer.toString()).toBe(`ping ${i}`);
    }
    stream.end();
    expect((await result).code).toBe(0);
  });

  it("both directions at once, more than every window holds", async () => {
    const { client } = await start();
    const messages = Array.from({ length: 300 }, (_, i) => Buffer.alloc(50_000, i));
    const result = await client.call(testService.bidi, messages);
    expect(result.code).toBe(0);
    expect(result.messages.length).toBe(300);
    expect(result.messages.every((message, i) => message.equals(Buffer.alloc(50_000, i)))).toBe(true);
  });

  it("a response that ends before its request does ends the call", async () => {
    const { client, pair } = await start();
    const stream = client.bidi(testService.clientStream);
    const result = outcomeOf(stream);
    stream.write(Buffer.from("enough"));
    const { code, messages } = await result;
    expect([code, String(messages[0])]).toEqual([0, "6"]);
    // Neither connection was lost with it.
    expect((await client.call(testService.unary, ["again"])).code).toBe(0);
    expect(pair.a.clusters.get("callee")?.totalConnections).toBe(1);
  });

  it("an empty stream", async () => {
    const { client } = await start();
    const { code, messages } = await client.call(testService.bidi, []);
    expect([code, messages]).toEqual([0, []]);
  });

  it("cancel after begin, and after the first response", async () => {
    const { client, server, pair } = await start();
    const begun = client.bidi();
    const first = outcomeOf(begun);
    begun.write(Buffer.from("x"));
    await expect.poll(() => server.calls(), patience).toBe(1);
    begun.cancel();
    expect((await first).code).toBe(grpc.status.CANCELLED);
    const answered = client.bidi();
    const second = outcomeOf(answered);
    answered.write(Buffer.from("x"));
    await once(answered, "data");
    answered.cancel();
    expect((await second).code).toBe(grpc.status.CANCELLED);
    await expect.poll(() => server.cancelled(), patience).toBe(2);
    await expect.poll(() => counted(pair.a).at(-1), patience).toMatch(/^200 DC 1 /);
    expect((await client.call(testService.unary, ["again"])).code).toBe(0);
  });

  it("a deadline of the caller ends the call everywhere", async () => {
    const { client, server } = await start();
    const { code } = await client.call(testService.unary, ["never"], {}, { deadline: Date.now() + 300 });
    expect(code).toBe(grpc.status.DEADLINE_EXCEEDED);
    await expect.poll(() => server.cancelled(), patience).toBe(1);
  });

  it("status and message, as trailers and as a response that is all head", async () => {
    const { client, pair } = await start();
    const message = "test status message \t with whitespace and Unicode BMP ☺ and non-BMP 😈";
    const trailersOnly = await client.call(testService.unary, [""], { "x-fail": "2 plain message" });
    expect([trailersOnly.code, trailersOnly.details]).toEqual([2, "plain message"]);
    const afterData = await client.call(testService.serverStream, ["5"], { "x-fail": "13 after data" });
    expect([afterData.code, afterData.details, afterData.messages.length]).toEqual([13, "after data", 1]);
    const echoed = await client.call(testService.unary, [message]);
    expect(String(echoed.messages[0])).toBe(message);
    expect(counted(pair.a).sort()).toEqual(["200 - 0 1", "200 - 13 1", "200 - 2 1"]);
    expect(counted(pair.b).sort()).toEqual(["200 - 0 1", "200 - 13 1", "200 - 2 1"]);
  });

  it("custom metadata, initial and trailing, ASCII and binary", async () => {
    const { client } = await start();
    const bytes = Buffer.from([0, 1, 254, 255]);
    const { code, initial, trailing } = await client.call(testService.unary, ["x"], {
      "x-echo": "test value",
      "x-echo-bin": bytes,
    });
    expect(code).toBe(0);
    expect(initial.get("x-echo")).toEqual(["test value"]);
    expect(trailing.get("x-echo-bin")).toEqual([bytes]);
  });

  it("an unimplemented method and an unimplemented service", async () => {
    const { client } = await start();
    expect((await client.call(missing, [""])).code).toBe(grpc.status.UNIMPLEMENTED);
    const nobody = { ...missing, path: "/meshwright.test.Nobody/Missing" };
    expect((await client.call(nobody, [""])).code).toBe(grpc.status.UNIMPLEMENTED);
  });

  it("200 calls at once over one connection, each with its own answer", async () => {
    const { client, pair } = await start();
    // Before its SETTINGS are known a peer is trusted with 100 streams.
    await client.call(testService.unary, ["first"]);
    const results = await Promise.all(
      Array.from({ length: 200 }, (_, i) => client.call(testService.unary, [`message ${i}`])),
    );
    expect(results.map(({ messages }) => String(messages[0]))).toEqual(results.map((_, i) => `message ${i}`));
    expect(pair.a.clusters.get("callee")?.totalConnections).toBe(1);
  });
});
