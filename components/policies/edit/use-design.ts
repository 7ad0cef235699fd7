"use client";
// What the worker says about the draft: findings, and what changes against the state that is compared with.
// Rule: nothing is compared silently with something else; when there is nothing to compare with, that is said.
import { useQuery } from "@tanstack/react-query";
import { useCallback } from "react";
import { get, keys } from "@/components/api-client";
import { type DesignAnswer, type DesignWorker, useDesignAnswer } from "@/components/design-worker";
import { baseOf, useMesh, useView } from "@/components/shell";
import type { Finding } from "@/lib/analysis";
import type { MeshDocument } from "@/lib/mesh";
import type { Consequence, ObservedCall } from "@/lib/simulate";

export interface Design {
  findings: DesignAnswer<Finding[]>;
  consequences: DesignAnswer<Consequence[]>;
  /** `r12`; null while nothing can be compared with. */
  base: string | null;
  /** Whether there is something to compare with is not known yet. */
  isFinding: boolean;
  /** How it is called: "what runs in local (r12)". */
  baseWords: string;
  error: Error | null;
  /** Shapes of calls that were seen in the last day. */
  observed: number;
}

const none: ObservedCall[] = [];

export function useDesign(document: MeshDocument | null): Design {
  const { mesh, atOf, environment, isLoading, revisions } = useMesh();
  const { view } = useView();
  const latest = revisions[0] ? `r${revisions[0].number}` : null;
  const { at, revision: base } = baseOf(view.vs, { running: atOf("running"), latest });
  const compared = useQuery({
    queryKey: keys.mesh(mesh, "revision", base),
    queryFn: ({ signal }) => get<{ document: MeshDocument }>(`/meshes/${mesh}/revisions/${base?.slice(1)}`, signal),
    enabled: base !== null,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const before = compared.data?.document;
  const seen = useQuery({
    queryKey: keys.mesh(mesh, "observed-calls", environment?.name),
    queryFn: ({ signal }) =>
      get<{ items: ObservedCall[] }>(
        `/meshes/${mesh}/observed-calls?${new URLSearchParams({ environment: environment?.name ?? "", range: "24h" })}`,
        signal,
      ),
    enabled: environment !== undefined,
    staleTime: 60_000,
  });
  // without an environment, or when it cannot be read, drawn calls are asked alone
  const observed = seen.isLoading ? null : (seen.data?.items ?? none);
  const findings = useDesignAnswer<Finding[]>(
    useCallback(
      async (worker: DesignWorker) => {
        if (!document) return null;
        worker.setDesign("draft", document);
        return worker.findings();
      },
      [document],
    ),
  );
  const consequences = useDesignAnswer<Consequence[]>(
    useCallback(
      async (worker: DesignWorker) => {
        if (!document || !before || !observed) return null;
        worker.setDesign("draft", document);
        worker.setDesign("base", before);
        return worker.consequences(observed);
      },
      [document, before, observed],
    ),
  );
  return {
    findings,
    consequences,
    base,
    isFinding: base === null && isLoading,
    baseWords: at === "running" ? `what runs in ${environment?.name} (${base})` : `revision ${base}`,
    error: compared.error,
    observed: observed?.length ?? 0,
  };
}
