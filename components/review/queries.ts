"use client";
// What the review screens read and write. Rule: each step answers with the whole review, which replaces the cached one.
import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { get, keys, send } from "@/components/api-client";
import type {
  NewCommentDto,
  NewVoteDto,
  ReviewDto,
  ReviewRuleDto,
  StationContent,
  StationOf,
  TestRun,
} from "@/lib/api/schema";
import type { StationId } from "@/lib/review";

export function useReview(mesh: string, number: string) {
  return useQuery({
    queryKey: keys.mesh(mesh, "review", number),
    queryFn: ({ signal }) => get<ReviewDto>(`/meshes/${mesh}/reviews/${number}`, signal),
  });
}

/** A station's content belongs to a digest: it is read once and kept, except where something is measured or decided. */
export function useStation<S extends StationContent["station"]>(
  mesh: string,
  review: ReviewDto,
  station: S,
  round: number | null,
) {
  return useQuery({ ...stationQuery(mesh, review, station, round), enabled: review.round !== null });
}

function stationQuery<S extends StationContent["station"]>(
  mesh: string,
  review: ReviewDto,
  station: S,
  round: number | null,
) {
  const search = round === null ? "" : `?round=${round}`;
  return {
    queryKey: keys.mesh(mesh, "review", String(review.number), "station", station, round, review.round?.digest),
    queryFn: ({ signal }: { signal: AbortSignal }) =>
      get<StationOf<S>>(`/meshes/${mesh}/reviews/${review.number}/stations/${station}${search}`, signal),
    staleTime: isLive(station) ? 0 : 10 * 60_000,
  };
}

const isLive = (station: StationId) => station === "checklist" || station === "rollout" || station === "routing";
const isText = (station: StationId) => station === "purpose" || station === "decision";

/** Reads the next station while the board looks at this one; what is measured is read when one is there. */
export function useReadAhead(mesh: string, review: ReviewDto, next: StationId | null): void {
  const client = useQueryClient();
  useEffect(() => {
    if (!next || !review.round || isLive(next) || isText(next)) return;
    void client.prefetchQuery(stationQuery(mesh, review, next, null));
  }, [client, mesh, review, next]);
}

/** Of the saved draft: asked anew for each version of it. */
export function useDraftTests(mesh: string, version: number | null) {
  return useQuery({
    queryKey: keys.mesh(mesh, "policy-test-run", "draft", version),
    queryFn: () => send<TestRun>("POST", `/meshes/${mesh}/policy-tests/run`, { at: "draft" }),
    enabled: version !== null,
    placeholderData: keepPreviousData,
  });
}

export function useReviewRule(mesh: string) {
  return useQuery({
    queryKey: [...keys.mesh(mesh, "review", "rule"), "value"],
    queryFn: ({ signal }) => get<ReviewRuleDto>(`/meshes/${mesh}/review-rule`, signal),
  });
}

/** Any step on a review: `step({path: "/votes", body})`. */
export function useReviewStep(mesh: string, number: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ path, body, ifMatch, method = "POST" }: ReviewStep) =>
      send<ReviewDto>(method, `/meshes/${mesh}/reviews/${number}${path}`, body, ifMatch ? { ifMatch } : {}),
    onSuccess: (review) => client.setQueryData(keys.mesh(mesh, "review", String(number)), review),
    onSettled: () => {
      void client.invalidateQueries({ queryKey: keys.mesh(mesh, "review", String(number)) });
      void client.invalidateQueries({ queryKey: keys.mesh(mesh, "reviews") });
    },
  });
}

export type ReviewStep =
  | { path: "/votes"; body: NewVoteDto; ifMatch?: string; method?: "POST" }
  | { path: "/comments"; body: NewCommentDto; ifMatch?: string; method?: "POST" }
  | { path: string; body: Record<string, unknown>; ifMatch?: string; method?: "POST" | "PATCH" };
