"use client";
// "Who is told of requests?" Job: tracing and access log of the whole mesh as fields of the draft.
// Rule: what is chosen is in the draft at once, and in force when it is deployed, as everything of a design.
import { Group, Text } from "@mantine/core";
import { useMemo } from "react";
import { RefusalNote, SaveStateWord, useDraft } from "@/components/draft";
import { useMe, useMesh } from "@/components/shell";
import { EmptyState, ErrorState, LoadingRows, Panel } from "@/components/ui";
import { type MeshRoot, objectKey, type Path } from "@/lib/mesh";
import { withField } from "@/lib/mesh/policies";
import { FormProvider, type PolicyForm } from "../forms";
import { useIndex } from "../use-index";
import { AccessLogFields } from "./access-log-fields";
import { TracingFields } from "./tracing-fields";

export function MeshTelemetry() {
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
  const { tracing, accessLog } = mesh.spec;
  return (
    <FormProvider form={form}>
      <Panel title="Telemetry" hint={isReadOnly ? "Needs a role that may change the draft" : undefined}>
        <Group justify="space-between" gap={8} mb={4}>
          <Text size="sm">
            {tracing || accessLog
              ? `Every sidecar and gateway tells of its requests: ${[tracing && "spans", accessLog && "an access log"].filter(Boolean).join(" and ")}.`
              : "Nobody outside of this control plane is told of requests."}
          </Text>
          <SaveStateWord snapshot={draft.snapshot} />
        </Group>
        <RefusalNote snapshot={draft.snapshot} onDismiss={draft.dismiss} />
        <TracingFields tracing={tracing} />
        <AccessLogFields log={accessLog} />
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
