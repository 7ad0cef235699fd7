"use client";
// Whether this revision may run here, said before anybody clicks. Rule: the server decides again when it is deployed.
import { Anchor, Group, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { get, keys } from "@/components/api-client";
import { StatusBadge } from "@/components/ui";
import type { ApprovalDto } from "@/lib/api/schema";

export function useApproval(mesh: string, environment: string | undefined, revision: number | null) {
  return useQuery({
    queryKey: keys.mesh(mesh, "review", "approval", environment, revision),
    queryFn: ({ signal }) =>
      get<ApprovalDto>(`/meshes/${mesh}/environments/${environment}/approval?revision=${revision}`, signal),
    enabled: environment !== undefined && revision !== null,
  });
}

export function ApprovalNote({ mesh, approval }: { mesh: string; approval: ApprovalDto }) {
  // An environment that asks for nothing needs no sentence.
  if (approval.rule.kind === "none") return null;
  return (
    <Group gap={8} align="flex-start" wrap="nowrap">
      <StatusBadge status={approval.allowed ? "ok" : "failing"}>
        {approval.allowed ? "approved" : "not allowed"}
      </StatusBadge>
      <Text size="sm">
        {approval.sentence} {approval.wayOn}{" "}
        <Anchor
          component={Link}
          size="sm"
          href={`/meshes/${mesh}/reviews/${approval.review ? `${approval.review.number}/decision` : "new"}`}
        >
          {approval.review ? `Review #${approval.review.number}` : "New review"}
        </Anchor>
      </Text>
    </Group>
  );
}
