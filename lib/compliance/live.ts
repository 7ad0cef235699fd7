// Evidence -> results of the live layer. One rule: a refusal counts only beside a call of the same time that was served.
import { fail, pass, unmeasured } from "./results";
import { nameOf } from "./services";
import type { Evidence, LiveContext, ProbeKind, SubjectResult } from "./types";

export const ofKind = ({ evidence }: LiveContext, ...kinds: ProbeKind[]): Evidence[] =>
  evidence.filter((each) => kinds.includes(each.kind));

/** Each record as it was measured; for probes that need no twin. */
export function asMeasured(context: LiveContext, ...kinds: ProbeKind[]): SubjectResult[] {
  return ofKind(context, ...kinds).map(toResult);
}

/** Refusals, each with its twin. Without a twin that succeeded it proves nothing, whatever was refused. */
export function paired(context: LiveContext, ...kinds: ProbeKind[]): SubjectResult[] {
  const byId = new Map(context.evidence.map((each) => [each.id, each]));
  return ofKind(context, ...kinds).map((each) => {
    if (each.outcome !== "as-expected") return toResult(each);
    const twin = each.twin === null ? undefined : byId.get(each.twin);
    if (twin?.outcome !== "as-expected") {
      return {
        ...unmeasured(
          each.subject,
          `${nameOf(each.subject)} refused, but the call that must succeed did not: ${twin?.sentence ?? "there is none"}`,
        ),
        evidence: [each.id, ...(twin ? [twin.id] : [])],
      };
    }
    return { ...pass(each.subject, each.sentence), evidence: [each.id, twin.id] };
  });
}

function toResult(each: Evidence): SubjectResult {
  const make = { "as-expected": pass, "not-as-expected": fail, "not-measured": unmeasured }[each.outcome];
  return { ...make(each.subject, each.sentence), evidence: [each.id] };
}
