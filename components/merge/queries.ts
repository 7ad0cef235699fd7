"use client";
// What the screen asks: the merge with the choices so far, again whenever the draft changes, and the saving of it.
import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { ApiError, keys, send, useSteady } from "@/components/api-client";
import { clientId } from "@/components/draft";
import type { MergeAnswer } from "@/lib/api/schema";
import { type Choices, type Side, type Source, toChoices } from "./model";

interface Asked {
  source: Source;
  choices: Choices;
  otherwise: Side | null;
}

const bodyOf = ({ source, choices, otherwise }: Asked) => ({
  base: source.base,
  mine: source.mine,
  choices: toChoices(choices),
  ...(otherwise ? { otherwise } : {}),
});

export function useMerge(mesh: string, asked: Asked) {
  const { source, choices, otherwise } = asked;
  return useSteady(
    useQuery({
      // Under the draft's key: what changes the draft asks again.
      queryKey: keys.mesh(mesh, "draft", "merge", source.id, toChoices(choices), otherwise),
      queryFn: () => send<MergeAnswer>("POST", `/meshes/${mesh}/draft/merge`, bodyOf(asked)),
      placeholderData: keepPreviousData,
      // An answer of before would show values that the draft no longer has, and take choices between them.
      gcTime: 0,
      retry: (count, error) => count < 2 && (!(error instanceof ApiError) || error.status >= 500),
    }),
  );
}

/** Saves what was looked at: refused when the draft has moved on again. */
export function useSaveMerge(mesh: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ asked, version }: { asked: Asked; version: number }) =>
      send<MergeAnswer>(
        "POST",
        `/meshes/${mesh}/draft/merge`,
        { ...bodyOf(asked), apply: true, clientId: clientId() },
        { ifMatch: `"v${version}"` },
      ),
    onSettled: () => client.invalidateQueries({ queryKey: keys.mesh(mesh) }),
  });
}
