// npm run bench:limits: what a pair of sidecars holds and costs at its edges, each beside its bar.
// bodies: 1 GB both ways with a reader that stops, and a quarter of it as server-sent events; slow: the p99 of others beside one slow 1 GB stream; idle: memory of a connection
// that says nothing; many: cost with 1,000 clusters and 5,000 routes; tcp: bytes through mTLS beside HAProxy, and a reader that stops.
// Options: --only name,name, --gigabytes N (1), --bundle FILE

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import tls from "node:tls";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { checksumOf, download, drain, readEvents, upload } from "./bodies.mjs";
import { makeCertificates } from "./certificates.mjs";
import { inboundConfig, outboundConfig, tcpConfigs, withMany } from "./configs.mjs";
import { percentile, runLoad } from "./load.mjs";
import { haproxyConfigs } from "./peers.mjs";
import { cpuSeconds, freePort, has, memory, proxyFlags, start, stop, stopAll } from "./processes.mjs";

const { values } = parseArgs({
  options: { only: { type: "string" }, gigabytes: { type: "string" }, bundle: { type: "string" } },
});
const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const bundle = values.bundle ?? here("../dist/meshwright-proxy.mjs");
const BYTES = Math.round(Number(values.gigabytes ?? 1) * 2 ** 30);
const folder = mkdtempSync(join(tmpdir(), "meshwright-limits-"));
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
let isMissed = false;

function tell(name, figure, limit, unit) {
  const isMet = figure <= limit;
  if (!isMet) isMissed = true;
  console.log(`${isMet ? "met    " : "NOT met"}  ${name}: ${figure.toFixed(2)} ${unit} (bar ${limit})`);
}

/** Runs `work` on a pair with its app, and stops all three. */
async function withPair({ app, configs, more = [] }, work) {
  const names = ["a", "b", "origin", "adminA", "adminB"];
  const ports = Object.fromEntries(await Promise.all(names.map(async (name) => [name, await freePort()])));
  const [a, b] = configs(ports);
  writeFileSync(join(folder, "a.json"), JSON.stringify(a));
  writeFileSync(join(folder, "b.json"), JSON.stringify(b));
  const [file, ...mode] = app;
  const children = [await start(process.execPath, [here(file), String(ports.origin), ...mode], ports.origin)];
  const sidecar = (name, port) =>
    start(process.execPath, [...proxyFlags, ...more, bundle, "-c", join(folder, `${name}.json`)], port);
  try {
    const pair = [await sidecar("b", ports.b), await sidecar("a", ports.a)];
    children.push(...pair);
    return await work({ ports, pair });
  } finally {
    for (const child of children) await stop(child);
  }
}

const http = (ports) => [outboundConfig(folder, ports), inboundConfig(folder, ports)];
/** A body may take as long as it takes. */
const untimed = (ports) => JSON.parse(JSON.stringify(http(ports)).replaceAll('"timeout":"15s"', '"timeout":"0s"'));
const ascending = (list) => list.sort((x, y) => x - y);
const p99 = (list) => percentile(ascending(list), 0.99);
const privateMb = (pair) => pair.map((child) => memory(child.pid).privateMb);

/** The most that either process grew while `work` ran. */
async function growthDuring(pair, work) {
  const before = privateMb(pair);
  let most = 0;
  const timer = setInterval(() => {
    for (const [i, mb] of privateMb(pair).entries()) most = Math.max(most, mb - before[i]);
  }, 100);
  try {
    await work();
  } finally {
    clearInterval(timer);
  }
  return most;
}

