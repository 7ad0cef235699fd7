"use client";
// What hands do on the canvas, turned into commands of the draft. Job: one object of actions for toolbar, keys, canvas
// and inspector. Rule: every refusal is said; nothing is deleted before it was said in numbers.
import { notifications } from "@mantine/notifications";
import { useMemo, useState } from "react";
import { layOut, type Point } from "@/components/canvas";
import type { Draft } from "@/components/draft";
import { type Command, type MeshDocument, objectKey, parseKey, refKey, type Violation } from "@/lib/mesh";
import { type Alignment, aligned } from "./model/align";
import { type Addable, addGesture, connectGesture, lineGesture, notDrawn, readQuickAdd } from "./model/authoring";
import { clipOf, pasteGesture, readClip } from "./model/clip";
import { find, namespacesOf } from "./model/document";
import { type Removal, removalOf } from "./model/removal";
import { isDrawn } from "./model/to-canvas";

export interface GestureTools {
  draft: Draft;
  editable: boolean;
  selection: readonly string[];
  select(keys: string[]): void;
  middle(): Point;
  fit(keys?: readonly string[]): void;
}

export type Gestures = ReturnType<typeof useGestures>;

const say = (title: string, message: string) =>
  notifications.show({ title, message, color: "orange", autoClose: 6000 });

