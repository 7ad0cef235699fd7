// What has to be compiled again when the design or what surrounds it changes: whoever leans on what is different.
// The rule: an answer is kept only while everything that was asked for it is answered alike; when in doubt it is made anew.
import { touchedBetween as touchedDesign } from "./arrangement";
import { arrangementOf } from "./facts";
import { touchedPlaces } from "./places";
import type { Reads } from "./run";
import { runOf, startRun } from "./shared";
import type { CompileInput } from "./types";

/** Names of proxies and pieces, or all of them. */
type Concerned = ReadonlySet<string> | "everything";

/** Who leans on what two inputs answer differently. What was made of the first input makes the second cheap. */
function concernedBetween(before: CompileInput, now: CompileInput): Concerned {
  // both are asked of every proxy
  if (JSON.stringify([before.rollout, before.overrides]) !== JSON.stringify([now.rollout, now.overrides])) {
    return "everything";
  }
  const arranged = arrangementOf(now.document, before.document);
  const design = touchedDesign(arrangementOf(before.document), arranged);
  return runOf(before, "bytes").readers.concernedBy([...design, ...touchedPlaces(before, now)]);
}

/** Would a compile that noted these reads of `before` be told the same by the input? */
export type IsAnsweredAlike = (reads: Reads, before: CompileInput) => boolean;

/** Starts an input that nothing was made of yet: what was made of `before` and is the same for `now` is not made again. */
export function takeOver(before: CompileInput, now: CompileInput): IsAnsweredAlike {
  const concerned = concernedBetween(before, now);
  if (concerned !== "everything") {
    const run = runOf(before, "bytes");
    const pieces = new Map(run.pieces);
    for (const name of concerned) pieces.delete(name);
    startRun(now, "bytes", pieces, run.readers);
  }
  return comparedWith(now, new Map([[before, concerned]]));
}

export function comparedWith(now: CompileInput, known = new Map<CompileInput, Concerned>()): IsAnsweredAlike {
  return (reads, before) => {
    if (before === now) return true;
    const concerned = known.get(before) ?? concernedBetween(before, now);
    known.set(before, concerned);
    return concerned !== "everything" && !concerned.has(reads.name);
  };
}
