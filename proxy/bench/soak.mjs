// npm run soak: load and aborted requests on a pair of sidecars (mTLS, HTTP/2 between them) for a bounded time; then
// neither descriptors nor memory may have leaked.
// Options: --minutes N (2), --rate N (requests a second; as many as go), --aborters N (4: clients that reset in the
// middle of a request, again and again), --seed N (printed). What the pair holds is printed every tenth of the time.

import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { makeCertificates } from "./certificates.mjs";
import { inboundConfig, outboundConfig } from "./configs.mjs";
import { runLoad } from "./load.mjs";
import { freePort, memory, proxyFlags, start, stop, stopAll } from "./processes.mjs";

const { values } = parseArgs({
  options: {
    minutes: { type: "string" },
    rate: { type: "string" },
    aborters: { type: "string" },
    seed: { type: "string" },
    bundle: { type: "string" },
  },
});
const bundle = values.bundle ?? fileURLToPath(new URL("../dist/meshwright-proxy.mjs", import.meta.url));
const minutes = Number(values.minutes ?? 2);
const ratePerSecond = Number(values.rate ?? 0);
const aborters = Number(values.aborters ?? 4);
const seed = Number(values.seed ?? Date.now() % 2 ** 31);
const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "meshwright-soak-"));
console.log(`seed ${seed}, ${minutes} min`);

let state = seed;
const random = () => {
  state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
  return state / 0x7fffffff;
};

/** A leak of 2 KB per aborted request shows within two minutes. */
const allowedGrowthMb = 25;

const ports = {
  a: await freePort(),
  b: await freePort(),
  adminA: await freePort(),
  adminB: await freePort(),
  origin: await freePort(),
};
let isFailed = false;
try {
  await makeCertificates(folder);
  await start(process.execPath, [here("origin.mjs"), String(ports.origin)], ports.origin, "inherit");
  writeFileSync(join(folder, "a.json"), JSON.stringify(outboundConfig(folder, ports)));
  writeFileSync(join(folder, "b.json"), JSON.stringify(inboundConfig(folder, ports)));
  const sidecar = (name, port) =>
    start(process.execPath, [...proxyFlags, bundle, "-c", join(folder, `${name}.json`)], port, "inherit");
  const pair = [await sidecar("b", ports.b), await sidecar("a", ports.a)];
  const look = () =>
    pair.map((child) => ({ fds: readdirSync(`/proc/${child.pid}/fd`).length, mb: memory(child.pid).privateMb }));
  await runLoad({ port: ports.a, durationMs: 10_000 });
  const before = look();
  const until = Date.now() + minutes * 60_000;
  let aborted = 0;
  const abort = async () => {
    while (Date.now() < until) {
      await new Promise((resolve) => {
        const socket = connect(ports.a, "127.0.0.1");
        socket.on("connect", () => socket.write("POST /x HTTP/1.1\r\nHost: callee\r\nContent-Length: 10\r\n\r\nhal"));
        socket.on("error", () => {});
        setTimeout(() => socket.resetAndDestroy(), random() * 20);
        socket.on("close", resolve);
      });
      aborted++;
    }
  };
  const tell = async () => {
    const begin = Date.now();
    for (let part = 1; part <= 10; part++) {
      await new Promise((resolve) => setTimeout(resolve, begin + part * minutes * 6_000 - Date.now()));
      const held = look().map(({ fds, mb }) => `${mb.toFixed(1)} MB ${fds} fd`);
      console.log(`after ${((part * minutes) / 10).toFixed(1)} min: callee's ${held[0]}, caller's ${held[1]}`);
    }
  };
  const [load] = await Promise.all([
    runLoad({ port: ports.a, durationMs: minutes * 60_000, ratePerSecond }),
    tell(),
    ...Array.from({ length: aborters }, abort),
  ]);
  await new Promise((resolve) => setTimeout(resolve, 6000));
  const after = look();
  console.log(`${load.requests} requests, ${load.failures} failures, ${aborted} aborted`);
  isFailed = load.failures > 0;
  for (const [index, name] of ["callee's sidecar", "caller's sidecar"].entries()) {
    const [from, to] = [before[index], after[index]];
    console.log(
      `${name}: descriptors ${from.fds} -> ${to.fds}, private memory ${from.mb.toFixed(1)} -> ${to.mb.toFixed(1)} MB`,
    );
    if (to.fds > from.fds + 5 || to.mb > from.mb + allowedGrowthMb) isFailed = true;
  }
  for (const child of pair) await stop(child);
} finally {
  await stopAll();
  rmSync(folder, { recursive: true, force: true });
}
if (isFailed) {
  console.error("FAILED: see the figures above");
  process.exit(1);
}
