"use client";
// The mesh a page belongs to, with its environments and revisions. Rule: loaded once by the shell, read everywhere.
import { useQuery } from "@tanstack/react-query";
import { createContext, type ReactNode, useContext, useMemo } from "react";
import { type EnvironmentSummary, get, keys, type PageOf, type RevisionSummary } from "@/components/api-client";
import { useView } from "./use-view";

export interface MeshContextValue {
  mesh: string;
  environments: EnvironmentSummary[];
  /** The environment of the URL, else the first. */
  environment: EnvironmentSummary | undefined;
  revisions: RevisionSummary[];
  isLoading: boolean;
}

const MeshContext = createContext<MeshContextValue | null>(null);

export function MeshProvider({ mesh, children }: { mesh: string; children: ReactNode }) {
  const { view } = useView();
  const environments = useQuery({
    queryKey: keys.mesh(mesh, "environments"),
    queryFn: ({ signal }) => get<PageOf<EnvironmentSummary>>(`/meshes/${mesh}/environments`, signal),
  });
  const revisions = useQuery({
    queryKey: keys.mesh(mesh, "revisions"),
    queryFn: ({ signal }) => get<PageOf<RevisionSummary>>(`/meshes/${mesh}/revisions`, signal),
  });
  const value = useMemo<MeshContextValue>(() => {
    const list = environments.data?.items ?? [];
    return {
      mesh,
      environments: list,
      environment: list.find((each) => each.name === view.environment) ?? list[0],
      revisions: revisions.data?.items ?? [],
      isLoading: environments.isLoading,
    };
  }, [mesh, environments.data, environments.isLoading, revisions.data, view.environment]);
  return <MeshContext.Provider value={value}>{children}</MeshContext.Provider>;
}

export function useMesh(): MeshContextValue {
  const value = useContext(MeshContext);
  if (!value) throw new Error("useMesh is for components inside a mesh's page");
  return value;
}
