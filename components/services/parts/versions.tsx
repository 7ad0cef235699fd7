// The versions of a service: what is drawn, and what answered.
import { Table } from "@mantine/core";
import type { SignalsDto } from "@/components/api-client";
import {
  absent,
  EmptyState,
  failureRatio,
  formatMs,
  formatPercent,
  formatTraffic,
  Panel,
  plural,
  TableScroll,
} from "@/components/ui";
import { buildIndex, type MeshDocument, objectKey, type Service } from "@/lib/mesh";

export function VersionsTable(props: { document: MeshDocument; service: Service; signals: SignalsDto | undefined }) {
  const workloads = buildIndex(props.document).workloadsOf(objectKey(props.service));
  const measured = new Map(props.signals?.versions.map((each) => [each.version, each]));
  const drawn = [...new Set(workloads.map((each) => each.spec.version))];
  const versions = [...drawn, ...[...measured.keys()].filter((each) => !drawn.includes(each))];
  return (
    <Panel title="Versions" flush>
      {versions.length === 0 ? (
        <EmptyState title="No workload">The name exists, nothing runs behind it.</EmptyState>
      ) : (
        <TableScroll label="Versions">
          <Table miw={560}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Version</Table.Th>
                <Table.Th>Runs as</Table.Th>
                <Table.Th ta="right">Share</Table.Th>
                <Table.Th ta="right">Traffic</Table.Th>
                <Table.Th ta="right">Errors</Table.Th>
                <Table.Th ta="right">p99</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {versions.map((version) => {
                const of = workloads.filter((each) => each.spec.version === version);
                const now = measured.get(version);
                const replicas = of.reduce((sum, each) => sum + (each.spec.replicas ?? 1), 0);
                return (
                  <Table.Tr key={version}>
                    <Table.Td fw={500}>{version}</Table.Td>
                    <Table.Td>
                      {of.length > 0
                        ? `${of.map((each) => each.metadata.name).join(", ")} · ${plural(replicas, "instance")}`
                        : "seen, not drawn"}
                    </Table.Td>
                    <Table.Td ta="right">{formatPercent(now?.share)}</Table.Td>
                    <Table.Td ta="right">{now ? formatTraffic(now.now) : absent}</Table.Td>
                    <Table.Td ta="right">{formatPercent(now && failureRatio(now.now))}</Table.Td>
                    <Table.Td ta="right">{formatMs(now?.now.p99)}</Table.Td>
                  </Table.Tr>
                );
              })}
            </Table.Tbody>
          </Table>
        </TableScroll>
      )}
    </Panel>
  );
}
