"use client";
// Large pictures appear in portions. Rule: no frame mounts more than a portion, so the page stays alive meanwhile;
// after the first appearance changes are shown at once.
import { useEffect, useState } from "react";

const portion = 90;

export function useGradually<T>(items: readonly T[]): readonly T[] {
  const [limit, setLimit] = useState(portion);
  const waiting = limit < items.length;
  useEffect(() => {
    if (!waiting) return;
    const frame = requestAnimationFrame(() => setLimit(limit + portion));
    return () => cancelAnimationFrame(frame);
  }, [waiting, limit]);
  return waiting ? items.slice(0, limit) : items;
}
