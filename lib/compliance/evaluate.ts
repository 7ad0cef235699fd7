// Runs the controls: design and compiled from a document, live from evidence. Pure; the same on server, in tests and in a report.
// One rule: a layer that a control does not look at says why, and is never counted.

import type { EnvironmentBinding } from "@/lib/compile/types";
import { buildIndex, type MeshDocument, type MeshIndex } from "@/lib/mesh";
import { compileMesh } from "./compiled-mesh";
import { controls } from "./controls";
import { doesNotApply, layerResult } from "./results";
import type { ControlResult, Evidence, LayerResult } from "./types";

export interface EvaluateOptions {
  /** How an environment runs the design; absent: one made-up instance per workload. */
  binding?: EnvironmentBinding;
  index?: MeshIndex;
}

const NOTHING = "The design has nothing that this layer looks at.";
const NOT_ASKED: LayerResult = { state: "not-measured", summary: "Not measured yet: run the checks.", subjects: [] };

export interface StaticResult {
  control: string;
  design: LayerResult;
  compiled: LayerResult;
}

/** Design and compiled layer of every control. */
export function evaluateDesign(document: MeshDocument, options: EvaluateOptions = {}): StaticResult[] {
  const index = options.index ?? buildIndex(document);
  const compiled = compileMesh(document, options.binding);
  return controls.map((control) => ({
    control: control.id,
    design:
      "look" in control.design
        ? layerResult(control.design.look({ document, index }), NOTHING)
        : doesNotApply(control.design.doesNotApply),
    compiled:
      "look" in control.compiled
        ? layerResult(control.compiled.look({ document, index, compiled }), NOTHING)
        : doesNotApply(control.compiled.doesNotApply),
  }));
}

/** Live layer of every control, from what one run measured. */
export function judgeLive(document: MeshDocument, evidence: readonly Evidence[]): Map<string, LayerResult> {
  const index = buildIndex(document);
  return new Map(
    controls.map((control) => {
      if (!("look" in control.live)) return [control.id, doesNotApply(control.live.doesNotApply)];
      const subjects = control.live.look({ document, index, evidence });
      return [
        control.id,
        subjects.length === 0
          ? { ...NOT_ASKED, summary: "Nothing was there to be measured." }
          : layerResult(subjects, NOTHING),
      ];
    }),
  );
}

/** All layers; without a run the live ones are not measured. */
export function resultsOf(
  statics: readonly StaticResult[],
  live: ReadonlyMap<string, LayerResult> | null,
): ControlResult[] {
  return statics.map(({ control, design, compiled }) => {
    const known = controls.find((each) => each.id === control);
    const none = known && "doesNotApply" in known.live ? doesNotApply(known.live.doesNotApply) : NOT_ASKED;
    return { control, layers: { design, compiled, live: live?.get(control) ?? none } };
  });
}
