"use client";
// Saved, saving, unable and retrying: in words, always in the same place. Rule: never claims more than the server said.
import { Alert, Button, Text } from "@mantine/core";
import { IconAlertTriangle, IconCheck, IconCloudOff, IconCloudUp } from "@tabler/icons-react";
import Link from "next/link";
import { useMesh } from "@/components/shell";
import classes from "./draft.module.css";
import type { DraftSnapshot } from "./draft-store";

const words = {
  saved: { icon: IconCheck, text: "Saved" },
  waiting: { icon: IconCloudUp, text: "Saving" },
  saving: { icon: IconCloudUp, text: "Saving" },
  retrying: { icon: IconCloudOff, text: "Not saved, retrying" },
} as const;

export function SaveStateWord({ snapshot }: { snapshot: DraftSnapshot }) {
  const { icon: Icon, text } = words[snapshot.saveState];
  return (
    <span className={classes.state} data-state={snapshot.saveState} role="status">
      <Icon size={14} aria-hidden />
      {text}
    </span>
  );
}

export function RefusalNote({ snapshot, onDismiss }: { snapshot: DraftSnapshot; onDismiss: () => void }) {
  const { mesh } = useMesh();
  if (!snapshot.refusal) return null;
  return (
    <Alert
      className={classes.refusal}
      color="orange"
      variant="light"
      icon={<IconAlertTriangle size={18} />}
      title={snapshot.refusal.title}
      withCloseButton
      closeButtonLabel="Close"
      onClose={onDismiss}
      role="alert"
    >
      <Text size="sm">{snapshot.refusal.detail}</Text>
      {snapshot.refusal.isConflict ? (
        <Button
          component={Link}
          href={`/meshes/${mesh}/merge?mine=kept`}
          size="xs"
          variant="default"
          mt={8}
          onClick={onDismiss}
        >
          Bring it up to date
        </Button>
      ) : null}
    </Alert>
  );
}
