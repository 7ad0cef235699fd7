"use client";
// One service, gateway or external service.
import { Button, Stack, Text } from "@mantine/core";
import { IconTrash } from "@tabler/icons-react";
import { type MeshObject, objectKey } from "@/lib/mesh";
import { kindWord, namespaceColour } from "../model/to-canvas";
import classes from "../topology.module.css";
import { ExternalBinding } from "./app-binding";
import { PinnedComments } from "./comments";
import { OutsideCalls } from "./external-tls";
import { Port, ServiceFields } from "./fields";
import { GatewayBinding } from "./gateway-binding";
import { GatewayCertificates } from "./gateway-certificates";
import { Listeners } from "./listeners";
import { Neighbours, NowAndFindings } from "./node-state";
import { EditText, Section } from "./parts";
import type { InspectorProps } from "./props";
import { CallerFields, LocalityField, Workloads } from "./workloads";

export function NodeDetails(props: InspectorProps & { object: MeshObject }) {
  const { object, topology, gestures, editable } = props;
  const key = objectKey(object);
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
      <NowAndFindings topology={topology} nodeKey={key} />
      <PinnedComments topology={topology} place={key} />
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
          {object.kind === "Gateway" ? <LocalityField object={object} gestures={gestures} editable={editable} /> : null}
          {object.kind === "Workload" ? (
            <CallerFields workload={object} gestures={gestures} editable={editable} />
          ) : (
            <EditText
              label="Description"
              long
              value={String(spec.description ?? "")}
              disabled={!editable}
              onCommit={(value) => patch(["description"], value)}
            />
          )}
        </Stack>
      </Section>
      {object.kind === "Service" ? <Workloads {...props} object={object} /> : null}
      {object.kind === "ExternalService" ? (
        <Section title="Calls to it">
          <OutsideCalls {...props} external={object} />
        </Section>
      ) : null}
      {object.kind === "ExternalService" ? (
        <Section title="Address in the environment">
          <ExternalBinding
            namespace={object.metadata.namespace}
            name={object.metadata.name}
            port={object.spec.ports[0]?.port ?? 80}
          />
        </Section>
      ) : null}
      {object.kind === "Gateway" ? (
        <Section title="Listeners">
          <Listeners {...props} gateway={object} />
        </Section>
      ) : null}
      {object.kind === "Gateway" ? (
        <Section title="Ports in the environment">
          <GatewayBinding gateway={object} />
        </Section>
      ) : null}
      {object.kind === "Gateway" ? <GatewayCertificates gateway={object} /> : null}
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
