"use client";
// Each conflict by object and field: before, mine and theirs beside each other, and what is to hold.
// Rule: nothing is chosen beforehand; a value that cannot be written as one line is taken from a side.
import { Button, Group, Text, TextInput } from "@mantine/core";
import { useId, useRef, useState } from "react";
import { Mono, Panel, plural, StatusBadge, TimeAgo } from "@/components/ui";
import type { MergeAnswer, MergeConflictDto } from "@/lib/api/schema";
import classes from "./merge.module.css";
import { type Choices, groupsOf, isPlain, placeOf, type Side, typedValue, valueText } from "./model";

interface Choosing {
  choices: Choices;
  onChoose(conflict: MergeConflictDto, choice: { take: Side } | { value: string | number }): void;
}

export function Conflicts(
  props: Choosing & { of: MergeAnswer["conflicts"]; onRest(side: Side): void; disabled: boolean },
) {
  const { total, open, items } = props.of;
  const list = useRef<HTMLDivElement>(null);
  const next = () =>
    list.current
      ?.querySelector<HTMLInputElement>("fieldset[data-open] input[type=radio]")
      ?.focus({ preventScroll: false });
  return (
    <Panel
      title={plural(total, "conflict")}
      hint="Both sides changed these. Choose for each what is to hold; all else fits by itself."
      aside={
        open > 0 ? (
          <Group gap={8}>
            <Button size="xs" variant="default" onClick={next}>
              Next open one
            </Button>
            {open > 1 ? (
              <>
                <Button size="xs" variant="default" disabled={props.disabled} onClick={() => props.onRest("mine")}>
                  Mine for the {open} open
                </Button>
                <Button size="xs" variant="default" disabled={props.disabled} onClick={() => props.onRest("theirs")}>
                  Theirs for the {open} open
                </Button>
              </>
            ) : null}
          </Group>
        ) : (
          <StatusBadge status="ok">all decided</StatusBadge>
        )
      }
      flush
    >
      <div ref={list}>
        {groupsOf(items).map((group) => (
          <section key={group.key} className={classes.object} aria-label={group.title}>
            <Group gap={8} mb={8} align="baseline">
              <Text component="h3" fw={600} size="sm">
                {group.title}
              </Text>
              {group.namespace ? (
                <Text size="xs" c="dimmed">
                  in {group.namespace}
                </Text>
              ) : null}
            </Group>
            {group.conflicts.map((conflict) => (
              <Conflict key={placeOf(conflict)} conflict={conflict} choices={props.choices} onChoose={props.onChoose} />
            ))}
          </section>
        ))}
        {items.length < total ? (
          <Text size="sm" c="dimmed" p={16}>
            {plural(total - items.length, "more conflict")} of this change: decide those here, or take one side for all
            that is open.
          </Text>
        ) : null}
      </div>
    </Panel>
  );
}

function Conflict({ conflict, choices, onChoose }: Choosing & { conflict: MergeConflictDto }) {
  const name = useId();
  const own = choices[placeOf(conflict)]?.choice;
  const taken = own ? ("take" in own ? own.take : "value") : conflict.taken;
  const isOpen = conflict.taken === undefined;
  const field = conflict.path === "" ? "the whole object" : conflict.path;
  const side = (value: Side, title: string, note: React.ReactNode) => (
    <label className={classes.side} data-chosen={taken === value || undefined}>
      <span className={classes.sideHead}>
        <input
          type="radio"
          name={name}
          checked={taken === value}
          onChange={() => onChoose(conflict, { take: value })}
        />
        <span>
          {title}
          {note ? <span className={classes.note}>{note}</span> : null}
        </span>
      </span>
      <Value value={conflict[value]} absent={absentWord(conflict, value)} />
    </label>
  );
  return (
    <fieldset className={classes.conflict} data-open={isOpen || undefined}>
      <legend className={classes.legend}>
        <Mono>{field}</Mono>
        <span className={classes.note}>{conflict.message}</span>
        {isOpen ? <StatusBadge status="attention">open</StatusBadge> : <StatusBadge status="ok">decided</StatusBadge>}
      </legend>
      <div className={classes.sides} data-plain={isPlain(conflict) || undefined}>
        <div className={classes.before}>
          <span className={classes.sideHead}>Before</span>
          <Value value={conflict.base} absent="was not there" />
        </div>
        {side("mine", "Mine", null)}
        {side(
          "theirs",
          "Theirs",
          conflict.theirsBy ? (
            <>
              {" "}
              {conflict.theirsBy.name}, <TimeAgo at={conflict.theirsBy.at} />
            </>
          ) : null,
        )}
        {isPlain(conflict) ? (
          <Another
            conflict={conflict}
            field={field}
            given={own && "value" in own ? own.value : null}
            onGive={(value) => onChoose(conflict, { value })}
          />
        ) : null}
      </div>
    </fieldset>
  );
}

function absentWord({ kind }: MergeConflictDto, side: Side): string {
  return kind === `${side}-removed` ? "removes it" : "not there";
}

function Another(props: {
  conflict: MergeConflictDto;
  field: string;
  given: string | number | null;
  onGive(value: string | number): void;
}) {
  const { conflict, field, given } = props;
  const [text, setText] = useState(given === null ? "" : String(given));
  const give = () => {
    if (text.trim() === "" || (given !== null && text === String(given))) return;
    props.onGive(typedValue(conflict, text));
  };
  const problem = given === null ? undefined : conflict.problem;
  return (
    <div className={classes.another} data-chosen={(given !== null && !problem) || undefined}>
      <TextInput
        size="xs"
        label="Another value"
        aria-label={`Another value for ${field}`}
        placeholder="Neither: write it, then Enter"
        value={text}
        error={problem ? `${problem.message}. ${problem.fix}` : null}
        onChange={(event) => setText(event.currentTarget.value)}
        onBlur={give}
        onKeyDown={(event) => {
          if (event.key === "Enter") give();
        }}
      />
    </div>
  );
}

const LINES_SHOWN = 14;

function Value({ value, absent }: { value: unknown; absent: string }) {
  const text = valueText(value);
  if (text === null) return <span className={classes.absent}>{absent}</span>;
  // What scrolls can be reached by keyboard.
  const scrolls = text.split("\n").length > LINES_SHOWN;
  return (
    <pre className={classes.value} tabIndex={scrolls ? 0 : undefined}>
      {text}
    </pre>
  );
}
