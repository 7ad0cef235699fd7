// Diagrams of a design: the data plane drawn from the model, the control plane around it. As SVG for paper, as Mermaid for Markdown.
// The rule: a pure function of the model; the same design gives the same bytes. A large mesh is drawn by namespace.
import {
  buildIndex,
  isDependencyEnd,
  type MeshDocument,
  type MeshObject,
  type ObjectKey,
  objectKey,
  type Positions,
  parseKey,
  refKey,
} from "@/lib/mesh";
import { layered, type Placed } from "./layered";

interface Box {
  id: string;
  title: string;
  subtitle: string;
  shape: "box" | "gate" | "outside";
}
interface Line {
  from: string;
  to: string;
  label: string;
}
interface Drawing {
  boxes: Box[];
  lines: Line[];
  places: Map<string, Placed>;
}

/** More boxes than this do not read on paper. */
const MOST_BOXES = 40;
const BOX = { width: 128, height: 46 } as const;

export function dataPlane(
  document: MeshDocument,
  positions: Positions,
): { svg: string; mermaid: string; note: string } {
  const whole = servicesOf(document);
  const isLarge = whole.boxes.length > MOST_BOXES;
  const { boxes, lines } = isLarge ? byNamespace(whole) : whole;
  const places = isLarge
    ? layered(
        boxes.map(({ id }) => id),
        lines,
      )
    : placed(boxes, lines, positions);
  const drawing = { boxes, lines, places };
  return {
    svg: svgOf(drawing),
    mermaid: mermaidOf(drawing),
    note: isLarge
      ? `${whole.boxes.length} services, gateways and external services, drawn by namespace; a number at a line counts the dependencies behind it.`
      : "Boxes are services, a bar on the left marks a gateway, a dashed frame what is outside the mesh. Each line is a drawn dependency.",
  };
}

function servicesOf(document: MeshDocument): Omit<Drawing, "places"> {
  const index = buildIndex(document);
  const boxes = document.objects.flatMap((object): Box[] => {
    if (!isDependencyEnd(object)) return [];
    const shape = object.kind === "Gateway" ? "gate" : object.kind === "ExternalService" ? "outside" : "box";
    return [{ id: objectKey(object), title: object.metadata.name, subtitle: subtitleOf(object, index), shape }];
  });
  const known = new Set(boxes.map(({ id }) => id));
  const lines = index.all("Dependency").flatMap((dependency): Line[] => {
    const from = refKey(dependency.spec.from, dependency);
    const to = refKey(dependency.spec.to, dependency);
    return known.has(from) && known.has(to) ? [{ from, to, label: "" }] : [];
  });
  return { boxes, lines };
}

function subtitleOf(object: MeshObject, index: ReturnType<typeof buildIndex>): string {
  if (object.kind === "Service") {
    const versions = [...new Set(index.workloadsOf(objectKey(object)).map(({ spec }) => spec.version))];
    return [versions.join(", "), object.spec.owner].filter(Boolean).join(" · ");
  }
  if (object.kind === "ExternalService") return object.spec.hosts[0] ?? "";
  if (object.kind === "Workload") return `${object.spec.version} · calls only`;
  return object.kind === "Gateway" ? `${object.spec.type} gateway` : "";
}

function byNamespace({ boxes, lines }: Omit<Drawing, "places">): Omit<Drawing, "places"> {
  const homeOf = (key: ObjectKey) => {
    const at = parseKey(key);
    return at?.kind === "ExternalService" ? "outside the mesh" : `namespace ${at?.namespace ?? ""}`;
  };
  const counts = new Map<string, number>();
  for (const { id } of boxes) counts.set(homeOf(id), (counts.get(homeOf(id)) ?? 0) + 1);
  const between = new Map<string, number>();
  for (const { from, to } of lines) {
    const pair = `${homeOf(from)}\n${homeOf(to)}`;
    if (homeOf(from) !== homeOf(to)) between.set(pair, (between.get(pair) ?? 0) + 1);
  }
  return {
    boxes: [...counts].map(([id, count]) => ({
      id,
      title: id,
      subtitle: `${count} boxes`,
      shape: id === "outside the mesh" ? "outside" : "box",
    })),
    lines: [...between].map(([pair, count]) => {
      const [from = "", to = ""] = pair.split("\n");
      return { from, to, label: String(count) };
    }),
  };
}

/** As people placed them on the canvas, pushed together to paper; who has no place is laid out in ranks. */
function placed(boxes: readonly Box[], lines: readonly Line[], positions: Positions): Map<string, Placed> {
  if (boxes.some(({ id }) => !positions[id]))
    return layered(
      boxes.map(({ id }) => id),
      lines,
    );
  const columns = ranks(
    boxes.map(({ id }) => positions[id]?.x ?? 0),
    120,
  );
  const rows = ranks(
    boxes.map(({ id }) => positions[id]?.y ?? 0),
    60,
  );
  const taken = new Set<string>();
  return new Map(
    boxes.map(({ id }) => {
      const column = columns.get(positions[id]?.x ?? 0) ?? 0;
      let row = rows.get(positions[id]?.y ?? 0) ?? 0;
      while (taken.has(`${column} ${row}`)) row += 1;
      taken.add(`${column} ${row}`);
      return [id, { column, row }];
    }),
  );
}

