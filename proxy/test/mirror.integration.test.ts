// What a mirror may not do to the request that it is a copy of. Rule: only what Envoy does otherwise is here; the rest are
// conformance cases.

import { request as httpRequest } from "node:http";
import type { Socket } from "node:net";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { bootstrapOf, ROUTER, startConfigured } from "./support/both-proxies";
import { cleanUp, startOrigin, startRawServer } from "./support/network";

afterAll(cleanUp);

const HTTP1 = { http_protocol_options: {} };
const MEGABYTES = 8;
let port = 0;
let received = 0;
const mirrored: Socket[] = [];

beforeAll(async () => {
  const app = await startOrigin((incoming, response) => {
    received = 0;
    incoming.on("data", (chunk: Buffer) => {
      received += chunk.length;
    });
    incoming.on("end", () => response.end("done"));
  });
  // Takes the connection and reads nothing.
  const silent = await startRawServer((socket) => {
    socket.pause();
    mirrored.push(socket);
  });
  const clusters = { app: { port: app.port, options: HTTP1 }, silent: { port: silent, options: HTTP1 } };
  const route = { cluster: "app", timeout: "0s", request_mirror_policies: [{ cluster: "silent" }] };
  const listener = {
    http_filters: [ROUTER],
    route_config: { virtual_hosts: [{ name: "all", domains: ["*"], routes: [{ match: { prefix: "/" }, route }] }] },
  };
  port = await startConfigured("meshwright", (at) => bootstrapOf(at, [], clusters, listener));
});

function upload(bytes: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const call = httpRequest({ host: "127.0.0.1", port, path: "/", method: "POST", agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () => resolve(Buffer.concat(chunks).toString()));
    });
    call.on("error", reject);
    call.end(Buffer.alloc(bytes, "x"));
  });
}

test("a mirror that reads nothing is given up, and the whole body reaches the destination", async () => {
  expect(await upload(MEGABYTES * 1024 * 1024)).toBe("done");
  expect(received).toBe(MEGABYTES * 1024 * 1024);
  const [socket] = mirrored;
  expect(socket).toBeDefined();
  // To see an end, it has to be read.
  socket?.resume();
  await vi.waitFor(() => expect(socket?.destroyed || socket?.readableEnded).toBe(true), { timeout: 10_000 });
  expect(socket?.bytesRead).toBeLessThan(MEGABYTES * 1024 * 1024);
});

test("a mirror that does not answer holds up nobody", async () => {
  const before = mirrored.length;
  expect(await upload(10)).toBe("done");
  expect(await upload(10)).toBe("done");
  await vi.waitFor(() => expect(mirrored.length).toBeGreaterThan(before), { timeout: 10_000 });
});
