// The draft's way to the API. Rule: translates answers and refusals into words; keeps nothing.
import {
  ApiError,
  type DraftAnswer,
  type DraftConflictDto,
  get,
  type HistoryEntryDto,
  type PageOf,
  request,
} from "@/components/api-client";
import type { Command } from "@/lib/mesh";
import type { DraftBase, Refusal, SaveAnswer, Transport } from "./draft-store";
import { keepChange } from "./kept-changes";

export const clientId = () => {
  const known = sessionStorage.getItem("meshwright-client");
  if (known) return known;
  const made = crypto.randomUUID();
  sessionStorage.setItem("meshwright-client", made);
  return made;
};

export function draftTransport(mesh: string): Transport {
  const base = `/meshes/${mesh}/draft`;
  return {
    load: () => get<DraftBase>(base),
    keep: (change) => keepChange(mesh, change),
    save: (commands: readonly Command[], version: number) =>
      answer(() =>
        request<DraftAnswer>(`${base}/commands`, {
          method: "POST",
          body: { commands, clientId: clientId() },
          ifMatch: `"v${version}"`,
          idempotencyKey: crypto.randomUUID(),
        }),
      ),
    step: (direction, version) =>
      answer(
        () =>
          request<DraftAnswer>(`${base}/${direction}`, {
            method: "POST",
            body: { clientId: clientId() },
            ifMatch: `"v${version}"`,
          }),
        stepRefusalOf,
      ),
  };
}

async function answer(
  ask: () => Promise<{ data: DraftAnswer }>,
  inWords: (error: ApiError) => Refusal = refusalOf,
): Promise<SaveAnswer> {
  try {
    const { data } = await ask();
    return { ok: true, version: data.version, merged: data.merged, canUndo: data.canUndo, canRedo: data.canRedo };
  } catch (error) {
    if (!(error instanceof ApiError) || error.status === 0 || error.status >= 500)
      return { ok: false, kind: "unreachable" };
    return { ok: false, kind: "refused", refusal: inWords(error) };
  }
}

export function refusalOf(error: ApiError): Refusal {
  const conflicts = (error.problem.conflicts as DraftConflictDto["conflicts"] | undefined) ?? [];
  if (error.status === 409 && conflicts.length > 0) {
    const who = conflicts.map((each) => `${each.by} changed ${each.key.split("/").at(-1)}`);
    return {
      title: "Somebody else changed the same thing",
      detail: `${[...new Set(who)].join(", ")} meanwhile. Your change was taken back and kept aside: bring it up to date to put both together.`,
      isConflict: true,
    };
  }
  if (error.status === 409)
    return {
      title: "Somebody else changed the same thing",
      detail: `${error.message} Your change was taken back; look at theirs and repeat yours if it still holds.`,
    };
  if (error.status === 403)
    return {
      title: "You may not change this draft",
      detail: `${error.message} Ask an administrator for the author role.`,
    };
  const problems = error.violations.map((violation) => `${violation.path}: ${violation.message}`);
  return { title: "The change was refused", detail: problems.length > 0 ? problems.join(" ") : error.message };
}

/** A step that others overtook changes nothing, so there is nothing to keep. */
function stepRefusalOf(error: ApiError): Refusal {
  const { isConflict, ...refusal } = refusalOf(error);
  if (!isConflict) return refusal;
  return { ...refusal, detail: `${error.message} Nothing was changed.` };
}

/** Whether this tab's last steps can be taken back or done again, from the server's history. */
export async function stepsOf(mesh: string): Promise<{ canUndo: boolean; canRedo: boolean }> {
  const search = new URLSearchParams({ clientId: clientId(), limit: "50" });
  const { items } = await get<PageOf<HistoryEntryDto>>(`/meshes/${mesh}/draft/history?${search}`);
  const mine = items.filter((entry) => entry.isMine && entry.kind === "edit");
  return { canUndo: mine.some((entry) => !entry.isUndone), canRedo: mine[0]?.isUndone ?? false };
}
