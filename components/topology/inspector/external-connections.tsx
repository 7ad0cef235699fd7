"use client";
// What connections to an external service begin with, and to which address of its name they go.
import { Stack } from "@mantine/core";
import { ErrorText } from "@/components/ui";
import { type ExternalService, objectKey, type Violation } from "@/lib/mesh";
import { inWords } from "../model/listeners";
import { EditChoice } from "./parts";

const PROXY_PROTOCOL = [
  { value: "v1", label: "version 1 (text)" },
  { value: "v2", label: "version 2 (binary)" },
];
const RESOLUTION = [{ value: "dns-round-robin", label: "one at a time, the first of each answer" }];

export interface ExternalFormProps {
  external: ExternalService;
  editable: boolean;
  /** What the model has against the object as it is. */
  violations: readonly Violation[];
  /** Why it was refused; empty when it was taken. */
  change(path: (string | number)[], value: unknown): readonly Violation[];
}

export function ExternalConnectionsForm({ external, editable, violations, change }: ExternalFormProps) {
  const { proxyProtocol, resolution } = external.spec;
  const problemOf = (field: string): string | undefined =>
    inWords(violations.filter(({ path }) => path === `${objectKey(external)}#spec.${field}`)) || undefined;
  return (
    <Stack gap={8}>
      <EditChoice
        label="PROXY protocol, which tells it who called"
        unset="not sent (default)"
        value={proxyProtocol}
        choices={PROXY_PROTOCOL}
        disabled={!editable}
        onCommit={(version) => change(["proxyProtocol"], version).length === 0}
      />
      <EditChoice
        label="Addresses of its name"
        unset="all share the calls (default)"
        value={resolution}
        choices={RESOLUTION}
        disabled={!editable}
        onCommit={(wanted) => change(["resolution"], wanted).length === 0}
      />
      <ErrorText size="xs">{problemOf("resolution")}</ErrorText>
    </Stack>
  );
}
