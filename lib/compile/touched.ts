// What has to be compiled again when the design or what surrounds it changes: the proxies that asked about what is different.
// The rule: an answer is kept only with everything it asked; when in doubt it is made anew.
import { touchedBetween as touchedDesign } from "./arrangement";
import { arrangementOf } from "./facts";
import { touchedPlaces } from "./places";
import type { Piece, Reads } from "./run";
import { runOf } from "./shared";
import type { CompileInput } from "./types";

type Touched = ReadonlySet<string> | "everything";

/** The questions that two inputs answer differently. What was made of the first input makes the second cheap. */
function touchedBetween(before: CompileInput, now: CompileInput): Touched {
  // both are asked of every proxy
  if (JSON.stringify([before.rollout, before.overrides]) !== JSON.stringify([now.rollout, now.overrides])) {
    return "everything";
  }
  const arranged = arrangementOf(now.document, before.document);
  const design = touchedDesign(arrangementOf(before.document), arranged);
  return new Set([...design, ...touchedPlaces(before, now)]);
}

function isAnyIn(few: ReadonlySet<string>, many: ReadonlySet<string>): boolean {
  for (const each of few) if (many.has(each)) return true;
  return false;
}

/** What was made of `before` and is the same for `now` does not have to be made again. */
export function takeOver(before: CompileInput, now: CompileInput): void {
  const touched = touchedBetween(before, now);
  if (touched === "everything") return;
  const { pieces } = runOf(now);
  for (const piece of runOf(before).pieces.values()) {
    if (!isAnyIn(touched, piece.reads.asked) && hasAll(pieces, piece.reads)) pieces.set(piece.name, piece);
  }
}

function hasAll(pieces: ReadonlyMap<string, Piece>, reads: Reads): boolean {
  for (const piece of reads.pieces) if (pieces.get(piece.name) !== piece) return false;
  return true;
}

/** Would a compile that asked this of `before` be told the same by `now`? */
export type IsAnsweredAlike = (reads: Reads, before: CompileInput) => boolean;

export function comparedWith(now: CompileInput): IsAnsweredAlike {
  const known = new Map<CompileInput, Touched>();
  const { pieces } = runOf(now);
  return (reads, before) => {
    if (before === now) return true;
    const touched = known.get(before) ?? touchedBetween(before, now);
    known.set(before, touched);
    return touched !== "everything" && !isAnyIn(touched, reads.asked) && hasAll(pieces, reads);
  };
}
