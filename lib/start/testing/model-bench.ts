// The benchmark of the model; `npm run bench:model` bundles and starts it, and says what it is for.
// The rule: what is measured is what the product runs (the engine of the analyzers, the control plane's publisher); each round does all the work anew.
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { createAnalysis, factsFrom } from "@/lib/analysis";
import { mergeInto } from "@/lib/api/merge-answer";
import { ENVIRONMENT, Publishing } from "@/lib/control-plane/testing/publishing";
import { applyCommand, type Command, type MeshDocument, validateDocument } from "@/lib/mesh";
import { benchMesh, EDITS } from "./bench-mesh";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "7" },
    services: { type: "string", default: "1000" },
    json: { type: "string" },
    prof: { type: "string" },
    strict: { type: "boolean", default: false },
  },
});
const rounds = Number(values.rounds);
const BARS = { fullMs: 500, editMs: 16, memoryMb: 256, mergeMs: 1000, answerMb: 1 };
const WIDTH = 62;
const TODAY = "2026-11-21";
const FACTS = factsFrom({ today: TODAY });

type Cost = { ms: number; cpu: number };

async function measured<T>(work: () => T | Promise<T>): Promise<Cost & { value: T }> {
  const cpuBefore = process.cpuUsage();
  const from = performance.now();
  const value = await work();
  const ms = performance.now() - from;
  const { user, system } = process.cpuUsage(cpuBefore);
  return { ms, cpu: (user + system) / 1000, value };
}

const mb = (bytes: number) => bytes / 2 ** 20;
let peakMb = 0;
function noteMemory(): void {
  peakMb = Math.max(peakMb, mb(process.memoryUsage().rss));
}

/** What is alive, without what is only not collected yet. */
function aliveMb(): number {
  globalThis.gc?.();
  return mb(process.memoryUsage().heapUsed);
}

const sorted = (list: readonly number[]) => [...list].sort((a, b) => a - b);
const median = (list: readonly number[]) => sorted(list)[Math.floor((list.length - 1) / 2)] ?? Number.NaN;
const least = (list: readonly number[]) => Math.min(...list);
const leastCost = (costs: readonly Cost[]): Cost => ({
  ms: least(costs.map((each) => each.ms)),
  cpu: least(costs.map((each) => each.cpu)),
});
const medianCost = (costs: readonly Cost[]): Cost => ({
  ms: median(costs.map((each) => each.ms)),
  cpu: median(costs.map((each) => each.cpu)),
});

function line(what: string, costs: readonly Cost[], factor = 1): Cost {
  const scaled = costs.map(({ ms, cpu }) => ({ ms: ms * factor, cpu: cpu * factor }));
  const [middle, best] = [medianCost(scaled), leastCost(scaled)];
  const figures = [middle.cpu, best.cpu, middle.ms, best.ms].map((each) => each.toFixed(1).padStart(9));
  console.log(`${what.padEnd(WIDTH)}${figures.join("")}`);
  return middle;
}

/** As it comes from the database: no object of the one before. */
const fresh = (document: MeshDocument): MeshDocument => JSON.parse(JSON.stringify(document)) as MeshDocument;
const sum = (a: Cost, b: Cost): Cost => ({ ms: a.ms + b.ms, cpu: a.cpu + b.cpu });

const document = benchMesh(Number(values.services));
const violations = validateDocument(document);
if (violations.length > 0) throw new Error(JSON.stringify(violations.slice(0, 3)));
const count = (...kinds: string[]) => document.objects.filter(({ kind }) => kinds.includes(kind)).length;
const policies = ["Route", "TrafficPolicy", "AuthorizationPolicy", "MutualTls"];
console.log(
  `${count("Service")} services, ${count("Dependency")} dependencies, ${count(...policies)} policies; ${rounds} rounds\n`,
);
console.log(`${"ms".padEnd(WIDTH)}      CPU    least     time    least`);

const full = { peer: [] as Cost[], analysis: [] as Cost[], compile: [] as Cost[] };
/** How many proxies there are. Nothing of a round is held after it. */
async function wholeRound(): Promise<number> {
  const copy = fresh(document);
  full.peer.push(await measured(() => createHash("sha256").update(JSON.stringify(copy)).digest("hex")));
  const analysis = createAnalysis(FACTS);
  full.analysis.push(
    await measured(() => {
      analysis.update(copy);
      return analysis.findings().length;
    }),
  );
  noteMemory();
  const plane = new Publishing();
  plane.place(copy, await plane.take(copy));
  full.compile.push(await measured(() => plane.publish()));
  const entries = plane.registry.inEnvironment(ENVIRONMENT);
  const without = entries.filter((entry) => entry.current === null);
  if (without.length > 0) throw new Error(`${without.length} proxies do not compile: ${without[0]?.compileProblem}`);
  plane.stop();
  noteMemory();
  return entries.length;
}

let proxies = 0;
for (let round = 0; round < rounds; round += 1) proxies = await wholeRound();
const peer = line("peer: JSON.stringify and SHA-256 of the document", full.peer);
const analysis = line("full analysis", full.analysis);
line(`all ${proxies} proxies compiled, encoded, hashed`, full.compile);
const compiled = line("the same, per 1,000 proxies", full.compile, 1000 / proxies);
const whole = sum(analysis, compiled);

