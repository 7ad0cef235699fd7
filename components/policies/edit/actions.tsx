"use client";
// Rename and remove. Rule: what a removal takes along is said before it happens.
import { ActionIcon, Button, Group, Menu, Modal, Stack, Text, TextInput } from "@mantine/core";
import { IconDots, IconPencil, IconTrash } from "@tabler/icons-react";
import { useRouter } from "next/navigation";
import { useState } from "react";
import type { Draft } from "@/components/draft";
import { sharedSearch, useMesh } from "@/components/shell";
import { applyCommand, diffDocuments, objectKey } from "@/lib/mesh";
import { POLICY_WORDS, type PolicyObject } from "@/lib/mesh/policies";
import { policyHref } from "../list/rows";

export function PolicyActions({ draft, stored }: { draft: Draft; stored: PolicyObject }) {
  const { mesh } = useMesh();
  const router = useRouter();
  const [asks, setAsks] = useState<"rename" | "remove" | null>(null);
  const [name, setName] = useState(stored.metadata.name);
  const [refused, setRefused] = useState<string | null>(null);
  const key = objectKey(stored);
  const go = (path: string) => router.push(`${path}${sharedSearch(window.location.search)}`);
  const rename = () => {
    const violations = draft.edit({ type: "renameObject", key, name: name.trim() });
    setRefused(violations.length > 0 ? violations.map((each) => `${each.message}. ${each.fix}`).join(" ") : null);
    if (violations.length > 0) return;
    setAsks(null);
    go(policyHref(mesh, { ...stored, metadata: { ...stored.metadata, name: name.trim() } } as PolicyObject));
  };
  const remove = () => {
    if (draft.edit({ type: "removeObject", key }).length > 0) return;
    setAsks(null);
    go(`/meshes/${mesh}/policies`);
  };
  return (
    <>
      <Menu position="bottom-end">
        <Menu.Target>
          <ActionIcon aria-label="More to do with this policy">
            <IconDots size={18} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item leftSection={<IconPencil size={14} />} onClick={() => setAsks("rename")}>
            Rename
          </Menu.Item>
          <Menu.Item leftSection={<IconTrash size={14} />} color="red" onClick={() => setAsks("remove")}>
            Remove
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <Modal opened={asks === "rename"} onClose={() => setAsks(null)} title={`Rename the ${POLICY_WORDS[stored.kind]}`}>
        <Stack>
          <TextInput
            label="Name"
            value={name}
            error={refused}
            data-autofocus
            onChange={(event) => setName(event.currentTarget.value)}
            onKeyDown={(event) => {
              if (event.key === "Enter") rename();
            }}
          />
          <Group justify="flex-end">
            <Button onClick={rename}>Rename</Button>
          </Group>
        </Stack>
      </Modal>
      <Modal opened={asks === "remove"} onClose={() => setAsks(null)} title={`Remove ${stored.metadata.name}`}>
        <Stack>
          {asks === "remove" ? <Removal draft={draft} stored={stored} /> : null}
          <Group justify="flex-end">
            <Button variant="default" onClick={() => setAsks(null)}>
              Keep it
            </Button>
            <Button color="red" onClick={remove}>
              Remove from the draft
            </Button>
          </Group>
        </Stack>
      </Modal>
    </>
  );
}

function Removal({ draft, stored }: { draft: Draft; stored: PolicyObject }) {
  const document = draft.snapshot?.document;
  const result = document && applyCommand(document, {}, { type: "removeObject", key: objectKey(stored) });
  const sentences = document && result?.ok ? diffDocuments(document, result.document).map((each) => each.sentence) : [];
  return (
    <>
      {sentences.slice(0, 8).map((sentence) => (
        <Text key={sentence} size="sm">
          {sentence}
        </Text>
      ))}
      {sentences.length > 8 ? (
        <Text size="sm" c="dimmed">
          and {sentences.length - 8} more.
        </Text>
      ) : null}
      <Text size="sm" c="dimmed">
        What runs stays as it is until a deployment. Undo brings it back.
      </Text>
    </>
  );
}
