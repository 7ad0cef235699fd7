// Whose work a revision is: everybody whose edits of the draft are in what changed since the base.
// The rule: moving boxes is no authorship, and an edit that was taken back is none either; the submitter always is one.
import type { Principal } from "@/lib/auth/permissions";
import { diffDocuments, type MeshDocument, type Touched } from "@/lib/mesh";
import type { Connection } from "../client";
import { fromJson } from "../json";
import type { Author } from "./rows";

/** More edits than any review shows; the oldest beyond it are of nobody's memory. */
const MAX_EDITS = 20_000;

export async function authorsBetween(
  connection: Connection,
  submitter: Principal,
  { meshId, since, before, after }: { meshId: string; since: Date | null; before: MeshDocument; after: MeshDocument },
): Promise<Author[]> {
  const changed = new Set(diffDocuments(before, after).flatMap(({ key, from }) => (from ? [key, from] : [key])));
  const edits = await connection.draftCommand.findMany({
    where: {
      meshId,
      userId: { not: null },
      undoneAt: null,
      kind: { not: "undo" },
      ...(since ? { createdAt: { gt: since } } : {}),
    },
    select: { userId: true, userName: true, touched: true },
    orderBy: { seq: "desc" },
    take: MAX_EDITS,
  });
  const authors = new Map<string, string>([[submitter.userId, submitter.name]]);
  for (const { userId, userName, touched } of edits) {
    if (!userId || authors.has(userId)) continue;
    const { writes, removes } = fromJson<Touched>(touched);
    if ([...writes, ...removes].some((key) => changed.has(key))) authors.set(userId, userName);
  }
  return [...authors].map(([id, name]) => ({ id, name }));
}
