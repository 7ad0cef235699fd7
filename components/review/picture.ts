// From a change picture to the canvas' own words. Rule: pure; a large mesh first shows what changes and its neighbours.
import { IconBox, IconDoorEnter, IconPlayerPlay, IconWorld } from "@tabler/icons-react";
import type { CanvasEdge, CanvasNode } from "@/components/canvas";
import { objectName } from "@/components/comments";
import type { StationOf } from "@/lib/api/schema";

type Picture = StationOf<"changes">["picture"];
/** Up to so many boxes the whole mesh is shown at once. */
export const WHOLE_UP_TO = 60;
const COLUMN_PX = 300;
const ROW_PX = 150;

/** The boxes that changed, the ends of lines that changed, and their direct neighbours. */
export function nearChange({ boxes, lines }: Picture): Set<string> {
  const changed = new Set(boxes.filter(({ mark }) => mark !== null).map(({ key }) => key));
  for (const { source, target, mark } of lines) {
    if (mark === null) continue;
    changed.add(source);
    changed.add(target);
  }
  const near = new Set(changed);
  for (const { source, target } of lines) {
    if (changed.has(source)) near.add(target);
    if (changed.has(target)) near.add(source);
  }
  return near;
}

const icons = {
  Service: IconBox,
  Gateway: IconDoorEnter,
  ExternalService: IconWorld,
  Workload: IconPlayerPlay,
} as const;
const shapes = { Service: "box", Gateway: "gate", ExternalService: "outside", Workload: "box" } as const;
const markWord = { added: "added", removed: "removed", changed: "changed" } as const;

export function pictureNodes(
  { boxes }: Picture,
  shown: ReadonlySet<string> | null,
  dimmed: ReadonlySet<string> | null,
): CanvasNode[] {
  const visible = boxes.filter(({ key }) => shown === null || shown.has(key));
  const bottom = Math.max(0, ...visible.flatMap(({ y }) => (y === null ? [] : [y + ROW_PX])));
  const columns = Math.max(4, Math.ceil(Math.sqrt(visible.length * 0.6)));
  let unplaced = 0;
  return visible.map((box) => {
    const place =
      box.x !== null && box.y !== null
        ? { x: box.x, y: box.y }
        : { x: (unplaced % columns) * COLUMN_PX, y: bottom + Math.floor(unplaced++ / columns) * ROW_PX };
    return {
      id: box.key,
      ...place,
      shape: shapes[box.kind],
      icon: icons[box.kind],
      kind: box.kind === "ExternalService" ? "External service" : box.kind,
      title: box.name,
      subtitle: box.kind === "Workload" ? "calls only" : (box.owner ?? "no owner"),
      facts: box.mark ? markWord[box.mark] : "as it was",
      stripe: box.mark ? "var(--mw-accent)" : "var(--mw-border-strong)",
      tone: "unmeasured",
      toneWord: box.mark ? markWord[box.mark] : "as it was",
      chips: [],
      badge: null,
      change: box.mark,
      dimmed: dimmed !== null && !dimmed.has(box.key),
    };
  });
}

export function pictureEdges({ lines }: Picture, shown: ReadonlySet<string> | null): CanvasEdge[] {
  return lines
    .filter(({ source, target }) => shown === null || (shown.has(source) && shown.has(target)))
    .map(({ key, source, target, mark }) => ({
      id: key,
      source,
      target,
      width: mark ? 3 : 1.5,
      tone: "unmeasured",
      line: mark === "removed" ? "dashed" : "solid",
      label: mark ?? "",
      sentence: `${objectName(source)} to ${objectName(target)}: ${mark ?? "as it was"}`,
      warning: null,
      change: mark,
      dimmed: false,
    }));
}
