// One run over an input: what it is asked, who leans on the answers, and the pieces that several proxies have in common.
// The rule: a piece is made once, for whoever asks first, and is taken over by the next input as long as that answers alike;
// what making it complained of and led to belongs to everybody who takes it.

import type { DescMessage } from "@bufbuild/protobuf";
import type { Target } from "./destinations";
import { standIn } from "./encode";
import type { JsonObject } from "./envoy-json";
import { notedFacts } from "./facts";
import type { CompileContext } from "./parts";
import { placesOf } from "./places";
import { Problems } from "./problems";
import { Readers } from "./readers";
import { type Form, type Piece, Reads, type Run } from "./run";
import type { CompileInput } from "./types";

const runs = { json: new WeakMap<CompileInput, Run>(), bytes: new WeakMap<CompileInput, Run>() };

export function runOf(input: CompileInput, form: Form): Run {
  return runs[form].get(input) ?? startRun(input, form, new Map(), new Readers());
}

/** `pieces` are right for this input, and `readers` know what they lean on. */
export function startRun(input: CompileInput, form: Form, pieces: Map<string, Piece>, readers: Readers): Run {
  const note = (asked: string) => {
    run.reads.asked += 1;
    readers.add(asked, run.reads.name);
  };
  const run: Run = {
    form,
    facts: notedFacts(input.document, note),
    places: placesOf(input, note),
    pieces,
    readers,
    reads: new Reads(""),
  };
  runs[form].set(input, run);
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
 */
export function shared<V>(
  context: CompileContext,
  name: string,
  from: readonly unknown[],
  make: (context: CompileContext) => V,
): V {
  const { run } = context;
  const known = run.pieces.get(name);
  const piece = known && isSame(known.from, from) ? known : made(context, name, from, make);
  run.pieces.set(name, piece);
  run.reads.pieces.push(piece);
  run.readers.add(name, run.reads.name);
  context.problems.take(piece.problems);
  for (const [key, cluster] of piece.clusters) context.clusters.set(key, cluster);
  for (const [key, target] of piece.targets) context.targets.set(key, target);
  return piece.value as V;
}

function isSame(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.every((each, index) => each === b[index]);
}

function made<V>(
  { facts, input, run, places }: CompileContext,
  name: string,
  from: readonly unknown[],
  make: (context: CompileContext) => V,
): Piece {
  const reads = new Reads(name);
  const problems = new Problems();
  const clusters = new Map<string, JsonObject>();
  const targets = new Map<string, Target>();
  const value = noting(run, reads, () => make({ facts, input, run, places, problems, clusters, targets }));
  return { from, reads, problems, clusters: kept(clusters), targets: kept(targets), value };
}

/** A message of a piece that nobody looks into any more. */
export function finished({ run }: CompileContext, schema: DescMessage, json: JsonObject): JsonObject {
  return run.form === "bytes" ? standIn(schema, json) : json;
}

const NOTHING: ReadonlyMap<string, never> = new Map<string, never>();

/** Of most pieces there is nothing: it is one and the same nothing then. */
const kept = <T>(map: ReadonlyMap<string, T>): ReadonlyMap<string, T> => (map.size > 0 ? map : NOTHING);

/** Forgets pieces that none of these proxies has any more, and who leans on what beside them. `used` are the reads of the proxies. */
export function keepPieces(inputs: Iterable<CompileInput>, used: Iterable<Reads>): void {
  const pieces = new Set<Piece>();
  const names = new Set<string>();
  const keep = (reads: Reads) => {
    names.add(reads.name);
    for (const piece of reads.pieces) {
      if (pieces.has(piece)) continue;
      pieces.add(piece);
      keep(piece.reads);
    }
  };
  for (const reads of used) keep(reads);
  for (const input of inputs) {
    const run = runOf(input, "bytes");
    for (const [name, piece] of run.pieces) if (!pieces.has(piece)) run.pieces.delete(name);
    run.readers.keepOnly(names);
  }
}
