// Which box or line a pinned comment is shown at. Rule: pure; a comment on a policy or a workload stands at the box that draws it, and
// one on something that is not in this design stands nowhere here.
import type { PinnedCommentsDto } from "@/lib/api/schema";
import { drawnAt, type MeshDocument, objectKey } from "@/lib/mesh";

export type Pinned = PinnedCommentsDto["items"][number];

export function pinnedAt(document: MeshDocument, comments: readonly Pinned[]): ReadonlyMap<string, Pinned[]> {
  const out = new Map<string, Pinned[]>();
  if (comments.length === 0) return out;
  const byAnchor = new Map<string, Pinned[]>();
  for (const comment of comments) byAnchor.set(comment.anchor, [...(byAnchor.get(comment.anchor) ?? []), comment]);
  for (const object of document.objects) {
    const own = byAnchor.get(objectKey(object));
    const place = own ? drawnAt(object) : null;
    if (own && place) out.set(place, [...(out.get(place) ?? []), ...own]);
  }
  return out;
}
