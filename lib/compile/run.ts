// What one run over an input keeps: its facts and places, the pieces that were made, and who leans on what.
// The rule: nothing is decided here; who makes, notes and takes over is in shared.ts.
import type { Target } from "./destinations";
import type { JsonObject } from "./envoy-json";
import type { Facts } from "./facts";
import type { Places } from "./places";
import type { Problems } from "./problems";
import type { Readers } from "./readers";

/** What the making of one thing, a proxy's configuration or a piece, asked and took. */
export class Reads {
  /** How many questions were asked, each as often as it was. 0: nothing was noted. */
  asked = 0;
  readonly pieces: Piece[] = [];
  /** By which readers know the thing: the proxy's id, or the piece's name. */
  constructor(readonly name: string) {}
}

export type Piece = {
  /** The objects that it was given, beside what it asked. */
  readonly from: readonly unknown[];
  readonly reads: Reads;
  readonly problems: Problems;
  readonly clusters: ReadonlyMap<string, JsonObject>;
  readonly targets: ReadonlyMap<string, Target>;
  readonly value: unknown;
};

/** What a run is for: with bytes, the JSON of what is finished is not kept. */
export type Form = "json" | "bytes";

export type Run = {
  readonly form: Form;
  readonly facts: Facts;
  readonly places: Places;
  /** By name; those that a piece is made of come before it. */
  readonly pieces: Map<string, Piece>;
  /** The same ones for all inputs that took over from each other. */
  readonly readers: Readers;
  /** Of what is being made at the moment. */
  reads: Reads;
};
