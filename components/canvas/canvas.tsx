"use client";
// The picture: React Flow behind our own words. Job: show derived nodes and edges, tell selection, moves, connections.
// Rule: holds no copy of the model; the only state here is what a hand does right now (a drag, a connection, the zoom).
import "@xyflow/react/dist/style.css";
import {
  Background,
  BackgroundVariant,
  type Connection,
  ConnectionMode,
  type EdgeChange,
  type NodeChange,
  Panel,
  ReactFlow,
  ReactFlowProvider,
  SelectionMode,
  useReactFlow,
} from "@xyflow/react";
import { type ReactNode, type Ref, startTransition, useCallback, useLayoutEffect, useRef, useState } from "react";
import { BoxNode, type BoxNodeType, DetailContext } from "./box-node";
import classes from "./canvas.module.css";
import { boxAt, FarPicture } from "./far-picture";
import { Frames } from "./frames";
import { boundsOf, detailAt, viewportAround, viewportFor } from "./geometry";
import { LineEdge, type LineEdgeType } from "./line-edge";
import { Markers } from "./markers";
import { largeFrom } from "./near";
import { SmallMap } from "./small-map";
import {
  type CanvasEdge,
  type CanvasFrame,
  type CanvasNode,
  type Detail,
  nodeHeight,
  nodeWidth,
  type Point,
} from "./types";
import { type CanvasHandle, useCanvasHandle } from "./use-canvas-handle";
import { useFlowEdges, useFlowNodes } from "./use-flow";
import { type Start, useNear } from "./use-near";

const nodeTypes = { box: BoxNode };
const edgeTypes = { line: LineEdge };
/** Near enough to read everything on a box. */
const nearZoom = 0.9;
/** Up to so many lines their labels are readable at a middle zoom too. */
const quietUpTo = 40;
const noDrag: ReadonlyMap<string, Point> = new Map();

export interface CanvasProps {
  ref?: Ref<CanvasHandle>;
  nodes: readonly CanvasNode[];
  edges: readonly CanvasEdge[];
  frames?: readonly CanvasFrame[];
  selection: ReadonlySet<string>;
  /** The box that the first look is at; without one, or when it is not there, it is at everything. */
  startAt?: string | undefined;
  editable: boolean;
  label: string;
  onSelect(ids: string[]): void;
  onMove(moves: Record<string, Point>): void;
  onConnect(from: string, to: string): void;
  /** A double click on nothing. */
  onBlank(at: Point): void;
  onOpen(id: string): void;
  /** The close button of a frame. */
  onFold?(frame: string): void;
  showMinimap: boolean;
  children?: ReactNode;
}

export function Canvas(props: CanvasProps) {
  const frame = useRef<HTMLDivElement>(null);
  const [start, setStart] = useState<Start | null>(null);
  const { nodes, startAt } = props;
  useLayoutEffect(() => {
    const box = frame.current?.getBoundingClientRect();
    if (!box) return;
    // A transition: what stands around the picture is painted first, and the picture is built in slices.
    const node = startAt === undefined ? undefined : nodes.find(({ id }) => id === startAt);
    const { width, height } = box;
    const viewport = node ? viewportAround(node, width, height, nearZoom) : viewportFor(boundsOf(nodes), width, height);
    startTransition(() => setStart((known) => known ?? { viewport, width, height }));
  }, [nodes, startAt]);
  return (
    <div ref={frame} className={classes.frame}>
      {start ? (
        <ReactFlowProvider>
          <Flow {...props} start={start} />
        </ReactFlowProvider>
      ) : null}
    </div>
  );
}

