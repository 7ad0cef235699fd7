"use client";
// Small parts of the inspector. Rule: a field commits on blur or Enter, never on each key, so that one edit is one undo.
import { Group, Select, Stack, Text, Textarea, TextInput } from "@mantine/core";
import { type ReactNode, useEffect, useState } from "react";
import {
  bytesPerSecond,
  failedInWords,
  formatByteRate,
  formatMs,
  formatPercent,
  formatRate,
  isTcpOnly,
  StatusBadge,
} from "@/components/ui";
import { encryptionOf, healthOf, healthWord, type LiveNumbers, type LiveState } from "../model/live";
import classes from "../topology.module.css";

export function Section({ title, aside, children }: { title: string; aside?: ReactNode; children: ReactNode }) {
  return (
    <section className={classes.section}>
      <Group justify="space-between" mb={8} wrap="nowrap">
        <Text component="h3" size="xs" fw={600} c="dimmed">
          {title}
        </Text>
        {aside}
      </Group>
      {children}
    </section>
  );
}

export function Facts({ rows }: { rows: readonly (readonly [string, ReactNode])[] }) {
  return (
    <dl className={classes.facts}>
      {rows.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

const mtlsWords = { all: "everything", some: "not everything", none: "nothing", unknown: "not measured" };

export function LiveFacts({ now, state }: { now: LiveNumbers; state: LiveState }) {
  const status = healthOf(now, state);
  return (
    <Stack gap={8}>
      <Group gap={8}>
        <StatusBadge status={status}>{healthWord(status, state)}</StatusBadge>
        {state === "stale" ? (
          <Text size="xs" c="dimmed">
            last known values
          </Text>
        ) : null}
      </Group>
      <Facts
        rows={[
          ...(isTcpOnly(now) ? [] : requestRows(now)),
          ...tcpRows(now),
          [
            "In mTLS",
            now.mtlsRatio === null
              ? mtlsWords.unknown
              : `${mtlsWords[encryptionOf(now.mtlsRatio)]} (${formatPercent(now.mtlsRatio)})`,
          ],
        ]}
      />
    </Stack>
  );
}

type Row = readonly [string, ReactNode];

const requestRows = (now: LiveNumbers): Row[] => [
  ["Traffic", formatRate(now.requestsPerSecond)],
  ["Errors", formatPercent(now.errorRatio)],
  ["p50 · p95 · p99", `${formatMs(now.p50)} · ${formatMs(now.p95)} · ${formatMs(now.p99)}`],
];

const tcpRows = ({ tcp }: LiveNumbers): Row[] =>
  tcp
    ? [
        ["TCP connections", formatRate(tcp.connectionsPerSecond)],
        ["TCP bytes", formatByteRate(bytesPerSecond(tcp))],
        ["Failed connections", failedInWords(tcp)],
      ]
    : [];

/** A text that is committed when one leaves it; a refused value goes back to what it was. */
export function EditText(props: {
  label: string;
  value: string;
  disabled: boolean;
  long?: boolean;
  placeholder?: string;
  onCommit(value: string): boolean;
}) {
  const [text, setText] = useState(props.value);
  useEffect(() => setText(props.value), [props.value]);
  const commit = () => {
    const next = text.trim();
    if (next === props.value) return;
    if (!props.onCommit(next)) setText(props.value);
  };
  const shared = {
    label: props.label,
    size: "xs" as const,
    value: text,
    disabled: props.disabled,
    placeholder: props.placeholder,
    onChange: (event: { currentTarget: { value: string } }) => setText(event.currentTarget.value),
    onBlur: commit,
  };
  if (props.long) return <Textarea {...shared} autosize minRows={2} maxRows={6} />;
  return (
    <TextInput
      {...shared}
      onKeyDown={(event) => {
        if (event.key === "Enter") event.currentTarget.blur();
        if (event.key === "Escape") setText(props.value);
      }}
    />
  );
}

export function EditChoice(props: {
  label: string;
  description?: string;
  value: string | undefined;
  disabled: boolean;
  choices: readonly (string | { value: string; label: string })[];
  unset: string;
  onCommit(value: string | undefined): boolean;
}) {
  return (
    <Select
      label={props.label}
      description={props.description}
      size="xs"
      disabled={props.disabled}
      value={props.value ?? null}
      data={[...props.choices]}
      placeholder={props.unset}
      clearable
      onChange={(value) => void props.onCommit(value ?? undefined)}
    />
  );
}
