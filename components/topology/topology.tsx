"use client";
// "Who talks to whom, and is it as we drew it?" Job: put canvas or table, toolbar, legend and inspector together.
// Rule: selection, layer, search and view are in the URL; the picture is derived, never stored.
import { ActionIcon, Button, Drawer, Group } from "@mantine/core";
import { useDisclosure, useMediaQuery } from "@mantine/hooks";
import { IconFileImport, IconFocusCentered, IconMinus, IconPlus, IconTopologyStar3 } from "@tabler/icons-react";
import Link from "next/link";
import { useCallback, useEffect, useMemo, useRef } from "react";
import { Canvas, type CanvasHandle } from "@/components/canvas";
import { RefusalNote } from "@/components/draft";
import { useMe, useMesh, useUrlParameters, useView } from "@/components/shell";
import { EmptyState, ErrorState, LoadingRows, StatusIcon, TimeAgo } from "@/components/ui";
import { Inspector } from "./inspector/inspector";
import { Legend } from "./legend";
import { answerOf } from "./model/answer";
import { namespacesOf } from "./model/authoring";
import { layers } from "./model/to-canvas";
import { QuickAdd } from "./quick-add";
import { RemovalDialog } from "./removal-dialog";
import { TableTwin } from "./table-twin";
import { Toolbar } from "./toolbar";
import classes from "./topology.module.css";
import { useCanvasKeys } from "./use-canvas-keys";
import { useGestures } from "./use-gestures";
import { useTopology } from "./use-topology";

const nothing: readonly string[] = [];

