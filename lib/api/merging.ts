// The start of a change, the change, and the draft that moved on meanwhile, read and put together.
// The rule: what saving makes of the draft is what was looked at; nothing that is open is saved.
import type { Principal } from "@/lib/auth/permissions";
import type { Database } from "@/lib/data/client";
import { type Diverged, divergedFrom } from "@/lib/data/draft-versions";
import { readDesign } from "@/lib/data/meshes";
import { AppError } from "@/lib/errors";
import { applyCommand, fromYaml, type MeshDocument, objectKey, type Positions } from "@/lib/mesh";
import { mergeInto } from "./merge-answer";
import type * as schema from "./schema";

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
  const { answer, document } = mergeInto({ base, mine, theirs, version: draft.version, later }, body, today);
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
