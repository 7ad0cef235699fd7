// Three designs put together for a person to look at: the start of a change, the change, and the draft that moved on meanwhile.
// The rule: merged into the draft, so that its comments stay; what is open keeps the draft's side until somebody chooses.
import { createAnalysis, type Finding, factsFrom } from "@/lib/analysis";
import type { Principal } from "@/lib/auth/permissions";
import type { Database } from "@/lib/data/client";
import { type Diverged, divergedFrom, type LaterChange } from "@/lib/data/draft-versions";
import { readDesign } from "@/lib/data/meshes";
import { AppError } from "@/lib/errors";
import {
  applyCommand,
  type Choice,
  type Chooser,
  type ConflictKind,
  diffDocuments,
  fromYaml,
  type MergeConflict,
  type MeshDocument,
  mergeDocuments,
  objectKey,
  type Positions,
  type SemanticChange,
  validateDocument,
} from "@/lib/mesh";
import * as schema from "./schema";

interface Asked {
  slug: string;
  body: schema.MergeRequest;
  /** `2026-11-21`, for findings about dates. */
  today: string;
}

export interface BroughtUpToDate {
  answer: schema.MergeAnswer;
  draft: Diverged["draft"];
  /** What saving makes of the draft. */
  document: MeshDocument;
  /** Where the objects of the change stand that the draft does not have. */
  positions: Positions;
}

export async function bringUpToDate(
  database: Database,
  principal: Principal,
  { slug, body, today }: Asked,
): Promise<BroughtUpToDate> {
  const { draft, base, later } = await divergedFrom(database, principal, { slug, from: body.base });
  const { document: mine, positions } = await mineOf(database, principal, { slug, body, base });
  const theirs = draft.document;
  const { document, conflicts } = mergeDocuments({ base, ours: theirs, theirs: mine }, chooserOf(body));
  const isOpen = ({ taken }: MergeConflict) => taken === undefined;
  // What is open is looked at first, also where the list ends.
  const listed = [...conflicts.filter(isOpen), ...conflicts.filter((each) => !isOpen(each))];
  const inOrder = conflicts.length > schema.MAX_LISTED_CONFLICTS ? listed : conflicts;
  const answer: schema.MergeAnswer = {
    base: body.base,
    version: draft.version,
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
  const drawn = new Set(theirs.objects.map(objectKey));
  const added = document.objects.map(objectKey).filter((key) => !drawn.has(key));
  const places = added.flatMap((key) => (positions[key] ? [[key, positions[key]] as const] : []));
  return { answer, draft, document, positions: Object.fromEntries(places) };
}

/** Refuses to save what is open, naming each place. */
export function requireDecided({ conflicts }: schema.MergeAnswer): void {
  if (conflicts.open === 0) return;
  throw new AppError("merge-open", {
    violations: conflicts.items
      .filter(({ taken }) => taken === undefined)
      .map(({ key, path, message, problem }) => ({
        path: path === "" ? key : `${key}#${path}`,
        message: problem ? `the value that was given ${problem.message}` : message,
        fix: problem?.fix ?? 'Add a choice with "take": "mine" or "theirs", or with a "value".',
        key,
      })),
  });
}

async function mineOf(
  database: Database,
  principal: Principal,
  { slug, body, base }: { slug: string; body: schema.MergeRequest; base: MeshDocument },
): Promise<{ document: MeshDocument; positions: Positions }> {
  const { mine } = body;
  if ("at" in mine) return readDesign(database, principal, { slug, at: mine.at });
  if ("text" in mine) {
    const read = fromYaml(mine.text);
    if (!read.ok) throw new AppError("model-violation", { violations: read.violations });
    return { document: read.document, positions: {} };
  }
  const applied = applyCommand(base, {}, { type: "batch", commands: mine.commands });
  if (applied.ok) return applied;
  throw new AppError("model-violation", {
    detail: `The change cannot be repeated on ${body.base}. Correct what is listed, or name the version that it was made on.`,
    violations: applied.violations,
  });
}

/** The merge is into the draft: its "ours" is theirs to who brings the change. */
const SIDE = { mine: "theirs", theirs: "ours" } as const;

function chooserOf({ choices, otherwise }: schema.MergeRequest): Chooser {
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
