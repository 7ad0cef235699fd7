"use client";
// Environments and what is bound in them.
import { Anchor, Stack, Table, Text } from "@mantine/core";
import Link from "next/link";
import { useBinding } from "@/components/api-client";
import { useMesh } from "@/components/shell";
import { EmptyState, LoadingRows, Mono, Panel, plural, StatusBadge, shortDigest, TableScroll } from "@/components/ui";
import { EnvironmentRule, MeshRule } from "./rules";

export function Environments() {
  const { mesh, environments, environment, isLoading } = useMesh();
  const { binding } = useBinding(mesh, environment?.name);
  if (isLoading) return <LoadingRows />;
  if (environments.length === 0)
    return <EmptyState title="No environment yet">It appears as soon as the control plane is up.</EmptyState>;
  return (
    <Stack>
      <Panel title="Environments" flush>
        <TableScroll label="Environments">
          <Table miw={520}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Name</Table.Th>
                <Table.Th>Target</Table.Th>
                <Table.Th>Runs</Table.Th>
                <Table.Th>Under way</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {environments.map((each) => (
                <Table.Tr key={each.id}>
                  <Table.Td fw={500}>{each.name}</Table.Td>
                  <Table.Td>processes on this machine</Table.Td>
                  <Table.Td>
                    {each.running ? (
                      <>
                        r{each.running.revision} <Mono>{shortDigest(each.running.digest)}</Mono>
                      </>
                    ) : (
                      "nothing"
                    )}
                  </Table.Td>
                  <Table.Td>
                    {each.open ? (
                      <StatusBadge status="note">
                        r{each.open.revision} {each.open.state}
                      </StatusBadge>
                    ) : (
                      "–"
                    )}
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </TableScroll>
      </Panel>
      <EnvironmentRule />
      <MeshRule />
      <Panel
        title={`What runs behind the workloads in ${environment?.name ?? ""}`}
        hint={binding ? plural(binding.instances.length, "instance") : undefined}
        flush
      >
        <TableScroll label="Bindings">
          <Table miw={520}>
            <Table.Tbody>
              {binding?.instances.map((instance) => (
                <Table.Tr key={instance.id}>
                  <Table.Td>
                    <Mono>{instance.id}</Mono>
                  </Table.Td>
                  <Table.Td>
                    {instance.app.kind === "address"
                      ? `${instance.app.host}:${instance.app.port}`
                      : instance.app.kind === "demo"
                        ? `demo app ${instance.app.name}`
                        : instance.app.kind === "echo"
                          ? "echo app"
                          : "nothing yet"}
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </TableScroll>
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
