"use client";
// Why something that was asked for did not happen, beside the button that asked. Rule: said aloud to a screen reader when it comes,
// and nothing is there before.
import { Text } from "@mantine/core";

export function ErrorText(props: { children: string | null | undefined; size?: "xs" | "sm"; p?: "md" }) {
  const { children, size = "sm", p } = props;
  if (!children) return null;
  return (
    <Text size={size} c="var(--mw-failing)" role="alert" {...(p === undefined ? {} : { p })}>
      {children}
    </Text>
  );
}
