// Bytes that no well-meaning HTTP/2 client sends, and what comes of them; docs/reference/http2-strictness.md is made of
// this table. Every case ends with a well-behaved client being served by the same process.

import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { DataPlane } from "../src/listener/data-plane";
import { type HostileFrames, hostileFrames, renderHttp2Strictness } from "./hostile-frames";
import { connectFrames, emptySettings, type Frame, FramePeer, int32, preface } from "./support/http2";
import { call, cleanUp, listenerPort, startDataPlane, startOrigin } from "./support/network";
import { cluster, endpoint, forward, listener, proxyPlan, route, routes } from "./support/plans";

const page = fileURLToPath(new URL("../../docs/reference/http2-strictness.md", import.meta.url));
let plane: DataPlane;
let port = 0;
const seen: string[] = [];

beforeAll(async () => {
  const app = await startOrigin((incoming, response) => {
    if (incoming.url === "/unread") return;
    incoming.resume();
    incoming.on("error", () => {});
    incoming.on("end", () => {
      seen.push(JSON.stringify({ url: incoming.url, raw: incoming.rawHeaders }));
      if (incoming.url === "/large") response.end(Buffer.alloc(1_000_000));
      else if (incoming.url !== "/never") response.end("fine");
    });
  });
  plane = await startDataPlane(
    proxyPlan({
      listeners: [listener("inbound")],
      clusters: [cluster("app", [endpoint(app.port)])],
      routes: [routes([route(forward([{ name: "app" }]))])],
    }),
  );
  port = listenerPort(plane, "inbound");
});
afterAll(cleanUp);

async function outcomeOf(input: HostileFrames): Promise<string> {
  const peer = await connectFrames(port, ...(input.isWholeConnection ? [Buffer.alloc(0)] : [preface, emptySettings]));
  for (const bytes of input.bytes()) peer.send(bytes);
  const decided = await peer.find((one) => one.type === 7 || one.type === 3 || isAnswer(one), 5000);
  const outcome = await read(peer, decided);
  peer.socket.destroy();
  return outcome;
}

async function read(peer: FramePeer, decided: Frame | null): Promise<string> {
  if (decided === null) return peer.isClosed ? "closed" : "silence";
  if (decided.type === 7) {
    await peer.closed();
    return `GOAWAY ${codeNames[decided.payload.readUInt32BE(4)]}${peer.isClosed ? ", closed" : ", open"}`;
  }
  return decided.type === 3 ? `RST_STREAM ${codeNames[decided.payload.readUInt32BE(0)]}` : "200";
}

const isAnswer = (one: { type: number }): boolean => one.type === 1;
const codeNames = [
  "NO_ERROR",
  "PROTOCOL_ERROR",
  "INTERNAL_ERROR",
  "FLOW_CONTROL_ERROR",
  "SETTINGS_TIMEOUT",
  "STREAM_CLOSED",
  "FRAME_SIZE_ERROR",
  "REFUSED_STREAM",
  "CANCEL",
  "COMPRESSION_ERROR",
  "CONNECT_ERROR",
  "ENHANCE_YOUR_CALM",
];

describe("hostile HTTP/2 input", () => {
  it.each(hostileFrames)("$name", async (input) => {
    seen.length = 0;
    expect(await outcomeOf(input)).toBe(input.outcome);
    expect(seen.join("\n")).not.toMatch(/smuggled/);
    if (input.appSees !== undefined) expect(seen.join("\n")).toContain(input.appSees);
    expect((await call(port)).status).toBe(200);
  });

  it("keeps nothing of the attackers", async () => {
    await expect.poll(() => plane.telemetry.activeDownstreamRequests, { timeout: 5000 }).toBe(0);
    expect(new Set(hostileFrames.map((input) => input.name)).size).toBe(hostileFrames.length);
  });

  it("holds what a window allows when a reader never opens it", async () => {
    const socket = (await connectFrames(port, preface, emptySettings)).socket;
    const peer = new FramePeer(socket);
    peer.send(...(hostileFrames.find((one) => one.name === "large answer, window never opened")?.bytes() ?? []));
    await peer.find((one) => one.type === 0);
    await expect
      .poll(() => peer.frames.filter((one) => one.type === 0).reduce((sum, one) => sum + one.payload.length, 0))
      .toBe(65_535);
    peer.send(Buffer.concat([Buffer.from([0, 0, 4, 3, 0, 0, 0, 0, 1]), int32(8)]));
  });

  it("is what docs/reference/http2-strictness.md shows", async () => {
    if (process.env["UPDATE_DOCS"] === "1") await writeFile(page, renderHttp2Strictness());
    expect(await readFile(page, "utf8")).toBe(renderHttp2Strictness());
  });
});
