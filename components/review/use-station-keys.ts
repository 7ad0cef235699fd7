"use client";
// The keys of the walkthrough. Rule: a key that a text field, a list or an open dialog understands is left to it, and a letter
// after `g` belongs to the navigation.
import { useEffect, useRef } from "react";

interface StationKeys {
  before(): void;
  after(): void;
  jump(number: number): void;
  full(): void;
  notes(): void;
  clock(): void;
  comment(): void;
}

const OWN_KEYS =
  "input, textarea, select, [contenteditable=true], [role=radio], [role=slider], [role=listbox], [role=menu], [role=dialog], [role=tab], .react-flow__node";
const AFTER_G_MS = 1_000;

export function useStationKeys(keys: StationKeys): void {
  const latest = useRef(keys);
  latest.current = keys;
  useEffect(() => {
    // Times count from the opening of the page: none yet, so that the first second's keys are not taken for those after a `g`.
    let pressedG = Number.NEGATIVE_INFINITY;
    const press = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
      if (event.target instanceof Element && event.target.closest(OWN_KEYS)) return;
      if (document.querySelector("[role=dialog]")) return;
      if (event.key === "g") {
        pressedG = event.timeStamp;
        return;
      }
      if (event.timeStamp - pressedG < AFTER_G_MS) return;
      const act = actionOf(event.key, latest.current);
      if (!act) return;
      event.preventDefault();
      act();
    };
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  }, []);
}

function actionOf(key: string, keys: StationKeys): (() => void) | null {
  if (key === "ArrowLeft" || key === "PageUp") return keys.before;
  if (key === "ArrowRight" || key === "PageDown") return keys.after;
  if (/^[1-9]$/.test(key)) return () => keys.jump(Number(key));
  if (key === "f") return keys.full;
  if (key === "n") return keys.notes;
  if (key === "c") return keys.clock;
  return key === "m" ? keys.comment : null;
}
