"use client";
// Says when the worker crashed, and starts it again. Rule: shown only while something is wrong; answers come back by themselves after one crash.
import { Alert, Button, Group, Text } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { useDesignWorker, useWorkerState } from "./use-design-worker";

export function WorkerNote() {
  const { status, reason } = useWorkerState();
  const { restart } = useDesignWorker();
  if (status !== "crashed" && status !== "failed") return null;
  const isFailed = status === "failed";
  return (
    <Alert
      color="orange"
      variant="light"
      icon={<IconAlertTriangle size={18} />}
      title={isFailed ? "Checks in this browser have stopped" : "Checks in this browser were started again"}
      role="alert"
    >
      <Group gap={12}>
        <Text size="sm">
          {isFailed
            ? `The worker that checks the draft stopped three times in a row (${reason}). What you type is kept and saved; the findings shown are old.`
            : `The worker that checks the draft stopped (${reason}). It is asked again; what you typed is kept.`}
        </Text>
        {isFailed ? (
          <Button size="xs" onClick={restart}>
            Start it again
          </Button>
        ) : null}
      </Group>
    </Alert>
  );
}
