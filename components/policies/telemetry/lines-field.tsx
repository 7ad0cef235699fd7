"use client";
// A map of texts in one field. Rule: as fields.tsx: taken when it is left, a refused text stays with the reason below it.
import { Textarea } from "@mantine/core";
import { useEffect, useState } from "react";
import type { Path } from "@/lib/mesh";
import { useDescription, usePolicyForm } from "../forms/form-context";
import { linesOf, readLines } from "./lines";

export function LinesField(props: { path: Path; label: string; value: Readonly<Record<string, string>> }) {
  const form = usePolicyForm();
  const description = useDescription(props.path);
  const known = linesOf(props.value);
  const [text, setText] = useState(known);
  const [error, setError] = useState<string | null>(null);
  useEffect(() => setText(known), [known]);
  const done = () => {
    const read = readLines(text);
    setError(read.ok ? (text === known ? null : form.set(props.path, read.fields)) : read.message);
  };
  return (
    <Textarea
      label={props.label}
      description={description}
      size="xs"
      autosize
      minRows={3}
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
