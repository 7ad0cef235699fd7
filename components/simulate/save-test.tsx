"use client";
// Keeps the question with today's answer as a policy test. Rule: what is expected is shown before it is saved.
import { Button, Group, Text, TextInput } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconDeviceFloppy } from "@tabler/icons-react";
import { useState } from "react";
import { useMe } from "@/components/shell";
import { Panel } from "@/components/ui";
import type { Answer, PolicyTest, Question } from "@/lib/simulate";
import { useTestChanges } from "./queries";
import { expectationWords } from "./words";

export function SaveTest({ mesh, question, answer }: { mesh: string; question: Question; answer: Answer }) {
  const { can } = useMe();
  const { save } = useTestChanges(mesh);
  const [name, setName] = useState("");
  const expect = expectationOf(answer);
  const mayWrite = can("draft.write");
  const onSave = () =>
    save.mutate(
      { id: idFor(name), test: { name: name.trim(), question, expect } },
      {
        onSuccess: () => {
          setName("");
          notifications.show({ title: "Saved as a policy test", message: "It runs with all others under Tests." });
        },
      },
    );
  return (
    <Panel title="Keep this answer" hint={`As a policy test that expects: ${expectationWords(expect)}.`}>
      <Group gap={12} align="flex-end">
        <TextInput
          label="Name of the test"
          placeholder="checkout may pay"
          value={name}
          maxLength={200}
          onChange={(event) => setName(event.currentTarget.value)}
          disabled={!mayWrite}
          error={save.error?.message}
          w={{ base: "100%", sm: 320 }}
        />
        <Button
          leftSection={<IconDeviceFloppy size={16} />}
          disabled={!mayWrite || name.trim() === ""}
          loading={save.isPending}
          onClick={onSave}
        >
          Save as policy test
        </Button>
        {mayWrite ? null : (
          <Text size="sm" c="dimmed">
            Saving needs the role author.
          </Text>
        )}
      </Group>
    </Panel>
  );
}

/** Outcome, the mesh's own status, and the split as it is now. */
function expectationOf({ outcome, status, destinations }: Answer): PolicyTest["expect"] {
  return {
    outcome,
    ...(status === null ? {} : { status }),
    ...(destinations.length === 0
      ? {}
      : {
          destinations: destinations.map(({ service, subset, probability }) => ({
            service,
            ...(subset === undefined ? {} : { subset }),
            probability,
          })),
        }),
  };
}

/** Readable, and never that of another test. */
function idFor(name: string): string {
  const words = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "")
    .slice(0, 48);
  return `${words || "test"}-${crypto.randomUUID().slice(0, 8)}`;
}
