"use client";
// The way back and forth in the draft, by button and by key; the same on every screen that edits it.
import { ActionIcon, Group, Tooltip } from "@mantine/core";
import { useHotkeys } from "@mantine/hooks";
import { IconArrowBackUp, IconArrowForwardUp } from "@tabler/icons-react";
import type { Draft } from "./use-draft";

export function UndoButtons({ draft }: { draft: Draft }) {
  const { snapshot, undo, redo } = draft;
  useHotkeys([
    ["mod+Z", () => undo()],
    ["mod+shift+Z", () => redo()],
    ["mod+Y", () => redo()],
  ]);
  return (
    <Group gap={4} wrap="nowrap">
      <Tooltip label="Undo the last change of the draft (Ctrl Z)">
        <ActionIcon aria-label="Undo" disabled={!snapshot?.canUndo} onClick={undo}>
          <IconArrowBackUp size={18} />
        </ActionIcon>
      </Tooltip>
      <Tooltip label="Redo (Ctrl Shift Z)">
        <ActionIcon aria-label="Redo" disabled={!snapshot?.canRedo} onClick={redo}>
          <IconArrowForwardUp size={18} />
        </ActionIcon>
      </Tooltip>
    </Group>
  );
}
