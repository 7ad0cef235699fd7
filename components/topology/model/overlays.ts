// What colour means on the picture: health, or one of mutual TLS, latency, errors, owners, data class, findings.
// Rule: pure, and applied last, so that an overlay never hides an object; the legend says the same words as here.
import type { CanvasEdge, CanvasNode } from "@/components/canvas";
import { formatMs, formatPercent } from "@/components/ui/format";
import { type Status, worstStatus } from "@/components/ui/status-words";
import { failureRatio } from "@/components/ui/traffic";
import { type MeshDocument, objectKey } from "@/lib/mesh";
import { encryptionOf, type Live, type LiveNumbers, pairKey } from "./live";
import { coloursOf } from "./to-canvas";

export const overlays = ["health", "mtls", "latency", "errors", "owners", "data", "findings"] as const;
export type Overlay = (typeof overlays)[number];

export const overlayWords: Record<Overlay, string> = {
  health: "Health",
  mtls: "Mutual TLS",
  latency: "Latency p99",
  errors: "Errors",
  owners: "Owners",
  data: "Data class",
  findings: "Findings",
};

/** What each tone says under an overlay; null where colours are names (owners, data classes). */
export const toneWords: Record<Overlay, Partial<Record<Status, string>> | null> = {
  health: null,
  mtls: { ok: "all in mTLS", attention: "some in mTLS", failing: "plain text", unmeasured: "not measured" },
  latency: { ok: "p99 under 300 ms", attention: "300 ms to 1 s", failing: "1 s and more", unmeasured: "not measured" },
  errors: { ok: "under 1 %", attention: "1 to 5 %", failing: "5 % and more", unmeasured: "not measured" },
  owners: null,
  data: null,
  findings: { failing: "error", attention: "warning", unmeasured: "none" },
};

const encryptionTone = { all: "ok", some: "attention", none: "failing", unknown: "unmeasured" } as const;
const step = (value: number | null, attention: number, failing: number): Status =>
  value === null ? "unmeasured" : value >= failing ? "failing" : value >= attention ? "attention" : "ok";

export interface OverlayInput {
  document: MeshDocument;
  live: Live;
  nodes: readonly CanvasNode[];
  edges: readonly CanvasEdge[];
}

export interface Overlaid {
  nodes: CanvasNode[];
  edges: CanvasEdge[];
  /** Names and colours for the legend. */
  names: { name: string; colour: string }[];
}

export function overlaid(overlay: Overlay, input: OverlayInput): Overlaid {
  const same = { nodes: [...input.nodes], edges: [...input.edges], names: [] };
  switch (overlay) {
    case "health":
      return same;
    case "mtls":
      return byMeasure(input, ({ mtlsRatio }) => ({
        tone: encryptionTone[encryptionOf(mtlsRatio)],
        word: mtlsRatio === null ? "" : `${formatPercent(mtlsRatio)} in mTLS`,
      }));
    case "latency":
      return byMeasure(input, ({ p99 }) => ({
        tone: step(p99, 300, 1000),
        word: p99 === null ? "" : `p99 ${formatMs(p99)}`,
      }));
    case "errors":
      return byMeasure(input, (now) => ({
        tone: step(failureRatio(now), 0.01, 0.05),
        word: failureRatio(now) === null ? "" : `${formatPercent(failureRatio(now))} errors`,
      }));
    case "findings":
      return {
        ...same,
        nodes: input.nodes.map((node) => ({
          ...node,
          tone: node.badge?.tone ?? "unmeasured",
          toneWord: node.badge?.label ?? "no finding",
        })),
        edges: input.edges.map((edge) => ({ ...edge, tone: "unmeasured" })),
      };
    case "owners":
      return byName(input, "owner", "no owner");
    case "data":
      return byName(input, "dataClass", "not said");
  }
}

function byMeasure(
  { nodes, edges, live }: OverlayInput,
  of: (now: LiveNumbers) => { tone: Status; word: string },
): Overlaid {
  const touching = new Map<string, Status[]>();
  const outEdges = edges.map((edge) => {
    const now = live.dependencies.get(pairKey(edge.source, edge.target))?.now;
    if (!now) return { ...edge, tone: "unmeasured" as const, label: "" };
    const { tone, word } = of(now);
    for (const end of [edge.source, edge.target]) touching.set(end, [...(touching.get(end) ?? []), tone]);
    return { ...edge, tone, label: word };
  });
  const outNodes = nodes.map((node) => {
    const now = live.services.get(node.id)?.now;
    const own = now ? of(now) : { tone: "unmeasured" as const, word: "" };
    const tone = own.tone === "unmeasured" ? worstStatus(touching.get(node.id) ?? ["unmeasured"]) : own.tone;
    return { ...node, tone, toneWord: own.word || "not measured", subtitle: own.word || node.subtitle };
  });
  return { nodes: outNodes, edges: outEdges, names: [] };
}

function byName({ document, nodes, edges }: OverlayInput, field: "owner" | "dataClass", unset: string): Overlaid {
  const said = new Map<string, string>();
  for (const object of document.objects) {
    const spec: Record<string, unknown> = object.spec;
    const value = spec[field];
    if (typeof value === "string") said.set(objectKey(object), value);
  }
  const colours = coloursOf(nodes.map((node) => said.get(node.id) ?? unset));
  const outNodes = nodes.map((node) => {
    const name = said.get(node.id) ?? unset;
    const colour = colours.get(name) ?? "";
    return { ...node, tone: "unmeasured" as const, toneWord: name, subtitle: name, stripe: colour, tint: colour };
  });
  return {
    nodes: outNodes,
    edges: edges.map((edge) => ({ ...edge, tone: "unmeasured" })),
    names: [...colours].map(([name, colour]) => ({ name, colour })),
  };
}
