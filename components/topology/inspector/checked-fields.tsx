"use client";
// Fields whose refusal stands below them. Rule: a value is taken when its field is left, so that one edit is one undo; what the model
// refuses stays as it was typed, with the reason, until it is mended or taken back with Escape.
import { NumberInput, TagsInput, TextInput } from "@mantine/core";
import { useEffect, useState } from "react";
import classes from "../topology.module.css";

interface CheckedProps<T> {
  label: string;
  description?: string;
  placeholder?: string;
  value: T;
  /** What is wrong with what the draft has. */
  problem?: string | undefined;
  disabled: boolean;
  /** Why it was refused; null when it was taken. */
  onCommit(value: T): string | null;
}

/** What is typed, and why it was refused; forgotten as soon as the draft has another value. */
function useTyped<T>({ value, problem, onCommit, ...rest }: CheckedProps<T>) {
  const same = JSON.stringify(value);
  const [typed, setTyped] = useState(value);
  const [refused, setRefused] = useState<string | null>(null);
  const takeBack = () => {
    setTyped(JSON.parse(same) as T);
    setRefused(null);
  };
  useEffect(takeBack, [same]);
  return {
    typed,
    setTyped,
    takeBack,
    commit: (next: T) => setRefused(JSON.stringify(next) === same ? null : onCommit(next)),
    shared: { ...rest, size: "xs" as const, error: refused ?? problem },
  };
}

export function CheckedText(props: CheckedProps<string>) {
  const { typed, setTyped, takeBack, commit, shared } = useTyped(props);
  return (
    <TextInput
      {...shared}
      value={typed}
      onChange={(event) => setTyped(event.currentTarget.value)}
      onBlur={() => commit(typed.trim())}
      onKeyDown={(event) => {
        if (event.key === "Enter") commit(typed.trim());
        if (event.key === "Escape") takeBack();
      }}
    />
  );
}

/** "" is no number. */
export function CheckedNumber(props: CheckedProps<number | "">) {
  const { typed, setTyped, takeBack, commit, shared } = useTyped(props);
  return (
    <NumberInput
      {...shared}
      value={typed}
      hideControls
      allowDecimal={false}
      allowNegative={false}
      clampBehavior="none"
      onChange={(value) => setTyped(value === "" ? "" : Number(value))}
      onBlur={() => commit(typed)}
      onKeyDown={(event) => {
        if (event.key === "Enter") commit(typed);
        if (event.key === "Escape") takeBack();
      }}
    />
  );
}

/** Texts one by one; a comma, a space or Enter ends each. */
export function CheckedList(props: CheckedProps<readonly string[]>) {
  const { typed, setTyped, commit, shared } = useTyped(props);
  return (
    <TagsInput
      {...shared}
      value={[...typed]}
      placeholder={typed.length === 0 ? props.placeholder : ""}
      className={classes.wholeTexts}
      splitChars={[",", " "]}
      acceptValueOnBlur
      onChange={(next) => {
        setTyped(next);
        commit(next);
      }}
    />
  );
}
