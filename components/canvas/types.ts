// The canvas' own words. Job: what a picture of boxes and lines can say. Rule: no domain; whoever maps a domain onto
// these decides what a stripe or a dotted line means, and says so in the legend.
import type { ComponentType } from "react";

export type Tone = "ok" | "attention" | "failing" | "unmeasured" | "stale";
export type LineStyle = "solid" | "dash-dot" | "dotted" | "thin" | "dashed";
export type ChangeMark = "added" | "removed" | "changed";
/** How much of a box is drawn: far = shape and health, mid = name, near = everything. */
export type Detail = "far" | "mid" | "near";

export interface CanvasNode {
  id: string;
  x: number;
  y: number;
  shape: "box" | "gate" | "outside" | "group";
  icon: ComponentType<{ size?: number; stroke?: number }>;
  kind: string;
  title: string;
  subtitle: string;
  facts: string;
  stripe: string;
  /** A colour of the whole box, where an overlay names by colour. */
  tint?: string;
  tone: Tone;
  toneWord: string;
  chips: readonly { text: string; share: number | null }[];
  badge: { count: number; tone: Tone; label: string } | null;
  /** Open comments pinned to it; absent: none. */
  comments?: number;
  change: ChangeMark | null;
  dimmed: boolean;
}

export interface CanvasEdge {
  id: string;
  source: string;
  target: string;
  width: number;
  tone: Tone;
  line: LineStyle;
  /** Shown near, or when hovered or selected. */
  label: string;
  /** A sentence for screen readers. */
  sentence: string;
  warning: string | null;
  change: ChangeMark | null;
  dimmed: boolean;
}

/** An area behind boxes that belong together. */
export interface CanvasFrame {
  id: string;
  title: string;
  count: number;
  colour: string;
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface Point {
  x: number;
  y: number;
}

export const nodeWidth = 232;
export const nodeHeight = 92;
