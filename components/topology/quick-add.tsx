"use client";
// Add by typing: a name, "external: api.stripe.com", or "cart > shipping". Rule: stays open so that many can be typed.
import { Modal, Stack, Text, TextInput } from "@mantine/core";
import { useEffect, useState } from "react";
import { type Addable, readQuickAdd } from "./model/authoring";

const KIND_WORD: Record<Addable, string> = {
  Service: "service",
  Gateway: "gateway",
  ExternalService: "external service",
  Workload: "workload that only calls",
};

export function QuickAdd(props: {
  opened: boolean;
  /** What stands in the field when it opens. */
  begin: string;
  onClose: () => void;
  onAdd: (text: string) => boolean;
  /** Names of a line that are not drawn yet. */
  missing: (line: { from: string; to: string }) => string[];
}) {
  const [text, setText] = useState("");
  const { opened, begin } = props;
  useEffect(() => {
    if (opened) setText(begin);
  }, [opened, begin]);
  const read = readQuickAdd(text);
  const will = !read
    ? "Type a name."
    : "kind" in read
      ? `Adds the ${KIND_WORD[read.kind]} ${read.name}${read.host ? `, called as ${read.host}` : ""}.`
      : lineWords(read, props.missing(read));
  return (
    <Modal opened={props.opened} onClose={props.onClose} title="Add by typing" size="md">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (props.onAdd(text)) setText("");
        }}
      >
        <Stack gap="xs">
          <TextInput
            data-autofocus
            aria-label="What to add"
            placeholder="orders"
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
          />
          <Text size="sm" c="dimmed" aria-live="polite">
            {will} Enter adds it, Esc closes.
          </Text>
          <Text size="xs" c="dimmed">
            Also: <code>gateway: front</code>, <code>external: api.stripe.com</code>, <code>job: nightly</code>,{" "}
            <code>cart &gt; shipping</code>
          </Text>
        </Stack>
      </form>
    </Modal>
  );
}

function lineWords({ from, to }: { from: string; to: string }, missing: readonly string[]): string {
  if (missing.length === 0) return `Draws a line from ${from} to ${to}.`;
  return `Adds the ${missing.length === 1 ? "service" : "services"} ${missing.join(" and ")}, and draws a line from ${from} to ${to}.`;
}
