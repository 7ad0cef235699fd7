// Boxes that belong together: by namespace, trust boundary or owner. Job: which group a box is in, and the picture in which
// closed groups are one box and their lines are one line. Rule: pure; a closed group shows the worst of its members and sums
// of what can be summed, never a mean of means.
import { IconBoxMultiple } from "@tabler/icons-react";
import type { CanvasEdge, CanvasFrame, CanvasNode, Point } from "@/components/canvas";
import { nodeHeight, nodeWidth } from "@/components/canvas/types";
import { plural } from "@/components/ui/format";
import { type Status, worstStatus } from "@/components/ui/status-words";
import { buildIndex, type MeshDocument, objectKey } from "@/lib/mesh";
import { placeGroups } from "./group-places";
import { coloursOf, isDrawn } from "./to-canvas";

export const groupings = ["none", "namespace", "boundary", "owner"] as const;
export type Grouping = (typeof groupings)[number];

/** From so many boxes on, the first look is at groups. */
export const groupedFrom = 300;

export interface Picture {
  nodes: CanvasNode[];
  edges: CanvasEdge[];
  frames: CanvasFrame[];
}

/** Group id of each drawn object; objects without one stand alone. */
export function groupsOf(document: MeshDocument, grouping: Grouping): Map<string, string> {
  const out = new Map<string, string>();
  if (grouping === "none") return out;
  const index = grouping === "boundary" ? buildIndex(document) : null;
  for (const object of document.objects) {
    if (!isDrawn(object)) continue;
    const key = objectKey(object);
    const name =
      grouping === "namespace"
        ? object.metadata.namespace
        : grouping === "owner"
          ? "owner" in object.spec
            ? object.spec.owner
            : undefined
          : index?.boundariesOf(key)[0]?.metadata.name;
    if (name) out.set(key, `group:${name}`);
  }
  return out;
}

export const groupName = (id: string): string => id.slice("group:".length);
export const isGroup = (id: string): boolean => id.startsWith("group:");

export function groupPicture(
  nodes: readonly CanvasNode[],
  edges: readonly CanvasEdge[],
  groups: ReadonlyMap<string, string>,
  isOpen: (group: string) => boolean,
): Picture {
  const members = new Map<string, CanvasNode[]>();
  const shown: CanvasNode[] = [];
  for (const node of nodes) {
    const group = groups.get(node.id);
    if (group) push(members, group, node);
    if (!group || isOpen(group)) shown.push(node);
  }
  const colours = coloursOf([...members.keys()].map(groupName));
  const colour = (group: string) => colours.get(groupName(group)) ?? "";
  const closed = [...members].filter(([group]) => !isOpen(group));
  const standIn = (id: string) => {
    const group = groups.get(id);
    return group && !isOpen(group) ? group : id;
  };
  const lines = mergeLines(edges, standIn);
  const places =
    shown.length === 0
      ? placeGroups(
          closed.map(([group]) => group),
          lines,
        )
      : null;
  for (const [group, list] of closed)
    shown.push(groupNode(group, list, places?.get(group) ?? middleOf(list), colour(group)));
  const frames = [...members].flatMap(([group, list]) => (isOpen(group) ? [frameOf(group, list, colour(group))] : []));
  return { nodes: shown, edges: lines, frames };
}

function push(map: Map<string, CanvasNode[]>, group: string, node: CanvasNode) {
  const list = map.get(group);
  if (list) list.push(node);
  else map.set(group, [node]);
}

function groupNode(id: string, members: readonly CanvasNode[], place: Point, stripe: string): CanvasNode {
  const count = (tone: Status) => members.filter((node) => node.tone === tone).length;
  const failing = count("failing");
  const attention = count("attention");
  const findings = members.reduce((sum, node) => sum + (node.badge?.count ?? 0), 0);
  const comments = members.reduce((sum, node) => sum + (node.comments ?? 0), 0);
  const tone = worstStatus(members.map((node) => node.tone));
  const troubles = [failing ? `${failing} failing` : "", attention ? `${attention} with errors` : ""].filter(Boolean);
  const size = plural(members.length, "box", "boxes");
  return {
    id,
    x: place.x,
    y: place.y,
    shape: "group",
    icon: IconBoxMultiple,
    kind: "Group",
    title: groupName(id),
    subtitle: size,
    facts: [size, ...troubles].join(" · "),
    stripe,
    tone,
    toneWord: troubles.length > 0 ? troubles.join(", ") : tone === "unmeasured" ? "not measured" : tone,
    chips: [],
    badge:
      findings > 0
        ? {
            count: findings,
            tone: worstStatus(members.flatMap((node) => (node.badge ? [node.badge.tone] : []))),
            label: plural(findings, "finding"),
          }
        : null,
    ...(comments > 0 ? { comments } : {}),
    change: members.some((node) => node.change) ? "changed" : null,
    dimmed: members.every((node) => node.dimmed),
  };
}

/** Lines between closed groups become one; those inside a closed group go. */
function mergeLines(edges: readonly CanvasEdge[], standIn: (id: string) => string): CanvasEdge[] {
  const out: CanvasEdge[] = [];
  const merged = new Map<string, CanvasEdge[]>();
  for (const edge of edges) {
    const source = standIn(edge.source);
    const target = standIn(edge.target);
    if (source === edge.source && target === edge.target) out.push(edge);
    else if (source !== target) {
      const id = `group:${source} -> ${target}`;
      const list = merged.get(id);
      if (list) list.push(edge);
      else merged.set(id, [edge]);
    }
  }
  for (const [id, list] of merged) {
    const [first] = list;
    if (first) out.push(mergedLine(id, first, list, standIn));
  }
  return out;
}

function mergedLine(
  id: string,
  first: CanvasEdge,
  list: readonly CanvasEdge[],
  standIn: (id: string) => string,
): CanvasEdge {
  const source = standIn(first.source);
  const target = standIn(first.target);
  const isAlike = list.every((edge) => edge.line === first.line);
  const hasPlain = list.some((edge) => edge.line === "dotted" || edge.line === "dash-dot");
  const size = plural(list.length, "dependency", "dependencies");
  const name = (end: string) => (isGroup(end) ? groupName(end) : (end.split("/").at(-1) ?? end));
  return {
    id,
    source,
    target,
    width: Math.min(10, Math.max(...list.map((edge) => edge.width)) + Math.log2(list.length)),
    tone: worstStatus(list.map((edge) => edge.tone)),
    line: isAlike ? first.line : hasPlain ? "dash-dot" : "thin",
    label: size,
    sentence: `${name(source)} to ${name(target)}: ${size}`,
    warning: null,
    change: list.some((edge) => edge.change) ? "changed" : null,
    dimmed: list.every((edge) => edge.dimmed),
  };
}

function middleOf(members: readonly CanvasNode[]): Point {
  const { x, y, width, height } = frameOf("", members, "");
  return { x: Math.round(x + width / 2 - nodeWidth / 2), y: Math.round(y + height / 2 - nodeHeight / 2) };
}

const margin = 24;
const head = 36;

function frameOf(id: string, members: readonly CanvasNode[], colour: string): CanvasFrame {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const { x, y } of members) {
    left = Math.min(left, x);
    top = Math.min(top, y);
    right = Math.max(right, x + nodeWidth);
    bottom = Math.max(bottom, y + nodeHeight);
  }
  return {
    id,
    title: groupName(id),
    count: members.length,
    colour,
    x: left - margin,
    y: top - margin - head,
    width: right - left + 2 * margin,
    height: bottom - top + 2 * margin + head,
  };
}
