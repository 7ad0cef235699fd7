"use client";
// A form of the mesh itself: what is said once for all of it. Rule: what is chosen is in the draft at once, and in force when it is
// deployed, as everything of a design.
import { Box, Group } from "@mantine/core";
import { type ReactNode, useMemo } from "react";
import { RefusalNote, SaveStateWord, UndoButtons, useDraft } from "@/components/draft";
import { useMe, useMesh } from "@/components/shell";
import { EmptyState, ErrorState, LoadingRows, Panel } from "@/components/ui";
import { type MeshRoot, objectKey, type Path } from "@/lib/mesh";
import { withField } from "@/lib/mesh/policies";
import { FormProvider, type PolicyForm } from "./forms";
import { useIndex } from "./use-index";

export function MeshForm(props: {
  title: string;
  /** What holds now, in a sentence. */
  say(mesh: MeshRoot): string;
  children(mesh: MeshRoot): ReactNode;
}) {
  const { mesh: slug } = useMesh();
  const { can } = useMe();
  const draft = useDraft(slug);
  const index = useIndex(draft.snapshot?.document);
  const mesh = index?.mesh;
  const { edit } = draft;
  const isReadOnly = !can("draft.write");
  const form = useMemo<PolicyForm | null>(
    () => (index && mesh ? { object: mesh, index, isReadOnly, set: setterOf(mesh, edit) } : null),
    [index, mesh, isReadOnly, edit],
  );
  if (draft.error && !draft.snapshot) return <ErrorState error={draft.error} onRetry={draft.reload} />;
  if (!index || !draft.snapshot) return <LoadingRows rows={6} />;
  if (!form || !mesh) return <EmptyState title="No mesh in the draft">Its design has no Mesh object.</EmptyState>;
  return (
    <FormProvider form={form}>
      <Panel
        title={props.title}
        hint={`${props.say(mesh)}${isReadOnly ? " To change it needs a role that may change the draft." : ""}`}
        aside={
          <Group gap={8} wrap="nowrap">
            <SaveStateWord snapshot={draft.snapshot} />
            {isReadOnly ? null : <UndoButtons draft={draft} />}
          </Group>
        }
        flush
      >
        <Box px={16}>
          <RefusalNote snapshot={draft.snapshot} onDismiss={draft.dismiss} />
        </Box>
        {props.children(mesh)}
      </Panel>
    </FormProvider>
  );
}

function setterOf(mesh: MeshRoot, edit: ReturnType<typeof useDraft>["edit"]): PolicyForm["set"] {
  return (path: Path, value: unknown) => {
    const changed = withField(mesh, path, value);
    if (!changed.ok) return changed.message;
    const [violation] = edit({ type: "replaceSpec", key: objectKey(mesh), spec: changed.object.spec });
    return violation ? `${violation.message}. ${violation.fix}` : null;
  };
}
