// What the compared state had and this one has not: shown as ghosts where it stood. Rule: pure; a ghost line needs both its
// ends on the picture, as they are or as ghosts.
import type { CanvasEdge, CanvasNode } from "@/components/canvas";
import { type MeshDocument, objectKey, type Positions } from "@/lib/mesh";
import { nothingLive } from "./live";
import { canvasEdges, canvasNodes, isDrawn } from "./to-canvas";

export function ghostsOf(
  now: MeshDocument,
  before: MeshDocument,
  positions: Positions,
): { nodes: CanvasNode[]; edges: CanvasEdge[] } {
  const present = new Set(now.objects.map(objectKey));
  const gone = before.objects.filter(
    (object) => (isDrawn(object) || object.kind === "Dependency") && !present.has(objectKey(object)),
  );
  if (gone.length === 0) return { nodes: [], edges: [] };
  const input = {
    document: { objects: gone },
    positions,
    live: nothingLive,
    layer: "drawn" as const,
    findings: new Map(),
    changes: new Map(gone.map((object) => [objectKey(object), "removed" as const])),
    matches: null,
  };
  const nodes = canvasNodes(input).map((node) => ({
    ...node,
    toneWord: "removed",
    subtitle: "removed",
    facts: "removed",
  }));
  const ends = new Set([...now.objects.filter(isDrawn).map(objectKey), ...nodes.map((node) => node.id)]);
  const edges = canvasEdges(input).filter((edge) => ends.has(edge.source) && ends.has(edge.target));
  return { nodes, edges };
}
