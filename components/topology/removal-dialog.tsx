"use client";
// Says in numbers what goes before it goes.
import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import type { Removal } from "./model/removal";

export function RemovalDialog(props: { removal: Removal | null; onConfirm: () => void; onCancel: () => void }) {
  return (
    <Modal opened={props.removal !== null} onClose={props.onCancel} title="Delete from the draft">
      <Stack gap="md">
        <Text size="sm">{props.removal?.sentence}</Text>
        <Text size="sm" c="dimmed">
          What runs stays as it is until you deploy. Undo brings it back.
        </Text>
        <Group justify="flex-end">
          <Button variant="default" onClick={props.onCancel}>
            Keep
          </Button>
          <Button color="red" onClick={props.onConfirm} data-autofocus>
            Delete
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
