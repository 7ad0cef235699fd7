"use client";
// "Who talks to whom, and is it as we drew it?" Job: put canvas or table, toolbar, legend and inspector together.
// Rule: selection, layer, search and view are in the URL; the picture is derived, never stored.
import { ActionIcon, Anchor, Button, Drawer, Group } from "@mantine/core";
import { useDisclosure, useMediaQuery } from "@mantine/hooks";
import { notifications } from "@mantine/notifications";
import { IconFileImport, IconFocusCentered, IconMinus, IconPlus, IconTopologyStar3 } from "@tabler/icons-react";
import Link from "next/link";
import { useRouter } from "next/navigation";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { createPortal } from "react-dom";
import { Canvas, type CanvasHandle } from "@/components/canvas";
import { RefusalNote } from "@/components/draft";
import { useMe, useMesh, useUrlState, useView } from "@/components/shell";
import { EmptyState, ErrorState, LoadingRows, Page, ReadingHead, StatusIcon, TimeAgo } from "@/components/ui";
import { drawnAt, type MeshDocument, parseKey } from "@/lib/mesh";
import { Inspector } from "./inspector/inspector";
import { Legend } from "./legend";
import { answerOf } from "./model/answer";
import { find, namespacesOf } from "./model/document";
import { isGroup } from "./model/groups";
import { nameOf } from "./model/to-canvas";
import { Movable, useMovable } from "./movable";
import { QuickAdd } from "./quick-add";
import { RemovalDialog } from "./removal-dialog";
import { type ExportKind, savePicture } from "./save-file";
import { TableTwin } from "./table-twin";
import { Toolbar } from "./toolbar";
import classes from "./topology.module.css";
import { useCanvasKeys } from "./use-canvas-keys";
import { useGestures } from "./use-gestures";
import { useLook } from "./use-look";
import { useTopology } from "./use-topology";

const nothing: readonly string[] = [];

