// The answer of a station, under its question: one sentence that a room reads from afar.
import { Text } from "@mantine/core";
import type { ReactNode } from "react";

export function Lead({ children }: { children: ReactNode }) {
  return (
    <Text size="lg" fw={500} maw="76ch" mt={-8}>
      {children}
    </Text>
  );
}
