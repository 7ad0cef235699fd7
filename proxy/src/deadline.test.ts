// A process that stands still for longer than a limit finds, when it wakes up, what came within the limit.

import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { Deadline, startDeadline, startTimeLimit } from "./deadline";

const limitMs = 20;
const open: Socket[] = [];
afterEach(() => {
  for (const one of open.splice(0)) one.destroy();
});

async function pair(): Promise<{ from: Socket; to: Socket }> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const from = connect((server.address() as AddressInfo).port, "127.0.0.1");
  const [to] = (await once(server, "connection")) as [Socket];
  server.close();
  open.push(from, to);
  return { from, to };
}

/** Whatever else runs: longer than the limit. */
const standStill = () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3 * limitMs);

type Start = (expire: () => void) => () => void;
const kinds: [string, Start][] = [
  [
    "deadline of a request",
    (expire) => {
      const deadline = new Deadline(expire);
      startDeadline(deadline, limitMs, performance.now());
      return () => deadline.cancel();
    },
  ],
  ["time limit", (expire) => startTimeLimit(limitMs, expire)],
];

describe.each(kinds)("a %s", (_name, start) => {
  it("is not over when the answer came while the process stood still", async () => {
    const { from, to } = await pair();
    const heard = await new Promise<string>((resolve) => {
      const cancel = start(() => resolve("expired"));
      from.once("data", () => {
        cancel();
        resolve("answered");
      });
      // Its bytes are in the kernel when write returns.
      to.write("x");
      standStill();
    });
    expect(heard).toBe("answered");
  });

  it("is over when nothing came", async () => {
    const heard = await new Promise<string>((resolve) => {
      start(() => resolve("expired"));
      // Nothing else keeps this file alive.
      const wait = setInterval(() => {}, limitMs);
      open.push({ destroy: () => clearInterval(wait) } as unknown as Socket);
    });
    expect(heard).toBe("expired");
  });

  it("may be cancelled in the look at the sockets that it waits for", async () => {
    const calls: string[] = [];
    const cancel = start(() => calls.push("expired"));
    await new Promise<void>((resolve) => {
      setTimeout(() => {
        cancel();
        resolve();
      }, limitMs);
      standStill();
    });
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    expect(calls).toEqual([]);
  });
});
