"use client";
// The keys of the topology. Rule: the same list as in the keys help; none fires while one types.
import { useHotkeys } from "@mantine/hooks";
import type { RefObject } from "react";
import type { CanvasHandle } from "@/components/canvas";
import type { Draft } from "@/components/draft";
import type { Gestures } from "./use-gestures";

export function useCanvasKeys(props: {
  gestures: Gestures;
  draft: Draft;
  editable: boolean;
  selection: readonly string[];
  select(keys: string[]): void;
  canvas: RefObject<CanvasHandle | null>;
  searchRef: RefObject<HTMLInputElement | null>;
  openQuickAdd(): void;
}) {
  const { gestures, draft, editable, select } = props;
  const whenEditable = (run: () => void) => () => {
    if (editable) run();
  };
  useHotkeys([
    ["/", () => props.searchRef.current?.focus()],
    ["a", whenEditable(props.openQuickAdd)],
    ["Delete", whenEditable(() => gestures.askToRemove())],
    ["Backspace", whenEditable(() => gestures.askToRemove())],
    ["mod + Z", whenEditable(draft.undo)],
    ["mod + shift + Z", whenEditable(draft.redo)],
    ["mod + Y", whenEditable(draft.redo)],
    ["mod + C", () => void gestures.copy()],
    ["mod + V", whenEditable(() => void gestures.paste())],
    ["mod + A", gestures.selectAll],
    ["l", whenEditable(() => void gestures.layOut())],
    ["f", () => props.canvas.current?.fit()],
    ["Escape", () => select([])],
  ]);
}
