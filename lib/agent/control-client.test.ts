// A call to the control plane ends at its limit, whatever the garbage collector took meanwhile.
import http from "node:http";
import type { AddressInfo } from "node:net";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ControlClient } from "./control-client";

setFlagsFromString("--expose-gc");
const collect: () => void = runInNewContext("gc");

let server: http.Server;
let client: ControlClient;
let asked: Promise<void>;

beforeEach(async () => {
  asked = new Promise((resolve) => {
    server = http.createServer(() => resolve());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  client = new ControlClient(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, "secret", "agent-1");
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
});

afterEach(async () => {
  vi.useRealTimers();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

test("a long poll that is never answered ends after 30 s", async () => {
  const answer = client.desired("", new AbortController().signal).catch((error: Error) => error.message);
  await asked;
  collect();
  vi.advanceTimersByTime(30_000);
  expect(await answer).toBe("no answer within 30000 ms");
});

test("a long poll ends when its caller ends it, before and while it waits", async () => {
  const caller = new AbortController();
  const waiting = client.desired("", caller.signal).catch((error: Error) => error.message);
  await asked;
  caller.abort(new Error("the agent ends"));
  expect(await waiting).toBe("the agent ends");
  expect(await client.desired("", caller.signal).catch((error: Error) => error.message)).toBe("the agent ends");
});
