// A kind that the model has no place for: kept whole, and written back on export to its product.
// The rule: each says what it would do, so that nobody takes a kept resource for one that works here.
import { type ImportContext, type Resource, type Understood, understood } from "./context";
import { keepBeside } from "./verbatim";
import type { Verdict } from "./verdict";

export type KeptKind = { kind: string; why: string; verdict: Verdict; changesMeaning?: boolean };

/** @param fix what a person can do about it */
export function importKept({ why, verdict, changesMeaning = false }: KeptKind, fix: string) {
  return (context: ImportContext, resource: Resource): Understood => {
    const result = understood(resource);
    const what = keptWords(keepBeside(context, { resource, result }));
    result.sentences.push(`it ${why}; ${what}.`);
    if (verdict !== "moved" && verdict !== "ignored") {
      context.warn(resource, ["kind"], `${why}: ${what}, without effect here`, fix, { verdict, changesMeaning });
    }
    return result;
  };
}

export const keptWords = (isKept: boolean) =>
  isKept ? "it is kept word for word and written back on export" : "it is too large to be kept";
