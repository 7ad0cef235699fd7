// Every row of hostile-table.ts against a running proxy, and the page in docs that shows the same rows.

import { readFile, writeFile } from "node:fs/promises";
import type { Socket } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { DataPlane } from "../src/listener/data-plane";
import { hostileInputs, renderStrictness } from "./hostile-table";
import { cleanUp, listenerPort, sendRaw, startDataPlane, startRawServer } from "./support/network";
import { cluster, endpoint, forward, listener, proxyPlan, route, routes } from "./support/plans";

const page = new URL("../../docs/reference/http1-strictness.md", import.meta.url);

let plane: DataPlane;
let port = 0;
let seen = "";

/** Answers each complete request; keeps every byte. */
function answer(socket: Socket): void {
  let text = "";
  socket.on("data", (chunk) => {
    seen += chunk.toString("latin1");
    text += chunk.toString("latin1");
    for (;;) {
      const end = text.indexOf("\r\n\r\n");
      if (end < 0) return;
      const head = text.slice(0, end).toLowerCase();
      const length = Number(/content-length: (\d+)/.exec(head)?.[1] ?? 0);
      const isChunked = head.includes("transfer-encoding: chunked");
      const last = isChunked ? text.indexOf("0\r\n\r\n", end) : end + 4 + length;
      if (last < 0 || text.length < last) return;
      text = text.slice(isChunked ? last + 5 : last);
      socket.write("HTTP/1.1 200 OK\r\ncontent-length: 0\r\nx-complete: 1\r\n\r\n");
    }
  });
}

beforeAll(async () => {
  const upstream = await startRawServer(answer);
  plane = await startDataPlane(
    proxyPlan({
      listeners: [listener("inbound")],
      clusters: [cluster("app", [endpoint(upstream)])],
      routes: [routes([route(forward([{ name: "app" }]))])],
    }),
  );
  port = listenerPort(plane, "inbound");
});
afterAll(cleanUp);
beforeEach(() => {
  seen = "";
});

describe("hostile HTTP/1.1 input", () => {
  it.each(hostileInputs)("$name", async (input) => {
    const text = await sendRaw(port, input.bytes, 120, Math.max(input.forwarded, input.status === null ? 0 : 1));
    const first = /^HTTP\/1\.1 (\d{3})/.exec(text);
    expect(first === null ? null : Number(first[1]), text).toBe(input.status);
    expect(text.match(/x-complete: 1/g)?.length ?? 0).toBe(input.forwarded);
    expect(seen).not.toContain("smuggled");
    if (input.forwarded === 0 && input.status !== null) expect(text).toMatch(/connection: close/);
    if (input.upstreamSees !== undefined) expect(seen.toLowerCase()).toContain(input.upstreamSees.toLowerCase());
    if (input.upstreamMisses !== undefined)
      expect(seen.toLowerCase()).not.toContain(input.upstreamMisses.toLowerCase());
  });

  it("are at least 67, under names that do not repeat", () => {
    expect(hostileInputs.length).toBeGreaterThanOrEqual(67);
    expect(new Set(hostileInputs.map((input) => input.name)).size).toBe(hostileInputs.length);
  });

  it("are what docs/reference/http1-strictness.md shows", async () => {
    if (process.env["UPDATE_DOCS"] === "1") await writeFile(page, renderStrictness());
    expect(await readFile(page, "utf8")).toBe(renderStrictness());
  });
});
