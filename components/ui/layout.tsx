"use client";
// The parts every screen is put together from. Job: one question at the top in words, panels, empty and loading states.
// Rule: layout only; no data, no domain. What could not be read is said in reading.tsx.
import { Box, Group, Skeleton, Stack, Text, Title } from "@mantine/core";
import { type ReactNode, useEffect, useState } from "react";
import { formatAgo } from "./format";
import classes from "./layout.module.css";
import { StatusIcon } from "./status";
import type { Mark } from "./status-words";

/** Scrolls on its own; the canvas screens do not use it. */
export function Page({ children }: { children: ReactNode }) {
  return (
    <div className={classes.page}>
      <div className={classes.column}>{children}</div>
    </div>
  );
}

/** The answer first: a sentence with its state; the screen's name stands small above it. */
export function Answer(props: {
  eyebrow: string;
  status?: Mark;
  answer: ReactNode;
  detail?: ReactNode;
  actions?: ReactNode;
}) {
  return (
    <header className={classes.answer}>
      <div className={classes.answerText}>
        <Text size="xs" c="dimmed" fw={500}>
          {props.eyebrow}
        </Text>
        <Group gap={8} wrap="nowrap" align="flex-start">
          {props.status ? (
            <span className={classes.answerIcon}>
              <StatusIcon status={props.status} size={20} label={props.status} />
            </span>
          ) : null}
          <Title order={1} className={classes.answerTitle}>
            {props.answer}
          </Title>
        </Group>
        {props.detail ? (
          <Text component="div" size="sm" c="dimmed" mt={4}>
            {props.detail}
          </Text>
        ) : null}
      </div>
      {props.actions ? <div className={classes.actions}>{props.actions}</div> : null}
    </header>
  );
}

export function Panel(props: {
  title?: ReactNode;
  hint?: ReactNode;
  aside?: ReactNode;
  flush?: boolean;
  children: ReactNode;
}) {
  return (
    <section className={classes.panel}>
      {props.title ? (
        <div className={classes.panelHead}>
          <div>
            <Title order={2} fz={14} lh="20px">
              {props.title}
            </Title>
            {props.hint ? (
              <Text size="xs" c="dimmed">
                {props.hint}
              </Text>
            ) : null}
          </div>
          {props.aside}
        </div>
      ) : null}
      <div className={props.flush ? classes.panelFlush : classes.panelBody}>{props.children}</div>
    </section>
  );
}

/** What is too wide scrolls inside its panel, never the page; reached by keyboard. */
export function TableScroll({ children, label }: { children: ReactNode; label: string }) {
  return (
    <Box component="section" className={classes.tableScroll} aria-label={label} tabIndex={0}>
      {children}
    </Box>
  );
}

export function EmptyState(props: { icon?: ReactNode; title: string; children?: ReactNode; action?: ReactNode }) {
  return (
    <Stack align="center" gap={8} py={40} px={16} ta="center">
      {props.icon ? <span className={classes.emptyIcon}>{props.icon}</span> : null}
      <Text fw={600}>{props.title}</Text>
      {props.children ? (
        <Text size="sm" c="dimmed" maw={460} component="div">
          {props.children}
        </Text>
      ) : null}
      {props.action ? <Group mt={8}>{props.action}</Group> : null}
    </Stack>
  );
}

export function LoadingRows({ rows = 5, height = 32 }: { rows?: number; height?: number }) {
  return (
    <Stack gap={8} role="status" aria-busy="true" aria-label="Loading" className={classes.loading}>
      {Array.from({ length: rows }, (_, row) => `row-${row}`).map((key) => (
        <Skeleton key={key} height={height} radius="sm" />
      ))}
    </Stack>
  );
}

/** The clock of the page: one second steps, the same value for the whole render; 0 until mounted. */
export function useNow(stepMs = 1000): number {
  const [now, setNow] = useState(0);
  useEffect(() => {
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), stepMs);
    return () => clearInterval(timer);
  }, [stepMs]);
  return now;
}

export function TimeAgo({ at }: { at: string | null | undefined }) {
  const now = useNow(5000);
  if (!at) return <>–</>;
  return (
    <time dateTime={at} title={new Date(at).toISOString()} suppressHydrationWarning>
      {now === 0 ? "…" : formatAgo(at, now)}
    </time>
  );
}
