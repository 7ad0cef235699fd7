// The overview's sentence and posture, from what was measured. Rule: the worst first, in numbers; what nobody measured
// is said as such and never counts as all right.
import type { SignalsDto } from "@/components/api-client";
import { formatMs, formatPercent, formatRate, listInWords, plural } from "@/components/ui/format";
import type { Status } from "@/components/ui/status-words";
import { callsPerSecond, failureRatio, failureStatus } from "@/components/ui/traffic";

export interface OverviewFacts {
  signals: MeshSignals | null;
  services: readonly { name: string; state: string; errorRatio: number | null }[];
  proxies: readonly {
    proxyKey: string;
    state: string;
    ready: boolean;
    desired: string;
    inSync: boolean;
    certificateNotAfter: string | null;
  }[];
  openDeployment: { revision: number; state: string } | null;
  isRunning: boolean;
  /** Not answered yet: neither measured nor unmeasured. */
  isReading: boolean;
}

interface MeshSignals {
  state: "live" | "zero" | "stale" | "no-data";
  errorRatio: number | null;
  mtlsRatio: number | null;
  /** Requests and TCP connections. */
  callsPerSecond: number | null;
  p99: number | null;
  /** The same length of time before the range. */
  before: { callsPerSecond: number | null; p99: number | null };
  /** The limit that is nearest. */
  worst: WorstUse | null;
}

/** What is judged of what the API says; null before there is an answer. */
export function factsOf(signals: SignalsDto | undefined): MeshSignals | null {
  if (!signals) return null;
  const { now, before, state, saturation } = signals;
  return {
    state,
    errorRatio: failureRatio(now),
    mtlsRatio: now.mtlsRatio,
    callsPerSecond: callsPerSecond(now),
    p99: now.p99,
    before: { callsPerSecond: callsPerSecond(before), p99: before.p99 },
    worst: worstUse(saturation),
  };
}

/** Fewer than half of the requests, or answers in twice the time: somebody should look. Too little of either is chance. */
const LEAST_PER_SECOND = 1;
const LEAST_SLOWER_MS = 100;
const WORSE_TIMES = 2;

function hasFallen(now: number | null, before: number | null): boolean {
  return now !== null && before !== null && before >= LEAST_PER_SECOND && now * WORSE_TIMES < before;
}

function isSlower(now: number | null, before: number | null): boolean {
  return now !== null && before !== null && now >= before * WORSE_TIMES && now - before >= LEAST_SLOWER_MS;
}

/** The state of each golden signal; the tiles show it, and the answer is never better than the worst of them. */
export function signalStates(
  signals: MeshSignals | null,
): Record<"latency" | "traffic" | "errors" | "saturation", Status> {
  if (!signals || signals.state === "no-data")
    return { latency: "unmeasured", traffic: "unmeasured", errors: "unmeasured", saturation: "unmeasured" };
  const { before, errorRatio, p99, callsPerSecond: calls, worst } = signals;
  const measured = <T>(value: T | null, judge: (value: T) => Status): Status =>
    value === null ? "unmeasured" : signals.state === "stale" ? "stale" : judge(value);
  return {
    latency: measured(p99, (now) => (isSlower(now, before.p99) ? "attention" : "ok")),
    traffic: measured(calls, (now) => (hasFallen(now, before.callsPerSecond) ? "attention" : "ok")),
    errors: measured(errorRatio, failureStatus),
    saturation: measured(worst, ({ use }) => (use >= 0.9 ? "failing" : use >= 0.8 ? "attention" : "ok")),
  };
}

export interface Sentence {
  status: Status;
  text: string;
}

export function overviewAnswer(facts: OverviewFacts, nowMs: number): Sentence {
  const failing = facts.services
    .filter((each) => (each.errorRatio ?? 0) >= 0.05 && each.state !== "no-data" && each.state !== "stale")
    .map((each) => each.name);
  const refused = facts.proxies.filter((proxy) => proxy.state === "nack");
  const gone = facts.proxies.filter((proxy) => proxy.state === "disconnected" && proxy.desired === "running");
  const expiring = expiringSoon(facts.proxies, nowMs);
  if (failing.length > 0)
    return {
      status: "failing",
      text: `${listInWords(failing)} ${failing.length === 1 ? "answers" : "answer"} with errors.`,
    };
  if (refused.length > 0)
    return { status: "failing", text: `${plural(refused.length, "proxy", "proxies")} refused the configuration.` };
  if (gone.length > 0)
    return { status: "failing", text: `${plural(gone.length, "proxy", "proxies")} cannot be reached.` };
  if (facts.isReading) return { status: "unmeasured", text: "Reading what the mesh does." };
  if (!facts.isRunning) return { status: "unmeasured", text: "Nothing is deployed yet." };
  if (!facts.signals || facts.signals.state === "no-data")
    return { status: "unmeasured", text: "The mesh runs; nothing is measured yet." };
  if (facts.signals.state === "stale")
    return { status: "stale", text: "The last measurements are old: proxies run on, nobody reads them." };
  const { worst } = facts.signals;
  const states = signalStates(facts.signals);
  if (worst && states.saturation === "failing") return { status: "failing", text: nearLimit(worst) };
  if ((facts.signals.errorRatio ?? 0) >= 0.01)
    return { status: states.errors, text: `${formatPercent(facts.signals.errorRatio)} of all calls fail.` };
  if (facts.signals.mtlsRatio !== null && facts.signals.mtlsRatio < 0.99999)
    return { status: "attention", text: `${formatPercent(1 - facts.signals.mtlsRatio)} of the traffic is plain text.` };
  if (expiring > 0)
    return {
      status: "attention",
      text: `${plural(expiring, "certificate")} ${expiring === 1 ? "ends" : "end"} within the hour.`,
    };
  const { before, callsPerSecond: calls, p99 } = facts.signals;
  if (states.traffic === "attention")
    return {
      status: "attention",
      text: `${calls === 0 ? "No calls arrive" : `Traffic fell to ${formatRate(calls)}`}; it was ${formatRate(before.callsPerSecond)} before.`,
    };
  if (worst && states.saturation === "attention") return { status: "attention", text: nearLimit(worst) };
  if (states.latency === "attention")
    return {
      status: "attention",
      text: `99 of 100 requests are answered within ${formatMs(p99)}; it was ${formatMs(before.p99)} before.`,
    };
  if (facts.openDeployment)
    return { status: "ok", text: `The mesh is all right; r${facts.openDeployment.revision} is being rolled out.` };
  if (facts.signals.state === "zero") return { status: "ok", text: "The mesh is all right; no requests right now." };
  return {
    status: "ok",
    text: "The mesh is all right: traffic flows, encrypted between services, without errors to speak of.",
  };
}

