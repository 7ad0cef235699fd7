// The sentence over the signals and the order of the rows. Rule: worst first; no data, zero and stale are three words.
import { formatMs, formatPercent } from "@/components/ui/format";
import type { Status } from "@/components/ui/status-words";
import {
  bytesPerSecond,
  failureRatio,
  failureStatus,
  formatByteRate,
  formatTraffic,
  isTcpOnly,
  type Traffic,
} from "@/components/ui/traffic";

export interface SignalFacts {
  state: "live" | "zero" | "stale" | "no-data";
  now: Traffic & { p99: number | null };
}

export function statusOf({ state, now }: SignalFacts): Status {
  if (state === "no-data") return "unmeasured";
  if (state === "stale") return "stale";
  if (state === "zero") return "ok";
  return failureStatus(failureRatio(now) ?? 0);
}

export function stateWord({ state, now }: SignalFacts): string {
  if (state === "no-data") return "no data";
  if (state === "stale") return "stale";
  if (state === "zero") return "no traffic now";
  const status = statusOf({ state, now });
  return status;
}

/** A subject at the start of a sentence: "the mesh" takes a capital, a name stays as it is written. */
export function atStart(subject: string): string {
  return subject.startsWith("the ") ? `T${subject.slice(1)}` : subject;
}

export function signalsAnswer(subject: string, facts: SignalFacts | undefined): { status: Status; text: string } {
  const name = atStart(subject);
  if (!facts) return { status: "unmeasured", text: `Reading what was measured of ${subject}.` };
  const { state, now } = facts;
  if (state === "no-data")
    return { status: "unmeasured", text: `${name} was never measured: nobody called yet, or no proxy has reported.` };
  if (state === "stale")
    return { status: "stale", text: `${name}: the last measurements are old. Traffic may flow, nobody reads it.` };
  if (state === "zero") return { status: "ok", text: `${name} is measured and has no traffic right now.` };
  const status = statusOf(facts);
  const errors = status === "ok" ? "" : `, ${formatPercent(failureRatio(now))} of them fail`;
  if (isTcpOnly(now))
    return {
      status,
      text: `${name} handles ${formatTraffic(now)}${errors}; ${formatByteRate(bytesPerSecond(now.tcp))}.`,
    };
  return {
    status,
    text: `${name} handles ${formatTraffic(now)}${errors}; 99 of 100 are answered within ${formatMs(now.p99)}.`,
  };
}

export function worstFirst<T extends SignalFacts>(rows: readonly T[]): T[] {
  const rank: Record<Status, number> = { failing: 0, attention: 1, stale: 2, ok: 3, unmeasured: 4 };
  return [...rows].sort(
    (a, b) =>
      rank[statusOf(a)] - rank[statusOf(b)] ||
      (failureRatio(b.now) ?? 0) - (failureRatio(a.now) ?? 0) ||
      (b.now.p99 ?? 0) - (a.now.p99 ?? 0),
  );
}