/** Coordinates that are near each other share a rank. */
function ranks(values: readonly number[], near: number): Map<number, number> {
  const sorted = [...new Set(values)].sort((a, b) => a - b);
  const out = new Map<number, number>();
  let rank = -1;
  let start = Number.NEGATIVE_INFINITY;
  for (const value of sorted) {
    if (value - start > near) {
      rank += 1;
      start = value;
    }
    out.set(value, rank);
  }
  return out;
}

const GAP = { x: 34, y: 26 } as const;
const EDGE = 12;

function svgOf({ boxes, lines, places }: Drawing): string {
  const at = (id: string) => {
    const { column, row } = places.get(id) ?? { column: 0, row: 0 };
    return { x: EDGE + column * (BOX.width + GAP.x), y: EDGE + row * (BOX.height + GAP.y) };
  };
  const width = Math.max(0, ...boxes.map(({ id }) => at(id).x + BOX.width)) + EDGE;
  const height = Math.max(0, ...boxes.map(({ id }) => at(id).y + BOX.height)) + EDGE;
  const parts = [
    ...lines.map((line) => lineSvg(line, at(line.from), at(line.to))),
    ...boxes.map((box) => boxSvg(box, at(box.id))),
  ];
  return svg(width, height, parts);
}

export function svg(width: number, height: number, parts: readonly string[]): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="Roboto, sans-serif">${parts.join("")}</svg>`;
}

interface Point {
  x: number;
  y: number;
}

function boxSvg({ title, subtitle, shape }: Box, { x, y }: Point): string {
  const frame = shape === "outside" ? ' stroke-dasharray="4 3" fill="#ffffff"' : ' fill="#f4f5f8"';
  const bar = shape === "gate" ? `<rect x="${x}" y="${y}" width="6" height="${BOX.height}" fill="#4338ca"/>` : "";
  const text = (line: string, size: number, dy: number, more = "") =>
    `<text x="${x + 11}" y="${y + dy}" font-size="${size}" fill="#171b22"${more}>${escapeXml(shortened(line, size))}</text>`;
  return `<rect x="${x}" y="${y}" width="${BOX.width}" height="${BOX.height}" stroke="#8a93a3" stroke-width="1"${frame}/>${bar}${text(title, 12.5, 20, ' font-weight="bold"')}${text(subtitle, 10, 36)}`;
}

function lineSvg({ label }: Line, from: Point, to: Point): string {
  const forward = to.x >= from.x + BOX.width;
  const same = Math.abs(to.x - from.x) < 1;
  const start = same
    ? { x: from.x + BOX.width / 2, y: to.y > from.y ? from.y + BOX.height : from.y }
    : { x: forward ? from.x + BOX.width : from.x, y: from.y + BOX.height / 2 };
  const end = same
    ? { x: to.x + BOX.width / 2, y: to.y > from.y ? to.y : to.y + BOX.height }
    : { x: forward ? to.x : to.x + BOX.width, y: to.y + BOX.height / 2 };
  const angle = Math.atan2(end.y - start.y, end.x - start.x);
  const tip = (turn: number) =>
    `${round(end.x - 7 * Math.cos(angle + turn))},${round(end.y - 7 * Math.sin(angle + turn))}`;
  const middle = { x: (start.x + end.x) / 2, y: (start.y + end.y) / 2 - 3 };
  const text = label
    ? `<text x="${round(middle.x)}" y="${round(middle.y)}" font-size="8.5" fill="#545d6b">${escapeXml(label)}</text>`
    : "";
  return `<line x1="${round(start.x)}" y1="${round(start.y)}" x2="${round(end.x)}" y2="${round(end.y)}" stroke="#545d6b" stroke-width="1.2"/><polygon points="${round(end.x)},${round(end.y)} ${tip(0.45)} ${tip(-0.45)}" fill="#545d6b"/>${text}`;
}

const round = (value: number) => Math.round(value * 10) / 10;

/** What fits into a box, by the average width of a letter. */
function shortened(text: string, size: number): string {
  const most = Math.floor((BOX.width - 18) / (size * 0.52));
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}

export function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

function mermaidOf({ boxes, lines }: Drawing): string {
  const ids = new Map(boxes.map(({ id }, place) => [id, `n${place}`]));
  const quoted = (text: string) => `"${text.replaceAll('"', "#quot;")}"`;
  const shape = { box: ["[", "]"], gate: ["[/", "/]"], outside: ["([", "])"] } as const;
  return [
    "flowchart LR",
    ...boxes.map((box) => `  ${ids.get(box.id)}${shape[box.shape][0]}${quoted(box.title)}${shape[box.shape][1]}`),
    ...lines.map(({ from, to, label }) => `  ${ids.get(from)} -->${label ? `|${label}|` : ""} ${ids.get(to)}`),
  ].join("\n");
}
