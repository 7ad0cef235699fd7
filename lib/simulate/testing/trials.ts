// What one answer does not show: that equal requests stay at one host, how often and where a failed one is tried again, that a silent one is
// ended, which part of the requests a place gets, and who gets a copy.
// The rule: what is expected is what the simulator tells of the hop; the clock is only asked how long to wait for what should have come.
import { isGrpcRequest } from "@meshwright/proxy/semantics";
import { ask } from "../ask";
import { messageOf, viewOf } from "../message";
import type { Scene } from "../scene";
import type { Answer, AnswerDestination, Hop, HopRetries, Question } from "../types";
import { calledNow } from "./agreement";
import { FAIL_HEADER, type LiveAnswer, type LiveMesh, type SeenByApp } from "./live-ground";
import type { Random } from "./random";
import { ENDLESS_MS } from "./random-traffic";

/** A question, and what it got from an app. */
export type Asked = { question: Question; answer: Answer; live: LiveAnswer };
type Seen = Pick<SeenByApp, "name" | "instance">;
type Trial = { mesh: LiveMesh; scene: Scene; asked: Asked; hop: Hop; random: Random };

/** Of one design, of each kind. */
const MOST = { kept: 4, spread: 1, failed: 8, "given up": 1, silent: 1, placed: 2, copied: 4 };
type Kind = keyof typeof MOST;
export type TrialCounts = Map<Kind, number>;

/** Two hosts take all of so many by chance once in 2^39. */
const SPREAD_CALLS = 40;
const KEPT_CALLS = 8;
const PLACED_CALLS = 40;
const PATIENCE_MS = 20_000;
/** Each destination's share holds one of them: shares are of hundredths. */
const DRAWS = Array.from({ length: 100 }, (_, i) => (i + 0.5) / 100);
const STATUSES = [503, 503, 500, 429, 409, 404];

export async function trialDifferences(
  mesh: LiveMesh,
  scene: Scene,
  all: readonly Asked[],
  random: Random,
  counts: TrialCounts,
): Promise<string[]> {
  const found: string[] = [];
  const done = new Map<Kind, number>();
  const tried = async (kind: Kind, trial: Trial, make: (trial: Trial) => Promise<string[]>) => {
    if ((done.get(kind) ?? 0) >= MOST[kind]) return;
    done.set(kind, (done.get(kind) ?? 0) + 1);
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
    const unlike = await make(trial);
    if (unlike.length > 0) found.push(`${kind}: ${JSON.stringify(trial.asked.question)} -> ${unlike.join("; ")}`);
  };
  for (const asked of all.filter(isTriable)) {
    const [hop] = asked.answer.hops;
    if (!hop) continue;
    const trial = { mesh, scene, asked, hop, random };
    const unsaid = saidDifferences(trial);
    if (unsaid.length > 0) found.push(`${JSON.stringify(asked.question)} -> ${unsaid.join("; ")}`);
    if (hop.hash) await tried(isKept(hop) ? "kept" : "spread", trial, isKept(hop) ? kept : spread);
    if (hop.mirrors) await tried("copied", trial, copied);
    // a copy asks an app to fail as well, and that counts there
    else if (hop.retries) await tried(isEndless(hop.retries) ? "given up" : "failed", trial, failed);
    if (hop.idleTimeoutMs !== undefined) await tried("silent", trial, silent);
    if (hop.hash === undefined && isWeighted(trial)) await tried("placed", trial, placed);
  }
  return found;
}