export function Topology() {
  const { mesh } = useMesh();
  const { can } = useMe();
  const { view } = useView();
  const { search, set } = useUrlParameters();
  const layer = layers.find((each) => each === search.get("layer")) ?? "drawn";
  const show = search.get("show") === "table" ? "table" : "canvas";
  const query = search.get("q") ?? "";
  const selectionText = search.get("sel");
  const selection = useMemo(() => (selectionText ? selectionText.split(",") : nothing), [selectionText]);
  const selected = useMemo(() => new Set(selection), [selection]);
  const select = useCallback((keys: string[]) => set({ sel: keys.join(",") || null }), [set]);

  const topology = useTopology(layer, query);
  const editable = topology.isDraft && can("draft.write");
  const canvas = useRef<CanvasHandle>(null);
  const searchRef = useRef<HTMLInputElement>(null);
  const [quickAdd, quickAddDialog] = useDisclosure(false);
  const isPhone = useMediaQuery("(max-width: 48em)");
  const tools = useMemo(
    () => ({
      draft: topology.draft,
      editable,
      selection,
      select,
      middle: () => canvas.current?.middle() ?? { x: 0, y: 0 },
      fit: (keys?: readonly string[]) => canvas.current?.fit(keys),
    }),
    [topology.draft, editable, selection, select],
  );
  const gestures = useGestures(tools);
  useCanvasKeys({
    gestures,
    draft: topology.draft,
    editable,
    selection,
    select,
    canvas,
    searchRef,
    openQuickAdd: quickAddDialog.open,
  });
  useShowSelectionOnce(canvas, selection, topology.nodes.length > 0);

  if (topology.error)
    return (
      <div className={classes.centre}>
        <ErrorState error={topology.error} onRetry={topology.retry} />
      </div>
    );
  if (!topology.document)
    return (
      <div className={classes.loading}>
        <LoadingRows rows={8} height={56} />
      </div>
    );

  const answer = answerOf(topology, view.vs);
  const inspector =
    selection.length > 0 ? (
      <Inspector topology={topology} gestures={gestures} editable={editable} selection={selection} onSelect={select} />
    ) : null;
  return (
    <div className={classes.screen}>
      <header className={classes.answer}>
        <StatusIcon status={answer.status} size={18} label={answer.status} />
        <h1>{answer.text}</h1>
        {topology.measuredAt ? (
          <span className={classes.measured}>
            measured <TimeAgo at={topology.measuredAt} />
          </span>
        ) : null}
      </header>
      <Toolbar
        topology={topology}
        gestures={gestures}
        editable={editable}
        selected={selection.length}
        layer={layer}
        onLayer={(value) => set({ layer: value === "drawn" ? null : value })}
        show={show}
        onShow={(value) => set({ show: value === "table" ? "table" : null })}
        search={query}
        onSearch={(text) => set({ q: text })}
        searchRef={searchRef}
        onQuickAdd={quickAddDialog.open}
      />
      <div className={classes.stage}>
        <div className={classes.canvasArea}>
          {topology.draft.snapshot ? (
            <div className={classes.note}>
              <RefusalNote snapshot={topology.draft.snapshot} onDismiss={topology.draft.dismiss} />
            </div>
          ) : null}
          {show === "table" ? (
            <TableTwin topology={topology} selection={selected} onSelect={select} />
          ) : topology.nodes.length === 0 ? (
            <div className={classes.centre}>
              <EmptyState
                icon={<IconTopologyStar3 size={32} stroke={1.5} />}
                title="Nothing is drawn yet"
                action={
                  editable ? (
                    <Group>
                      <Button leftSection={<IconPlus size={16} />} onClick={quickAddDialog.open}>
                        Add a service
                      </Button>
                      <Button
                        variant="default"
                        leftSection={<IconFileImport size={16} />}
                        component={Link}
                        href={`/meshes/${mesh}/import`}
                      >
                        Import from Istio
                      </Button>
                    </Group>
                  ) : null
                }
              >
                Services are boxes, calls between them are lines. Add two services, drag from one to the other, then
                deploy.
              </EmptyState>
            </div>
          ) : (
            <Canvas
              ref={canvas}
              nodes={topology.nodes}
              edges={topology.edges}
              selection={selected}
              editable={editable}
              label="Topology of the mesh"
              onSelect={select}
              onMove={gestures.move}
              onConnect={gestures.connect}
              onBlank={(at) => (editable ? gestures.add("Service", "", { x: at.x - 116, y: at.y - 46 }) : undefined)}
              onOpen={(id) => select([id])}
              showMinimap={!isPhone}
            >
              <Legend namespaces={namespacesOf(topology.document)} />
            </Canvas>
          )}
          {show === "canvas" && topology.nodes.length > 0 ? (
            <div className={classes.zoom}>
              <ActionIcon variant="default" size="lg" onClick={() => canvas.current?.zoomBy(1.3)} aria-label="Zoom in">
                <IconPlus size={16} />
              </ActionIcon>
              <ActionIcon
                variant="default"
                size="lg"
                onClick={() => canvas.current?.zoomBy(1 / 1.3)}
                aria-label="Zoom out"
              >
                <IconMinus size={16} />
              </ActionIcon>
              <ActionIcon variant="default" size="lg" onClick={() => canvas.current?.fit()} aria-label="Fit everything">
                <IconFocusCentered size={16} />
              </ActionIcon>
            </div>
          ) : null}
        </div>
        {inspector && !isPhone ? inspector : null}
      </div>
      {isPhone ? (
        <Drawer
          opened={inspector !== null}
          onClose={() => select([])}
          position="bottom"
          size="70%"
          withCloseButton={false}
          padding={0}
          aria-label="Details of the selection"
        >
          {inspector}
        </Drawer>
      ) : null}
      <QuickAdd opened={quickAdd} onClose={quickAddDialog.close} onAdd={gestures.quickAdd} />
      <RemovalDialog removal={gestures.removal} onConfirm={gestures.confirmRemoval} onCancel={gestures.cancelRemoval} />
    </div>
  );
}

/** A pasted link with a selection opens where the selection is. */
function useShowSelectionOnce(
  canvas: React.RefObject<CanvasHandle | null>,
  selection: readonly string[],
  isReady: boolean,
) {
  const done = useRef(false);
  useEffect(() => {
    const only = selection[0];
    if (!isReady || done.current) return;
    done.current = true;
    if (!only) return;
    const timer = setTimeout(() => canvas.current?.centre(only), 250);
    return () => clearTimeout(timer);
  }, [canvas, selection, isReady]);
}
