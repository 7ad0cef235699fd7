// Reviews as people read them.
import type { Principal } from "@/lib/auth/permissions";
import type { ReviewRule } from "@/lib/review";
import { accessMesh, type MeshRef } from "../access";
import type { Database } from "../client";
import { findReview, type ReviewRow, reviewParts, ruleOf } from "./rows";

export async function listReviews(
  database: Database,
  principal: Principal,
  {
    slug,
    before,
    limit,
    states,
  }: { slug: string; before?: number | undefined; limit: number; states?: readonly string[] | undefined },
): Promise<{ mesh: MeshRef; rows: ReviewRow[]; rule: ReviewRule }> {
  const mesh = await accessMesh(database, principal, slug, "mesh.read");
  const rows = await database.review.findMany({
    where: {
      meshId: mesh.id,
      ...(before === undefined ? {} : { number: { lt: before } }),
      ...(states ? { state: { in: [...states] } } : {}),
    },
    orderBy: { number: "desc" },
    take: limit,
    include: reviewParts,
  });
  return { mesh, rows, rule: await ruleOf(database, mesh.id) };
}

export async function readReview(
  database: Database,
  principal: Principal,
  { slug, number }: { slug: string; number: number },
): Promise<{ mesh: MeshRef; row: ReviewRow; rule: ReviewRule; supersedes: number | null }> {
  const mesh = await accessMesh(database, principal, slug, "mesh.read");
  const row = await findReview(database, mesh, number);
  const replaced = row.supersedesId
    ? await database.review.findUnique({ where: { id: row.supersedesId }, select: { number: true } })
    : null;
  return { mesh, row, rule: await ruleOf(database, mesh.id), supersedes: replaced?.number ?? null };
}
