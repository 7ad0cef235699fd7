"use client";
// The environment's binding: what runs behind each workload. Rule: written whole with the version it was read at.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { BindingDto } from "./dto";
import { keys } from "./keys";
import { request } from "./request";

export function useBinding(mesh: string, environment: string | undefined) {
  const client = useQueryClient();
  const path = `/meshes/${mesh}/environments/${environment ?? ""}/binding`;
  const queryKey = keys.mesh(mesh, "binding", environment);
  const query = useQuery({
    queryKey,
    queryFn: async ({ signal }) => {
      const { data, etag } = await request<{ version: number; binding: BindingDto }>(`${path}?at=draft`, { signal });
      return { etag: etag ?? `"v${data.version}"`, binding: data.binding };
    },
    enabled: environment !== undefined,
  });
  const save = useMutation({
    mutationFn: (binding: BindingDto) =>
      request(path, { method: "PUT", body: { binding }, ifMatch: query.data?.etag ?? null }),
    onSettled: () => client.invalidateQueries({ queryKey }),
  });
  return { binding: query.data?.binding, save, isLoading: query.isLoading };
}
