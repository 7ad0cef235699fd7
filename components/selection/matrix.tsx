"use client";
// Criteria by products. Job: weigh, demand, and open what a verdict rests on. Rule: on a phone each criterion is a card.
import { NativeSelect, Text, UnstyledButton } from "@mantine/core";
import { type Column, DataTable, Panel } from "@/components/ui";
import { type CriterionRow, FAVOURS_ITS_OWN, MAX_WEIGHT, type Need, type ProductId, weightOf } from "@/lib/selection";
import classes from "./selection.module.css";
import type { SelectionState } from "./use-selection";
import { VerdictMark } from "./verdict";

const GROUPS: readonly { id: CriterionRow["group"]; title: string }[] = [
  { id: "design", title: "This design" },
  { id: "identity", title: "Identity" },
  { id: "authorization", title: "Authorization" },
  { id: "routing", title: "Routing" },
  { id: "resilience", title: "Resilience" },
  { id: "observability", title: "Observability" },
  { id: "operation", title: "Operation" },
  { id: "platform", title: "Platform" },
  { id: "project", title: "Project" },
];

const WEIGHTS = Array.from({ length: MAX_WEIGHT + 1 }, (_, weight) => String(weight));
const NEEDS = [
  { value: "", label: "free" },
  { value: "partly", label: "at least partly" },
  { value: "yes", label: "yes" },
];

interface MatrixProps {
  state: SelectionState;
  mayEdit: boolean;
  onFact(product: ProductId, criterion: string): void;
}

export function Matrix({ state, mayEdit, onFact }: MatrixProps) {
  const columns = columnsOf({ state, mayEdit, onFact });
  return (
    <Panel
      flush
      title="Criteria"
      hint="Weight 0 does not count, 5 counts most. A constraint excludes who does not meet it. A star: your own verdict. Choose a verdict to see its source."
    >
      {GROUPS.map(({ id, title }) => (
        <section key={id} className={classes.group}>
          <Text component="h3" size="sm" fw={600} className={classes.groupTitle}>
            {title}
          </Text>
          {id === "design" ? (
            <Text size="xs" c="dimmed" className={classes.groupHint}>
              {FAVOURS_ITS_OWN}
            </Text>
          ) : null}
          <DataTable
            label={`${title}: criteria by products`}
            columns={columns}
            rows={state.written.criteria.filter(({ group }) => group === id)}
            keyOf={(row) => row.id}
            minWidth={1140}
            hasFixedColumns
          />
        </section>
      ))}
    </Panel>
  );
}

function columnsOf({ state, mayEdit, onFact }: MatrixProps): Column<CriterionRow>[] {
  const { kept, written } = state;
  // as the catalogue names them, so that a column stays where it is while the ranking changes
  const results = [...written.evaluation.results].sort((one, other) => (one.product.id < other.product.id ? -1 : 1));
  return [
    {
      title: "Criterion",
      width: "240px",
      cell: ({ name, question }) => (
        <>
          <Text size="sm" fw={500}>
            {name}
          </Text>
          <Text size="xs" c="dimmed">
            {question}
          </Text>
        </>
      ),
    },
    {
      title: "Weight",
      width: "96px",
      cell: ({ id, name }) => (
        <NativeSelect
          size="xs"
          aria-label={`Weight of ${name}`}
          data={WEIGHTS}
          value={String(weightOf(kept.weights, id))}
          disabled={!mayEdit}
          onChange={(event) => state.weigh(id, Number(event.currentTarget.value))}
        />
      ),
    },
    {
      title: "Has to be",
      width: "124px",
      cell: ({ id, name }) => (
        <NativeSelect
          size="xs"
          aria-label={`Constraint on ${name}`}
          data={NEEDS}
          value={kept.constraints[id] ?? ""}
          disabled={!mayEdit}
          onChange={(event) => state.demand(id, (event.currentTarget.value || null) as Need | null)}
        />
      ),
    },
    ...results.map(
      ({ product, cells }): Column<CriterionRow> => ({
        title: product.name,
        cell: ({ id, name }) => {
          const { verdict, override } = cells[id] ?? { verdict: "unknown" as const };
          return (
            <UnstyledButton
              className={classes.cell}
              aria-label={`${product.name}, ${name}: ${verdict}${override ? ", own verdict" : ""}`}
              onClick={() => onFact(product.id, id)}
            >
              <VerdictMark verdict={verdict} isOwn={override !== undefined} />
            </UnstyledButton>
          );
        },
      }),
    ),
  ];
}
