"use client";
// A part of the screen that stands in one of two places. Rule: it is rendered once, into an element of its own that is moved; so what a
// person typed in it, and what is open, stays when a window gets narrow or a telephone is turned.
import { useCallback, useState } from "react";

/** The element to render into (`createPortal`); null on the server. */
export function useMovable(className: string | undefined): HTMLElement | null {
  const [host] = useState(() => {
    if (typeof document === "undefined") return null;
    const made = document.createElement("div");
    made.className = className ?? "";
    return made;
  });
  return host;
}

/** Where it stands now. */
export function Movable({ host }: { host: HTMLElement | null }) {
  const place = useCallback(
    (element: HTMLDivElement | null) => {
      if (element && host) element.append(host);
    },
    [host],
  );
  return <div ref={place} className={host?.className} />;
}