const sections = {
  async bodies() {
    await withPair({ app: ["bodies.mjs"], configs: untimed }, async ({ ports, pair }) => {
      const expected = checksumOf(BYTES);
      await download({ port: ports.a, bytes: 64 << 20 });
      await upload({ port: ports.a, bytes: 64 << 20 });
      let stops = 0;
      const down = await growthDuring(pair, async () => {
        // stops three times for two seconds, with the app pouring behind it
        const pause = (received) => {
          if (stops === 3 || received <= (stops * BYTES) / 4) return 0;
          stops += 1;
          return 2000;
        };
        const { checksum, status } = await download({ port: ports.a, bytes: BYTES, pause });
        if (checksum !== expected || status !== 200) throw new Error("the download is not what was sent");
      });
      const up = await growthDuring(pair, async () => {
        const { checksum, status } = await upload({ port: ports.a, bytes: BYTES });
        if (checksum !== expected || status !== 200) throw new Error("the upload is not what was sent");
      });
      const count = Math.round(BYTES / 4 / 1024);
      let rests = 0;
      const told = await growthDuring(pair, async () => {
        const pause = (number) => {
          if (rests === 3 || number <= (rests * count) / 4) return 0;
          rests += 1;
          return 2000;
        };
        const { events, status, type } = await readEvents({ port: ports.a, count, pause });
        if (events !== count || status !== 200 || type !== "text/event-stream")
          throw new Error(`${events} of ${count} events came`);
      });
      tell(`memory grown by ${count} server-sent events whose reader stops`, told, 20, "MB");
      tell(`memory grown by a download of ${BYTES / 2 ** 30} GB whose reader stops`, down, 20, "MB");
      tell(`memory grown by an upload of ${BYTES / 2 ** 30} GB`, up, 20, "MB");
    });
  },

  async slow() {
    await withPair({ app: ["bodies.mjs"], configs: untimed }, async ({ ports }) => {
      await runLoad({ port: ports.a, durationMs: 10_000, maxRequests: 25_000 });
      const latencies = { alone: [], beside: [] };
      const call = async (kind) => {
        const load = await runLoad({ port: ports.a, durationMs: 5000, ratePerSecond: 1000 });
        if (load.failures > 0) throw new Error(`${load.failures} requests failed`);
        latencies[kind] = latencies[kind].concat(load.latencies);
      };
      for (let round = 0; round < 3; round++) {
        await call("alone");
        const over = new AbortController();
        // about 10 MB a second: the app would give a hundred times as much
        const pause = () => 6;
        const slow = download({ port: ports.a, bytes: BYTES, pause, signal: over.signal });
        await wait(500);
        await call("beside");
        over.abort();
        await slow;
      }
      // Of all rounds together: the tail of one says more of the machine.
      const [alone, beside] = [latencies.alone, latencies.beside].map(p99);
      tell("p99 of others beside one slow stream, to that without", beside / alone, 2, "x");
    });
  },

  async idle() {
    const count = 2000;
    // With a small heap V8 collects what the handshakes left: what stays is what is held.
    const more = ["--max-old-space-size=96"];
    await withPair({ app: ["origin.mjs"], configs: http, more }, async ({ ports, pair }) => {
      await runLoad({ port: ports.a, durationMs: 10_000, maxRequests: 25_000 });
      const [callee] = pair;
      const before = memory(callee.pid).privateMb;
      const files = { cert: readFileSync(join(folder, "a.pem")), key: readFileSync(join(folder, "a.key")) };
      const ca = readFileSync(join(folder, "ca.pem"));
      const sockets = [];
      const open = () =>
        new Promise((resolve, reject) => {
          const options = { port: ports.b, host: "127.0.0.1", ...files, ca, ALPNProtocols: ["h2"] };
          const socket = tls.connect({ ...options, checkServerIdentity: () => undefined }, resolve);
          socket.on("error", reject);
          socket.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0");
          sockets.push(socket);
        });
      for (let i = 0; i < count; i += 50) await Promise.all(Array.from({ length: 50 }, open));
      await wait(3000);
      const kb = ((memory(callee.pid).privateMb - before) * 1024) / count;
      for (const socket of sockets) socket.destroy();
      tell(`private memory of an idle mTLS connection (${count} of them)`, kb, 45, "KB");
    });
  },

  async many() {
    const cost = ({ hosts, routesEach }) =>
      withPair(
        {
          app: ["origin.mjs"],
          configs: (ports) => [
            withMany(outboundConfig(folder, ports), { hosts, routesEach }),
            inboundConfig(folder, ports),
          ],
        },
        async ({ ports, pair }) => {
          await runLoad({ port: ports.a, durationMs: 20_000, maxRequests: 25_000 });
          const before = pair.map(({ pid }) => cpuSeconds(pid));
          const { requests, failures } = await runLoad({ port: ports.a, durationMs: 4000 });
          if (failures > 0) throw new Error(`${failures} requests failed`);
          return pair.reduce((sum, { pid }, i) => sum + cpuSeconds(pid) - before[i], 0) / requests;
        },
      );
    const ratios = [];
    for (let round = 0; round < 3; round++) {
      const few = await cost({ hosts: 8, routesEach: 1 });
      ratios.push((await cost({ hosts: 1000, routesEach: 5 })) / few);
    }
    tell("CPU per request with 1,000 clusters and 5,000 routes, to that with ten", median(ratios), 1.1, "x");
  },

  async tcp() {
    const measured = { ours: [], haproxy: [] };
    let stalled = 0;
    for (let round = 0; round < 3; round++) {
      await withPair(
        { app: ["bodies.mjs", "tcp"], configs: (ports) => tcpConfigs(folder, ports) },
        async ({ ports, pair }) => {
          await drain({ port: ports.a, ms: 1000 });
          measured.ours.push((await drain({ port: ports.a, ms: 3000 })).bytesPerSecond);
          stalled = Math.max(stalled, await growthDuring(pair, () => drain({ port: ports.a, ms: 500, stallMs: 3000 })));
        },
      );
      const peer = await haproxyRate();
      if (peer !== null) measured.haproxy.push(peer);
    }
    const own = median(measured.ours) / 1e6;
    console.log(`         TCP through the pair: ${own.toFixed(0)} MB/s`);
    tell("memory grown by a TCP reader that stops", stalled, 20, "MB");
    if (measured.haproxy.length === 0) return console.log("         HAProxy is not installed: nothing to compare with");
    tell("time for a byte, to HAProxy's", median(measured.haproxy) / 1e6 / own, 2, "x");
  },
};

async function haproxyRate() {
  if (!has("haproxy")) return null;
  const ports = { a: await freePort(), b: await freePort(), origin: await freePort() };
  for (const name of ["a", "b"]) {
    const both = [`${name}.pem`, `${name}.key`].map((file) => readFileSync(join(folder, file), "utf8")).join("\n");
    writeFileSync(join(folder, `${name}.bundle`), both);
  }
  const [a, b] = haproxyConfigs(folder, ports, "tcp");
  const children = [
    await start(process.execPath, [here("bodies.mjs"), String(ports.origin), "tcp"], ports.origin),
    await start("haproxy", ["-f", b], ports.b),
    await start("haproxy", ["-f", a], ports.a),
  ];
  try {
    await drain({ port: ports.a, ms: 1000 });
    return (await drain({ port: ports.a, ms: 3000 })).bytesPerSecond;
  } finally {
    for (const child of children) await stop(child);
  }
}

const median = (list) => ascending([...list])[Math.floor(list.length / 2)];

try {
  await makeCertificates(folder);
  const names = values.only?.split(",") ?? Object.keys(sections);
  for (const name of names) {
    if (!sections[name]) throw new Error(`--only has ${Object.keys(sections).join(", ")}`);
    await sections[name]();
  }
} finally {
  await stopAll();
  rmSync(folder, { recursive: true, force: true });
}
if (isMissed) process.exitCode = 1;
