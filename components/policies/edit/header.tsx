"use client";
// The question of the editor, answered: what the policy does in one sentence, whether it is saved, and the way back.
import { Anchor, Group, Text, Title } from "@mantine/core";
import { IconChevronRight } from "@tabler/icons-react";
import Link from "next/link";
import { type Draft, SaveStateWord, UndoButtons } from "@/components/draft";
import { useMesh } from "@/components/shell";
import { capitalised, plural, unbroken } from "@/components/ui";
import type { MeshIndex } from "@/lib/mesh";
import { effectOf, POLICY_WORDS, type PolicyObject } from "@/lib/mesh/policies";
import type { Consequence } from "@/lib/simulate";
import { PolicyActions } from "./actions";
import classes from "./edit.module.css";

export function EditorHeader(props: {
  draft: Draft;
  stored: PolicyObject;
  index: MeshIndex;
  isReadOnly: boolean;
  consequences: readonly Consequence[] | null;
  isComparing: boolean;
  /** They cannot be computed; the pane says why. */
  isFailed: boolean;
}) {
  const { mesh } = useMesh();
  const { draft, stored, index } = props;
  const snapshot = draft.snapshot;
  return (
    <header className={classes.header}>
      <div className={classes.headerText}>
        <Group gap={4} wrap="nowrap" className={classes.crumbs}>
          <Anchor component={Link} href={`/meshes/${mesh}/policies`} size="xs">
            Policies
          </Anchor>
          <IconChevronRight size={12} aria-hidden />
          <Text size="xs" c="dimmed" truncate>
            {stored.metadata.namespace} / {stored.metadata.name}, {POLICY_WORDS[stored.kind]}
          </Text>
        </Group>
        <Title order={1} className={classes.title}>
          {unbroken(capitalised(effectOf(stored, index)))}
        </Title>
        <Text size="sm" c="dimmed">
          {answer(props)}
        </Text>
      </div>
      <Group gap={8} wrap="nowrap">
        {props.isReadOnly ? (
          <Text size="xs" c="dimmed">
            You may read, not change
          </Text>
        ) : snapshot ? (
          <SaveStateWord snapshot={snapshot} />
        ) : null}
        {props.isReadOnly ? null : (
          <>
            <UndoButtons draft={draft} />
            <PolicyActions draft={draft} stored={stored} />
          </>
        )}
      </Group>
    </header>
  );
}

function answer(props: {
  consequences: readonly Consequence[] | null;
  isComparing: boolean;
  isFailed: boolean;
}): string {
  const { consequences, isComparing, isFailed } = props;
  if (isFailed) return "What the draft changes cannot be computed: see Consequence.";
  if (!isComparing) return "Nothing runs yet, so there is nothing to compare the draft with.";
  if (!consequences) return "What the draft changes is being computed.";
  if (consequences.length === 0) return "The draft changes no call against what it is compared with.";
  const lost = consequences.filter((each) => each.kind === "loses-access").length;
  const text = `The draft changes ${plural(consequences.length, "thing")} for its callers`;
  return lost > 0 ? `${text}; ${plural(lost, "call")} would lose access.` : `${text}.`;
}