/** What the rule in the design says of times and tries is what is told of the hop: Envoy and the simulator have the same configuration. */
function saidDifferences({ scene: { index }, asked: { answer }, hop }: Trial): string[] {
  const route = hop.rule && index.find("Route", hop.rule.object);
  const rule = route?.spec.rules[Number(/^spec\.rules\[(\d+)\]/.exec(hop.rule?.path ?? "")?.[1])];
  if (!rule) return [];
  const { retries, timeoutMs = null, idleTimeoutMs } = rule;
  const isTried = retries?.attempts !== 0;
  // one of several destinations is enough: which of them it is, the others' hops do not say
  const isHashed = answer.destinations.length > 1 ? hop.retries?.sameHosts === true : hop.hash !== undefined;
  const said = {
    timeoutMs,
    idleTimeoutMs,
    attempts: isTried ? (retries?.attempts ?? 2) : undefined,
    baseMs: retries?.backoff?.baseMs,
    remoteLocalities: isTried ? retries?.remoteLocalities : undefined,
    sameHosts: isTried && !(retries?.ignorePreviousHosts ?? !isHashed) ? true : undefined,
  };
  const told = {
    timeoutMs: hop.timeoutMs ?? null,
    idleTimeoutMs: hop.idleTimeoutMs,
    attempts: hop.retries?.attempts,
    baseMs: hop.retries?.backoff?.baseMs,
    remoteLocalities: hop.retries?.remoteLocalities,
    sameHosts: hop.retries?.sameHosts,
  };
  const [a, b] = [said, told].map((each) => JSON.stringify(each));
  return a === b ? [] : [`the rule says ${a}, told ${b}`];
}

/** An app answered it, and would wherever it is sent. */
function isTriable({ question, answer, live }: Asked): boolean {
  const isSent = answer.destinations.every(
    ({ outcome, service }) => outcome === "forwarded" && service.startsWith("Service/"),
  );
  return live.app !== undefined && isSent && !isGrpcRequest(viewOf(messageOf(question)));
}

/** Until somebody is given a cookie, which is another one for each connection, and hashed with the rest. */
const isKept = ({ hash }: Hop): boolean =>
  (hash?.keys ?? []).some(({ value }) => value !== null) && !hash?.keys.some(({ isGiven }) => isGiven);

/** Equal requests reach one host of each destination, and so do those that bring the cookie that was given. */
async function kept({ mesh, scene, asked: { question, answer } }: Trial): Promise<string[]> {
  // a destination may set or take away the header that is hashed: what is told of one says nothing of the others
  const isKeptBy = (draw: number) =>
    ask(scene, { ...question, draw })
      .hops.slice(0, 1)
      .every(isKept);
  if (answer.destinations.length > 1 && !DRAWS.every(isKeptBy)) return [];
  const seen = await repeated(mesh, question, KEPT_CALLS);
  return answer.destinations.flatMap((each) => {
    const instances = namesOf(seen.filter((app) => isOf(each, app)));
    return instances.length > 1
      ? [`told that one host of ${each.subset ?? each.service} is kept, got ${instances}`]
      : [];
  });
}

/** Requests without a key reach several hosts; with the cookie that one of them was given they stay. */
async function spread({ mesh, asked, hop }: Trial): Promise<string[]> {
  const [destination] = asked.answer.destinations;
  const given = hop.hash?.keys.find(({ isGiven }) => isGiven);
  if (!destination || asked.answer.destinations.length > 1) return [];
  const found: string[] = [];
  const instances = namesOf(await repeated(mesh, asked.question, SPREAD_CALLS));
  if (instances.length < 2 && hostsOf(mesh, destination) > 1) found.push(`told any host, got ${instances} only`);
  if (!given) return found;
  const first = await mesh.send(asked.question);
  const [cookie = ""] = (first.headers["set-cookie"] ?? "").split(";");
  const again = { ...asked.question, headers: { ...asked.question.headers, cookie } };
  const held = namesOf([first.app, ...(await repeated(mesh, again, KEPT_CALLS))]);
  if (held.length > 1) found.push(`told that ${cookie} comes back to one host, got ${held}`);
  return found;
}

