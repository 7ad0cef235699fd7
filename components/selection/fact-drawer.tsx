"use client";
// What one verdict rests on: the fact with source and day, and the team's own verdict in its place. Rule: none without a reason.
import { Button, Drawer, NativeSelect, Text, Textarea } from "@mantine/core";
import { useState } from "react";
import { type CriterionRow, FAVOURS_ITS_OWN, type ProductResult, type Verdict } from "@/lib/selection";
import classes from "./selection.module.css";
import { Source } from "./source";
import type { SelectionState } from "./use-selection";
import { VerdictMark } from "./verdict";

interface FactDrawerProps {
  state: SelectionState;
  mayEdit: boolean;
  result: ProductResult | undefined;
  criterion: CriterionRow | undefined;
  onClose(): void;
}

export function FactDrawer(props: FactDrawerProps) {
  const { result, criterion, onClose } = props;
  const title = result && criterion ? `${result.product.name}: ${criterion.name}` : "";
  return (
    <Drawer opened={title !== ""} onClose={onClose} position="right" size="md" title={title}>
      {result && criterion ? <Body {...props} result={result} criterion={criterion} /> : null}
    </Drawer>
  );
}

function Body({
  state,
  mayEdit,
  result,
  criterion,
}: FactDrawerProps & { result: ProductResult; criterion: CriterionRow }) {
  const { fact, override } = result.cells[criterion.id] ?? {};
  return (
    <div className={classes.fact}>
      <Text size="sm" c="dimmed">
        {criterion.question}
      </Text>
      {fact ? (
        <section>
          <VerdictMark verdict={fact.verdict} />
          <Text size="sm">{fact.text}</Text>
          <Text size="xs" c="dimmed">
            <Source of={fact.source}>{criterion.group === "design" ? "Measured on this design" : "Source"}</Source>,{" "}
            {fact.asOf}
          </Text>
          {criterion.group === "design" ? (
            <Text size="xs" c="dimmed" mt={8}>
              {FAVOURS_ITS_OWN}
            </Text>
          ) : null}
        </section>
      ) : (
        <Text size="sm">Nothing is known. It counts as an interval from no to yes.</Text>
      )}
      {override ? (
        <section>
          <VerdictMark verdict={override.verdict} isOwn />
          <Text size="sm">{override.reason}</Text>
          <Text size="xs" c="dimmed">
            Own verdict of {override.by}, {override.on}; it counts in place of the fact.
          </Text>
          {mayEdit ? (
            <Button
              size="xs"
              variant="default"
              mt={8}
              onClick={() => state.override(result.product.id, criterion.id, null)}
            >
              Take it back
            </Button>
          ) : null}
        </section>
      ) : null}
      {mayEdit && !override ? <OwnVerdict state={state} result={result} criterion={criterion} /> : null}
      <Text size="xs" c="dimmed" className={classes.about}>
        {result.product.name} {result.product.version}. {result.product.summary}{" "}
        <Source of={result.product.homepage}>Homepage</Source>
      </Text>
    </div>
  );
}

function OwnVerdict({
  state,
  result,
  criterion,
}: Pick<FactDrawerProps, "state"> & { result: ProductResult; criterion: CriterionRow }) {
  const [verdict, setVerdict] = useState<Verdict>("yes");
  const [reason, setReason] = useState("");
  const [wasAsked, setAsked] = useState(false);
  const isMissing = wasAsked && reason.trim() === "";
  return (
    <form
      className={classes.fact}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        setAsked(true);
        if (reason.trim() !== "") state.override(result.product.id, criterion.id, { verdict, reason: reason.trim() });
      }}
    >
      <NativeSelect
        size="xs"
        label="Own verdict"
        data={["yes", "partly", "no"]}
        value={verdict}
        onChange={(event) => setVerdict(event.currentTarget.value as Verdict)}
      />
      <Textarea
        size="xs"
        label="Reason"
        description="What your team knows or measured. Your name and the day are kept with it."
        required
        autosize
        minRows={2}
        maxLength={500}
        value={reason}
        onChange={(event) => setReason(event.currentTarget.value)}
        error={isMissing ? "Say why it counts in place of the fact." : undefined}
      />
      <div>
        <Button size="xs" type="submit">
          Let it count
        </Button>
      </div>
    </form>
  );
}
