"use client";
// From our words to React Flow's objects. Rule: an object whose input did not change keeps its identity, so that of
// 1,000 boxes only the changed ones render; nothing here is state.
import { type NodeHandle, Position } from "@xyflow/react";
import { useMemo, useRef } from "react";
import type { BoxNodeType } from "./box-node";
import { edgeGeometry } from "./geometry";
import type { LineEdgeType } from "./line-edge";
import { type CanvasEdge, type CanvasNode, nodeHeight, nodeWidth, type Point } from "./types";

const size = { width: nodeWidth, height: nodeHeight };

/** Known beforehand, so that React Flow measures nothing. */
const handles: NodeHandle[] = [
  {
    id: null,
    type: "source",
    position: Position.Right,
    x: nodeWidth - 6,
    y: nodeHeight / 2 - 7,
    width: 14,
    height: 14,
  },
  { id: null, type: "target", position: Position.Left, x: 0, y: 0, width: nodeWidth, height: nodeHeight },
];

interface NodeMemo {
  node: CanvasNode;
  x: number;
  y: number;
  selected: boolean;
  editable: boolean;
  flow: BoxNodeType;
}

export function useFlowNodes(
  nodes: readonly CanvasNode[],
  dragged: ReadonlyMap<string, Point>,
  selection: ReadonlySet<string>,
  editable: boolean,
): BoxNodeType[] {
  const cache = useRef(new Map<string, NodeMemo>());
  return useMemo(() => {
    const next = new Map<string, NodeMemo>();
    const out = nodes.map((node) => {
      const { x, y } = dragged.get(node.id) ?? node;
      const selected = selection.has(node.id);
      const old = cache.current.get(node.id);
      const isSame =
        old &&
        old.node === node &&
        old.x === x &&
        old.y === y &&
        old.selected === selected &&
        old.editable === editable;
      const memo: NodeMemo = isSame
        ? old
        : { node, x, y, selected, editable, flow: flowNode(node, x, y, selected, editable) };
      next.set(node.id, memo);
      return memo.flow;
    });
    cache.current = next;
    return out;
  }, [nodes, dragged, selection, editable]);
}

function flowNode(node: CanvasNode, x: number, y: number, selected: boolean, editable: boolean): BoxNodeType {
  return {
    id: node.id,
    type: "box",
    position: { x, y },
    data: { node, editable },
    selected,
    ...size,
    measured: size,
    handles,
    ariaLabel: `${node.kind} ${node.title}, ${node.toneWord}`,
  };
}

interface EdgeMemo {
  edge: CanvasEdge;
  key: string;
  flow: LineEdgeType;
}

export function useFlowEdges(
  edges: readonly CanvasEdge[],
  nodes: readonly CanvasNode[],
  dragged: ReadonlyMap<string, Point>,
  selection: ReadonlySet<string>,
  isQuiet: boolean,
): LineEdgeType[] {
  const cache = useRef(new Map<string, EdgeMemo>());
  const places = useMemo(() => new Map<string, Point>(nodes.map((node) => [node.id, node])), [nodes]);
  return useMemo(() => {
    const next = new Map<string, EdgeMemo>();
    const out: LineEdgeType[] = [];
    for (const edge of edges) {
      const from = dragged.get(edge.source) ?? places.get(edge.source);
      const to = dragged.get(edge.target) ?? places.get(edge.target);
      if (!from || !to) continue;
      const selected = selection.has(edge.id);
      const key = `${from.x} ${from.y} ${to.x} ${to.y} ${selected} ${isQuiet}`;
      const old = cache.current.get(edge.id);
      const memo =
        old && old.edge === edge && old.key === key
          ? old
          : { edge, key, flow: flowEdge(edge, from, to, selected, isQuiet) };
      next.set(edge.id, memo);
      out.push(memo.flow);
    }
    cache.current = next;
    return out;
  }, [edges, places, dragged, selection, isQuiet]);
}

function flowEdge(edge: CanvasEdge, from: Point, to: Point, selected: boolean, isQuiet: boolean): LineEdgeType {
  return {
    id: edge.id,
    type: "line",
    source: edge.source,
    target: edge.target,
    data: { edge, geometry: edgeGeometry(from, to), isQuiet },
    selected,
    ariaLabel: edge.sentence,
  };
}
