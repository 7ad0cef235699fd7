"use client";
// What the checklist reads and asks for. Rule: news of a run invalidates everything under "checks", so no screen polls while nothing runs.
import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { get, keys, type PageOf, send } from "@/components/api-client";
import type { CheckChangesDto, CheckRunDto, ChecksNowDto, EvidenceDto } from "@/lib/api/schema/checks";
import type { Waiver } from "@/lib/compliance/standing";

const pathOf = (mesh: string, environment: string | undefined) =>
  `/meshes/${mesh}/environments/${environment ?? ""}/checks`;

export function useChecks(mesh: string, environment: string | undefined, at: string | null) {
  return useQuery({
    queryKey: keys.mesh(mesh, "checks", environment, "now", at),
    queryFn: ({ signal }) => get<ChecksNowDto>(`${pathOf(mesh, environment)}/latest${at ? `?at=${at}` : ""}`, signal),
    enabled: environment !== undefined,
    placeholderData: keepPreviousData,
    // News comes as it happens; this is for a browser that hears none, and for what expires by itself.
    refetchInterval: (query) => (query.state.data?.open ? 1_000 : 30_000),
  });
}

export function useRuns(mesh: string, environment: string | undefined) {
  return useQuery({
    queryKey: keys.mesh(mesh, "checks", environment, "runs"),
    queryFn: ({ signal }) => get<PageOf<CheckRunDto>>(`${pathOf(mesh, environment)}?limit=30`, signal),
    enabled: environment !== undefined,
  });
}

export function useEvidence(
  mesh: string,
  environment: string | undefined,
  run: string | undefined,
  evidence: string | null,
) {
  return useQuery({
    queryKey: keys.mesh(mesh, "check-evidence", environment, run, evidence),
    queryFn: ({ signal }) => get<EvidenceDto>(`${pathOf(mesh, environment)}/${run}/evidence/${evidence}`, signal),
    enabled: environment !== undefined && run !== undefined && evidence !== null,
    staleTime: Number.POSITIVE_INFINITY,
  });
}

export function useChanges(
  mesh: string,
  environment: string | undefined,
  run: string | undefined,
  since: string | null,
) {
  return useQuery({
    queryKey: keys.mesh(mesh, "check-changes", environment, run, since),
    queryFn: ({ signal }) =>
      get<CheckChangesDto>(
        `${pathOf(mesh, environment)}/${run}/changes?since=${encodeURIComponent(since ?? "")}`,
        signal,
      ),
    enabled: environment !== undefined && run !== undefined && since !== null,
    staleTime: Number.POSITIVE_INFINITY,
  });
}

export type WaiverRequest = Pick<
  Waiver,
  "control" | "subject" | "reason" | "owner" | "compensatingControl" | "expiresAt"
>;

export function useCheckActions(mesh: string, environment: string | undefined) {
  const client = useQueryClient();
  const reread = () => client.invalidateQueries({ queryKey: keys.mesh(mesh, "checks") });
  const run = useMutation({
    mutationFn: () => send<CheckRunDto>("POST", pathOf(mesh, environment)),
    onSettled: reread,
  });
  const waive = useMutation({
    mutationFn: (waiver: WaiverRequest) => send("POST", `/meshes/${mesh}/waivers`, waiver),
    onSuccess: reread,
  });
  const withdraw = useMutation({
    mutationFn: (id: string) => send("DELETE", `/meshes/${mesh}/waivers/${id}`),
    onSuccess: reread,
  });
  return { run, waive, withdraw };
}

export const exportUrl = (mesh: string, environment: string, run: string, format: string, framework: string | null) =>
  `/api/v1${pathOf(mesh, environment)}/${run}/export?format=${format}${framework ? `&framework=${framework}` : ""}`;
