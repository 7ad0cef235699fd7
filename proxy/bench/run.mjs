// npm run bench: CPU per request of a pair of sidecars, ours with all features on against the floor, node:http, Envoy
// (ENVOY_BIN), nginx and HAProxy (where installed); private memory and added latency at 1,000 requests a second. Ratios count, not times.
// Latencies are of all pairs at once, kept alive and called in turns, so that a busy moment of the machine befalls them alike. A turn is
// 2,000 calls, and the percentiles told are the medians of those of the turns: a busy moment costs one turn, not the tail of all. The p99
// of all calls together is told beside it, and, where this user may have real-time priority, the percentiles of the calls that met no
// stop of the machine (stops.mjs).
// --app http1 (default) has HTTP/1.1 apps and 32 connections; --app grpc has gRPC apps and 8 connections x 8 streams, unary calls of 1 KB;
// --app grpc-stream server streams of 100 messages of 100 bytes, and counts messages. The last two compare ours and Envoy only.
// Options: --seconds N (4), --rounds N (3), --only name,name, --json FILE, --prof, --bundle FILE (another build of ours)

import { existsSync, mkdtempSync, openSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { makeCertificates } from "./certificates.mjs";
import { inboundConfig, outboundConfig } from "./configs.mjs";
import { runGrpcLoad, STREAM_MESSAGES } from "./grpc.mjs";
import { percentile, runLoad } from "./load.mjs";
import { haproxyConfigs, nginxConfigs } from "./peers.mjs";
import { cpuSeconds, freePort, has, memory, proxyFlags, start, stop, stopAll } from "./processes.mjs";
import { monotonicMs, watchStops } from "./stops.mjs";

const { values } = parseArgs({
  options: {
    seconds: { type: "string" },
    rounds: { type: "string" },
    only: { type: "string" },
    json: { type: "string" },
    prof: { type: "boolean" },
    bundle: { type: "string" },
    app: { type: "string", default: "http1" },
  },
});
const METHODS = { grpc: "Unary", "grpc-stream": "Stream" };
const method = METHODS[values.app];
if (method === undefined && values.app !== "http1") throw new Error("--app must be http1, grpc or grpc-stream");
const app = method === undefined ? "h1" : "h2";
const seconds = Number(values.seconds ?? 4);
const rounds = Number(values.rounds ?? 3);
/** Calls until the compilers are done: a fixed number, so that a slow machine warms up as far as a fast one. */
const warmUpCalls = 25_000;
const warmUp = (port) =>
  load({ port, durationMs: 60_000, maxRequests: warmUpCalls * (method === "Stream" ? STREAM_MESSAGES : 1) });
const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const bundle = values.bundle ?? here("../dist/meshwright-proxy.mjs");
const folder = mkdtempSync(join(tmpdir(), "meshwright-bench-"));
const log = openSync(join(folder, "processes.log"), "a");

const nodeFlags = process.env.NODE_FLAGS
  ? process.env.NODE_FLAGS.split(" ")
  : values.prof
    ? ["--cpu-prof", `--cpu-prof-dir=${join(folder, "prof")}`]
    : [];
/** Our pair; `hop`: what the sidecars speak with each other. */
const ours = (hop) => async (ports) => {
  writeFileSync(join(folder, "a.json"), JSON.stringify(outboundConfig(folder, ports, { hop, app })));
  writeFileSync(join(folder, "b.json"), JSON.stringify(inboundConfig(folder, ports, { hop, app })));
  const b = await start(
    process.execPath,
    [...proxyFlags, ...nodeFlags, bundle, "-c", join(folder, "b.json")],
    ports.b,
    log,
  );
  const a = await start(
    process.execPath,
    [...proxyFlags, ...nodeFlags, bundle, "-c", join(folder, "a.json")],
    ports.a,
    log,
  );
  return [a, b];
};
/** The app itself, with nobody between: what a pair adds to its latency is told beside it. */
const DIRECT = "direct";
const setups = {
  [DIRECT]: async () => [],
  meshwright: ours("h2"),
  "meshwright-h1": ours("h1"),
  floor: async (ports) => [
    await start(process.execPath, [...nodeFlags, here("floor.mjs"), "out", ports.a, ports.b, folder], ports.a, log),
    await start(process.execPath, [...nodeFlags, here("floor.mjs"), "in", ports.b, ports.origin, folder], ports.b, log),
  ],
  "node:http": async (ports) => [
    await start(process.execPath, [here("node-http.mjs"), "out", ports.a, ports.b, folder], ports.a, log),
    await start(process.execPath, [here("node-http.mjs"), "in", ports.b, ports.origin, folder], ports.b, log),
  ],
};
const envoy = process.env.ENVOY_BIN;
if (envoy !== undefined && existsSync(envoy)) {
  const envoyPair = (hop) => async (ports) => {
    writeFileSync(join(folder, "ea.json"), JSON.stringify(outboundConfig(folder, ports, { hop, app })));
    writeFileSync(join(folder, "eb.json"), JSON.stringify(inboundConfig(folder, ports, { hop, app })));
    const args = (name, id) => [
      "-c",
      join(folder, name),
      "--concurrency",
      "1",
      "--base-id",
      String(id),
      "-l",
      "error",
      "--disable-hot-restart",
    ];
    return [
      await start(envoy, args("ea.json", 71), ports.a, log),
      await start(envoy, args("eb.json", 72), ports.b, log),
    ];
  };
  setups.envoy = envoyPair("h2");
  setups["envoy-h1"] = envoyPair("h1");
}
if (has("nginx")) {
  setups.nginx = async (ports) => {
    const [a, b] = nginxConfigs(folder, ports);
    return [await start("nginx", ["-c", a], ports.a, log), await start("nginx", ["-c", b], ports.b, log)];
  };
}
if (has("haproxy")) {
  setups.haproxy = async (ports) => {
    const [a, b] = haproxyConfigs(folder, ports);
    for (const name of ["a", "b"]) {
      writeFileSync(
        join(folder, `${name}.bundle`),
        `${readFileSync(join(folder, `${name}.pem`), "utf8")}\n${readFileSync(join(folder, `${name}.key`), "utf8")}`,
      );
    }
    return [await start("haproxy", ["-f", b], ports.b, log), await start("haproxy", ["-f", a], ports.a, log)];
  };
}

const WORDS = {
  http1: "32 connections, 1 KB checksummed replies",
  grpc: "gRPC unary calls, 8 connections x 8 streams, 1 KB replies",
  "grpc-stream": "gRPC server streams of 100 messages of 100 bytes, 8 connections x 8 streams; a request is a message",
};
const sorted = (list) => list.toSorted((x, y) => x - y);
const median = (list) => sorted(list)[Math.floor(list.length / 2)];

const load = (options) => (method === undefined ? runLoad(options) : runGrpcLoad({ ...options, method }));
/** Pairs that speak what the apps speak. */
const isComparable = (name) => method === undefined || name === "meshwright" || name === "envoy";
const most = (list) => list.reduce((found, one) => Math.max(found, one), 0);
/** Turns of each pair in a round, and how long they are. A pair has waited for its turn: what it does in the turn's first second is not told. */
const latencyTurns = 5;
const latencySettleMs = 1000;
const latencyTurnMs = 3000;

/** A pair with its app, warmed up; `children` are to be stopped whatever happens. */
async function open(name, children) {
  const names = ["a", "b", "origin", "adminA", "adminB"];
  const ports = Object.fromEntries(await Promise.all(names.map(async (one) => [one, await freePort()])));
  const originFile = here(method === undefined ? "origin.mjs" : "grpc.mjs");
  children.push(await start(process.execPath, [originFile, String(ports.origin)], ports.origin, log));
  const pair = await setups[name](ports);
  children.push(...pair);
  const port = name === DIRECT ? ports.origin : ports.a;
  await warmUp(port);
  return { name, pair, port };
}

async function withPairs(names, work) {
  const children = [];
  try {
    const pairs = [];
    for (const name of names) pairs.push(await open(name, children));
    return await work(pairs);
  } finally {
    for (const child of children.reverse()) await stop(child);
  }
}

const paced = (port, durationMs, settleMs = 0) => runLoad({ port, durationMs, settleMs, ratePerSecond: 1000 });

const measure = (name) =>
  withPairs([name], async ([{ pair, port }]) => {
    const before = pair.map((child) => cpuSeconds(child.pid));
    const full = await load({ port, durationMs: seconds * 1000 });
    const used = pair.map((child, index) => cpuSeconds(child.pid) - before[index]);
    // Streams are paced by nobody: their memory is that of the full load.
    const calm = method === undefined ? await paced(port, Math.max(3000, seconds * 1000)) : null;
    const memories = pair.map((child) => memory(child.pid));
    return {
      cpuUs: (used.reduce((sum, one) => sum + one, 0) / full.requests) * 1e6,
      rps: full.requests / full.seconds,
      failures: full.failures + (calm?.failures ?? 0),
      p99Ms: percentile(full.latencies, 0.99),
      p50Ms: percentile(full.latencies, 0.5),
      privateMb: most(memories.map((one) => one.privateMb)),
      rssMb: most(memories.map((one) => one.rssMb)),
      requests: full.requests,
    };
  });

/**
 * Medians of the turns' percentiles, the p99 of all calls, and failures at 1,000 requests a second, of each name; `calm`: percentiles of
 * all calls that met no stop of the machine, and the share of those that did (null: stops cannot be seen here).
 */
const measureLatencies = (names) =>
  withPairs(names, async (pairs) => {
    const stops = await watchStops();
    try {
      const all = new Map(names.map((name) => [name, { sent: [], took: [], p50s: [], p99s: [], failures: 0 }]));
      for (let turn = 0; turn < latencyTurns * rounds; turn++) {
        // Forwards and backwards, so that nobody is always the first.
        for (const { name, port } of turn % 2 === 0 ? pairs : pairs.toReversed()) {
          const { latencies, calls, failures } = await paced(port, latencyTurnMs, latencySettleMs);
          const known = all.get(name);
          known.sent = known.sent.concat(calls.sent);
          known.took = known.took.concat(calls.took);
          known.p50s.push(percentile(latencies, 0.5));
          known.p99s.push(percentile(latencies, 0.99));
          known.failures += failures;
        }
      }
      return new Map(
        Array.from(all, ([name, { sent, took, p50s, p99s, failures }]) => {
          const allP99Ms = percentile(sorted(took), 0.99);
          return [
            name,
            { p50Ms: median(p50s), p99Ms: median(p99s), allP99Ms, failures, calm: calmOf(sent, took, stops) },
          ];
        }),
      );
    } finally {
      stops?.end();
    }
  });

function calmOf(sent, took, stops) {
  if (stops === null) return null;
  const origin = monotonicMs() - performance.now();
  const latencies = sorted(took.filter((ms, i) => !stops.met(origin + sent[i], origin + sent[i] + ms)));
  return {
    p50Ms: percentile(latencies, 0.5),
    p99Ms: percentile(latencies, 0.99),
    met: 1 - latencies.length / took.length,
  };
}

async function main() {
  if (!existsSync(bundle)) throw new Error("Build the proxy first: npm run build");
  await makeCertificates(folder);
  const names = (values.only?.split(",") ?? Object.keys(setups)).filter(
    (name) => setups[name] !== undefined && isComparable(name),
  );
  const results = new Map(names.map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    // Alternating, so that a busy machine is busy for everyone.
    for (const name of [...results.keys()]) {
      try {
        results.get(name).push(await measure(name));
      } catch (error) {
        // A peer that this machine cannot run is told and left out; our own pair has to run.
        if (name.startsWith("meshwright") || name === "floor") throw error;
        console.log(`${name} did not start: ${error.message}`);
        results.delete(name);
      }
    }
  }
  const summary = {};
  for (const [name, list] of results) {
    summary[name] = Object.fromEntries(Object.keys(list[0]).map((key) => [key, median(list.map((one) => one[key]))]));
    summary[name].failures = list.reduce((sum, one) => sum + one.failures, 0);
  }
  if (method === undefined) {
    for (const [name, found] of await measureLatencies(Object.keys(summary))) {
      const before = summary[name];
      summary[name] = { ...before, ...found, failures: before.failures + found.failures };
    }
  }
  console.log(`Node ${process.version}, ${rounds} rounds of ${seconds} s, ${WORDS[values.app]}, medians\n`);
  console.log("pair           CPU us/request  requests/s  p50 ms  p99 ms (at 1,000/s)  private MB  RSS MB  failures");
  for (const [name, one] of Object.entries(summary)) {
    console.log(
      `${name.padEnd(14)} ${one.cpuUs.toFixed(1).padStart(14)}  ${one.rps.toFixed(0).padStart(10)}  ${one.p50Ms.toFixed(2).padStart(6)}  ${one.p99Ms.toFixed(2).padStart(6)}  ${one.privateMb.toFixed(1).padStart(22)}  ${one.rssMb.toFixed(1).padStart(6)}  ${String(one.failures).padStart(8)}`,
    );
  }
  if (values.json !== undefined) writeFileSync(values.json, JSON.stringify(summary, null, 2));
  const own = summary.meshwright;
  if (own !== undefined) {
    const h1 = summary["meshwright-h1"];
    const envoyH1 = summary["envoy-h1"];
    const logged = ["a.log", "b.log"].map((name) => statSync(join(folder, name)).size);
    console.log(`\naccess logs written: ${logged.map((size) => `${(size / 1e6).toFixed(1)} MB`).join(", ")}`);
    const bars = {
      http1: [
        ["node:http", 0.45],
        ["floor", 1.4],
        ["envoy", 0.5],
      ],
      grpc: [["envoy", 0.5]],
      "grpc-stream": [["envoy", 0.6]],
    }[values.app];
    for (const [name, limit] of bars) {
      if (summary[name] === undefined) continue;
      const ratio = own.cpuUs / summary[name].cpuUs;
      console.log(`${ratio <= limit ? "met    " : "NOT met"}  ${ratio.toFixed(2)}x ${name} (bar ${limit}x)`);
    }
    if (h1 !== undefined && envoyH1 !== undefined) {
      const ratio = h1.cpuUs / envoyH1.cpuUs;
      console.log(
        `${ratio <= 0.55 ? "met    " : "NOT met"}  ${ratio.toFixed(2)}x envoy with an HTTP/1.1 hop on both (bar 0.55x)`,
      );
    }
    // The others' memory is that of the full load, which has no bar.
    if (method !== undefined) return;
    for (const [words, key] of [
      ["p50", "p50Ms"],
      ["p99", "p99Ms"],
      ["p99 of all calls together", "allP99Ms"],
    ]) {
      if (summary.envoy === undefined || summary[DIRECT] === undefined) continue;
      const [added, addedByEnvoy] = [own, summary.envoy].map((one) => one[key] - summary[DIRECT][key]);
      const ratio = added / addedByEnvoy;
      const told = `${ratio.toFixed(2)}x envoy in added ${words}: ${added.toFixed(2)} ms and ${addedByEnvoy.toFixed(2)} ms`;
      if (key === "allP99Ms") console.log(`         ${told}`);
      else console.log(`${ratio <= 0.6 ? "met    " : "NOT met"}  ${told} (bar 0.6x)`);
    }
    const calm = [own, summary.envoy, summary[DIRECT]].map((one) => one?.calm ?? null);
    if (calm.every((one) => one !== null)) tellCalm(calm);
    console.log(
      `${own.privateMb <= 45 ? "met    " : "NOT met"}  private memory ${own.privateMb.toFixed(1)} MB at 1,000 rps (bar 45 MB)`,
    );
  }
}

function tellCalm([own, envoy, direct]) {
  for (const [words, key] of [
    ["p50", "p50Ms"],
    ["p99", "p99Ms"],
  ]) {
    const [added, addedByEnvoy] = [own, envoy].map((one) => one[key] - direct[key]);
    console.log(
      `         ${(added / addedByEnvoy).toFixed(2)}x envoy in added ${words} of calls that met no stop of the machine: ${added.toFixed(2)} ms and ${addedByEnvoy.toFixed(2)} ms`,
    );
  }
  const shares = [own, envoy, direct].map(({ met }) => `${(met * 100).toFixed(1)} %`);
  console.log(`         calls that met one: ${shares.join(", ")} (ours, envoy's, direct)`);
}

try {
  await main();
} finally {
  await stopAll();
  if (values.prof) console.log(`profiles in ${join(folder, "prof")}`);
  else if (process.env.KEEP === undefined) rmSync(folder, { recursive: true, force: true });
}
