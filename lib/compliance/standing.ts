// What counts now: measured results, made stale by time and by change, covered by waivers. Pure, decided at each reading.
// One rule: a waiver changes the gate and never the measurement; a stale pass is no pass.
import { controlById } from "./controls";
import {
  type ControlResult,
  type Evidence,
  LAYERS,
  type Layer,
  type LayerResult,
  MAX_WAIVER_DAYS,
  type State,
  type SubjectResult,
} from "./types";

export interface Waiver {
  id: string;
  control: string;
  /** Object key or proxy; null: every subject of the control. */
  subject: string | null;
  reason: string;
  owner: string;
  compensatingControl: string;
  expiresAt: string;
  grantedBy: string;
  grantedAt: string;
  withdrawnAt: string | null;
}

/** The part of a record that says whether it still counts. */
export type EvidenceAge = Pick<Evidence, "id" | "proxyKey" | "digest" | "expiresAt" | "finishedAt">;

export interface Freshness {
  now: number;
  /** What each proxy says it runs now. A proxy that is not here is gone. */
  runningDigests: ReadonlyMap<string, string | null>;
}

export interface SubjectStanding extends Omit<SubjectResult, "state"> {
  state: SubjectResult["state"] | "stale" | "waived";
  /** What was measured, where that is no longer what counts. */
  was?: SubjectResult["state"];
}

export interface LayerStanding extends Omit<LayerResult, "subjects" | "state"> {
  state: State;
  subjects: SubjectStanding[];
  measuredAt: string | null;
  /** When the first of its evidence ends; null where nothing ends. */
  expiresAt: string | null;
}

export interface Standing {
  control: string;
  state: State;
  layers: Record<Layer, LayerStanding>;
  /** Live waivers of this control, and those that ended or were withdrawn. */
  waivers: { waiver: Waiver; isLive: boolean }[];
}

/** Null while it counts; else why it does not. */
function staleness(evidence: EvidenceAge, { now, runningDigests }: Freshness): string | null {
  if (Date.parse(evidence.expiresAt) <= now)
    return `the measurement ended on ${evidence.expiresAt.slice(0, 16).replace("T", " ")} UTC`;
  if (evidence.proxyKey === null) return null;
  const running = runningDigests.get(evidence.proxyKey);
  if (running === undefined) return `${evidence.proxyKey} is gone`;
  if (evidence.digest !== null && running !== null && running !== evidence.digest)
    return `${evidence.proxyKey} runs another configuration since`;
  return null;
}

const isLive = (waiver: Waiver, now: number) => waiver.withdrawnAt === null && Date.parse(waiver.expiresAt) > now;

export interface StandingInput extends Freshness {
  results: readonly ControlResult[];
  evidence: readonly EvidenceAge[];
  waivers: readonly Waiver[];
}

export function standingsOf(input: StandingInput): Standing[] {
  const byId = new Map(input.evidence.map((each) => [each.id, each]));
  return input.results.map(({ control, layers }) => {
    const waivers = input.waivers
      .filter((waiver) => waiver.control === control)
      .map((waiver) => ({ waiver, isLive: isLive(waiver, input.now) }));
    const live = waivers.flatMap((each) => (each.isLive ? [each.waiver] : []));
    const standing = Object.fromEntries(
      LAYERS.map((layer) => [layer, layerStanding(layers[layer], byId, input, live)]),
    ) as Record<Layer, LayerStanding>;
    return { control, layers: standing, state: overall(LAYERS.map((layer) => standing[layer].state)), waivers };
  });
}

function layerStanding(
  layer: LayerResult,
  byId: ReadonlyMap<string, EvidenceAge>,
  freshness: Freshness,
  waivers: readonly Waiver[],
): LayerStanding {
  const used = new Map<string, EvidenceAge>();
  let firstStale: string | null = null;
  const subjects = layer.subjects.map((subject): SubjectStanding => {
    const records = (subject.evidence ?? []).flatMap((id) => byId.get(id) ?? []);
    for (const record of records) used.set(record.id, record);
    const reason = records.map((record) => staleness(record, freshness)).find((each) => each !== null) ?? null;
    const isCovered = waivers.some((waiver) => waiver.subject === null || waiver.subject === subject.subject);
    if (subject.state === "fail" && isCovered) return { ...subject, state: "waived", was: "fail" };
    if (reason === null || subject.state === "not-measured") return subject;
    firstStale ??= reason;
    return { ...subject, state: "stale", was: subject.state, text: `${subject.text} Stale: ${reason}.` };
  });
  const ends = [...used.values()].map(({ expiresAt }) => expiresAt).sort();
  const times = [...used.values()].map(({ finishedAt }) => finishedAt).sort();
  const state = layer.subjects.length === 0 ? layer.state : stateOf(subjects);
  return {
    state,
    summary: state === "stale" && firstStale ? `It was measured, but ${firstStale}.` : layer.summary,
    subjects,
    measuredAt: times.at(-1) ?? null,
    expiresAt: ends[0] ?? null,
  };
}

function stateOf(subjects: readonly SubjectStanding[]): State {
  const has = (state: SubjectStanding["state"]) => subjects.some((subject) => subject.state === state);
  if (has("fail")) return "fail";
  if (has("stale")) return "stale";
  if (has("waived")) return "waived";
  if (!has("not-measured")) return "pass";
  return has("pass") ? "partly" : "not-measured";
}

/** A control passes when each layer that applies does; what is missing or stale is never a pass. */
export function overall(states: readonly State[]): State {
  const applying = states.filter((state) => state !== "does-not-apply");
  if (applying.length === 0) return "does-not-apply";
  for (const state of ["fail", "stale", "waived"] as const) if (applying.includes(state)) return state;
  if (applying.every((state) => state === "not-measured")) return "not-measured";
  if (applying.includes("not-measured") || applying.includes("partly")) return "partly";
  return "pass";
}

const DAY_MS = 86_400_000;

/** What is wrong with a waiver that somebody asks for; empty when it may be granted. */
export function waiverProblems(
  waiver: Pick<Waiver, "control" | "subject" | "expiresAt">,
  now: number,
): { path: string; message: string; fix: string }[] {
  const control = controlById(waiver.control);
  if (!control)
    return [{ path: "control", message: `there is no control ${waiver.control}`, fix: "Use an id of the checklist." }];
  const problems = [];
  const maxDays = MAX_WAIVER_DAYS[control.severity];
  const end = Date.parse(waiver.expiresAt);
  if (!(end > now))
    problems.push({ path: "expiresAt", message: "is not in the future", fix: "Choose a day that is to come." });
  if (end > now + maxDays * DAY_MS + DAY_MS) {
    problems.push({
      path: "expiresAt",
      message: `is more than ${maxDays} days away, the most for a ${control.severity} control`,
      fix: `Choose a day within ${maxDays} days; it can be renewed.`,
    });
  }
  if (control.severity === "critical" && waiver.subject === null) {
    problems.push({
      path: "subject",
      message: `${control.id} is critical, so a waiver covers one subject`,
      fix: "Name the service or object that it is about.",
    });
  }
  return problems;
}
