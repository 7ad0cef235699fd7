"use client";
// What the presenter wants to say at a station. Rule: written by who submits, read by everybody who opens them, no part of the digest.
import { Button, Group, Text, Textarea } from "@mantine/core";
import { useEffect, useState } from "react";
import { useMe } from "@/components/shell";
import { ErrorText, Panel } from "@/components/ui";
import type { ReviewDto } from "@/lib/api/schema";
import { FINAL_STATES, type StationId } from "@/lib/review";
import { useReviewStep } from "./queries";

export function Notes({ mesh, review, station }: { mesh: string; review: ReviewDto; station: StationId }) {
  const { can } = useMe();
  const step = useReviewStep(mesh, review.number);
  const kept = review.notes[station] ?? "";
  const [text, setText] = useState(kept);
  useEffect(() => setText(kept), [kept]);
  const mayWrite = can("review.submit") && !FINAL_STATES.has(review.state);
  return (
    <Panel title="Presenter's notes" hint="For this station">
      {mayWrite ? (
        <>
          <Textarea
            aria-label="Notes for this station"
            autosize
            minRows={3}
            maxRows={14}
            maxLength={4_000}
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
          />
          <Group mt={8}>
            <Button
              size="xs"
              variant="default"
              disabled={text === kept}
              loading={step.isPending}
              onClick={() =>
                step.mutate({
                  path: "",
                  method: "PATCH",
                  body: { notes: { ...review.notes, [station]: text } },
                  ifMatch: `"v${review.version}"`,
                })
              }
            >
              Keep
            </Button>
            <ErrorText size="xs">{step.error?.message}</ErrorText>
          </Group>
        </>
      ) : (
        <Text size="sm" style={{ whiteSpace: "pre-wrap" }} c={kept ? undefined : "dimmed"}>
          {kept || "None for this station."}
        </Text>
      )}
    </Panel>
  );
}
