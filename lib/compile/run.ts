// What one run over an input keeps: its facts and places, the pieces that were made, and who asked what.
// The rule: nothing is decided here; who makes, notes and takes over is in shared.ts.
import type { Target } from "./destinations";
import type { JsonObject } from "./envoy-json";
import type { Facts } from "./facts";
import type { Places } from "./places";
import type { Problems } from "./problems";

/** What a compile, or the making of a piece, asked: questions by their names (see `lookup`), and pieces that were taken. */
export class Reads {
  readonly asked = new Set<string>();
  readonly pieces = new Set<Piece>();
}

export type Piece = {
  readonly name: string;
  /** The objects that it was given, beside what it asked. */
  readonly from: readonly unknown[];
  readonly reads: Reads;
  readonly problems: Problems;
  readonly clusters: Map<string, JsonObject>;
  readonly targets: Map<string, Target>;
  readonly value: unknown;
};

export type Run = {
  readonly facts: Facts;
  readonly places: Places;
  /** By name; those that a piece is made of come before it. */
  readonly pieces: Map<string, Piece>;
  /** Of what is being made at the moment. */
  reads: Reads;
};
