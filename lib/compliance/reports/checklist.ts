// What every export of the checklist is made of. One rule: all formats read this one value, so their counts agree.
import { controls } from "../controls";
import type { Standing } from "../standing";
import { type Control, type Evidence, type FrameworkId, LAYERS, type Layer, type Mapping, type State } from "../types";

export interface ChecklistReport {
  meshName: string;
  environment: string;
  /** When the export was made; ISO 8601. */
  at: string;
  toolVersion: string;
  /** What the design and compiled layers were read from. */
  design: { at: string; digest: string };
  run: { id: string; startedAt: string; finishedAt: string; requestedBy: string } | null;
  standings: readonly Standing[];
  evidence: readonly Evidence[];
  /** Only what this framework asks for. */
  framework?: FrameworkId | undefined;
}

export interface ReportRow {
  control: Control;
  standing: Standing;
  mappings: readonly Mapping[];
}

export function rowsOf({ standings, framework }: ChecklistReport): ReportRow[] {
  return controls.flatMap((control) => {
    const standing = standings.find((each) => each.control === control.id);
    const mappings = framework ? control.mappings.filter((each) => each.framework === framework) : control.mappings;
    return standing && (!framework || mappings.length > 0) ? [{ control, standing, mappings }] : [];
  });
}

export function countOf(rows: readonly ReportRow[], ...states: State[]): number {
  return rows.filter(({ standing }) => states.includes(standing.state)).length;
}

/** Layers with something in them. */
export const applying = ({ layers }: Standing): Layer[] =>
  LAYERS.filter((layer) => layers[layer].state !== "does-not-apply");
