// From the mesh model and its live state to what the canvas draws. Job: nodes, edges, layers. Rule: pure; a node whose
// input did not change may be reused by the caller, so nothing here reads a clock or a random number.
import { IconBox, IconDoorEnter, IconDoorExit, IconPlayerPlay, IconWorld } from "@tabler/icons-react";
import type { CanvasEdge, CanvasNode, ChangeMark, LineStyle } from "@/components/canvas";
import { formatMs, formatPercent, plural } from "@/components/ui/format";
import { type Status, worstStatus } from "@/components/ui/status-words";
import {
  bytesPerSecond,
  callsPerSecond,
  failureRatio,
  formatByteRate,
  formatTraffic,
  isTcpOnly,
} from "@/components/ui/traffic";
import {
  type Dependency,
  isCallerOnly,
  isDependencyEnd,
  type MeshDocument,
  type MeshObject,
  objectKey,
  type Positions,
  refKey,
  type Workload,
  workloadOwnerKey,
} from "@/lib/mesh";
import { encryptionOf, healthOf, healthWord, type Live, type LiveDependency, pairKey } from "./live";

export const layers = ["drawn", "granted", "seen", "disagreements"] as const;
export type Layer = (typeof layers)[number];

export interface PictureInput {
  document: MeshDocument;
  positions: Positions;
  live: Live;
  layer: Layer;
  /** Findings per object key: how many and the worst. */
  findings: ReadonlyMap<string, { count: number; worst: Status }>;
  /** Open comments per box; absent: not read. */
  comments?: ReadonlyMap<string, number>;
  changes: ReadonlyMap<string, ChangeMark>;
  /** Keys that match the search; null when nothing is searched. */
  matches: ReadonlySet<string> | null;
}

export const isDrawn = isDependencyEnd;

export function canvasNodes(input: PictureInput): CanvasNode[] {
  const workloads = workloadsByService(input.document);
  const fallback = gridPlaces(input.document.objects.filter(isDrawn), input.positions);
  return input.document.objects.flatMap((object) => {
    if (!isDrawn(object)) return [];
    const key = objectKey(object);
    return [
      canvasNode(
        object,
        key,
        input,
        workloads.get(key) ?? [],
        input.positions[key] ?? fallback.get(key) ?? { x: 0, y: 0 },
      ),
    ];
  });
}

function canvasNode(
  object: MeshObject,
  key: string,
  input: PictureInput,
  workloads: readonly Workload[],
  place: { x: number; y: number },
): CanvasNode {
  const live = input.live.services.get(key);
  const tone = live
    ? worstStatus([healthOf(live.now, live.state), ...(live.proxies.nack > 0 ? (["failing"] as const) : [])])
    : "unmeasured";
  const finding = input.findings.get(key);
  const comments = input.comments?.get(key) ?? 0;
  return {
    id: key,
    x: place.x,
    y: place.y,
    shape: object.kind === "Gateway" ? "gate" : object.kind === "ExternalService" ? "outside" : "box",
    icon: iconOf(object),
    kind: kindWord(object),
    title: object.metadata.name,
    subtitle: subtitleOf(object),
    facts: factsOf(object),
    stripe: namespaceColour(object.metadata.namespace ?? ""),
    tone,
    toneWord: live ? healthWord(tone, live.state) : "not measured",
    chips: chipsOf(object, workloads, live?.versions ?? []),
    badge: finding ? { count: finding.count, tone: finding.worst, label: plural(finding.count, "finding") } : null,
    ...(comments > 0 ? { comments } : {}),
    change: input.changes.get(key) ?? null,
    dimmed: input.matches !== null && !input.matches.has(key),
  };
}

/** The edges of a layer. Seen-but-not-drawn ones have an id of their own: `seen:SOURCE -> TARGET`. */
export function canvasEdges(input: PictureInput): CanvasEdge[] {
  const byPair = new Map<string, { dependency: Dependency; source: string; target: string }>();
  for (const dependency of input.document.objects) {
    if (dependency.kind !== "Dependency") continue;
    const source = refKey(dependency.spec.from, dependency);
    const target = refKey(dependency.spec.to, dependency);
    byPair.set(pairKey(source, target), { dependency, source, target });
  }
  const edges: CanvasEdge[] = [];
  for (const [pair, { dependency, source, target }] of byPair) {
    const live = input.live.dependencies.get(pair);
    if (!isInLayer(input.layer, true, live)) continue;
    edges.push(canvasEdge(objectKey(dependency), source, target, true, live, input));
  }
  for (const [pair, live] of input.live.dependencies) {
    if (byPair.has(pair) || !live.seen || !isInLayer(input.layer, false, live)) continue;
    edges.push(canvasEdge(`seen:${pair}`, live.source, live.target, false, live, input));
  }
  return edges;
}

