"use client";
// What the services screens read: the design of the URL's `at` with its live state, and its findings. Rule: reads only.
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { get, keys, type TopologyDto, useFindings, useSteady } from "@/components/api-client";
import { useMesh, useView } from "@/components/shell";

export function useDesign() {
  const { mesh, environment, atOf } = useMesh();
  const { view } = useView();
  const at = atOf(view.at) ?? "draft";
  const question = { at, environment: environment?.name ?? "", range: view.range };
  const topology = useSteady(
    useQuery({
      queryKey: keys.mesh(mesh, "topology", question),
      queryFn: ({ signal }) => get<TopologyDto>(`/meshes/${mesh}/topology?${new URLSearchParams(question)}`, signal),
      placeholderData: keepPreviousData,
      enabled: environment !== undefined,
      refetchInterval: 5000,
    }),
  );
  return { topology, findings: useFindings(mesh, at) };
}