/** As many tries as are told, where they are told, and the status that is left in the end. */
async function failed({ mesh, scene, asked, hop, random }: Trial): Promise<string[]> {
  const { retries } = hop;
  if (!retries) return [];
  const [status, fails] = [
    random.pick(STATUSES),
    Math.max(random.below(retries.attempts + 2), isEndless(retries) ? 1 : 0),
  ];
  const { live, seen } = await failing(mesh, asked.question, `${fails} ${status}`);
  const allowed = isTriedOn(retries.on, status) ? retries.attempts : 0;
  const isGivenUp = isEndless(retries) && fails > 0 && allowed > 0;
  const tries = isGivenUp ? 1 : Math.min(fails, allowed) + 1;
  const last = isGivenUp ? 504 : fails > allowed ? status : 200;
  const what = `${fails} times ${status}, tried again ${allowed} times on ${retries.on}`;
  const found: string[] = [];
  if (seen.length !== tries) found.push(`${what}: told ${tries} tries, got ${seen.length}`);
  if (live.status !== last) found.push(`${what}: told ${last} in the end, got ${live.status} ${live.body}`);
  const [destination] = asked.answer.destinations;
  if (!destination || asked.answer.destinations.length > 1) return found;
  return [...found, ...hostDifferences({ mesh, scene, asked, hop, random }, destination, retries, seen)];
}

export const isEndless = ({ backoff }: HopRetries): boolean => backoff?.baseMs === ENDLESS_MS;

function isTriedOn(on: readonly string[], status: number): boolean {
  const isGateway = status === 502 || status === 503 || status === 504;
  return (
    on.includes(String(status)) ||
    (status >= 500 && on.includes("5xx")) ||
    (isGateway && on.includes("gateway-error")) ||
    (status === 409 && on.includes("retriable-4xx"))
  );
}

/** At which level each try is; at which of its hosts, where nothing is left to chance. */
function hostDifferences(
  { mesh, scene, asked, hop }: Trial,
  destination: AnswerDestination,
  { remoteLocalities, sameHosts }: HopRetries,
  seen: readonly Seen[],
): string[] {
  const levels = levelsOf(destination);
  const levelAt = (i: number) => (remoteLocalities ? Math.floor(i / 2) % levels.length : 0);
  const found = seen.flatMap((app, i) => {
    const told = levels[levelAt(i)] ?? [];
    return told.some((each) => each.endsWith(`/${app.name}`)) ? [] : [`try ${i}: told ${told}, got ${app.name}`];
  });
  if (isKept(hop) && sameHosts) {
    levels.forEach((_, level) => {
      const instances = namesOf(seen.filter((_, i) => levelAt(i) === level));
      if (instances.length > 1) found.push(`told tries at one host, got ${instances}`);
    });
  }
  if (sameHosts || levels.length > 1 || isWeighted({ scene, asked, hop }) || !isInTurn({ scene, asked, hop }))
    return found;
  const first = seen.slice(0, hostsOf(mesh, destination));
  if (namesOf(first).length < first.length) {
    found.push(`told tries at other hosts, got ${first.map(({ instance }) => instance)}`);
  }
  return found;
}

/** By priority. */
function levelsOf({ workloads, localities }: AnswerDestination): string[][] {
  if (!localities) return [workloads];
  const priorities = [...new Set(localities.map(({ priority }) => priority))].sort((a, b) => a - b);
  return priorities.map((level) =>
    localities.flatMap(({ priority, workloads, probability, whenFirstIsGone }) =>
      priority === level && (probability > 0 || whenFirstIsGone > 0 || level > 0) ? workloads : [],
    ),
  );
}

/** The app never answers, and the proxy does in its place. */
async function silent({ mesh, asked }: Trial): Promise<string[]> {
  const { live } = await failing(mesh, asked.question, "1 never");
  if (live.status !== 504) return [`told that silence is ended with 504, got ${live.status} ${live.body}`];
  return live.body === "" || live.body.startsWith("stream timeout") ? [] : [`told a stream timeout, got ${live.body}`];
}

/** Localities with weights are taken in turn by them: no chance is in it, only where the turn begins. */
async function placed({ mesh, asked }: Trial): Promise<string[]> {
  const localities = asked.answer.destinations.flatMap((each) => each.localities ?? []);
  const seen = await repeated(mesh, asked.question, PLACED_CALLS);
  return localities.flatMap(({ locality, probability, workloads }) => {
    const count = seen.filter(({ name }) => workloads.some((each) => each.endsWith(`/${name}`))).length;
    const told = probability * PLACED_CALLS;
    return Math.abs(count - told) > 2 ? [`told ${told} of ${PLACED_CALLS} to ${locality}, got ${count}`] : [];
  });
}

