"use client";
// Fields that only some kinds have. Rule: a field writes only when it was changed and left.
import { Group, NumberInput, Select } from "@mantine/core";
import type { MeshObject } from "@/lib/mesh";
import { EditChoice } from "./parts";

type Patch = (path: (string | number)[], value: unknown) => boolean;

export function ServiceFields({
  object,
  editable,
  patch,
}: {
  object: Extract<MeshObject, { kind: "Service" }>;
  editable: boolean;
  patch: Patch;
}) {
  return (
    <Group gap={8} grow align="flex-start">
      <EditChoice
        label="Criticality"
        unset="not said"
        value={object.spec.criticality}
        choices={["critical", "high", "medium", "low"]}
        disabled={!editable}
        onCommit={(value) => patch(["criticality"], value)}
      />
      <EditChoice
        label="Data"
        unset="not said"
        value={object.spec.dataClass}
        choices={["public", "internal", "confidential", "restricted"]}
        disabled={!editable}
        onCommit={(value) => patch(["dataClass"], value)}
      />
    </Group>
  );
}

export function Port({
  object,
  editable,
  patch,
}: {
  object: Extract<MeshObject, { kind: "Service" | "ExternalService" }>;
  editable: boolean;
  patch: Patch;
}) {
  const port = object.spec.ports[0];
  return (
    <Group gap={8} grow>
      <NumberInput
        key={port?.port}
        label="Port"
        size="xs"
        min={1}
        max={65535}
        hideControls
        disabled={!editable}
        defaultValue={port?.port}
        onBlur={(event) => {
          const value = Number(event.currentTarget.value);
          if (value && value !== port?.port) patch(["ports", 0, "port"], value);
        }}
      />
      <Select
        label="Protocol"
        size="xs"
        disabled={!editable}
        allowDeselect={false}
        value={port?.protocol ?? "http"}
        data={["http", "http2", "grpc", "tcp"]}
        onChange={(value) => patch(["ports", 0, "protocol"], value)}
      />
    </Group>
  );
}
