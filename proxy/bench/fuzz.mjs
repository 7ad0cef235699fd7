// npm run fuzz: exchanges of injured and valid messages through the built proxy, whose meaning must be what llhttp (HTTP/1.1) and nghttp2
// (HTTP/2) read from the same bytes. Kinds: requests, answers, http2. An exchange is a
// request that was answered, refused or broken off; an input is what one connection carries.
// Options: --exchanges N (1000000, shared among the kinds), --only kind,kind, --seed N (printed), --from N, --lanes N (32), --bundle FILE.
// --attacks: memory under attack instead (attacks.mjs, with its options).
// One input again by itself: --only KIND --seed S --from NUMBER --exchanges 1.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { answerExchange, answerOrigin } from "./fuzz-answers.mjs";
import { frameExchange, frameReference } from "./fuzz-frames.mjs";
import { startLanes } from "./fuzz-lanes.mjs";
import { http1Origin, http2Origin } from "./fuzz-origins.mjs";
import { requestExchange } from "./fuzz-requests.mjs";
import { memory, stopAll } from "./processes.mjs";

if (process.argv.includes("--attacks")) await import("./attacks.mjs");

const text = { type: "string" };
const { values } = parseArgs({
  options: { exchanges: text, only: text, seed: text, from: text, lanes: text, bundle: text },
});
const total = Number(values.exchanges ?? 1_000_000);
const seed = Number(values.seed ?? Date.now() % 2 ** 31);
const from = Number(values.from ?? 0);
const width = Number(values.lanes ?? 32);
const bundle = values.bundle ?? fileURLToPath(new URL("../dist/meshwright-proxy.mjs", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "meshwright-fuzz-"));
const MOST_SHOWN = 20;
/** SIGINT ends the run with what was counted so far. */
let isStopped = false;
process.on("SIGINT", () => {
  isStopped = true;
});

/** Origins of every second lane speak HTTP/2. */
const bothOrigins = (lane, index) => (index % 2 === 1 ? http2Origin(lane) : http1Origin(lane));
const kinds = {
  requests: { share: 0.5, origin: bothOrigins, exchange: requestExchange },
  answers: { share: 0.25, origin: answerOrigin, exchange: answerExchange, isHttp1: true },
  http2: { share: 0.25, origin: bothOrigins, exchange: frameExchange, reference: frameReference },
};

async function run(name, count) {
  const kind = kinds[name];
  const lanes = Array.from({ length: width }, (_, i) => ({
    seen: [],
    faults: [],
    isHttp2: !kind.isHttp1 && i % 2 === 1,
  }));
  const servers = [];
  for (const [index, lane] of lanes.entries()) {
    const { server, port } = await kind.origin(lane, index);
    lane.origin = port;
    lane.reference = await kind.reference?.();
    servers.push(server, ...(lane.reference ? [lane.reference.server] : []));
  }
  const proxy = await startLanes({ folder, bundle, lanes });
  const before = memory(proxy.pid).privateMb;
  const told = { inputs: 0, exchanges: 0, forwarded: 0, differences: 0, most: before };
  let next = from;
  const sampling = setInterval(() => {
    if (proxy.exitCode === null) told.most = Math.max(told.most, memory(proxy.pid).privateMb);
  }, 5000);
  const telling = setInterval(() => console.log(`${name}: ${told.exchanges} of ${count}`), 60_000);
  const work = async (lane) => {
    while (!isStopped && told.exchanges < count && proxy.exitCode === null && told.differences < MOST_SHOWN) {
      const number = next++;
      const { problem, count: exchanges, forwarded, input, details } = await kind.exchange(lane, seed, number);
      told.inputs++;
      told.exchanges += exchanges;
      told.forwarded += forwarded;
      if (problem === null) continue;
      told.differences++;
      const side = lane.isHttp2 ? "HTTP/2 behind" : "HTTP/1.1 behind";
      console.error(
        `DIFFERENCE ${name} ${number} (${side}): ${problem}\n  ${JSON.stringify(input.toString("latin1")).slice(0, 1500)}`,
      );
      console.error(`  ${JSON.stringify(details).slice(0, 3000)}`);
    }
  };
  await Promise.all(lanes.map(work));
  clearInterval(sampling);
  clearInterval(telling);
  if (proxy.exitCode !== null) {
    told.differences++;
    console.error(`${name}: the proxy died`);
  }
  await stopAll();
  for (const server of servers) {
    server.closeAllConnections?.();
    server.close();
  }
  const memoryTold = `private memory ${before.toFixed(0)} MB, at most ${told.most.toFixed(0)} MB`;
  console.log(
    `${name}: ${told.exchanges} exchanges on ${told.inputs} connections, ${told.forwarded} requests forwarded, ${told.differences} differences; ${memoryTold}`,
  );
  return told.differences;
}

console.log(`seed ${seed}`);
const names = values.only?.split(",") ?? Object.keys(kinds);
let differences = 0;
try {
  const shares = names.reduce((sum, name) => sum + kinds[name].share, 0);
  for (const name of names)
    if (!isStopped) differences += await run(name, Math.round((total * kinds[name].share) / shares));
} finally {
  await stopAll();
  rmSync(folder, { recursive: true, force: true });
}
process.exit(differences > 0 ? 1 : 0);
