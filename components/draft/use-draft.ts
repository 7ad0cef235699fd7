"use client";
// The draft of a mesh in React. Rule: one store per mesh and tab, alive across screens, so that nothing unsaved is lost
// by walking around.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useSyncExternalStore } from "react";
import { get, keys, useSteady } from "@/components/api-client";
import type { Command, Violation } from "@/lib/mesh";
import { createDraftStore, type DraftBase, type DraftSnapshot, type DraftStore, type Refusal } from "./draft-store";
import { draftTransport, stepsOf } from "./transport";

const stores = new Map<string, DraftStore>();
const timers = {
  after(ms: number, run: () => void) {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};

export interface Draft {
  snapshot: DraftSnapshot | null;
  error: Error | null;
  reload(): void;
  edit(command: Command): Violation[];
  undo(): void;
  redo(): void;
  dismiss(): void;
  /** Waits until the server has everything; and says what it refused of it, if anything. */
  flush(): Promise<Refusal | null>;
}

const never = () => () => undefined;

export function useDraft(mesh: string): Draft {
  const client = useQueryClient();
  const query = useSteady(
    useQuery({
      queryKey: keys.mesh(mesh, "draft"),
      queryFn: ({ signal }) => get<DraftBase>(`/meshes/${mesh}/draft`, signal),
      refetchInterval: 30_000,
    }),
  );
  const data = query.data;
  if (data && !stores.has(mesh)) stores.set(mesh, createDraftStore(data, draftTransport(mesh), timers));
  const store = stores.get(mesh);
  useEffect(() => {
    if (data) store?.take(data);
  }, [data, store]);
  useEffect(() => {
    if (store)
      stepsOf(mesh).then(
        (steps) => store.setSteps(steps),
        () => undefined,
      );
  }, [store, mesh]);
  useEffect(() => {
    const warn = (event: BeforeUnloadEvent) => {
      if (store?.hasUnsaved()) event.preventDefault();
    };
    window.addEventListener("beforeunload", warn);
    return () => window.removeEventListener("beforeunload", warn);
  }, [store]);
  const snapshot = useSyncExternalStore(
    store?.subscribe ?? never,
    () => store?.get() ?? null,
    () => null,
  );
  const { refetch } = query;
  const actions = useMemo(
    () => ({
      reload: () => void refetch(),
      edit: (command: Command) => store?.edit(command) ?? [],
      undo: () => void store?.undo(),
      redo: () => void store?.redo(),
      dismiss: () => store?.dismiss(),
      flush: async () => {
        const refused = (await store?.settled()) ?? null;
        await client.invalidateQueries({ queryKey: keys.mesh(mesh, "findings") });
        return refused;
      },
    }),
    [store, refetch, client, mesh],
  );
  return { snapshot, error: query.error, ...actions };
}
