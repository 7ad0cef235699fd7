"use client";
// Where something is said. Rule: a link leads only to what can be opened from here; our own pages are named as they stand in the repository.
import { Anchor, Code } from "@mantine/core";
import Link from "next/link";
import type { ReactNode } from "react";

export function Source({ of, children }: { of: string; children: ReactNode }) {
  if (of.startsWith("https:")) {
    return (
      <Anchor href={of} size="xs" underline="always" target="_blank" rel="noreferrer">
        {children}
      </Anchor>
    );
  }
  if (of.startsWith("/")) {
    return (
      <Anchor component={Link} href={of} size="xs" underline="always">
        {children}
      </Anchor>
    );
  }
  return (
    <>
      {children}: <Code>{of}</Code> in Meshwright's repository
    </>
  );
}
