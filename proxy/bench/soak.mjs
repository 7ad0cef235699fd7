// npm run soak: load, aborted requests and failing upstreams for a bounded time; then nothing may have leaked.
// Options: --minutes N (2), --seed N (printed).

import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { plainConfig } from "./configs.mjs";
import { runLoad } from "./load.mjs";
import { freePort, memory, start, stop, stopAll } from "./processes.mjs";

const { values } = parseArgs({
  options: { minutes: { type: "string" }, seed: { type: "string" }, bundle: { type: "string" } },
});
const bundle = values.bundle ?? fileURLToPath(new URL("../dist/meshwright-proxy.mjs", import.meta.url));
const minutes = Number(values.minutes ?? 2);
const seed = Number(values.seed ?? Date.now() % 2 ** 31);
const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "meshwright-soak-"));
console.log(`seed ${seed}, ${minutes} min`);

let state = seed;
const random = () => {
  state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
  return state / 0x7fffffff;
};

const ports = { listen: await freePort(), admin: await freePort(), origin: await freePort() };
let isFailed = false;
try {
  await start(process.execPath, [here("origin.mjs"), String(ports.origin)], ports.origin, "inherit");
  writeFileSync(join(folder, "proxy.json"), JSON.stringify(plainConfig(folder, ports)));
  const flags = ["--max-semi-space-size=2", "--single-threaded-gc"];
  const proxy = await start(
    process.execPath,
    [...flags, bundle, "-c", join(folder, "proxy.json")],
    ports.listen,
    "inherit",
  );
  const descriptors = () => readdirSync(`/proc/${proxy.pid}/fd`).length;
  await runLoad({ port: ports.listen, durationMs: 10_000 });
  const before = { fds: descriptors(), ...memory(proxy.pid) };
  const until = Date.now() + minutes * 60_000;
  let aborted = 0;
  const abort = async () => {
    while (Date.now() < until) {
      await new Promise((resolve) => {
        const socket = connect(ports.listen, "127.0.0.1");
        socket.on("connect", () => socket.write("POST /x HTTP/1.1\r\nHost: callee\r\nContent-Length: 10\r\n\r\nhal"));
        socket.on("error", () => {});
        setTimeout(() => socket.resetAndDestroy(), random() * 20);
        socket.on("close", resolve);
      });
      aborted++;
    }
  };
  const [load] = await Promise.all([
    runLoad({ port: ports.listen, durationMs: minutes * 60_000 }),
    ...Array.from({ length: 4 }, abort),
  ]);
  await new Promise((resolve) => setTimeout(resolve, 6000));
  const after = { fds: descriptors(), ...memory(proxy.pid) };
  console.log(`${load.requests} requests, ${load.failures} failures, ${aborted} aborted`);
  console.log(
    `descriptors ${before.fds} -> ${after.fds}, private memory ${before.privateMb.toFixed(1)} -> ${after.privateMb.toFixed(1)} MB`,
  );
  isFailed = load.failures > 0 || after.fds > before.fds + 5 || after.privateMb > before.privateMb * 1.3 + 5;
  await stop(proxy);
} finally {
  await stopAll();
  rmSync(folder, { recursive: true, force: true });
}
if (isFailed) {
  console.error("FAILED: see the figures above");
  process.exit(1);
}
