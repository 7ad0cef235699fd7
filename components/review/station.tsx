"use client";
// One station of a review: which screen shows it. Rule: loading keeps the place, an error says what to do, emptiness says why.
import { useParams } from "next/navigation";
import type { ReactNode } from "react";
import { useMesh, useUrlParameters } from "@/components/shell";
import { EmptyState, ErrorState, LoadingRows, Panel } from "@/components/ui";
import type { ReviewDto, StationContent, StationOf } from "@/lib/api/schema";
import { isStation } from "@/lib/review";
import { useReview, useStation } from "./queries";
import { AccessStation } from "./station-access";
import { ChangesStation } from "./station-changes";
import { ChecklistStation } from "./station-checklist";
import { DecisionStation } from "./station-decision";
import { FindingsStation } from "./station-findings";
import { PurposeStation } from "./station-purpose";
import { RolloutStation } from "./station-rollout";
import { RoutingStation } from "./station-routing";
import { TrustStation } from "./station-trust";

export function Station() {
  const { mesh } = useMesh();
  const params = useParams<{ review: string; station: string }>();
  const review = useReview(mesh, params.review).data;
  const { search } = useUrlParameters();
  if (!review) return <LoadingRows />;
  if (!isStation(params.station)) {
    return <EmptyState title="There is no such station">The walkthrough has nine; they are listed above.</EmptyState>;
  }
  const round = /^\d{1,4}$/.test(search.get("round") ?? "") ? Number(search.get("round")) : null;
  const asked = { mesh, review, round };
  switch (params.station) {
    case "purpose":
      return <PurposeStation mesh={mesh} review={review} />;
    case "decision":
      return <DecisionStation mesh={mesh} review={review} />;
    case "changes":
      return <Loaded {...asked} station="changes" show={(content) => <ChangesStation content={content} />} />;
    case "trust":
      return <Loaded {...asked} station="trust" show={(content) => <TrustStation content={content} />} />;
    case "access":
      return <Loaded {...asked} station="access" show={(content) => <AccessStation content={content} />} />;
    case "routing":
      return <Loaded {...asked} station="routing" show={(content) => <RoutingStation content={content} />} />;
    case "findings":
      return <Loaded {...asked} station="findings" show={(content) => <FindingsStation content={content} />} />;
    case "checklist":
      return (
        <Loaded {...asked} station="checklist" show={(content) => <ChecklistStation mesh={mesh} content={content} />} />
      );
    case "rollout":
      return (
        <Loaded {...asked} station="rollout" show={(content) => <RolloutStation mesh={mesh} content={content} />} />
      );
  }
}

function Loaded<S extends StationContent["station"]>(props: {
  mesh: string;
  review: ReviewDto;
  round: number | null;
  station: S;
  show(content: StationOf<S>): ReactNode;
}) {
  const query = useStation(props.mesh, props.review, props.station, props.round);
  if (query.error) return <ErrorState error={query.error} onRetry={() => void query.refetch()} />;
  if (!query.data) {
    return (
      <Panel title="Reading the two designs">
        <LoadingRows rows={6} />
      </Panel>
    );
  }
  return props.show(query.data);
}
