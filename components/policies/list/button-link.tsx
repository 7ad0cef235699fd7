"use client";
// A link that looks like a button, and keeps what is being looked at. Rule: it only goes somewhere.
import { Button } from "@mantine/core";
import Link from "next/link";
import type { ReactNode } from "react";

export function ButtonLink(props: { href: string; children: ReactNode; variant?: string; leftSection?: ReactNode }) {
  return (
    <Button
      component={Link}
      href={props.href}
      size="sm"
      variant={props.variant ?? "default"}
      leftSection={props.leftSection}
    >
      {props.children}
    </Button>
  );
}
