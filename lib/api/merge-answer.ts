// Three designs put together for a person to look at: what each side changed, the conflicts, and what saving would do to the draft.
// The rule: merged into the draft, so that its comments stay; what is open keeps the draft's side until somebody chooses.
import { createAnalysis, type Finding, factsFrom } from "@/lib/analysis";
import type { LaterChange } from "@/lib/data/draft-versions";
import {
  type Choice,
  type Chooser,
  type ConflictKind,
  diffDocuments,
  type MergeConflict,
  type MeshDocument,
  mergeDocuments,
  type SemanticChange,
  validateDocument,
} from "@/lib/mesh";
import * as schema from "./schema";

/** The three designs, and who changed theirs meanwhile. */
export interface Sides {
  base: MeshDocument;
  mine: MeshDocument;
  /** The draft as it is now. */
  theirs: MeshDocument;
  version: number;
  /** Changes of the draft since the base, where they are known. */
  later: readonly LaterChange[];
}

/**
 * @param today `2026-11-21`, for findings about dates
 * @returns the answer, and what saving makes of the draft
 */
export function mergeInto(
  { base, mine, theirs, version, later }: Sides,
  body: Pick<schema.MergeRequest, "base" | "choices" | "otherwise">,
  today: string,
): { answer: schema.MergeAnswer; document: MeshDocument } {
  const { document, conflicts } = mergeDocuments({ base, ours: theirs, theirs: mine }, chooserOf(body));
  const isOpen = ({ taken }: MergeConflict) => taken === undefined;
  // What is open is looked at first, also where the list ends.
  const listed = [...conflicts.filter(isOpen), ...conflicts.filter((each) => !isOpen(each))];
  const inOrder = conflicts.length > schema.MAX_LISTED_CONFLICTS ? listed : conflicts;
  const answer: schema.MergeAnswer = {
    base: body.base,
    version,
    mine: changesOf(diffDocuments(base, mine)),
    theirs: { ...changesOf(diffDocuments(base, theirs)), by: [...new Set(later.map(({ by }) => by))] },
    conflicts: {
      total: conflicts.length,
      open: conflicts.filter(isOpen).length,
      items: inOrder.slice(0, schema.MAX_LISTED_CONFLICTS).map((each) => toConflict(each, later)),
    },
    result: changesOf(diffDocuments(theirs, document)),
    problems: newProblems(theirs, document),
    findings: newFindings(theirs, document, today),
    applied: false,
  };
  return { answer, document };
}

/** The merge is into the draft: its "ours" is theirs to who brings the change. */
const SIDE = { mine: "theirs", theirs: "ours" } as const;

function chooserOf({ choices, otherwise }: Pick<schema.MergeRequest, "choices" | "otherwise">): Chooser {
  const chosen = new Map<string, Choice>(
    choices.map((choice) => [
      placeOf(choice),
      "take" in choice ? { take: SIDE[choice.take] } : { value: choice.value },
    ]),
  );
  const rest: Choice | undefined = otherwise && { take: SIDE[otherwise] };
  return (place) => chosen.get(placeOf(place)) ?? rest;
}

const placeOf = ({ key, path }: { key: string; path: string }) => `${key}#${path}`;

const KIND: Record<ConflictKind, schema.MergeConflictDto["kind"]> = {
  changed: "changed",
  added: "added",
  "ours-removed": "theirs-removed",
  "theirs-removed": "mine-removed",
  together: "together",
  name: "name",
};
const TAKEN = { ours: "theirs", theirs: "mine", value: "value" } as const;

function toConflict(conflict: MergeConflict, later: readonly LaterChange[]): schema.MergeConflictDto {
  const { key, path, kind, message, taken, problem } = conflict;
  const last = later.findLast(({ keys }) => keys.includes(key));
  return {
    key,
    path,
    kind: KIND[kind],
    message: MESSAGE[kind] ?? message,
    ...("base" in conflict ? { base: conflict.base } : {}),
    ...("theirs" in conflict ? { mine: conflict.theirs } : {}),
    ...("ours" in conflict ? { theirs: conflict.ours } : {}),
    ...(taken ? { taken: TAKEN[taken] } : {}),
    ...(problem ? { problem } : {}),
    ...(last ? { theirsBy: { name: last.by, at: last.at.toISOString() } } : {}),
  };
}

const MESSAGE: Partial<Record<ConflictKind, string>> = {
  changed: "the change and the draft give it different values",
  added: "the change and the draft both added it, each with another value",
  "ours-removed": "the draft removed what the change edits",
  "theirs-removed": "the change removes what the draft edited",
  name: "two different objects would have this name",
};

function changesOf(changes: readonly SemanticChange[]): { total: number; items: SemanticChange[] } {
  return { total: changes.length, items: changes.slice(0, schema.MAX_LISTED_CHANGES) };
}

function newProblems(before: MeshDocument, after: MeshDocument) {
  const known = new Set(validateDocument(before).map(({ path, message }) => `${path} ${message}`));
  return validateDocument(after).filter(({ path, message }) => !known.has(`${path} ${message}`));
}

function newFindings(before: MeshDocument, after: MeshDocument, today: string): schema.MergeAnswer["findings"] {
  const analysis = createAnalysis(factsFrom({ today }));
  analysis.update(before);
  const was = analysis.findings();
  analysis.update(after);
  const is = analysis.findings();
  const without = (list: readonly Finding[], other: readonly Finding[]) => {
    const ids = new Set(other.map(({ id }) => id));
    return list
      .filter(({ id }) => !ids.has(id))
      .slice(0, schema.MAX_LISTED_CHANGES)
      .map(({ id, code, severity, message }) => ({ id, code, severity, message }));
  };
  return { added: without(is, was), gone: without(was, is) };
}
