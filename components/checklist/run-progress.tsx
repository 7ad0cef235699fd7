"use client";
// A run on its way, probe by probe; and the last one when it failed. Rule: it says what is waited for.
import { Alert, Collapse, Progress, Text, UnstyledButton } from "@mantine/core";
import { IconChevronDown } from "@tabler/icons-react";
import { useState } from "react";
import { Panel, StatusIcon, TimeAgo } from "@/components/ui";
import type { CheckRunDto, ChecksNowDto } from "@/lib/api/schema/checks";
import classes from "./checklist.module.css";
import { outcomeStatus, outcomeWord } from "./words";

export function RunProgress({ open, last }: { open: ChecksNowDto["open"]; last: CheckRunDto | undefined }) {
  const [isShown, setShown] = useState(true);
  if (!open) {
    return last?.state === "failed" ? (
      <Alert color="red" variant="light" title="The last run could not be carried out">
        {last.error ?? "No reason was given."} It was asked for <TimeAgo at={last.createdAt} /> by {last.requestedBy}.
      </Alert>
    ) : null;
  }
  const { done, total } = open.progress;
  const running = open.steps.filter(({ state }) => state === "running");
  const text =
    open.state === "queued"
      ? "Waiting for the control plane to take it."
      : (running[0]?.title ?? "Reading what was measured.");
  return (
    <Panel
      title={total === 0 ? "The checks are queued" : `${done} of ${total} probes done`}
      hint={text}
      aside={
        <Progress
          w={160}
          value={total === 0 ? 0 : (done / total) * 100}
          aria-label={`${done} of ${total} probes done`}
        />
      }
      flush
    >
      <UnstyledButton className={classes.more} onClick={() => setShown(!isShown)} aria-expanded={isShown}>
        <IconChevronDown size={14} data-open={isShown || undefined} /> {isShown ? "Hide the probes" : "Show the probes"}
      </UnstyledButton>
      <Collapse expanded={isShown}>
        <ol className={classes.steps} aria-label="Probes" aria-live="off">
          {open.steps.map((step) => (
            <li key={step.id} data-state={step.state}>
              {step.outcome ? (
                <StatusIcon status={outcomeStatus[step.outcome]} size={14} label={outcomeWord[step.outcome]} />
              ) : (
                <span className={classes.dot} data-running={step.state === "running" || undefined} aria-hidden />
              )}
              <Text size="xs" component="span">
                {step.title}
                {step.outcome && step.outcome !== "as-expected" ? (
                  <span className={classes.said}> {step.sentence}</span>
                ) : null}
              </Text>
            </li>
          ))}
        </ol>
      </Collapse>
    </Panel>
  );
}