export function Topology() {
  const { mesh } = useMesh();
  const { can } = useMe();
  const { view } = useView();
  const look = useLook();
  const [showText, setShow] = useUrlState("show");
  const [query, setQuery] = useUrlState("q");
  const [selectionText, setSelection] = useUrlState("sel");
  const show = showText === "table" ? "table" : "canvas";
  const selection = useMemo(() => (selectionText ? selectionText.split(",") : nothing), [selectionText]);
  const selected = useMemo(() => new Set(selection), [selection]);
  const select = useCallback((keys: string[]) => setSelection(keys.join(",") || null), [setSelection]);

  const topology = useTopology(look, query, selection);
  const editable = topology.isDraft && can("draft.write");
  const canvas = useRef<CanvasHandle>(null);
  const searchRef = useRef<HTMLInputElement>(null);
  const [quickAdd, quickAddDialog] = useDisclosure(false);
  const [begin, setBegin] = useState("");
  const router = useRouter();
  const { toggle } = look;
  const fold = (group: string) => {
    toggle(group);
    select([]);
    setTimeout(() => canvas.current?.fit(), 60);
  };
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
  const details = useMovable(classes.movable);
  useCanvasKeys({
    gestures,
    draft: topology.draft,
    editable,
    selection,
    select,
    canvas,
    searchRef,
    openQuickAdd: () => {
      setBegin("");
      quickAddDialog.open();
    },
    connectByTyping: () => {
      const [first] = selection;
      setBegin(first ? `${nameOf(first)} > ` : "");
      quickAddDialog.open();
    },
    open: () => {
      const [first] = selection;
      const parts = first ? parseKey(first) : undefined;
      if (first && isGroup(first)) fold(first);
      else if (parts?.kind === "Service") router.push(`/meshes/${mesh}/services/${parts.namespace}/${parts.name}`);
    },
  });
  useOwnerOfPolicy(topology.document, selection, select);

  if (topology.error)
    return (
      <Page>
        <ReadingHead eyebrow="Topology" of={topology} what="the topology" />
        <ErrorState error={topology.error} onRetry={topology.retry} />
      </Page>
    );
  if (!topology.document)
    return (
      <Page>
        <ReadingHead eyebrow="Topology" of={topology} what="the topology" />
        <LoadingRows rows={8} height={56} />
      </Page>
    );

  const answer = answerOf(topology, view.vs);
  const showAll = (keys: readonly string[]) => {
    const ends = topology.edges.flatMap(({ id, source, target }) => (keys.includes(id) ? [source, target] : []));
    select([...keys]);
    canvas.current?.fit([...keys, ...ends]);
  };
  const save = (kind: ExportKind) =>
    savePicture(kind, mesh, topology).catch((error: Error) =>
      notifications.show({ title: "Nothing was exported", message: error.message, color: "orange" }),
    );
  const inspector =
    selection.length > 0 ? (
      <Inspector
        topology={topology}
        gestures={gestures}
        editable={editable}
        selection={selection}
        onSelect={select}
        onFold={fold}
      />
    ) : null;
  return (
    <div className={classes.screen}>
      <header className={classes.answer}>
        <div className={classes.answerText}>
          <StatusIcon status={answer.status} size={18} label={answer.status} />
          <h1>{answer.text}</h1>
        </div>
        {answer.about ? (
          <Anchor component="button" size="sm" onClick={() => showAll(answer.about ?? [])}>
            Show {answer.about.length === 1 ? "it" : "them"}
          </Anchor>
        ) : null}
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
        look={look}
        onExport={(kind) => void save(kind)}
        show={show}
        onShow={(value) => setShow(value === "table" ? "table" : null)}
        search={query}
        onSearch={setQuery}
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
                        Import what you have
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
              frames={topology.frames}
              onFold={fold}
              selection={selected}
              startAt={selection[0]}
              editable={editable}
              label="Topology of the mesh"
              onSelect={select}
              onMove={gestures.move}
              onConnect={gestures.connect}
              onBlank={(at) => (editable ? gestures.add("Service", "", { x: at.x - 116, y: at.y - 46 }) : undefined)}
              onOpen={(id) => (isGroup(id) ? fold(id) : select([id]))}
              showMinimap={!isPhone}
            >
              <Legend namespaces={namespacesOf(topology.document)} overlay={look.overlay} names={topology.names} />
            </Canvas>
          )}
          {show === "canvas" && topology.nodes.length > 0 ? (
            <div className={`${classes.zoom} touch`}>
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
        {inspector && !isPhone ? <Movable host={details} /> : null}
      </div>
      {isPhone ? (
        <Drawer.Root opened={inspector !== null} onClose={() => select([])} position="bottom" size="70%">
          <Drawer.Overlay />
          <Drawer.Content aria-label="Details of the selection">
            <Drawer.Body p={0}>
              <Movable host={details} />
            </Drawer.Body>
          </Drawer.Content>
        </Drawer.Root>
      ) : null}
      {details ? createPortal(inspector, details) : null}
      <QuickAdd
        opened={quickAdd}
        begin={begin}
        onClose={quickAddDialog.close}
        onAdd={gestures.quickAdd}
        missing={gestures.missing}
      />
      <RemovalDialog removal={gestures.removal} onConfirm={gestures.confirmRemoval} onCancel={gestures.cancelRemoval} />
    </div>
  );
}

/** Somebody looked for a workload or a policy: show the box it belongs to. */
function useOwnerOfPolicy(
  document: MeshDocument | null,
  selection: readonly string[],
  select: (keys: string[]) => void,
) {
  useEffect(() => {
    const only = selection.length === 1 ? selection[0] : undefined;
    const object = document && only ? find(document, only) : undefined;
    const owner = object ? drawnAt(object) : null;
    if (owner && owner !== only) select([owner]);
  }, [document, selection, select]);
}