/** The request reaches one app, and each copy that is told another one, or the same once more. */
async function copied({ mesh, asked: { question, answer }, hop }: Trial): Promise<string[]> {
  const arriving = (hop.mirrors ?? []).filter(({ outcome, probability }) => outcome === "forwarded" && probability > 0);
  const sure = arriving.filter(({ probability }) => probability === 1);
  const name = nameFor(mesh);
  await mesh.send({ ...question, headers: { ...question.headers, [FAIL_HEADER]: `${name} 0 200` } });
  const reached = () => mesh.tries.get(name) ?? [];
  const until = Date.now() + PATIENCE_MS;
  while (reached().length < 1 + sure.length && Date.now() < until) await new Promise((done) => setTimeout(done, 10));
  const seen = reached();
  const got = seen.map((each) => each.name);
  const found = sure
    .filter((each) => !seen.some((app) => isOf(each, app)))
    .map((each) => `told a copy to ${each.subset ?? each.service}, got ${got}`);
  const ways = [...answer.destinations, ...arriving];
  if (!seen.every((app) => ways.some((each) => isOf(each, app)))) found.push(`told copies to nobody else, got ${got}`);
  if (seen.length < 1 + sure.length || seen.length > 1 + arriving.length)
    found.push(`told ${sure.length} copies and up to ${arriving.length}, got ${got}`);
  return found;
}

const nameFor = ({ tries }: LiveMesh): string => `request-${tries.size}`;

type Told = Pick<Trial, "scene" | "asked" | "hop">;
const clusterOf = ({ scene, asked: { question }, hop }: Told) => {
  const proxy = scene.proxyOf(question.from.kind === "workload" ? question.from.workload : question.from.gateway);
  return proxy.ok && hop.cluster !== undefined ? proxy.plan.clusters.get(hop.cluster) : undefined;
};
const isInTurn = (told: Told): boolean => clusterOf(told)?.balancing.lbPolicy === "round-robin";
function isWeighted(told: Told): boolean {
  const { destinations } = told.asked.answer;
  return destinations.length === 1 && clusterOf(told)?.balancing.isLocalityWeighted === true;
}

/** Instances that get requests while all are well. */
function hostsOf({ input }: LiveMesh, destination: AnswerDestination): number {
  const called = new Set(calledNow(destination));
  return input.binding.instances.filter(({ workload }) => called.has(`Workload/${workload.namespace}/${workload.name}`))
    .length;
}

const isOf = ({ workloads }: AnswerDestination, { name }: Seen): boolean =>
  workloads.some((each) => each.endsWith(`/${name}`));
const namesOf = (seen: readonly (Seen | undefined)[]): string[] => [
  ...new Set(seen.map((each) => each?.instance ?? "nobody")),
];

async function repeated(mesh: LiveMesh, question: Question, times: number): Promise<Seen[]> {
  const seen: Seen[] = [];
  for (let i = 0; i < times; i++) {
    const { app, status } = await mesh.send(question);
    seen.push(app ?? { name: String(status), instance: String(status) });
  }
  return seen;
}

/** @param how as FAIL_HEADER has it behind the name of the request */
async function failing(mesh: LiveMesh, question: Question, how: string): Promise<{ live: LiveAnswer; seen: Seen[] }> {
  const name = nameFor(mesh);
  const headers = { ...question.headers, [FAIL_HEADER]: `${name} ${how}` };
  let timer: NodeJS.Timeout | undefined;
  const nothing = new Promise<LiveAnswer>((resolve) => {
    const live = { status: 0, headers: {}, body: "nothing", app: undefined };
    timer = setTimeout(() => resolve(live), PATIENCE_MS);
  });
  const live = await Promise.race([mesh.send({ ...question, headers }), nothing]);
  clearTimeout(timer);
  return { live, seen: mesh.tries.get(name) ?? [] };
}
