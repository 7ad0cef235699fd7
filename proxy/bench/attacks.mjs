// Memory under attack: every case of the hostile lists in bulk, class by class, against a proxy process of its own with a well-behaved
// client beside it. Holds: each of that client's calls is answered, private memory stays below a bound, and what is held after the attack
// and a collection is as little as before. Prints one row for each class.
// Options: --ms N (time of each attack, 600), --only TEXT,TEXT (classes whose name has one of them), --cases N (of each class), --bundle FILE.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { Agent, createServer, get as httpGet } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { attacks, startBadOrigin } from "./attack-list.mjs";
import { makeCertificates } from "./certificates.mjs";
import { inboundConfig } from "./configs.mjs";
import { startLanes } from "./fuzz-lanes.mjs";
import { freePort, memory, proxyFlags, stop, stopAll } from "./processes.mjs";

const text = { type: "string" };
const { values } = parseArgs({
  options: { attacks: { type: "boolean" }, ms: text, only: text, cases: text, bundle: text },
});
const ms = Number(values.ms ?? 600);
const bundle = values.bundle ?? fileURLToPath(new URL("../dist/meshwright-proxy.mjs", import.meta.url));
/** A proxy of ordinary size, and what may be held of an attack once it is over. */
const MOST_PRIVATE_MB = 160;
const MOST_HELD_MB = 12;
const flags = [...proxyFlags, "--max-old-space-size=96", "--expose-gc"];
const wait = (time) => new Promise((resolve) => setTimeout(resolve, time));
const folder = mkdtempSync(join(tmpdir(), "meshwright-attacks-"));

/** Asked by a signal, the proxy collects and writes what its heap and buffers hold. */
const hook = join(folder, "hook.mjs");
writeFileSync(
  hook,
  `import { writeFileSync } from "node:fs";
process.on("SIGUSR2", () => {
  gc();
  const { heapUsed, external } = process.memoryUsage();
  writeFileSync(${JSON.stringify(folder)} + "/held", String((heapUsed + external) / 2 ** 20));
});`,
);

async function heldMb(proxy) {
  const file = join(folder, "held");
  rmSync(file, { force: true });
  proxy.kill("SIGUSR2");
  for (let i = 0; i < 400; i++) {
    await wait(50);
    try {
      const told = readFileSync(file, "utf8");
      if (told !== "") return Number(told);
    } catch {}
  }
  return Number.NaN;
}

/** One call after the other on a connection that stays, until the attack is over. */
async function behaveWell(port, isOver, told) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  while (!isOver()) {
    const from = performance.now();
    const isAnswered = await new Promise((resolve) => {
      const request = httpGet({ port, host: "127.0.0.1", path: "/", agent, timeout: 20_000 }, (response) => {
        let body = "";
        response.on("data", (chunk) => {
          body += chunk;
        });
        response.on("end", () => resolve(response.statusCode === 200 && body === "fine"));
        response.on("error", () => resolve(false));
      });
      request.on("timeout", () => request.destroy());
      request.on("error", () => resolve(false));
    });
    if (isAnswered) told.answered++;
    else told.failed++;
    told.slowestMs = Math.max(told.slowestMs, performance.now() - from);
    await wait(10);
  }
  agent.destroy();
}

const large = Buffer.alloc(1_000_000, "x");
const origin = createServer({ keepAliveTimeout: 60_000, requestTimeout: 0 }, (incoming, response) => {
  incoming.resume();
  incoming.on("error", () => {});
  incoming.on("end", () => {
    if (incoming.url === "/never") return;
    const bytes = Number(incoming.url.slice(1));
    if (!(bytes > 0)) return response.end("fine");
    let left = bytes;
    const next = () => {
      while (left > 0) {
        left -= large.length;
        if (!response.write(large)) return response.once("drain", next);
      }
      response.end();
    };
    next();
  });
});
await new Promise((resolve) => origin.listen(0, "127.0.0.1", resolve));

async function attack(name, cases) {
  const bad = await startBadOrigin();
  const lanes = [{ origin: origin.address().port }, { origin: bad.port }];
  const tlsPort = await freePort();
  const secure = inboundConfig(folder, { b: tlsPort, adminB: 1, origin: lanes[0].origin }).static_resources;
  const proxy = await startLanes({ folder, bundle, lanes, flags: [...flags, "--import", hook], more: secure });
  const context = { port: lanes[0].port, badPort: lanes[1].port, tlsPort, bad, isOver: () => true };
  const told = { answered: 0, failed: 0, slowestMs: 0 };
  let isDone = false;
  // The first calls load what is loaded once.
  for (let i = 0; i < 3; i++) await behaveWell(context.port, () => told.answered > 50 * i, told);
  const [before, heldBefore] = [memory(proxy.pid).privateMb, await heldMb(proxy)];
  const client = behaveWell(context.port, () => isDone, told);
  let most = { mb: before, name: "" };
  let count = 0;
  for (const [one, run] of Object.entries(cases)) {
    // What fills up slowly is given more time than what is sent at once.
    const until = performance.now() + (name.startsWith("HTTP/") ? ms : 5 * ms);
    context.isOver = () => performance.now() >= until || proxy.exitCode !== null;
    const sampling = setInterval(() => {
      if (proxy.exitCode !== null) return;
      const mb = memory(proxy.pid).privateMb;
      if (mb > most.mb) most = { mb, name: one };
    }, 200);
    count += await run(context);
    clearInterval(sampling);
  }
  isDone = true;
  await client;
  const isAlive = proxy.exitCode === null;
  await wait(500);
  const held = isAlive ? (await heldMb(proxy)) - heldBefore : Number.NaN;
  await stop(proxy);
  bad.server.close();
  return { name, cases: Object.keys(cases).length, count, before, most, held, told, isAlive };
}

let isMissed = false;
const head = [
  "class",
  "attacks",
  "connections",
  "private MB before",
  "most",
  "in",
  "held after, MB",
  "calls beside",
  "unanswered",
  "slowest, ms",
];
const line = (cells) => console.log(`| ${cells.join(" | ")} |`);
try {
  await makeCertificates(folder);
  line(head);
  line(head.map(() => "---"));
  for (const [name, cases] of Object.entries(await attacks())) {
    if (values.only && !values.only.split(",").some((one) => name.includes(one))) continue;
    const {
      count,
      before,
      most,
      held,
      told,
      isAlive,
      cases: number,
    } = await attack(name, Object.fromEntries(Object.entries(cases).slice(0, Number(values.cases ?? 1000))));
    const isMet = isAlive && told.failed === 0 && most.mb <= MOST_PRIVATE_MB && held <= MOST_HELD_MB;
    if (!isMet) isMissed = true;
    const cells = [name, number, count, before.toFixed(0), most.mb.toFixed(0), most.name, held.toFixed(1)];
    line([...cells, told.answered, told.failed, told.slowestMs.toFixed(0)]);
    if (!isMet) console.error(`NOT met: ${name}${isAlive ? "" : " (the proxy died)"}`);
  }
  console.log(`Bounds: ${MOST_PRIVATE_MB} MB private at most, ${MOST_HELD_MB} MB held after, no call unanswered.`);
} finally {
  await stopAll();
  origin.closeAllConnections();
  origin.close();
  rmSync(folder, { recursive: true, force: true });
}
process.exit(isMissed ? 1 : 0);