function isInLayer(layer: Layer, drawn: boolean, live: LiveDependency | undefined): boolean {
  if (layer === "drawn") return true;
  if (layer === "granted") return live?.granted === true;
  if (layer === "seen") return live?.seen === true;
  return disagreementOf(drawn, live) !== null;
}

/** What two of drawn, granted, seen say differently, in words; null when they agree or nothing was measured. */
export function disagreementOf(drawn: boolean, live: LiveDependency | undefined): string | null {
  if (!drawn) return live?.seen ? "seen in traffic, not drawn" : null;
  if (!live || live.state === "no-data") return null;
  if (live.granted === false) return "drawn, not granted";
  if (!live.seen) return "drawn, never seen";
  return null;
}

function canvasEdge(
  id: string,
  source: string,
  target: string,
  drawn: boolean,
  live: LiveDependency | undefined,
  input: PictureInput,
): CanvasEdge {
  const seen = live?.seen ?? false;
  const tone = live && seen ? healthOf(live.now, live.state) : "unmeasured";
  const encryption = encryptionOf(seen ? live?.now.mtlsRatio : null);
  const disagreement = disagreementOf(drawn, live);
  const warning =
    encryption === "none" && target.startsWith("Service/")
      ? "plain text: nothing used mTLS"
      : !drawn
        ? "seen in traffic, not drawn"
        : null;
  const dimmed = input.matches !== null && !input.matches.has(source) && !input.matches.has(target);
  return {
    id,
    source,
    target,
    width: edgeWidth(seen && live ? callsPerSecond(live.now) : null),
    tone,
    line: lineOf(seen, encryption),
    label: labelOf(live, seen),
    sentence: sentenceOf(source, target, live, seen, encryption, disagreement),
    warning,
    change: input.changes.get(id) ?? null,
    dimmed,
  };
}

function lineOf(seen: boolean, encryption: ReturnType<typeof encryptionOf>): LineStyle {
  if (!seen) return "dashed";
  if (encryption === "all") return "solid";
  if (encryption === "some") return "dash-dot";
  return encryption === "none" ? "dotted" : "thin";
}

/** Of requests and connections: 1.5 px for a trickle to 8 px for 1,000 a second, by the logarithm, so that a busy mesh stays readable. */
export function edgeWidth(perSecond: number | null): number {
  if (perSecond === null || perSecond <= 0) return 1.5;
  return Math.round(Math.min(8, 2 + Math.log10(1 + perSecond) * 2) * 10) / 10;
}

function labelOf(live: LiveDependency | undefined, seen: boolean): string {
  if (!live || !seen) return "";
  if (live.state === "no-data") return "";
  if (live.state === "zero") return "0/s";
  const stale = live.state === "stale" ? "stale · " : "";
  const { now } = live;
  const last = isTcpOnly(now) ? formatByteRate(bytesPerSecond(now.tcp)) : formatMs(now.p99);
  return `${stale}${formatTraffic(now)}\n${formatPercent(failureRatio(now))} err · ${last}`;
}

const encryptionWord = {
  all: "all in mTLS",
  some: "some in mTLS",
  none: "none in mTLS",
  unknown: "encryption unknown",
};

function sentenceOf(
  source: string,
  target: string,
  live: LiveDependency | undefined,
  seen: boolean,
  encryption: ReturnType<typeof encryptionOf>,
  disagreement: string | null,
): string {
  const ends = `${nameOf(source)} to ${nameOf(target)}`;
  if (!live || !seen) return `${ends}: drawn, not measured`;
  const numbers = live.state === "zero" ? "no traffic now" : labelOf(live, seen).replace("\n", ", ");
  return [ends, `${numbers}, ${encryptionWord[encryption]}`, ...(disagreement ? [disagreement] : [])].join(": ");
}

