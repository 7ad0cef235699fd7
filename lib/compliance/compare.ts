// Two runs side by side. One rule: what one of them did not measure is said as such, never as better or worse.
import { type ControlResult, LAYERS, type Layer, type MeasuredState } from "./types";

export interface ControlChange {
  control: string;
  layer: Layer;
  before: MeasuredState | null;
  after: MeasuredState | null;
  direction: "better" | "worse" | "changed";
  /** Subjects that fail now and did not before, and the reverse. */
  newlyFailing: string[];
  noLongerFailing: string[];
}

const RANK: Readonly<Partial<Record<MeasuredState, number>>> = { fail: 0, partly: 1, pass: 2 };

export function compareResults(before: readonly ControlResult[], after: readonly ControlResult[]): ControlChange[] {
  const ids = [...new Set([...after, ...before].map(({ control }) => control))];
  return ids.flatMap((control) => {
    const old = before.find((each) => each.control === control);
    const now = after.find((each) => each.control === control);
    return LAYERS.flatMap((layer): ControlChange[] => {
      const states = { before: old?.layers[layer].state ?? null, after: now?.layers[layer].state ?? null };
      const wasFailing = failing(old, layer);
      const isFailing = failing(now, layer);
      const newlyFailing = isFailing.filter((subject) => !wasFailing.includes(subject));
      const noLongerFailing = wasFailing.filter((subject) => !isFailing.includes(subject));
      if (states.before === states.after && newlyFailing.length + noLongerFailing.length === 0) return [];
      return [
        {
          control,
          layer,
          ...states,
          direction: directionOf(states, newlyFailing, noLongerFailing),
          newlyFailing,
          noLongerFailing,
        },
      ];
    });
  });
}

function directionOf(
  { before, after }: { before: MeasuredState | null; after: MeasuredState | null },
  newlyFailing: readonly string[],
  noLongerFailing: readonly string[],
): ControlChange["direction"] {
  const from = before === null ? undefined : RANK[before];
  const to = after === null ? undefined : RANK[after];
  if (from === undefined || to === undefined) return "changed";
  if (from !== to) return to > from ? "better" : "worse";
  if (newlyFailing.length > 0 && noLongerFailing.length > 0) return "changed";
  return newlyFailing.length > 0 ? "worse" : "better";
}

function failing(result: ControlResult | undefined, layer: Layer): string[] {
  const subjects = result?.layers[layer].subjects ?? [];
  return [...new Set(subjects.filter(({ state }) => state === "fail").map(({ subject }) => subject))].sort();
}
