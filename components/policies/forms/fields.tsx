"use client";
// The kinds of field a policy's form is made of. Rule: text and numbers are taken when they are left or on Enter, so that one edit
// is one undo; a refused value stays in the field with the reason below it.
import { NumberInput, Select, Switch, TagsInput, Text, TextInput } from "@mantine/core";
import { useEffect, useState } from "react";
import type { Path } from "@/lib/mesh";
import { durationText } from "@/lib/mesh/diff/words";
import { useComplaint, useDescription, usePolicyForm } from "./form-context";

interface FieldProps {
  path: Path;
  label: string;
  /** Instead of the schema's own words; "" shows none. */
  description?: string;
}

function useField(props: FieldProps) {
  const form = usePolicyForm();
  const fromSchema = useDescription(props.path);
  const [refused, setRefused] = useState<string | null>(null);
  const complaint = useComplaint(props.path);
  const words = props.description ?? fromSchema;
  return {
    commit: (value: unknown) => {
      const reason = form.set(props.path, value);
      setRefused(reason);
      return reason === null;
    },
    /** The value that counts stands there again. */
    forget: () => setRefused(null),
    shared: {
      label: props.label,
      size: "xs" as const,
      disabled: form.isReadOnly,
      error: refused ?? complaint,
      ...(words === "" ? {} : { description: words }),
    },
  };
}

export function TextField(props: FieldProps & { value: string | undefined; placeholder?: string }) {
  const { shared, commit, forget } = useField(props);
  const [text, setText] = useState(props.value ?? "");
  useEffect(() => setText(props.value ?? ""), [props.value]);
  const done = () => {
    if (text.trim() !== (props.value ?? "")) commit(text.trim());
    else forget();
  };
  return (
    <TextInput
      {...shared}
      value={text}
      placeholder={props.placeholder}
      onChange={(event) => setText(event.currentTarget.value)}
      onBlur={done}
      onKeyDown={(event) => {
        if (event.key === "Enter") done();
        if (event.key === "Escape") {
          setText(props.value ?? "");
          forget();
        }
      }}
    />
  );
}

const UNITS_MS: Record<string, number> = { ms: 1, s: 1000 };

/** `1 h` for 3600000 ms; nothing where the number says it as well. */
export function inLargerUnits(value: number | string, suffix: string | undefined): string | null {
  const unitMs = UNITS_MS[suffix ?? ""];
  if (unitMs === undefined || typeof value !== "number" || value <= 0) return null;
  const text = durationText(value * unitMs);
  return text === `${value} ${suffix}` ? null : text;
}

export function NumberField(props: FieldProps & { value: number | undefined; suffix?: string; placeholder?: string }) {
  const { shared, commit, forget } = useField(props);
  const [value, setValue] = useState<number | string>(props.value ?? "");
  useEffect(() => setValue(props.value ?? ""), [props.value]);
  const done = () => {
    const next = value === "" ? undefined : Number(value);
    if (next !== props.value) commit(next);
    else forget();
  };
  const larger = inLargerUnits(value, props.suffix);
  return (
    <NumberInput
      {...shared}
      value={value}
      hideControls
      rightSection={
        larger ? (
          <Text size="xs" c="dimmed" pr={8}>
            {larger}
          </Text>
        ) : null
      }
      rightSectionWidth={larger ? "auto" : undefined}
      rightSectionPointerEvents="none"
      suffix={props.suffix ? ` ${props.suffix}` : ""}
      placeholder={props.placeholder ?? "not set"}
      onChange={setValue}
      onBlur={done}
      onKeyDown={(event) => {
        if (event.key === "Enter") done();
        if (event.key === "Escape") {
          setValue(props.value ?? "");
          forget();
        }
      }}
    />
  );
}

export function ChoiceField(
  props: FieldProps & {
    value: string | undefined;
    choices: readonly (string | { value: string; label: string })[];
    isRequired?: boolean;
    placeholder?: string;
    onChoose?(value: string | undefined): void;
  },
) {
  const { shared, commit } = useField(props);
  const known = props.choices.map((each) => (typeof each === "string" ? { value: each, label: each } : each));
  const isMissing = props.value !== undefined && !known.some((each) => each.value === props.value);
  const data =
    isMissing && props.value !== undefined
      ? [...known, { value: props.value, label: `${props.value} (not there)` }]
      : known;
  return (
    <Select
      {...shared}
      value={props.value ?? null}
      data={data}
      searchable={data.length > 8}
      clearable={!props.isRequired}
      allowDeselect={false}
      placeholder={props.placeholder ?? "not set"}
      comboboxProps={{ withinPortal: true }}
      onChange={(value) => {
        if (props.onChoose) props.onChoose(value ?? undefined);
        else commit(value ?? undefined);
      }}
    />
  );
}

export function SwitchField(props: FieldProps & { value: boolean | undefined }) {
  const { shared, commit } = useField(props);
  return (
    <Switch
      {...shared}
      checked={props.value ?? false}
      onChange={(event) => commit(event.currentTarget.checked ? true : undefined)}
    />
  );
}

/** A list of texts: known ones are offered, others may be written. */
export function ListField(
  props: FieldProps & {
    value: readonly (string | number)[] | undefined;
    choices?: readonly string[];
    placeholder?: string;
    isNumeric?: boolean;
    /** Commas and spaces belong to the texts. */
    isVerbatim?: boolean;
    /** Instead of putting them at the path. */
    onList?(next: string[]): void;
  },
) {
  const { shared, commit } = useField(props);
  const value = (props.value ?? []).map(String);
  return (
    <TagsInput
      {...shared}
      value={value}
      data={[...(props.choices ?? [])]}
      placeholder={value.length === 0 ? (props.placeholder ?? "any") : ""}
      splitChars={props.isVerbatim ? [] : [",", " "]}
      acceptValueOnBlur
      onChange={(next) => {
        if (props.onList) props.onList(next);
        else commit(props.isNumeric ? next.map(Number) : next);
      }}
    />
  );
}
