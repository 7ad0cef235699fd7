"use client";
// What is saved, what is changed on the screen and not saved yet, and what both come to. Rule: the ranking follows every change at
// once, by the same functions as on the server; nothing typed is lost when saving is refused.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { get, keys, request } from "@/components/api-client";
import { useMe, useMesh } from "@/components/shell";
import type { SelectionDto, SelectionFitsDto } from "@/lib/api/schema/selection";
import {
  CRITERION_ROWS,
  type Decision,
  evaluate,
  type Fit,
  type Need,
  type Override,
  type ProductId,
  sensitivity,
  sourcesWith,
  type Written,
} from "@/lib/selection";

export type Kept = Pick<SelectionDto, "weights" | "constraints" | "overrides" | "notes" | "decision">;

const NONE: Kept = { weights: {}, constraints: {}, overrides: [], notes: "", decision: null };

/** `at`: draft or r3; null while nothing runs. */
export function useSelection(at: string | null) {
  const { mesh } = useMesh();
  const { me } = useMe();
  const client = useQueryClient();
  const key = keys.mesh(mesh, "selection");
  const stored = useQuery({
    queryKey: key,
    queryFn: ({ signal }) => get<SelectionDto>(`/meshes/${mesh}/selection`, signal),
  });
  const fits = useQuery({
    queryKey: keys.mesh(mesh, "draft", "selection-fits", at),
    queryFn: ({ signal }) => get<SelectionFitsDto>(`/meshes/${mesh}/selection/fits?at=${at}`, signal),
    enabled: at !== null,
  });
  const [edited, setEdited] = useState<Kept | null>(null);
  const kept: Kept = edited ?? stored.data ?? NONE;
  const today = new Date().toISOString().slice(0, 10);
  const by = me?.name ?? "";

  const save = useMutation({
    mutationFn: async ({ weights, constraints, overrides, notes, decision }: Kept) => {
      const body = {
        weights,
        constraints,
        overrides: overrides.map(({ product, criterion, verdict, reason }) => ({
          product,
          criterion,
          verdict,
          reason,
        })),
        notes,
        decision: decision && { product: decision.product, reason: decision.reason },
      };
      const ifMatch = `"v${stored.data?.version ?? 0}"`;
      return (await request<SelectionDto>(`/meshes/${mesh}/selection`, { method: "PUT", body, ifMatch })).data;
    },
    onSuccess: (answer) => {
      client.setQueryData(key, answer);
      setEdited(null);
    },
  });

  const written = useMemo((): Written => {
    const items = (fits.data?.items ?? []) as Fit[];
    const sourceOf = ({ product }: Fit) => fitPath(mesh, product, at ?? "draft");
    const evaluation = evaluate(sourcesWith(items, { today, sourceOf }), kept, { today });
    const name = at === "draft" || at === null ? "the draft" : at;
    return {
      mesh,
      design: { name, digest: fits.data?.digest ?? "not measured" },
      today,
      criteria: CRITERION_ROWS,
      choices: kept,
      notes: kept.notes,
      decision: kept.decision,
      evaluation,
      sensitivity: sensitivity(CRITERION_ROWS, kept, evaluation),
      fits: items,
    };
  }, [fits.data, kept, mesh, at, today]);

  const change = (part: Partial<Kept>) => {
    save.reset();
    setEdited({ ...kept, ...part });
  };
  return {
    stored,
    fits,
    kept,
    written,
    save,
    isEdited: edited !== null,
    change,
    discard: () => {
      save.reset();
      setEdited(null);
    },
    weigh: (criterion: string, weight: number) => change({ weights: { ...kept.weights, [criterion]: weight } }),
    demand(criterion: string, need: Need | null) {
      const { [criterion]: _before, ...others } = kept.constraints;
      change({ constraints: need === null ? others : { ...others, [criterion]: need } });
    },
    override(product: ProductId, criterion: string, own: Pick<Override, "verdict" | "reason"> | null) {
      const others = kept.overrides.filter((each) => each.product !== product || each.criterion !== criterion);
      change({ overrides: own === null ? others : [...others, { product, criterion, ...own, by, on: today }] });
    },
    decide: (decision: Pick<Decision, "product" | "reason"> | null) =>
      change({ decision: decision && { ...decision, by, on: today } }),
  };
}

export type SelectionState = ReturnType<typeof useSelection>;

/** Where the whole report of an export stands; our own data plane's is among the findings of the compiler. */
export function fitPath(mesh: string, product: ProductId, at: string): string {
  const target = { "istio-sidecar": "istio", "istio-ambient": "istio", meshwright: null }[product as string];
  if (target === null) return `/meshes/${mesh}/findings?at=${at}`;
  return `/meshes/${mesh}/export?at=${at}&to=${target ?? product}`;
}
