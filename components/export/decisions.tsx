"use client";
// "What do we have to decide before we move?" Job: the decisions of a move as one list with a choice each. Rule: what gives calls
// another answer stands first; nothing is chosen for a person.
import { Button, Progress, Select, Text, Title } from "@mantine/core";
import { useState } from "react";
import type { DecisionDto } from "@/components/api-client";
import { Panel, type Status, StatusBadge } from "@/components/ui";
import { type Choices, choiceOf, decidedOf, GROUPS, OPTIONS } from "@/lib/dialects/shared/migration-words";
import classes from "./export.module.css";

/** Shown at once, and with each click. */
const FIRST = 25;
const MORE = 100;
/** Of a decision's parts. */
const PARTS = 3;

const STATUS: Record<DecisionDto["group"], Status> = {
  meaning: "failing",
  lost: "attention",
  approximate: "attention",
  "by-hand": "attention",
};

type Choosing = { choices: Choices; choose(id: string, option: string | null): void };

export function Decisions({ decisions, choices, choose }: { decisions: readonly DecisionDto[] } & Choosing) {
  const [count, setCount] = useState(FIRST);
  const decided = decidedOf(decisions, choices);
  const shown = decisions.slice(0, count);
  const progress = `${decided} of ${decisions.length} decided`;
  return (
    <Panel
      title="What you have to decide"
      hint="Kept in this browser, and in MIGRATION.md of the bundle."
      aside={
        <Text size="sm" fw={500} role="status">
          {progress}
        </Text>
      }
    >
      <Progress value={(100 * decided) / decisions.length} aria-label={progress} size="sm" mb={16} />
      {GROUPS.map(({ id, title }) => {
        const own = shown.filter(({ group }) => group === id);
        if (own.length === 0) return null;
        const all = decisions.filter(({ group }) => group === id).length;
        return (
          <section key={id} className={classes.group} aria-labelledby={`decisions-${id}`}>
            <Title order={3} fz={13} lh="20px" mb={8} id={`decisions-${id}`}>
              {`${title}: ${all}`}
            </Title>
            <ul className={classes.rows}>
              {own.map((each) => (
                <Decision key={each.id} decision={each} choices={choices} choose={choose} />
              ))}
            </ul>
          </section>
        );
      })}
      {shown.length < decisions.length ? (
        <Button size="xs" mt={12} variant="default" onClick={() => setCount(count + MORE)}>
          {`Show ${Math.min(MORE, decisions.length - shown.length)} more`}
        </Button>
      ) : null}
    </Panel>
  );
}

function Decision({ decision, choices, choose }: { decision: DecisionDto } & Choosing) {
  const { id, group, verdict, about, parts, options } = decision;
  const chosen = choiceOf(decision, choices);
  const meansOf = (option: string) => options.find((each) => each.id === option)?.means ?? "";
  return (
    <li>
      <StatusBadge status={STATUS[group]}>{verdict}</StatusBadge>
      <div className={classes.decision}>
        <div>
          <Text size="sm" fw={500}>
            {about}
          </Text>
          {parts.slice(0, PARTS).map((part) => (
            <Text key={`${part.object} ${part.path}`} size="xs" c="dimmed">
              {[part.object, part.path, part.file].filter(Boolean).join(" · ")}
            </Text>
          ))}
          {parts.length > PARTS ? <Rest parts={parts.slice(PARTS)} /> : null}
        </div>
        <Select
          aria-label={`Decision: ${about}`}
          placeholder="Not decided"
          size="xs"
          clearable
          data={OPTIONS.filter((option) => options.some((each) => each.id === option.id)).map((option) => ({
            value: option.id,
            label: option.title,
          }))}
          value={chosen ?? null}
          onChange={(option) => choose(id, option)}
          renderOption={({ option }) => (
            <div>
              <Text size="sm">{option.label}</Text>
              <Text size="xs" c="dimmed">
                {meansOf(option.value)}
              </Text>
            </div>
          )}
          comboboxProps={{ width: 320, position: "bottom-end" }}
          description={chosen === undefined ? undefined : meansOf(chosen)}
          inputWrapperOrder={["input", "description"]}
        />
      </div>
    </li>
  );
}

function Rest({ parts }: { parts: DecisionDto["parts"] }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <details className={classes.more} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{`and ${parts.length} more`}</summary>
      {isOpen
        ? parts.map((part) => (
            <Text key={`${part.object} ${part.path}`} size="xs" c="dimmed">
              {[part.object, part.path, part.file].filter(Boolean).join(" · ")}
            </Text>
          ))
        : null}
    </details>
  );
}
