"use client";
// Who is signed in and what they may do, for showing or hiding controls. Rule: never a security decision; the API
// decides on every request, this only keeps people from buttons that would refuse them.
import { useQuery } from "@tanstack/react-query";
import { useParams } from "next/navigation";
import { get, keys, type Me, type MeshSummary, type PageOf } from "@/components/api-client";

export function useMeshes() {
  return useQuery({
    queryKey: keys.meshes,
    queryFn: ({ signal }) => get<PageOf<MeshSummary>>("/meshes", signal),
    staleTime: 30_000,
  });
}

/** `can("draft.write")`: on the mesh of the page, or on everything. */
export function useMe() {
  const params = useParams<{ mesh?: string }>();
  const query = useQuery({ queryKey: keys.me, queryFn: ({ signal }) => get<Me>("/me", signal), staleTime: 60_000 });
  const meshes = useMeshes();
  const mesh = meshes.data?.items.find((each) => each.slug === params.mesh);
  const roles = (query.data?.roles ?? [])
    .filter((each) => each.mesh === null || each.mesh === params.mesh)
    .map((each) => each.role);
  const can = (action: string) =>
    (mesh?.permissions.includes(action) ?? false) || (query.data?.permissions.includes(action) ?? false);
  return { me: query.data, role: mesh?.role ?? roles[0] ?? null, can, isLoading: query.isLoading };
}
