// One run over an input: what it is asked, what each compile asked of it, and the pieces that several proxies have in common.
// The rule: a piece is made once, for whoever asks first, and is taken over by the next input as long as that answers alike;
// what making it complained of and led to belongs to everybody who takes it.

import { notedFacts } from "./facts";
import type { CompileContext } from "./parts";
import { placesOf } from "./places";
import { Problems } from "./problems";
import { type Piece, Reads, type Run } from "./run";
import type { CompileInput } from "./types";

const runs = new WeakMap<CompileInput, Run>();

export function runOf(input: CompileInput): Run {
  const known = runs.get(input);
  if (known) return known;
  const run: Run = {
    facts: notedFacts(input.document, (asked) => run.reads.asked.add(asked)),
    places: placesOf(input, (asked) => run.reads.asked.add(asked)),
    pieces: new Map(),
    reads: new Reads(),
  };
  runs.set(input, run);
  return run;
}

/** Makes something, and notes what that asks. */
export function noting<T>(run: Run, reads: Reads, make: () => T): T {
  const outer = run.reads;
  run.reads = reads;
  try {
    return make();
  } finally {
    run.reads = outer;
  }
}

/**
 * `name` says what is made and everything that it depends on beside the input and `from`: objects that were asked for before.
 * The own endpoint is not for what is shared.
 */
export function shared<V>(
  context: CompileContext,
  name: string,
  from: readonly unknown[],
  make: (context: CompileContext) => V,
): V {
  const { run } = context;
  const known = run.pieces.get(name);
  const piece = known?.from.every((each, index) => each === from[index]) ? known : made(context, name, from, make);
  run.pieces.set(name, piece);
  run.reads.pieces.add(piece);
  context.problems.take(piece.problems);
  for (const [key, cluster] of piece.clusters) context.parts.clusters.set(key, cluster);
  for (const [key, target] of piece.targets) context.targets.set(key, target);
  return piece.value as V;
}

function made<V>(
  outer: CompileContext,
  name: string,
  from: readonly unknown[],
  make: (context: CompileContext) => V,
): Piece {
  const reads = new Reads();
  const context: CompileContext = {
    ...outer,
    problems: new Problems(),
    parts: { listeners: new Map(), routes: new Map(), clusters: new Map(), endpoints: new Map() },
    targets: new Map(),
  };
  const value = noting(outer.run, reads, () => make(context));
  const { problems, parts, targets } = context;
  return { name, from, reads, problems, clusters: parts.clusters, targets, value };
}

/** Forgets pieces that no proxy has any more. */
export function keepPieces(input: CompileInput, used: Iterable<Reads>): void {
  const { pieces } = runOf(input);
  const kept = new Set<Piece>();
  const keep = (reads: Reads) => {
    for (const piece of reads.pieces) {
      if (kept.has(piece)) continue;
      kept.add(piece);
      keep(piece.reads);
    }
  };
  for (const reads of used) keep(reads);
  for (const [name, piece] of pieces) if (!kept.has(piece)) pieces.delete(name);
}
