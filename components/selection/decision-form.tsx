"use client";
// What was chosen and why, and the notes of the evaluation. Rule: no choice without a reason.
import { NativeSelect, Text, Textarea } from "@mantine/core";
import { Panel } from "@/components/ui";
import { PRODUCTS, type ProductId } from "@/lib/selection";
import classes from "./selection.module.css";
import type { SelectionState } from "./use-selection";

export function DecisionForm({ state, mayEdit }: { state: SelectionState; mayEdit: boolean }) {
  const { kept, written } = state;
  const { decision } = kept;
  const isExcluded = (id: ProductId) =>
    written.evaluation.results.some(({ product, fails }) => product.id === id && fails.length > 0);
  return (
    <Panel title="Decision" hint="It goes into the decision record with the ranking, the losses and what is unknown.">
      <div className={classes.fact}>
        <NativeSelect
          size="xs"
          label="Chosen product"
          disabled={!mayEdit}
          data={[
            { value: "", label: "nothing is decided" },
            ...PRODUCTS.map(({ id, name }) => ({ value: id, label: isExcluded(id) ? `${name} (excluded)` : name })),
          ]}
          value={decision?.product ?? ""}
          onChange={(event) => {
            const product = event.currentTarget.value as ProductId | "";
            state.decide(product === "" ? null : { product, reason: decision?.reason ?? "" });
          }}
        />
        {decision ? (
          <Textarea
            size="xs"
            label="Reason of the decision"
            required
            autosize
            minRows={2}
            maxLength={4000}
            disabled={!mayEdit}
            value={decision.reason}
            onChange={(event) => state.decide({ product: decision.product, reason: event.currentTarget.value })}
            error={decision.reason.trim() === "" ? "Say why: it is what is read later." : undefined}
          />
        ) : null}
        {decision && !state.isEdited ? (
          <Text size="xs" c="dimmed">
            Decided by {decision.by}, {decision.on}.
          </Text>
        ) : null}
        <Textarea
          size="xs"
          label="Notes"
          description="What the evaluation is for: platforms, deadlines, what was tried."
          autosize
          minRows={2}
          maxLength={10_000}
          disabled={!mayEdit}
          value={kept.notes}
          onChange={(event) => state.change({ notes: event.currentTarget.value })}
        />
      </div>
    </Panel>
  );
}
