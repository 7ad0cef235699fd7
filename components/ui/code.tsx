"use client";
// Text to copy: commands, digests, YAML. Rule: shows exactly what it copies.
import { ActionIcon, CopyButton, Tooltip } from "@mantine/core";
import { IconCheck, IconCopy } from "@tabler/icons-react";
import classes from "./code.module.css";

export function CopyIcon({ value, label = "Copy" }: { value: string; label?: string }) {
  return (
    <CopyButton value={value} timeout={1500}>
      {({ copied, copy }) => (
        <Tooltip label={copied ? "Copied" : label}>
          <ActionIcon size="sm" onClick={copy} aria-label={label}>
            {copied ? <IconCheck size={14} /> : <IconCopy size={14} />}
          </ActionIcon>
        </Tooltip>
      )}
    </CopyButton>
  );
}

export function CodeLine({ children, label }: { children: string; label?: string }) {
  return (
    <div className={classes.line}>
      <code>{children}</code>
      <CopyIcon value={children} label={label ?? "Copy command"} />
    </div>
  );
}

export function Mono({ children, title }: { children: React.ReactNode; title?: string }) {
  return (
    <span className={classes.mono} title={title}>
      {children}
    </span>
  );
}
