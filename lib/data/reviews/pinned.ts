// Open comments of undecided reviews that are pinned to an object: what the topology shows on its boxes.
// The rule: a reading of the reviews' own comments; nothing is stored here, and it is bounded.
import type { Principal } from "@/lib/auth/permissions";
import { accessMesh } from "../access";
import type { Database } from "../client";

const MAX_REVIEWS = 20;
const MAX_COMMENTS = 500;

export interface PinnedComment {
  id: string;
  review: number;
  station: string;
  anchor: string;
  body: string;
  blocking: boolean;
  authorName: string;
  createdAt: Date;
}

export async function pinnedComments(database: Database, principal: Principal, slug: string) {
  const mesh = await accessMesh(database, principal, slug, "mesh.read");
  const reviews = await database.review.findMany({
    where: { meshId: mesh.id, state: { in: ["open", "changes-asked"] } },
    orderBy: { number: "desc" },
    take: MAX_REVIEWS,
    select: { id: true, number: true, title: true },
  });
  const rows = await database.reviewComment.findMany({
    where: {
      reviewId: { in: reviews.map(({ id }) => id) },
      anchor: { not: null },
      parentId: null,
      resolvedAt: null,
    },
    orderBy: { createdAt: "desc" },
    take: MAX_COMMENTS,
    include: { review: { select: { number: true } } },
  });
  const comments = rows.flatMap(({ id, review, station, anchor, body, blocking, authorName, createdAt }) =>
    anchor === null
      ? []
      : [{ id, review: review.number, station, anchor, body, blocking, authorName, createdAt } satisfies PinnedComment],
  );
  return { reviews: reviews.map(({ number, title }) => ({ number, title })), comments };
}
