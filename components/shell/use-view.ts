"use client";
// React side of the view in the URL. Rule: changes replace the URL without a server round trip, so no screen reloads.
import { usePathname, useSearchParams } from "next/navigation";
import { useCallback, useEffect, useMemo, useState } from "react";
import { parseView, type View, viewParameters, writeParameters } from "./view";

/** Any parameters of the URL with a setter; `push` makes an entry in the history. */
export function useUrlParameters() {
  const search = useSearchParams();
  const path = usePathname();
  const set = useCallback(
    (change: Record<string, string | null>, push = false) => {
      const url = `${path}${writeParameters(window.location.search, change)}`;
      if (push) window.history.pushState(null, "", url);
      else window.history.replaceState(null, "", url);
    },
    [path],
  );
  return { search, set };
}

export function useView() {
  const { search, set } = useUrlParameters();
  const view = useMemo(() => parseView(new URLSearchParams(search.toString())), [search]);
  const setView = useCallback((change: Partial<View>) => set(viewParameters(change)), [set]);
  return { view, setView };
}

/**
 * One parameter as state: shown at once, written to the URL beside it. For what a hand changes quickly (typing,
 * selecting), because the router hands a changed URL back a moment later.
 */
export function useUrlState(name: string): [string, (value: string | null) => void] {
  const { search, set } = useUrlParameters();
  const inUrl = search.get(name) ?? "";
  const [value, setValue] = useState(inUrl);
  useEffect(() => {
    // What the router hands back may be older than the last key: the address itself is always the newest.
    const newest = new URLSearchParams(window.location.search).get(name) ?? "";
    if (inUrl === newest) setValue(inUrl);
  }, [name, inUrl]);
  const change = useCallback(
    (next: string | null) => {
      setValue(next ?? "");
      set({ [name]: next });
    },
    [name, set],
  );
  return [value, change];
}