function nearLimit({ what, use }: WorstUse): string {
  return `${what[0]?.toUpperCase()}${what.slice(1)} ${what.endsWith("requests") || what.startsWith("requests") ? "are" : "is"} at ${formatPercent(use)} of the limit.`;
}

export function expiringSoon(proxies: OverviewFacts["proxies"], nowMs: number, withinMs = 3_600_000): number {
  return proxies.filter(
    (proxy) => proxy.certificateNotAfter !== null && new Date(proxy.certificateNotAfter).getTime() - nowMs < withinMs,
  ).length;
}

export function postureOf(
  facts: OverviewFacts,
  nowMs: number,
): { label: string; status: Status; value: string; hint: string }[] {
  const running = facts.proxies.filter((proxy) => proxy.desired === "running");
  const inSync = running.filter((proxy) => proxy.inSync).length;
  const refused = running.filter((proxy) => proxy.state === "nack").length;
  const expiring = expiringSoon(running, nowMs);
  const withCertificate = running.filter((proxy) => proxy.certificateNotAfter !== null).length;
  const ratio = facts.signals && facts.signals.state !== "no-data" ? facts.signals.mtlsRatio : null;
  return [
    {
      label: "Traffic in mTLS",
      status:
        ratio === null
          ? "unmeasured"
          : facts.signals?.state === "stale"
            ? "stale"
            : ratio >= 0.99999
              ? "ok"
              : "attention",
      value: formatPercent(ratio),
      hint:
        ratio === null
          ? "no request was measured"
          : ratio >= 0.99999
            ? "every measured request between services"
            : "the topology shows where it is missing",
    },
    {
      label: "Proxies in sync",
      status:
        running.length === 0 ? "unmeasured" : refused > 0 ? "failing" : inSync === running.length ? "ok" : "attention",
      value: running.length === 0 ? "–" : `${inSync} of ${running.length}`,
      hint: refused > 0 ? `${plural(refused, "proxy", "proxies")} refused it` : "run what was deployed",
    },
    {
      label: "Certificates",
      status: withCertificate === 0 ? "unmeasured" : expiring > 0 ? "attention" : "ok",
      value: withCertificate === 0 ? "–" : expiring > 0 ? `${expiring} ending` : `${withCertificate} valid`,
      hint: expiring > 0 ? "within the hour, not renewed" : "renewed at half their life",
    },
  ];
}

/** Use now, or at one point of the range. */
interface Use {
  poolUse: number | null;
  pendingUse: number | null;
  requestsUse: number | null;
  cpuMillicores: number | null;
  privateMb: number | null;
}

interface Budget {
  cpuBudgetMillicores: number | null;
  memoryBudgetMb: number | null;
}

const share = (part: number | null, whole: number | null) => (part === null || !whole ? null : part / whole);

/** Each limit and how much of it is used, as a share. */
const LIMITS = {
  "connection pool": ({ poolUse }: Use) => poolUse,
  "pending requests": ({ pendingUse }: Use) => pendingUse,
  "requests in flight": ({ requestsUse }: Use) => requestsUse,
  "sidecar CPU": ({ cpuMillicores }: Use, { cpuBudgetMillicores }: Budget) => share(cpuMillicores, cpuBudgetMillicores),
  "sidecar memory": ({ privateMb }: Use, { memoryBudgetMb }: Budget) => share(privateMb, memoryBudgetMb),
} satisfies Record<string, (use: Use, budget: Budget) => number | null>;

export interface WorstUse {
  use: number;
  what: keyof typeof LIMITS;
}

/** The resource that is nearest to its limit. */
export function worstUse(saturation: Use & Budget): WorstUse | null {
  let worst: WorstUse | null = null;
  for (const what of Object.keys(LIMITS) as (keyof typeof LIMITS)[]) {
    const use = LIMITS[what](saturation, saturation);
    if (use !== null && (worst === null || use > worst.use)) worst = { what, use };
  }
  return worst;
}

/** How the use of one limit went over the range; budgets are those of now. */
export function overRange(what: WorstUse["what"], points: readonly Use[], budget: Budget): (number | null)[] {
  return points.map((point) => LIMITS[what](point, budget));
}