const before = aliveMb();
const kept = createAnalysis(FACTS);
kept.update(document);
kept.findings();
const withAnalysis = aliveMb();
const plane = new Publishing();
plane.place(document, await plane.take(document));
plane.publish();
const withProxies = aliveMb();
const edits: Record<string, { recognise: Cost[]; analyse: Cost[]; compile: Cost[]; both: Cost[]; proxies: number }> =
  {};
let now = document;
for (let round = 0; round < rounds; round += 1) {
  for (const [what, command] of Object.entries(EDITS)) {
    const result = applyCommand(now, {}, command(round) satisfies Command);
    if (!result.ok) throw new Error(`${what}: ${JSON.stringify(result.violations)}`);
    now = result.document;
    const arrived = fresh(now);
    const recognise = await measured(() => plane.take(arrived));
    plane.place(now, recognise.value);
    const entries = plane.registry.inEnvironment(ENVIRONMENT);
    const digests = entries.map((entry) => entry.current?.digest);
    const analyse = await measured(() => {
      kept.update(now);
      return kept.findings().length;
    });
    const compile = await measured(() => plane.publish());
    const changed = entries.filter((entry, index) => entry.current?.digest !== digests[index]).length;
    edits[what] ??= { recognise: [], analyse: [], compile: [], both: [], proxies: 0 };
    const costs = edits[what];
    costs.recognise.push(recognise);
    costs.analyse.push(analyse);
    costs.compile.push(compile);
    costs.both.push(sum(analyse, compile));
    costs.proxies = changed;
    noteMemory();
  }
}
console.log("");
const worst = { ms: 0, cpu: 0 };
for (const [what, { recognise, analyse, compile, both, proxies: changed }] of Object.entries(edits)) {
  line(`${what}: taken in as a revision`, recognise);
  line("   analysed again", analyse);
  line(`   compiled again (${changed} proxies got another configuration)`, compile);
  const cost = line("   analysed and compiled", both);
  worst.ms = Math.max(worst.ms, cost.ms);
  worst.cpu = Math.max(worst.cpu, cost.cpu);
}
plane.stop();
noteMemory();
const atEnd = aliveMb();
const { rss } = process.memoryUsage();

console.log("\nMB of the heap that are alive, by what holds them");
const holders = {
  "the program, its compiled code and the document": before,
  "the analysis, kept for the next edit": withAnalysis - before,
  [`the configurations of ${proxies} proxies, kept for the next edit`]: withProxies - withAnalysis,
  "what the edits added": atEnd - withProxies,
  together: atEnd,
};
for (const [what, size] of Object.entries(holders)) console.log(`${what.padEnd(WIDTH)}${size.toFixed(1).padStart(9)}`);

/** Both sides make the same six edits, each at other objects but for a few. */
function side(from: number): MeshDocument {
  const commands = Array.from({ length: 50 }, (_, i) => Object.values(EDITS).map((edit) => edit(from + i))).flat();
  const result = applyCommand(document, {}, { type: "batch", commands });
  if (!result.ok) throw new Error(JSON.stringify(result.violations.slice(0, 3)));
  return result.document;
}
console.log("");
const [mine, theirs] = [side(0), side(45)];
const merges: Cost[] = [];
let answerMb = 0;
for (let round = 0; round < rounds; round += 1) {
  const three = { base: fresh(document), mine: fresh(mine), theirs: fresh(theirs), version: 1, later: [] };
  const asked = { base: "r1", choices: [], otherwise: undefined };
  const merge = await measured(() => mergeInto(three, asked, TODAY));
  merges.push(merge);
  answerMb = mb(JSON.stringify(merge.value.answer).length);
}
const merge = line("two sides of 300 edits put together, with sentences and findings", merges);

console.log("");
const bars = [
  { what: "analysis and 1,000 proxies, ms by the clock", is: whole.ms, bar: BARS.fullMs },
  { what: "the same, ms CPU with V8's helper threads", is: whole.cpu, bar: BARS.fullMs },
  { what: "the dearest edit, ms CPU", is: worst.cpu, bar: BARS.editMs },
  { what: "peak resident memory, MB", is: peakMb, bar: BARS.memoryMb },
  { what: "two sides put together, ms CPU", is: merge.cpu, bar: BARS.mergeMs },
  { what: "what the screen gets of it, MB", is: answerMb, bar: BARS.answerMb },
];
for (const { what, is, bar } of bars) {
  console.log(
    `${what.padEnd(WIDTH)}${is.toFixed(1).padStart(9)}     bar ${bar}   ${is <= bar ? "holds" : "DOES NOT HOLD"}`,
  );
}
console.log(
  `analysis and 1,000 proxies: ${whole.ms.toFixed(0)} ms, ${(whole.cpu / peer.cpu).toFixed(1)} times the peer; dearest edit ${worst.ms.toFixed(1)} ms, ${(worst.cpu / peer.cpu).toFixed(2)} times; at the end ${mb(rss).toFixed(0)} MB resident`,
);
if (values.json) {
  writeFileSync(
    values.json,
    JSON.stringify({ peer, analysis, compiled, whole, worst, peakMb, merge, answerMb, holders, edits }, null, 2),
  );
}
if (values.strict && bars.some(({ is, bar }) => is > bar)) process.exitCode = 1;
