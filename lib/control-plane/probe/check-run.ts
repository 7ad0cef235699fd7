// Carries out one run: plans its steps, takes them a few sidecars at a time, tells its progress, stores what was measured.
// One rule: a probe that could not be made is stored as not measured, with its reason; nothing is left out.

import { controls, type Evidence, evaluateDesign, judgeLive, resultsOf } from "@/lib/compliance";
import type { CheckRunRow, CheckStep, SystemData } from "@/lib/data/system";
import type { Logger } from "@/lib/observability/logger";
import type { Authority } from "../ca/authority";
import type { Journal } from "../journal";
import type { Registry } from "../registry/registry";
import type { World } from "../registry/world";
import { AccessLogs } from "./access-log";
import { ProbeIdentities } from "./identities";
import { type Answer, notMeasured, type Step } from "./step";
import { type Lane, lanesOf } from "./steps";

/** Sidecars asked at a time: probes must not be felt by real calls. */
const LANES_AT_ONCE = 4;
const TELL_EVERY_MS = 250;
const HOUR_MS = 3_600_000;

export interface CheckRunOptions {
  data: SystemData;
  world: World;
  registry: Registry;
  authority: Authority;
  journal: Journal;
  /** Where an agent of this machine keeps its proxies; null: on other machines. */
  home: string | null;
  now: () => number;
  logger: Logger;
}

export async function runChecks(options: CheckRunOptions, run: CheckRunRow): Promise<void> {
  const { data, world, registry, now } = options;
  const environment = world.environment(run.environmentId);
  const design = world.currentDesign(run.environmentId);
  if (!environment || !design) {
    throw new Error("Nothing runs in this environment yet. Deploy a revision, then run the checks.");
  }
  await data.checks.update(run.id, {
    deploymentId: design.deploymentId,
    revision: design.revisionNumber,
    digest: design.digest,
  });
  const identities = new ProbeIdentities(options.authority, now, (issued) =>
    options.journal.append(run.environmentId, "probe.identity", issued.spiffeId, { ...issued, runId: run.id }),
  );
  const tools = {
    authority: options.authority,
    identities,
    accessLogs: new AccessLogs(options.home),
    trustDomain: design.trustDomain,
    now,
  };
  const lanes = lanesOf({
    document: design.document,
    binding: environment.binding,
    entries: registry.inEnvironment(run.environmentId),
    tools,
    firstBrokenEvent: () => data.events.firstBroken(),
  });
  const progress = new Progress(lanes.flat(), (steps) => data.checks.update(run.id, { progress: steps }), now);
  await progress.tell();
  const evidence: Evidence[] = [];
  await inParallel(lanes, async (lane) => {
    for (const step of lane) {
      await progress.set(step.id, { state: "running" });
      const record = await take(step, now);
      evidence.push(record);
      await progress.set(step.id, { state: "done", outcome: record.outcome, sentence: record.sentence });
    }
  });
  evidence.sort((a, b) => (a.subject < b.subject ? -1 : a.subject > b.subject ? 1 : 0)); // sidecars finish in any order
  const statics = evaluateDesign(design.document, { binding: environment.binding });
  const results = resultsOf(statics, judgeLive(design.document, evidence));
  await data.checks.finish(run.id, { at: new Date(now()), progress: progress.steps, results, evidence });
}

async function take(step: Step, now: () => number): Promise<Evidence> {
  const startedAt = new Date(now()).toISOString();
  let answer: Answer;
  try {
    answer = await step.ask();
  } catch (error) {
    answer = notMeasured(`The probe could not be made: ${error instanceof Error ? error.message : String(error)}`);
  }
  const finished = now();
  const { id, kind, subject, twin, entry } = step;
  return {
    id,
    kind,
    subject,
    proxyKey: entry?.proxyKey ?? null,
    digest: entry ? (entry.status?.digest ?? entry.row.runningDigest) : null,
    outcome: answer.outcome,
    sentence: answer.sentence,
    transcript: answer.transcript,
    twin,
    facts: answer.facts ?? {},
    startedAt,
    finishedAt: new Date(finished).toISOString(),
    expiresAt: new Date(finished + validHoursOf(kind) * HOUR_MS).toISOString(),
  };
}

/** As long as the strictest control that rests on it says. */
function validHoursOf(kind: Evidence["kind"]): number {
  const users = controls.filter((control) => "look" in control.live && control.live.probes?.includes(kind));
  return Math.min(...users.map(({ validHours }) => validHours), 24);
}

async function inParallel(lanes: readonly Lane[], take: (lane: Lane) => Promise<void>): Promise<void> {
  const waiting = [...lanes];
  const work = async () => {
    for (let lane = waiting.shift(); lane; lane = waiting.shift()) await take(lane);
  };
  await Promise.all(Array.from({ length: LANES_AT_ONCE }, work));
}

/** Steps as screens show them; told at most every 250 ms. */
class Progress {
  steps: CheckStep[];
  private readonly byId: Map<string, CheckStep>;
  private toldAt = 0;

  constructor(
    steps: readonly Step[],
    private readonly write: (steps: CheckStep[]) => Promise<void>,
    private readonly now: () => number,
  ) {
    this.steps = steps.map(({ id, title, subject }) => ({ id, title, subject, state: "waiting" }));
    this.byId = new Map(this.steps.map((step) => [step.id, step]));
  }

  async set(id: string, change: Partial<CheckStep>): Promise<void> {
    const step = this.byId.get(id);
    if (step) Object.assign(step, change);
    if (this.now() - this.toldAt >= TELL_EVERY_MS) await this.tell();
  }

  async tell(): Promise<void> {
    this.toldAt = this.now();
    await this.write(this.steps);
  }
}
