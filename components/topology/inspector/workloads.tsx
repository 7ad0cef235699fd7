"use client";
// The versions behind a service, and what runs as each of them.
import { ActionIcon, Button, Group, NumberInput, Stack, Text } from "@mantine/core";
import { IconPlus, IconTrash } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import { API_VERSION, type Gateway, type MeshObject, objectKey, type Workload } from "@/lib/mesh";
import { freeName, toName } from "../model/document";
import { inWords } from "../model/listeners";
import { workloadsByService } from "../model/to-canvas";
import classes from "../topology.module.css";
import { AppBinding, CallerBinding } from "./app-binding";
import { CheckedText } from "./checked-fields";
import { EditText, Section } from "./parts";
import type { InspectorProps } from "./props";

export function Workloads(props: InspectorProps & { object: Extract<MeshObject, { kind: "Service" }> }) {
  const { object, topology, gestures, editable } = props;
  const key = objectKey(object);
  const workloads = topology.document ? (workloadsByService(topology.document).get(key) ?? []) : [];
  const addVersion = () => {
    if (!topology.document) return;
    const { name, namespace } = object.metadata;
    const version = `v${workloads.length + 1}`;
    const workload = freeName(topology.document, ["Workload"], namespace, `${name.slice(0, 50)}-${version}`);
    gestures.edit({
      type: "addObject",
      object: {
        apiVersion: API_VERSION,
        kind: "Workload",
        metadata: { name: workload, namespace },
        spec: { service: name, version, replicas: 1 },
      },
    });
  };
  return (
    <Section
      title="Workloads"
      aside={
        editable ? (
          <Button size="compact-xs" variant="subtle" leftSection={<IconPlus size={12} />} onClick={addVersion}>
            Version
          </Button>
        ) : null
      }
    >
      <Stack gap={12}>
        {workloads.map((workload) => (
          <WorkloadCard key={objectKey(workload)} {...props} workload={workload} isOnly={workloads.length === 1} />
        ))}
        {workloads.length === 0 ? (
          <Text size="sm" c="dimmed">
            No workload: the name exists, nothing runs behind it. Add a version.
          </Text>
        ) : null}
      </Stack>
    </Section>
  );
}

type WorkloadProps = Pick<InspectorProps, "gestures" | "editable"> & { workload: Workload };

/** Of a workload that only calls: it has no service whose fields say the rest. */
export function CallerFields(props: WorkloadProps) {
  const { workload, gestures, editable } = props;
  const { replicas, serviceAccount } = workload.spec;
  const patch = (field: string, value: unknown) =>
    gestures.edit({ type: "patchSpec", key: objectKey(workload), path: [field], value });
  return (
    <>
      <Version {...props} />
      <EditText
        label="Service account"
        value={serviceAccount ?? ""}
        placeholder={workload.metadata.name}
        disabled={!editable}
        onCommit={(account) => patch("serviceAccount", toName(account) || undefined)}
      />
      <Replicas {...props} />
      <LocalityField object={workload} gestures={gestures} editable={editable} />
      <CallerBinding
        namespace={workload.metadata.namespace}
        workload={workload.metadata.name}
        replicas={replicas ?? 1}
      />
    </>
  );
}

function Replicas({ workload, gestures, editable }: WorkloadProps) {
  const replicas = workload.spec.replicas ?? 1;
  const [value, setValue] = useState<string | number>(replicas);
  useEffect(() => setValue(replicas), [replicas]);
  return (
    <NumberInput
      label="Replicas"
      size="xs"
      min={0}
      max={1000}
      allowDecimal={false}
      disabled={!editable}
      value={value}
      onChange={setValue}
      onBlur={() => {
        if (typeof value !== "number") setValue(replicas);
        else if (value !== replicas)
          gestures.edit({ type: "patchSpec", key: objectKey(workload), path: ["replicas"], value });
      }}
    />
  );
}

function Version({ workload, gestures, editable }: WorkloadProps) {
  return (
    <EditText
      label="Version"
      value={workload.spec.version}
      disabled={!editable}
      onCommit={(version) =>
        gestures.edit({
          type: "patchSpec",
          key: objectKey(workload),
          path: ["version"],
          value: toName(version) || version,
        })
      }
    />
  );
}

/** Of a workload or a gateway. */
export function LocalityField({
  object,
  gestures,
  editable,
}: Pick<InspectorProps, "gestures" | "editable"> & { object: Workload | Gateway }) {
  return (
    <CheckedText
      label="Locality"
      description="Where it runs: region, region/zone or region/zone/subzone."
      value={object.spec.locality ?? ""}
      placeholder="not said"
      disabled={!editable}
      onCommit={(text) =>
        inWords(
          gestures.attempt({
            type: "patchSpec",
            key: objectKey(object),
            path: ["locality"],
            value: text || undefined,
          }),
        ) || null
      }
    />
  );
}

function WorkloadCard({
  workload,
  gestures,
  editable,
  isOnly,
}: InspectorProps & { workload: Workload; isOnly: boolean }) {
  const key = objectKey(workload);
  return (
    <div className={classes.workload}>
      <Group justify="space-between" wrap="nowrap" mb={8}>
        <Text size="sm" fw={600} truncate>
          {workload.metadata.name}
        </Text>
        {editable && !isOnly ? (
          <ActionIcon
            size="sm"
            aria-label={`Delete ${workload.metadata.name}`}
            onClick={() => gestures.askToRemove([key])}
          >
            <IconTrash size={14} />
          </ActionIcon>
        ) : null}
      </Group>
      <Stack gap={8}>
        <Group grow gap={8} align="flex-start">
          <Version workload={workload} gestures={gestures} editable={editable} />
          <Replicas workload={workload} gestures={gestures} editable={editable} />
        </Group>
        <LocalityField object={workload} gestures={gestures} editable={editable} />
        <AppBinding namespace={workload.metadata.namespace} workload={workload.metadata.name} />
      </Stack>
    </div>
  );
}
