"use client";
// The mesh a page belongs to, with its environments and revisions. Rule: loaded once by the shell, read everywhere.
import { useQuery } from "@tanstack/react-query";
import { createContext, type ReactNode, useContext, useMemo } from "react";
import { type EnvironmentDto, get, keys, type PageOf, type RevisionDto } from "@/components/api-client";
import { useView } from "./use-view";

export interface MeshContextValue {
  mesh: string;
  environments: EnvironmentDto[];
  /** The environment of the URL, else the first. */
  environment: EnvironmentDto | undefined;
  revisions: RevisionDto[];
  /** `draft`, `r12`, or what runs, as the API takes it; null while nothing runs. */
  atOf(at: string): string | null;
  isLoading: boolean;
}

const MeshContext = createContext<MeshContextValue | null>(null);

export function MeshProvider({ mesh, children }: { mesh: string; children: ReactNode }) {
  const { view } = useView();
  const environments = useQuery({
    queryKey: keys.mesh(mesh, "environments"),
    queryFn: ({ signal }) => get<PageOf<EnvironmentDto>>(`/meshes/${mesh}/environments`, signal),
  });
  const revisions = useQuery({
    queryKey: keys.mesh(mesh, "revisions"),
    queryFn: ({ signal }) => get<PageOf<RevisionDto>>(`/meshes/${mesh}/revisions`, signal),
  });
  const value = useMemo<MeshContextValue>(() => {
    const list = environments.data?.items ?? [];
    const environment = list.find((each) => each.name === view.environment) ?? list[0];
    return {
      mesh,
      environments: list,
      environment,
      revisions: revisions.data?.items ?? [],
      atOf: (at) => (at !== "running" ? at : environment?.running ? `r${environment.running.revision}` : null),
      isLoading: environments.isLoading || revisions.isLoading,
    };
  }, [mesh, environments.data, environments.isLoading, revisions.data, revisions.isLoading, view.environment]);
  return <MeshContext.Provider value={value}>{children}</MeshContext.Provider>;
}

export function useMesh(): MeshContextValue {
  const value = useContext(MeshContext);
  if (!value) throw new Error("useMesh is for components inside a mesh's page");
  return value;
}
