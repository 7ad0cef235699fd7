"use client";
// A map of texts in one field. Rule: as fields.tsx: taken when it is left, a refused text stays with the reason below it.
import { Textarea } from "@mantine/core";
import { useEffect, useState } from "react";
import type { Path } from "@/lib/mesh";
import { useDescription, usePolicyForm } from "./form-context";
import { linesOf, readLines } from "./lines";

export function LinesField(props: {
  path: Path;
  label: string;
  value: Readonly<Record<string, string>>;
  minRows?: number;
  placeholder?: string;
  /** Instead of putting them at the path: why they are refused, or null. */
  onRead?(fields: Record<string, string>): string | null;
}) {
  const form = usePolicyForm();
  const description = useDescription(props.path);
  const known = linesOf(props.value);
  const [text, setText] = useState(known);
  const [error, setError] = useState<string | null>(null);
  useEffect(() => setText(known), [known]);
  const take = props.onRead ?? ((fields: Record<string, string>) => form.set(props.path, fields));
  const done = () => {
    const read = readLines(text);
    setError(read.ok ? (text === known ? null : take(read.fields)) : read.message);
  };
  return (
    <Textarea
      label={props.label}
      description={description}
      size="xs"
      autosize
      minRows={props.minRows ?? 3}
      placeholder={props.placeholder}
      maxRows={16}
      spellCheck={false}
      disabled={form.isReadOnly}
      error={error}
      value={text}
      styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)" } }}
      onChange={(event) => setText(event.currentTarget.value)}
      onBlur={done}
    />
  );
}
