"use client";
// Open comments that are pinned to objects, for screens that show those objects. Rule: reads and writes the reviews' own comments.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { get, keys, send } from "@/components/api-client";
import type { NewCommentDto, PinnedCommentsDto, ReviewDto } from "@/lib/api/schema";

export function usePinnedComments(mesh: string) {
  return useQuery({
    queryKey: keys.mesh(mesh, "review", "pinned"),
    queryFn: ({ signal }) => get<PinnedCommentsDto>(`/meshes/${mesh}/pinned-comments`, signal),
    staleTime: 60_000,
  });
}

export function usePinComment(mesh: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ review, comment }: { review: number; comment: NewCommentDto }) =>
      send<ReviewDto>("POST", `/meshes/${mesh}/reviews/${review}/comments`, comment),
    onSettled: () => {
      void client.invalidateQueries({ queryKey: keys.mesh(mesh, "review") });
      void client.invalidateQueries({ queryKey: keys.mesh(mesh, "reviews") });
    },
  });
}
