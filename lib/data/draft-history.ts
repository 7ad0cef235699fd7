// Changes of a draft as people read them, newest first. The rule: an undone change stays in the list and says so.
import type { Principal } from "@/lib/auth/permissions";
import type { ObjectKey, Touched } from "@/lib/mesh";
import { accessMesh } from "./access";
import type { Database } from "./client";
import type { ChangeKind } from "./drafts";
import { fromJson } from "./json";

export interface HistoryRow {
  seq: bigint;
  version: number;
  at: Date;
  by: string;
  kind: ChangeKind;
  touched: ObjectKey[];
  isUndone: boolean;
  isMine: boolean;
}

export async function readHistory(
  database: Database,
  principal: Principal,
  {
    slug,
    clientId,
    before,
    limit,
  }: { slug: string; clientId?: string | undefined; before?: bigint | undefined; limit: number },
): Promise<HistoryRow[]> {
  const mesh = await accessMesh(database, principal, slug, "mesh.read");
  const rows = await database.draftCommand.findMany({
    where: { meshId: mesh.id, ...(before === undefined ? {} : { seq: { lt: before } }) },
    orderBy: { seq: "desc" },
    take: limit,
  });
  return rows.map((row) => {
    const touched = fromJson<Touched>(row.touched);
    return {
      seq: row.seq,
      version: row.version,
      at: row.createdAt,
      by: row.userName,
      kind: row.kind as ChangeKind,
      touched: [...touched.writes, ...touched.removes],
      isUndone: row.undoneAt !== null,
      isMine: clientId === undefined ? row.userId === principal.userId : row.clientId === clientId,
    };
  });
}
