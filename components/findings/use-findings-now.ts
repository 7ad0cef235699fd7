"use client";
// Findings of the draft as it stands in this tab. Rule: the worker's answer about what is typed wins over the server's about what
// was saved; accepted risks come from the server and are laid over either.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useMemo } from "react";
import { type FindingDto, get, keys, send, useFindings } from "@/components/api-client";
import { type DesignWorker, useDesignAnswer } from "@/components/design-worker";
import { markAccepted } from "@/lib/analysis/accepted";
import type { AcceptedRiskDto } from "@/lib/api/schema/findings";
import type { MeshDocument } from "@/lib/mesh";

export type NewRisk = Pick<AcceptedRiskDto, "findingId" | "message" | "reason" | "owner" | "expiresAt">;

export function useFindingsNow(mesh: string, document: MeshDocument | undefined) {
  const server = useFindings(mesh, "draft");
  const risks = useQuery({
    queryKey: keys.mesh(mesh, "findings", "accepted"),
    queryFn: ({ signal }) => get<{ items: AcceptedRiskDto[] }>(`/meshes/${mesh}/accepted-risks`, signal),
  });
  const question = useCallback(
    (worker: DesignWorker) => {
      if (document) worker.setDesign("draft", document);
      return worker.findings();
    },
    [document],
  );
  const live = useDesignAnswer(document ? question : null);
  const items = useMemo((): FindingDto[] => {
    const found: readonly FindingDto[] = live.value ?? server.data?.items ?? [];
    return markAccepted(found, risks.data?.items.filter((risk) => risk.isInForce) ?? []);
  }, [live.value, server.data, risks.data]);
  return {
    items,
    isReading: !live.value && !server.data && !live.error && !server.error,
    isWorking: live.isWorking,
    error: live.error ?? (live.value ? null : server.error) ?? risks.error,
    retry: () => void Promise.all([server.refetch(), risks.refetch()]),
  };
}

export function useRiskActions(mesh: string) {
  const client = useQueryClient();
  const path = `/meshes/${mesh}/accepted-risks`;
  const onSuccess = () => client.invalidateQueries({ queryKey: keys.mesh(mesh, "findings") });
  return {
    accept: useMutation({ mutationFn: (risk: NewRisk) => send<AcceptedRiskDto>("PUT", path, risk), onSuccess }),
    end: useMutation({
      mutationFn: (findingId: string) => send("DELETE", `${path}?finding=${encodeURIComponent(findingId)}`),
      onSuccess,
    }),
  };
}