/** The last part of an object's key; what is no key (a group, a call that nobody drew) stays as it is. */
export function nameOf(key: string): string {
  return key.startsWith("seen:") ? key : key.slice(key.lastIndexOf("/") + 1);
}

export function workloadsByService(document: MeshDocument): Map<string, Workload[]> {
  const out = new Map<string, Workload[]>();
  for (const object of document.objects) {
    if (object.kind !== "Workload") continue;
    const key = workloadOwnerKey(object);
    const list = out.get(key) ?? [];
    list.push(object);
    out.set(key, list);
  }
  return out;
}

function chipsOf(
  object: MeshObject,
  workloads: readonly Workload[],
  live: readonly { version: string; share: number | null }[],
) {
  if (object.kind !== "Service") return [];
  const versions = [...new Set(workloads.map((workload) => workload.spec.version))];
  return versions.map((version) => ({
    text: version,
    share: versions.length > 1 ? (live.find((each) => each.version === version)?.share ?? null) : null,
  }));
}

export function kindWord(object: MeshObject): string {
  if (object.kind === "Gateway")
    return `${object.spec.type === "egress" ? "Egress" : object.spec.type === "ingress" ? "Ingress" : "East-west"} gateway`;
  if (object.kind === "ExternalService") return "External service";
  return isCallerOnly(object) ? "Workload that only calls" : object.kind;
}

function iconOf(object: MeshObject) {
  if (object.kind === "Gateway") return object.spec.type === "egress" ? IconDoorExit : IconDoorEnter;
  if (object.kind === "Workload") return IconPlayerPlay;
  return object.kind === "ExternalService" ? IconWorld : IconBox;
}

function subtitleOf(object: MeshObject): string {
  if (object.kind === "Service") return object.spec.owner ?? "no owner";
  if (object.kind === "ExternalService") return object.spec.hosts.join(", ");
  if (object.kind === "Gateway") return object.spec.listeners.map((each) => `${each.protocol} ${each.port}`).join(", ");
  if (object.kind === "Workload") return `calls only, ${object.spec.version}`;
  return "";
}

function factsOf(object: MeshObject): string {
  if (object.kind === "Service") {
    const protocols = [...new Set(object.spec.ports.map((port) => port.protocol))].join(", ");
    return [object.spec.owner ?? "no owner", protocols, object.spec.criticality].filter(Boolean).join(" · ");
  }
  return kindWord(object);
}

const stripes = ["#6366f1", "#0891b2", "#c2410c", "#7c3aed", "#15803d", "#be185d", "#a16207", "#475569"];

/** A colour for each name, its own where it is free; two names share one only when there are more names than colours. */
export function coloursOf(names: Iterable<string>): Map<string, string> {
  const out = new Map<string, string>();
  const taken = new Set<string>();
  for (const name of [...new Set(names)].sort()) {
    const own = namespaceColour(name);
    const colour = taken.has(own) ? (stripes.find((each) => !taken.has(each)) ?? own) : own;
    taken.add(colour);
    out.set(name, colour);
  }
  return out;
}

/** The same namespace has the same stripe everywhere; the name always stands beside it in legend and inspector. */
export function namespaceColour(namespace: string): string {
  let hash = 0;
  for (const char of namespace) hash = (hash * 31 + char.charCodeAt(0)) >>> 0;
  return stripes[hash % stripes.length] ?? "#475569";
}

/** Where objects without a position go until somebody lays out: a grid below everything that has one. */
function gridPlaces(objects: readonly MeshObject[], positions: Positions): Map<string, { x: number; y: number }> {
  let bottom = Number.NEGATIVE_INFINITY;
  let left = Number.POSITIVE_INFINITY;
  for (const { x, y } of Object.values(positions)) {
    bottom = Math.max(bottom, y);
    left = Math.min(left, x);
  }
  const missing = objects.map(objectKey).filter((key) => !positions[key]);
  const columns = Math.max(4, Math.ceil(Math.sqrt(missing.length * 0.6)));
  const top = Number.isFinite(bottom) ? bottom + 160 : 0;
  const start = Number.isFinite(left) ? left : 0;
  return new Map(
    missing.map((key, index) => [
      key,
      { x: start + (index % columns) * 300, y: top + Math.floor(index / columns) * 150 },
    ]),
  );
}
