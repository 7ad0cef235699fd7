// The whole picture as SVG, Mermaid or CSV. Rule: pure; every name is escaped, because a design may come from anywhere, and a
// cell never begins a formula.
import { edgeGeometry } from "@/components/canvas/geometry";
import {
  type CanvasEdge,
  type CanvasFrame,
  type CanvasNode,
  nodeHeight,
  nodeWidth,
  type Tone,
} from "@/components/canvas/types";
import { bytesPerSecond } from "@/components/ui/traffic";
import { type Live, pairKey } from "./live";
import { nameOf } from "./to-canvas";

export interface Exported {
  nodes: readonly CanvasNode[];
  edges: readonly CanvasEdge[];
  frames: readonly CanvasFrame[];
}

/** Colours of the page that exports, so that a dark page gives a dark picture. */
export interface Palette {
  background: string;
  surface: string;
  text: string;
  dim: string;
  line: Record<Tone, string>;
}

const xml = (text: string) => text.replace(/[<>&"']/g, (char) => `&#${char.charCodeAt(0)};`).replace(/\p{Cc}/gu, " ");
const dashes = { solid: "", thin: "", "dash-dot": "12 4 2 4", dotted: "1 6", dashed: "8 6" };
const margin = 48;

export function toSvg({ nodes, edges, frames }: Exported, palette: Palette, title: string): string {
  const rectangles = [...frames, ...nodes.map(({ x, y }) => ({ x, y, width: nodeWidth, height: nodeHeight }))];
  const left = Math.min(0, ...rectangles.map((each) => each.x)) - margin;
  const top = Math.min(0, ...rectangles.map((each) => each.y)) - margin;
  const width = Math.max(nodeWidth, ...rectangles.map((each) => each.x + each.width)) + margin - left;
  const height = Math.max(nodeHeight, ...rectangles.map((each) => each.y + each.height)) + margin - top;
  const places = new Map(nodes.map((node) => [node.id, node]));
  const body = [
    `<rect x="${left}" y="${top}" width="${width}" height="${height}" fill="${palette.background}"/>`,
    ...frames.map((frame) => frameSvg(frame, palette)),
    ...edges.flatMap((edge) => {
      const from = places.get(edge.source);
      const to = places.get(edge.target);
      return from && to ? [edgeSvg(edge, from, to, palette)] : [];
    }),
    ...nodes.map((node) => nodeSvg(node, palette)),
  ];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="${left} ${top} ${width} ${height}" width="${width}" height="${height}" font-family="Inter, Helvetica, Arial, sans-serif">`,
    `<title>${xml(title)}</title>`,
    ...body,
    "</svg>",
  ].join("\n");
}

function frameSvg(frame: CanvasFrame, palette: Palette): string {
  return `<g><rect x="${frame.x}" y="${frame.y}" width="${frame.width}" height="${frame.height}" rx="14" fill="none" stroke="${frame.colour}" stroke-width="2"/><text x="${frame.x + 16}" y="${frame.y + 26}" font-size="16" font-weight="600" fill="${palette.text}">${xml(frame.title)}</text></g>`;
}

function edgeSvg(edge: CanvasEdge, from: CanvasNode, to: CanvasNode, palette: Palette): string {
  const { path, labelX, labelY } = edgeGeometry(from, to);
  const colour = palette.line[edge.tone];
  const dash = dashes[edge.line] ? ` stroke-dasharray="${dashes[edge.line]}"` : "";
  const lines = edge.label === "" ? [] : edge.label.split("\n");
  const label = lines.map(
    (text, row) =>
      `<text x="${labelX}" y="${labelY - 6 - (lines.length - 1 - row) * 13}" font-size="11" text-anchor="middle" fill="${palette.text}">${xml(text)}</text>`,
  );
  return `<g><title>${xml(edge.sentence)}</title><path d="${path}" fill="none" stroke="${colour}" stroke-width="${edge.width}"${dash}/>${label.join("")}</g>`;
}

function nodeSvg(node: CanvasNode, palette: Palette): string {
  const { x, y } = node;
  return [
    `<g><title>${xml(`${node.kind} ${node.title}, ${node.toneWord}`)}</title>`,
    `<rect x="${x}" y="${y}" width="${nodeWidth}" height="${nodeHeight}" rx="10" fill="${palette.surface}" stroke="${palette.line[node.tone]}" stroke-width="2"/>`,
    `<rect x="${x + 6}" y="${y + 10}" width="4" height="${nodeHeight - 20}" rx="2" fill="${node.stripe}"/>`,
    `<text x="${x + 20}" y="${y + 30}" font-size="15" font-weight="600" fill="${palette.text}">${xml(short(node.title, 24))}</text>`,
    `<text x="${x + 20}" y="${y + 51}" font-size="12" fill="${palette.dim}">${xml(short(node.subtitle, 32))}</text>`,
    `<text x="${x + 20}" y="${y + 73}" font-size="12" fill="${palette.dim}">${xml(short([...node.chips.map((chip) => chip.text), node.toneWord].join(" · "), 32))}</text>`,
    "</g>",
  ].join("");
}

const short = (text: string, most: number) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);

export function toMermaid({ nodes, edges }: Exported): string {
  const ids = new Map(nodes.map((node, index) => [node.id, `n${index}`]));
  const text = (value: string) =>
    value
      .replace(/["\n\r]/g, " ")
      .replaceAll("#", "#35;")
      .replace(/[<>]/g, " ");
  const lines = nodes.map((node) => {
    const label = `"${text(node.title)}"`;
    const shape =
      node.shape === "gate"
        ? `([${label}])`
        : node.shape === "outside"
          ? `{{${label}}}`
          : node.shape === "group"
            ? `[[${label}]]`
            : `[${label}]`;
    return `  ${ids.get(node.id)}${shape}`;
  });
  const arrows = edges.flatMap((edge) => {
    const [from, to] = [ids.get(edge.source), ids.get(edge.target)];
    if (!from || !to) return [];
    const label = edge.label === "" ? "" : `|"${text(edge.label)}"|`;
    return [`  ${from} ${edge.line === "dashed" ? "-.->" : "-->"}${label} ${to}`];
  });
  return ["flowchart LR", ...lines, ...arrows, ""].join("\n");
}

const heads = [
  "from",
  "to",
  "drawn",
  "granted",
  "seen",
  "requests_per_second",
  "error_ratio",
  "p50_ms",
  "p95_ms",
  "p99_ms",
  "mtls_ratio",
  "connections_per_second",
  "failed_connection_ratio",
  "bytes_per_second",
  "state",
];

export function toCsv(edges: readonly CanvasEdge[], live: Live): string {
  const rows = edges.map((edge) => {
    const found = live.dependencies.get(pairKey(edge.source, edge.target));
    const now = found?.now;
    return [
      nameOf(edge.source),
      nameOf(edge.target),
      edge.id.startsWith("seen:") ? "no" : "yes",
      found?.granted === undefined || found.granted === null ? "unknown" : found.granted ? "yes" : "no",
      found?.seen ? "yes" : "no",
      now?.requestsPerSecond,
      now?.errorRatio,
      now?.p50,
      now?.p95,
      now?.p99,
      now?.mtlsRatio,
      now?.tcp?.connectionsPerSecond,
      now?.tcp?.failedRatio,
      bytesPerSecond(now?.tcp),
      found?.state ?? "no-data",
    ];
  });
  return `${[heads, ...rows].map((row) => row.map(cell).join(",")).join("\r\n")}\r\n`;
}

function cell(value: string | number | null | undefined): string {
  if (value === null || value === undefined) return "";
  const text = typeof value === "number" ? String(Math.round(value * 1e6) / 1e6) : value;
  const safe = typeof value === "string" && /^[=+\-@\t]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
