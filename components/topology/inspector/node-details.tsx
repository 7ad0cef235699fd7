"use client";
// One service, gateway or external service.
import { ActionIcon, Anchor, Button, Group, NumberInput, Select, Stack, Text } from "@mantine/core";
import { IconPlus, IconTrash } from "@tabler/icons-react";
import Link from "next/link";
import { sharedSearch, useMesh, writeParameters } from "@/components/shell";
import { StatusBadge } from "@/components/ui";
import { API_VERSION, type MeshObject, objectKey, refKey, type Workload } from "@/lib/mesh";
import { freeName, toName } from "../model/document";
import { kindWord, nameOf, namespaceColour, workloadsByService } from "../model/to-canvas";
import classes from "../topology.module.css";
import { AppBinding, ExternalBinding } from "./app-binding";
import { EditChoice, EditText, Facts, LiveFacts, Section } from "./parts";
import type { InspectorProps } from "./props";

export function NodeDetails(props: InspectorProps & { object: MeshObject }) {
  const { object, topology, gestures, editable } = props;
  const { mesh } = useMesh();
  const key = objectKey(object);
  const live = topology.live.services.get(key);
  const findings = topology.findings.filter((finding) => finding.refs.includes(key));
  const patch = (path: (string | number)[], value: unknown) =>
    gestures.edit({ type: "patchSpec", key, path, value: value === "" ? undefined : value });
  const spec: Record<string, unknown> = object.spec;
  return (
    <div>
      <div className={classes.inspectorHead}>
        <Text size="xs" c="dimmed">
          <span
            className={classes.legendStripe}
            style={{ background: namespaceColour(object.metadata.namespace ?? "") }}
          />{" "}
          {kindWord(object)} in {object.metadata.namespace}
        </Text>
        <Text component="h2" fw={600} size="lg" className={classes.breakable}>
          {object.metadata.name}
        </Text>
      </div>
      {live ? (
        <Section
          title="Now"
          aside={
            <Anchor
              size="xs"
              component={Link}
              href={`/meshes/${mesh}/signals${writeParameters(typeof window === "undefined" ? "" : sharedSearch(window.location.search), { scope: "service", name: key })}`}
            >
              Signals
            </Anchor>
          }
        >
          <LiveFacts now={live.now} state={live.state} />
          {live.proxies.total > 0 ? (
            <Text size="xs" c="dimmed" mt={8}>
              {live.proxies.ready} of {live.proxies.total} proxies ready
              {live.proxies.nack > 0 ? `, ${live.proxies.nack} refused their configuration` : ""}
            </Text>
          ) : null}
        </Section>
      ) : null}
      {findings.length > 0 ? (
        <Section title="Findings">
          <Stack gap={8}>
            {findings.map((finding) => (
              <div key={`${finding.code} ${finding.message}`}>
                <StatusBadge
                  status={
                    finding.severity === "error"
                      ? "failing"
                      : finding.severity === "warning"
                        ? "attention"
                        : "unmeasured"
                  }
                >
                  {finding.code}
                </StatusBadge>
                <Text size="sm" mt={4}>
                  {finding.message}
                </Text>
              </div>
            ))}
            <Anchor size="xs" component={Link} href={`/meshes/${mesh}/findings`}>
              Open the findings
            </Anchor>
          </Stack>
        </Section>
      ) : null}
      <Section title="Design">
        <Stack gap={8}>
          <EditText
            label="Name"
            value={object.metadata.name}
            disabled={!editable}
            onCommit={(name) => gestures.rename(key, name)}
          />
          {"owner" in spec ||
          object.kind === "Service" ||
          object.kind === "Gateway" ||
          object.kind === "ExternalService" ? (
            <EditText
              label="Owner"
              value={String(spec.owner ?? "")}
              placeholder="team"
              disabled={!editable}
              onCommit={(value) => patch(["owner"], value)}
            />
          ) : null}
          {object.kind === "Service" ? <ServiceFields object={object} editable={editable} patch={patch} /> : null}
          {object.kind === "ExternalService" ? (
            <EditText
              label="Host"
              value={object.spec.hosts[0] ?? ""}
              disabled={!editable}
              onCommit={(value) => patch(["hosts", 0], value)}
            />
          ) : null}
          {object.kind === "Service" || object.kind === "ExternalService" ? (
            <Port object={object} editable={editable} patch={patch} />
          ) : null}
          {object.kind === "Gateway" ? (
            <NumberInput
              key={object.spec.listeners[0]?.port}
              label="Port"
              size="xs"
              min={1}
              max={65535}
              disabled={!editable}
              defaultValue={object.spec.listeners[0]?.port}
              onBlur={(event) => {
                const value = Number(event.currentTarget.value);
                if (value && value !== object.spec.listeners[0]?.port) patch(["listeners", 0, "port"], value);
              }}
            />
          ) : null}
          <EditText
            label="Description"
            long
            value={String(spec.description ?? "")}
            disabled={!editable}
            onCommit={(value) => patch(["description"], value)}
          />
        </Stack>
      </Section>
      {object.kind === "Service" ? <Workloads {...props} object={object} /> : null}
      {object.kind === "ExternalService" ? (
        <Section title="Address in the environment">
          <ExternalBinding
            namespace={object.metadata.namespace}
            name={object.metadata.name}
            port={object.spec.ports[0]?.port ?? 80}
          />
        </Section>
      ) : null}
      <Neighbours {...props} nodeKey={key} />
      {editable ? (
        <div className={classes.section}>
          <Button
            size="xs"
            color="red"
            variant="light"
            leftSection={<IconTrash size={14} />}
            onClick={() => gestures.askToRemove([key])}
          >
            Delete {object.metadata.name}
          </Button>
        </div>
      ) : null}
    </div>
  );
}

type Patch = (path: (string | number)[], value: unknown) => boolean;

function ServiceFields({
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

function Port({
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

function Workloads(props: InspectorProps & { object: Extract<MeshObject, { kind: "Service" }> }) {
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
        <EditText
          label="Version"
          value={workload.spec.version}
          disabled={!editable}
          onCommit={(version) =>
            gestures.edit({ type: "patchSpec", key, path: ["version"], value: toName(version) || version })
          }
        />
        <AppBinding namespace={workload.metadata.namespace} workload={workload.metadata.name} />
      </Stack>
    </div>
  );
}

function Neighbours({ topology, nodeKey, onSelect }: InspectorProps & { nodeKey: string }) {
  const dependencies = (topology.document?.objects ?? []).flatMap((object) =>
    object.kind === "Dependency" ? [object] : [],
  );
  const out = dependencies.filter((each) => refKey(each.spec.from, each) === nodeKey);
  const into = dependencies.filter((each) => refKey(each.spec.to, each) === nodeKey);
  const link = (key: string, name: string) => (
    <Anchor key={key} component="button" size="sm" onClick={() => onSelect([key])}>
      {name}
    </Anchor>
  );
  const list = (links: React.ReactNode[]) =>
    links.length > 0 ? <span className={classes.links}>{links}</span> : "nobody";
  return (
    <Section title="Dependencies">
      <Facts
        rows={[
          ["Called by", list(into.map((each) => link(objectKey(each), nameOf(refKey(each.spec.from, each)))))],
          ["Calls", list(out.map((each) => link(objectKey(each), nameOf(refKey(each.spec.to, each)))))],
        ]}
      />
    </Section>
  );
}
