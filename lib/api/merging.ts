// The start of a change, the change, and the draft that moved on meanwhile, read and put together.
// The rule: what saving makes of the draft is what was looked at; nothing that is open is saved.
import type { Principal } from "@/lib/auth/permissions";
import type { Database } from "@/lib/data/client";
import { type Diverged, divergedFrom } from "@/lib/data/draft-versions";
import { readDesign } from "@/lib/data/meshes";
import { AppError } from "@/lib/errors";
import type { Command } from "@/lib/mesh";
import type { Runtime } from "./runtime";
import type * as schema from "./schema";
import type { Mine } from "./threads/jobs";

interface Asked {
  slug: string;
  body: schema.MergeRequest;
  /** `2026-11-21`, for findings about dates. */
  today: string;
  signal: AbortSignal;
}

interface BroughtUpToDate {
  answer: schema.MergeAnswer;
  draft: Diverged["draft"];
  /** What saves it: there when saving is asked for, nothing is open and something changes. */
  command: Command | undefined;
}

export async function bringUpToDate(
  { database, threads }: Runtime,
  principal: Principal,
  { slug, body, today, signal }: Asked,
): Promise<BroughtUpToDate> {
  const { draft, base, later } = await divergedFrom(database, principal, { slug, from: body.base });
  const mine = await mineOf(database, principal, slug, body);
  const { choices, otherwise, apply } = body;
  const sides = { base, mine, theirs: draft.document, version: draft.version, later };
  const asked = { ...sides, body: { base: body.base, choices, otherwise, apply }, today };
  const merged = await threads.run("merge", asked, signal);
  if (merged.ok) return { answer: merged.answer, draft, command: merged.command };
  throw new AppError("model-violation", {
    ...("commands" in mine ? { detail: cannotBeRepeated(body.base) } : {}),
    violations: merged.violations,
  });
}

const cannotBeRepeated = (base: string) =>
  `The change cannot be repeated on ${base}. Correct what is listed, or name the version that it was made on.`;

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
  slug: string,
  { mine }: schema.MergeRequest,
): Promise<Mine> {
  if (!("at" in mine)) return mine;
  const { document, positions } = await readDesign(database, principal, { slug, at: mine.at });
  return { document, positions };
}
