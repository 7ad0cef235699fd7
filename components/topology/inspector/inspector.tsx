"use client";
// Details of what is selected: one box, one line, or many. Rule: live numbers first, then what can be edited; edits are
// the same commands as on the canvas.
import { ActionIcon, Button, Group, Stack, Text } from "@mantine/core";
import { IconTrash, IconX } from "@tabler/icons-react";
import { plural } from "@/components/ui";
import { alignments } from "../model/align";
import { find } from "../model/document";
import { isGroup } from "../model/groups";
import { nameOf } from "../model/to-canvas";
import classes from "../topology.module.css";
import { GroupDetails } from "./group-details";
import { LineDetails } from "./line-details";
import { NodeDetails } from "./node-details";
import type { InspectorProps } from "./props";

export function Inspector(props: InspectorProps) {
  const { selection, topology, onSelect } = props;
  const only = selection.length === 1 ? selection[0] : undefined;
  const object = only && topology.document ? find(topology.document, only) : undefined;
  const edge = only ? topology.edges.find((each) => each.id === only) : undefined;
  return (
    <aside className={`${classes.inspector} touch`} aria-label="Details of the selection">
      <ActionIcon className={classes.inspectorClose} onClick={() => onSelect([])} aria-label="Close the details">
        <IconX size={16} />
      </ActionIcon>
      {only && (edge || object?.kind === "Dependency") ? (
        <LineDetails key={only} {...props} id={only} edge={edge} />
      ) : only && object ? (
        <NodeDetails key={only} {...props} object={object} />
      ) : only && isGroup(only) ? (
        <GroupDetails key={only} {...props} id={only} />
      ) : selection.length > 1 ? (
        <Many {...props} />
      ) : (
        <Text size="sm" c="dimmed" p="md">
          This is not in what you look at. It may have been renamed or deleted.
        </Text>
      )}
    </aside>
  );
}

function Many({ selection, gestures, editable, onSelect }: InspectorProps) {
  return (
    <Stack gap="sm" p="md">
      <Text fw={600}>{plural(selection.length, "object")} selected</Text>
      <Stack gap={4}>
        {selection.slice(0, 12).map((key) => (
          <Button key={key} variant="subtle" size="compact-sm" justify="flex-start" onClick={() => onSelect([key])}>
            {nameOf(key)}
          </Button>
        ))}
        {selection.length > 12 ? (
          <Text size="xs" c="dimmed">
            and {selection.length - 12} more
          </Text>
        ) : null}
      </Stack>
      {editable ? (
        <Group gap="xs">
          <Button size="xs" variant="default" onClick={() => void gestures.layOut()}>
            Lay these out
          </Button>
          {alignments.map((alignment) => (
            <Button key={alignment} size="xs" variant="default" onClick={() => gestures.align(alignment)}>
              {alignment}
            </Button>
          ))}
          <Button size="xs" variant="default" onClick={() => void gestures.copy()}>
            Copy
          </Button>
          <Button
            size="xs"
            color="red"
            variant="light"
            leftSection={<IconTrash size={14} />}
            onClick={() => gestures.askToRemove()}
          >
            Delete
          </Button>
        </Group>
      ) : null}
    </Stack>
  );
}