function Flow(props: CanvasProps & { start: Start }) {
  const { nodes, edges, selection, editable, onSelect, onMove, onConnect, onBlank, onOpen } = props;
  const [dragged, setDragged] = useState<ReadonlyMap<string, Point>>(noDrag);
  const [detail, setDetail] = useState<Detail>(() => detailAt(props.start.viewport.zoom));
  const [connecting, setConnecting] = useState(false);
  const isLarge = nodes.length > largeFrom;
  const isPainted = isLarge && detail === "far";
  const near = useNear(nodes, edges, selection, isPainted ? "painted" : isLarge ? "near" : "whole", props.start);
  const flowNodes = useFlowNodes(near.nodes, dragged, selection, editable);
  const flowEdges = useFlowEdges(near.edges, nodes, dragged, selection, edges.length <= quietUpTo);
  useCanvasHandle(props.ref, nodes);

  const selected = useRef(selection);
  selected.current = selection;
  const select = useCallback(
    (changes: readonly { id: string; selected: boolean }[]) => {
      const next = new Set(selected.current);
      for (const change of changes) {
        if (change.selected) next.add(change.id);
        else next.delete(change.id);
      }
      const same = next.size === selected.current.size && [...next].every((id) => selected.current.has(id));
      if (same) return;
      selected.current = next;
      onSelect([...next]);
    },
    [onSelect],
  );

  const onNodesChange = useCallback(
    (changes: NodeChange<BoxNodeType>[]) => {
      const moved = changes.filter((change) => change.type === "position");
      if (moved.length > 0) {
        const finished = moved.every((change) => !change.dragging);
        const points = Object.fromEntries(
          moved.flatMap((change) => (change.position ? [[change.id, change.position]] : [])),
        );
        if (finished && Object.keys(points).length > 0) {
          onMove(roundPoints(points));
          setDragged(noDrag);
        } else if (finished) {
          setDragged((current) => {
            if (current.size > 0) queueMicrotask(() => onMove(roundPoints(Object.fromEntries(current))));
            return noDrag;
          });
        } else {
          setDragged((current) => new Map([...current, ...Object.entries(points)]));
        }
      }
      const selections = changes.filter((change) => change.type === "select");
      if (selections.length > 0) select(selections);
    },
    [onMove, select],
  );
  const onEdgesChange = useCallback(
    (changes: EdgeChange<LineEdgeType>[]) => {
      const selections = changes.filter((change) => change.type === "select");
      if (selections.length > 0) select(selections);
    },
    [select],
  );
  const connect = useCallback(
    (connection: Connection) => {
      if (connection.source !== connection.target) onConnect(connection.source, connection.target);
    },
    [onConnect],
  );
  const flow = useReactFlow();

  return (
    <DetailContext.Provider value={detail}>
      <ReactFlow
        aria-label={props.label}
        className={classes.canvas}
        data-connecting={connecting || undefined}
        data-readonly={editable ? undefined : true}
        nodes={flowNodes}
        edges={flowEdges}
        nodeTypes={nodeTypes}
        edgeTypes={edgeTypes}
        onNodesChange={onNodesChange}
        onEdgesChange={onEdgesChange}
        onConnect={connect}
        onConnectStart={() => setConnecting(true)}
        onConnectEnd={() => setConnecting(false)}
        onNodeDoubleClick={(_, node) => onOpen(node.id)}
        onPaneClick={(event) => {
          const at = flow.screenToFlowPosition({ x: event.clientX, y: event.clientY });
          const hit = isPainted ? boxAt(nodes, at) : undefined;
          if (isPainted) onSelect(hit ? [hit.id] : []);
          if (event.detail !== 2) return;
          if (hit) void flow.setCenter(hit.x + nodeWidth / 2, hit.y + nodeHeight / 2, { zoom: nearZoom });
          else if (!isPainted) onBlank(at);
        }}
        onMove={(_, viewport) => setDetail(detailAt(viewport.zoom))}
        nodesDraggable={editable}
        nodesConnectable={editable}
        connectionMode={ConnectionMode.Strict}
        connectionRadius={40}
        selectionMode={SelectionMode.Partial}
        multiSelectionKeyCode={["Meta", "Control", "Shift"]}
        deleteKeyCode={null}
        zoomOnDoubleClick={false}
        onlyRenderVisibleElements
        elevateNodesOnSelect={false}
        minZoom={0.04}
        maxZoom={2}
        defaultViewport={props.start.viewport}
        proOptions={{ hideAttribution: true }}
      >
        <Background variant={BackgroundVariant.Dots} gap={24} size={1.5} />
        <Markers />
        {props.frames && props.frames.length > 0 ? <Frames frames={props.frames} onFold={props.onFold} /> : null}
        {isPainted ? <FarPicture edges={edges} nodes={nodes} selection={selection} /> : null}
        {props.showMinimap && !isPainted ? (
          <Panel position="bottom-right">
            <SmallMap nodes={nodes} />
          </Panel>
        ) : null}
        {props.children ? <Panel position="bottom-left">{props.children}</Panel> : null}
      </ReactFlow>
    </DetailContext.Provider>
  );
}

function roundPoints(points: Record<string, Point>): Record<string, Point> {
  return Object.fromEntries(
    Object.entries(points).map(([id, point]) => [id, { x: Math.round(point.x), y: Math.round(point.y) }]),
  );
}