export function useGestures(tools: GestureTools) {
  const [removal, setRemoval] = useState<Removal | null>(null);
  const [isLayingOut, setLayingOut] = useState(false);
  const actions = useMemo(() => {
    const { draft, selection } = tools;
    const state = () => draft.snapshot;
    function edit(command: Command, select?: string[]): boolean {
      if (!tools.editable) {
        say("Nothing was changed", "Look at the draft to edit; a revision never changes.");
        return false;
      }
      const violations = draft.edit(command);
      if (violations.length > 0) {
        say("The model refuses this", violations.map((each) => `${each.message}. ${each.fix}`).join(" "));
        return false;
      }
      if (select) tools.select(select);
      return true;
    }
    /** Where new objects are: with what is selected. */
    function namespaceIn(document: MeshDocument): string {
      const [first] = selection;
      return (first ? parseKey(first)?.namespace : undefined) ?? namespacesOf(document)[0] ?? "default";
    }
    function add(kind: Addable, name: string, at?: Point) {
      const snapshot = state();
      if (!snapshot) return;
      const place = at ?? freePlace(tools.middle(), Object.values(snapshot.positions));
      const gesture = addGesture(snapshot.document, kind, name, namespaceIn(snapshot.document), place);
      edit(gesture.command, gesture.select);
    }
    function connect(from: string, to: string) {
      const snapshot = state();
      if (!snapshot) return;
      const gesture = connectGesture(snapshot.document, from, to);
      if ("refused" in gesture) say("No line was drawn", gesture.refused);
      else edit(gesture.command, gesture.select);
    }
    return {
      edit,
      /** As `edit`, for a field that says itself why it was refused. */
      attempt: (command: Command): readonly Violation[] => (tools.editable ? draft.edit(command) : []),
      add,
      connect,
      quickAdd(text: string): boolean {
        const snapshot = state();
        const read = readQuickAdd(text);
        if (!read || !snapshot) return false;
        if ("kind" in read) {
          add(read.kind, read.host ?? read.name);
          return true;
        }
        const first = freePlace(tools.middle(), Object.values(snapshot.positions));
        const second = freePlace({ x: first.x + 440, y: first.y + 46 }, [...Object.values(snapshot.positions), first]);
        const gesture = lineGesture(snapshot.document, read, namespaceIn(snapshot.document), [first, second]);
        if (!("refused" in gesture)) return edit(gesture.command, gesture.select);
        say("No line was drawn", gesture.refused);
        return false;
      },
      /** Of what a typed line is between, what it would add. */
      missing: (line: { from: string; to: string }): string[] => {
        const snapshot = state();
        return snapshot ? notDrawn(snapshot.document, line) : [];
      },
      rename(key: string, name: string): boolean {
        const parts = parseKey(key);
        if (!parts || parts.name === name) return true;
        return edit({ type: "renameObject", key, name }, [`${parts.kind}/${parts.namespace ?? ""}/${name}`]);
      },
      move(moves: Record<string, Point>) {
        if (Object.keys(moves).length > 0) edit({ type: "moveObjects", positions: moves });
      },
      align(alignment: Alignment) {
        const snapshot = state();
        if (!snapshot) return;
        const places = Object.fromEntries(
          selection.flatMap((key) => {
            const place = snapshot.positions[key];
            return place ? [[key, place] as const] : [];
          }),
        );
        edit({ type: "moveObjects", positions: aligned(places, alignment) });
      },
      askToRemove(keys: readonly string[] = selection) {
        const snapshot = state();
        if (!snapshot || keys.length === 0) return;
        if (!tools.editable) {
          say("Nothing was changed", "Look at the draft to edit; a revision never changes.");
          return;
        }
        setRemoval(removalOf(snapshot.document, snapshot.positions, keys));
      },
      async copy() {
        const snapshot = state();
        const clip = snapshot && clipOf(snapshot.document, snapshot.positions, selection);
        if (!clip) return;
        await navigator.clipboard.writeText(JSON.stringify(clip)).catch(() => undefined);
        lastClip = JSON.stringify(clip);
      },
      async paste() {
        const snapshot = state();
        const text = await navigator.clipboard.readText().catch(() => lastClip);
        const clip = readClip(text) ?? readClip(lastClip);
        if (!snapshot || !clip) return;
        const gesture = pasteGesture(snapshot.document, clip, { x: 48, y: 120 });
        edit(gesture.command, gesture.select);
      },
      selectAll() {
        const snapshot = state();
        if (snapshot) tools.select(snapshot.document.objects.filter(isDrawn).map(objectKey));
      },
      async layOut() {
        const snapshot = state();
        if (!snapshot) return;
        const chosen = selection.filter((key) => {
          const object = find(snapshot.document, key);
          return object && isDrawn(object);
        });
        const all = snapshot.document.objects.filter(isDrawn).map(objectKey);
        const nodes = chosen.length > 1 ? chosen : all;
        const edges = snapshot.document.objects.flatMap((object) =>
          object.kind === "Dependency"
            ? [{ from: refKey(object.spec.from, object), to: refKey(object.spec.to, object) }]
            : [],
        );
        setLayingOut(true);
        try {
          const places = await layOut(nodes, edges);
          edit({
            type: "moveObjects",
            positions: chosen.length > 1 ? shifted(places, chosen, snapshot.positions) : places,
          });
          setTimeout(() => tools.fit(chosen.length > 1 ? chosen : undefined), 60);
        } catch (error) {
          say("The layout did not finish", error instanceof Error ? error.message : "Try again.");
        } finally {
          setLayingOut(false);
        }
      },
    };
  }, [tools]);
  return {
    ...actions,
    removal,
    isLayingOut,
    confirmRemoval() {
      if (removal) actions.edit(removal.command, []);
      setRemoval(null);
    },
    cancelRemoval: () => setRemoval(null),
  };
}

let lastClip = "";

/** The wanted place, moved down until no box stands there. */
function freePlace(wanted: Point, taken: readonly Point[]): Point {
  const place = { x: Math.round(wanted.x - 116), y: Math.round(wanted.y - 46) };
  while (taken.some((each) => Math.abs(each.x - place.x) < 240 && Math.abs(each.y - place.y) < 110)) place.y += 120;
  return place;
}

/** A part that was laid out stays where its top left corner was. */
function shifted(
  places: Record<string, Point>,
  keys: readonly string[],
  before: Record<string, Point>,
): Record<string, Point> {
  const old = keys.flatMap((key) => before[key] ?? []);
  const left = Math.min(...old.map((each) => each.x), Number.MAX_SAFE_INTEGER);
  const top = Math.min(...old.map((each) => each.y), Number.MAX_SAFE_INTEGER);
  if (old.length === 0) return places;
  return Object.fromEntries(
    Object.entries(places).map(([key, place]) => [key, { x: place.x + left, y: place.y + top }]),
  );
}
