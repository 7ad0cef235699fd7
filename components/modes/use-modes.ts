"use client";
// What was seen of each service, and its steps. Rule: the server asks every call seen of the design; this only reads it.
import { useQuery } from "@tanstack/react-query";
import { get, keys } from "@/components/api-client";
import { useMesh } from "@/components/shell";
import type { Adoption } from "@/lib/modes";

export function useModes() {
  const { mesh, environment } = useMesh();
  const name = environment?.name;
  return useQuery({
    // under "findings": an edit of the draft makes both anew
    queryKey: keys.mesh(mesh, "findings", "modes", name),
    queryFn: ({ signal }) =>
      get<{ range: string; items: Adoption[] }>(
        `/meshes/${mesh}/modes?${new URLSearchParams({ environment: name ?? "", range: "24h" })}`,
        signal,
      ),
    enabled: name !== undefined,
    refetchInterval: 60_000,
  });
}
