"use client";
// Environments and what is bound in them.
import { Anchor, Stack, Text } from "@mantine/core";
import Link from "next/link";
import { type BindingDto, type EnvironmentDto, useBinding } from "@/components/api-client";
import { useMesh } from "@/components/shell";
import {
  absent,
  type Column,
  DataTable,
  EmptyState,
  LoadingRows,
  Mono,
  Panel,
  plural,
  StatusBadge,
  shortDigest,
} from "@/components/ui";
import { EnvironmentRule, MeshRule } from "./rules";

const environmentColumns: readonly Column<EnvironmentDto>[] = [
  { title: "Name", cell: ({ name }) => <b>{name}</b> },
  { title: "Target", cell: () => "processes on this machine" },
  {
    title: "Runs",
    cell: ({ running }) =>
      running ? (
        <>
          r{running.revision} <Mono>{shortDigest(running.digest)}</Mono>
        </>
      ) : (
        "nothing"
      ),
  },
  {
    title: "Under way",
    cell: ({ open }) =>
      open ? (
        <StatusBadge status="note">
          r{open.revision} {open.state}
        </StatusBadge>
      ) : (
        absent
      ),
  },
];

type Instance = BindingDto["instances"][number];

const bindingColumns: readonly Column<Instance>[] = [
  { title: "Instance", cell: ({ id }) => <Mono>{id}</Mono> },
  { title: "App", cell: ({ app }) => appInWords(app) },
];

function appInWords(app: Instance["app"]): string {
  if (app.kind === "address") return `${app.host}:${app.port}`;
  if (app.kind === "demo") return `demo app ${app.name}`;
  return app.kind === "echo" ? "echo app" : "nothing yet";
}

export function Environments() {
  const { mesh, environments, environment, isLoading } = useMesh();
  const { binding } = useBinding(mesh, environment?.name);
  if (isLoading) return <LoadingRows />;
  if (environments.length === 0)
    return <EmptyState title="No environment yet">It appears as soon as the control plane is up.</EmptyState>;
  return (
    <Stack>
      <Panel title="Environments" flush>
        <DataTable
          label="Environments"
          columns={environmentColumns}
          rows={environments}
          keyOf={({ id }) => id}
          minWidth={520}
        />
      </Panel>
      <EnvironmentRule />
      <MeshRule />
      <Panel
        title={`What runs behind the workloads in ${environment?.name ?? ""}`}
        hint={binding ? plural(binding.instances.length, "instance") : undefined}
        flush
      >
        <DataTable
          label="Bindings"
          columns={bindingColumns}
          rows={binding?.instances ?? []}
          keyOf={({ id }) => id}
          minWidth={520}
        />
        <Text size="xs" c="dimmed" p="md">
          Change it in the details of a service on the{" "}
          <Anchor component={Link} href={`/meshes/${mesh}/topology`}>
            topology
          </Anchor>
          .
        </Text>
      </Panel>
    </Stack>
  );
}
