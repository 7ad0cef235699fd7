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
  /** Begins "NAME > " in the quick add. */
  connectByTyping(): void;
  /** Opens what is selected: a group on the canvas, a service on its page. */
  open(): void;
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
    ["c", whenEditable(props.connectByTyping)],
    ["Enter", () => isOnCanvas() && props.open()],
    ["l", whenEditable(() => void gestures.layOut())],
    ["f", () => props.canvas.current?.fit()],
    ["Escape", () => select([])],
  ]);
}

/** Enter on a button means that button. */
function isOnCanvas(): boolean {
  const focused = document.activeElement;
  return focused === null || focused === document.body || focused.closest(".react-flow") !== null;
}
