"use client";
// One dependency: drawn, granted, seen; its numbers; what it is for.
import { Anchor, Button, Group, NumberInput, Stack, Text } from "@mantine/core";
import { IconPlus, IconTrash } from "@tabler/icons-react";
import Link from "next/link";
import type { CanvasEdge } from "@/components/canvas";
import { sharedSearch, useMesh, writeParameters } from "@/components/shell";
import { StatusIcon } from "@/components/ui";
import { refKey } from "@/lib/mesh";
import { find } from "../model/document";
import { pairKey } from "../model/live";
import { disagreementOf, nameOf } from "../model/to-canvas";
import classes from "../topology.module.css";
import { PinnedComments } from "./comments";
import { EditChoice, EditText, Facts, LiveFacts, Section } from "./parts";
import type { InspectorProps } from "./props";

export function LineDetails(props: InspectorProps & { id: string; edge: CanvasEdge | undefined }) {
  const { topology, gestures, editable, id, onSelect } = props;
  const { mesh } = useMesh();
  const object = topology.document ? find(topology.document, id) : undefined;
  const dependency = object?.kind === "Dependency" ? object : undefined;
  const source = dependency ? refKey(dependency.spec.from, dependency) : (props.edge?.source ?? "");
  const target = dependency ? refKey(dependency.spec.to, dependency) : (props.edge?.target ?? "");
  const live = topology.live.dependencies.get(pairKey(source, target));
  const disagreement = disagreementOf(dependency !== undefined, live);
  const end = (key: string) => (
    <Anchor component="button" onClick={() => onSelect([key])} inherit>
      {nameOf(key)}
    </Anchor>
  );
  const patch = (path: string[], value: unknown) =>
    gestures.edit({ type: "patchSpec", key: id, path, value: value === "" ? undefined : value });
  const policyFor = (template: string | null) =>
    `/meshes/${mesh}/policies/new${writeParameters("", { from: source, to: target, template })}`;
  const signals = `/meshes/${mesh}/signals${writeParameters(typeof window === "undefined" ? "" : sharedSearch(window.location.search), { scope: "dependency", name: dependency ? id : `${source}>${target}` })}`;
  return (
    <div>
      <div className={classes.inspectorHead}>
        <Text size="xs" c="dimmed">
          Dependency
        </Text>
        <Text component="h2" fw={600} size="lg" className={classes.breakable}>
          {end(source)} → {end(target)}
        </Text>
        {disagreement ? (
          <Group gap={6} mt={8} wrap="nowrap" align="flex-start">
            <StatusIcon status="attention" label="attention" />
            <Text size="sm">This is {disagreement}.</Text>
          </Group>
        ) : null}
        {editable ? (
          <Group mt={8} gap={8}>
            {dependency ? null : (
              <Button size="xs" leftSection={<IconPlus size={14} />} onClick={() => gestures.connect(source, target)}>
                Add to the design
              </Button>
            )}
            <Button size="xs" variant="default" component={Link} href={policyFor(dependency ? null : "deny-caller")}>
              {dependency ? "Write a policy for this" : "Deny it"}
            </Button>
          </Group>
        ) : null}
      </div>
      <Section
        title="Now"
        aside={
          <Anchor size="xs" component={Link} href={signals}>
            Signals
          </Anchor>
        }
      >
        {live && live.state !== "no-data" ? (
          <LiveFacts now={live.now} state={live.state} />
        ) : (
          <Text size="sm" c="dimmed">
            Not measured. It is measured as soon as a proxy of the caller or callee has seen a request.
          </Text>
        )}
      </Section>
      <Section title="Three states">
        <Facts
          rows={[
            ["Drawn", dependency ? "yes, in this design" : "no"],
            [
              "Granted",
              live?.granted === true ? "yes, by the running configuration" : live?.granted === false ? "no" : "unknown",
            ],
            ["Seen", live?.seen ? "yes, in traffic" : "no traffic seen"],
          ]}
        />
      </Section>
      {dependency ? <PinnedComments topology={topology} place={id} /> : null}
      {dependency ? (
        <Section title="Design">
          <Stack gap={8}>
            <EditText
              label="Purpose"
              long
              value={dependency.spec.purpose ?? ""}
              disabled={!editable}
              onCommit={(value) => patch(["purpose"], value)}
            />
            <Group grow gap={8} align="flex-start">
              <EditChoice
                label="Interaction"
                unset="not said"
                value={dependency.spec.interaction}
                choices={["sync", "async"]}
                disabled={!editable}
                onCommit={(value) => patch(["interaction"], value)}
              />
              <NumberInput
                key={dependency.spec.expectedRequestsPerSecond}
                label="Expected requests/s"
                size="xs"
                min={0}
                hideControls
                disabled={!editable}
                defaultValue={dependency.spec.expectedRequestsPerSecond}
                onBlur={(event) => {
                  const text = event.currentTarget.value;
                  const value = text === "" ? undefined : Number(text);
                  if (value !== dependency.spec.expectedRequestsPerSecond) patch(["expectedRequestsPerSecond"], value);
                }}
              />
            </Group>
          </Stack>
        </Section>
      ) : null}
      {dependency && editable ? (
        <div className={classes.section}>
          <Button
            size="xs"
            color="red"
            variant="light"
            leftSection={<IconTrash size={14} />}
            onClick={() => gestures.askToRemove([id])}
          >
            Delete this dependency
          </Button>
        </div>
      ) : null}
    </div>
  );
}
