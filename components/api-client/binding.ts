"use client";
// The environment's binding: what runs behind each workload. Rule: written whole with the version it was read at; what
// somebody else bound meanwhile is kept, since a change is made on what is there and not on what was shown.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { BindingDto } from "./dto";
import { keys } from "./keys";
import { ApiError, request } from "./request";

const OVERTAKEN = 412;

export function useBinding(mesh: string, environment: string | undefined) {
  const client = useQueryClient();
  const path = `/meshes/${mesh}/environments/${environment ?? ""}/binding`;
  const queryKey = keys.mesh(mesh, "binding", environment);
  const read = async (signal?: AbortSignal) => {
    const { data, etag } = await request<{ version: number; binding: BindingDto }>(`${path}?at=draft`, { signal });
    return { etag: etag ?? `"v${data.version}"`, binding: data.binding };
  };
  const query = useQuery({ queryKey, queryFn: ({ signal }) => read(signal), enabled: environment !== undefined });
  const change = useMutation({
    mutationFn: async (changed: (binding: BindingDto) => BindingDto) => {
      const { etag, binding } = await read();
      return request(path, { method: "PUT", body: { binding: changed(binding) }, ifMatch: etag });
    },
    retry: (failures, error) => failures < 2 && error instanceof ApiError && error.status === OVERTAKEN,
    onSettled: () => client.invalidateQueries({ queryKey }),
  });
  return { binding: query.data?.binding, reading: query, change };
}
