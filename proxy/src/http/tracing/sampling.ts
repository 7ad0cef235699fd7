// Which requests are traced. Rule: as Envoy, one draw for all hops: the first digits of x-request-id, whose fifteenth digit says to the
// next proxy what was decided.

import type { SamplingPlan } from "../../plan/types";
import { isInShare } from "../../semantics";
import type { HeaderList } from "../h1/header-list";

export type TraceReason = "client" | "service" | "random" | "none";

const UUID_LENGTH = 36;
const MARK_AT = 14;
const REASONS: Readonly<Record<string, TraceReason>> = { "9": "random", a: "service", b: "client" };
const MARKS: Readonly<Record<TraceReason, string>> = { random: "9", service: "a", client: "b", none: "4" };

/** Decides, and writes the decision into x-request-id. @param chance from 0 up to 1 */
export function drawTrace(headers: HeaderList, plan: SamplingPlan, chance: () => number): TraceReason {
  const id = headers.get("x-request-id") ?? "";
  const draw = Number.parseInt(/^[0-9a-f]{8}/i.exec(id)?.[0] ?? "", 16) % 10_000;
  if (Number.isNaN(draw)) return "none";
  const known = REASONS[id[MARK_AT] ?? ""] ?? "none";
  const wanted = known === "none" ? chosen(headers, plan, draw, chance) : known;
  const reason = isInShare(plan.overallSampling, draw) ? wanted : "none";
  if (reason !== known && id.length >= UUID_LENGTH)
    headers.set("x-request-id", id.slice(0, MARK_AT) + MARKS[reason] + id.slice(MARK_AT + 1));
  return reason;
}

function chosen(headers: HeaderList, plan: SamplingPlan, draw: number, chance: () => number): TraceReason {
  if (headers.has("x-client-trace-id") && isInShare(plan.clientSampling, Math.floor(chance() * 1_000_000)))
    return "client";
  return isInShare(plan.randomSampling, draw) ? "random" : "none";
}
