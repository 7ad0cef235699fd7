"use client";
// How one looks at the topology: layer, overlay, groups and which of them are open. Rule: all of it in the URL, defaults not
// written, so that a pasted link shows the same picture.
import { useCallback, useMemo } from "react";
import { useUrlState } from "@/components/shell";
import { type Grouping, groupedFrom, groupings, groupName } from "./model/groups";
import { type Overlay, overlays } from "./model/overlays";
import { type Layer, layers } from "./model/to-canvas";

export interface Look {
  layer: Layer;
  setLayer(layer: Layer): void;
  overlay: Overlay;
  setOverlay(overlay: Overlay): void;
  /** Large meshes are grouped by namespace unless one said otherwise. */
  groupingFor(drawn: number): Grouping;
  setGrouping(grouping: Grouping): void;
  isOpen(group: string, drawn: number): boolean;
  /** Opens what is closed, closes what is open. */
  toggle(group: string): void;
}

export function useLook(): Look {
  const [layerText, setLayerText] = useUrlState("layer");
  const [overlayText, setOverlayText] = useUrlState("overlay");
  const [groupText, setGroupText] = useUrlState("group");
  const [toggledText, setToggledText] = useUrlState("fold");
  const toggled = useMemo(() => new Set(toggledText ? toggledText.split(",") : []), [toggledText]);
  const groupingFor = useCallback(
    (drawn: number): Grouping =>
      groupings.find((each) => each === groupText) ?? (drawn >= groupedFrom ? "namespace" : "none"),
    [groupText],
  );
  const isOpen = useCallback(
    (group: string, drawn: number) => drawn < groupedFrom !== toggled.has(groupName(group)),
    [toggled],
  );
  return {
    layer: layers.find((each) => each === layerText) ?? "drawn",
    setLayer: (layer) => setLayerText(layer === "drawn" ? null : layer),
    overlay: overlays.find((each) => each === overlayText) ?? "health",
    setOverlay: (overlay) => setOverlayText(overlay === "health" ? null : overlay),
    groupingFor,
    setGrouping: (grouping) => {
      setGroupText(grouping);
      setToggledText(null);
    },
    isOpen,
    toggle: (group) => {
      const next = new Set(toggled);
      if (!next.delete(groupName(group))) next.add(groupName(group));
      setToggledText(next.size > 0 ? [...next].sort().join(",") : null);
    },
  };
}
