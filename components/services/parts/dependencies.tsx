// Who calls the service, or whom it calls. Rule: drawn and seen side by side; what nobody drew is marked.
import { Anchor, Table, Text } from "@mantine/core";
import Link from "next/link";
import type { TopologyDto } from "@/components/api-client";
import { useMesh, writeParameters } from "@/components/shell";
import {
  EmptyState,
  failureRatio,
  formatMs,
  formatPercent,
  formatTraffic,
  Panel,
  StatusIcon,
  TableScroll,
} from "@/components/ui";
import { parseKey } from "@/lib/mesh";

export function Dependencies(props: {
  title: string;
  side: "source" | "target";
  serviceKey: string;
  topology: TopologyDto;
  search: string;
}) {
  const { mesh } = useMesh();
  const own = props.side === "source" ? "target" : "source";
  const rows = props.topology.dependencies.filter((each) => each[own] === props.serviceKey);
  return (
    <Panel title={`${props.title} (${rows.length})`} flush>
      {rows.length === 0 ? (
        <EmptyState title="Nobody">
          {props.side === "source"
            ? "No line leads to it, and nobody called it."
            : "No line leaves it, and it called nobody."}
        </EmptyState>
      ) : (
        <TableScroll label={props.title}>
          <Table miw={440}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Name</Table.Th>
                <Table.Th ta="right">Traffic</Table.Th>
                <Table.Th ta="right">Errors</Table.Th>
                <Table.Th ta="right">p99</Table.Th>
                <Table.Th ta="right">In mTLS</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {rows.map((row) => (
                <Table.Tr key={`${row.source} ${row.target}`}>
                  <Table.Td>
                    <Anchor component={Link} href={hrefOf(mesh, row[props.side], props.search)} size="sm" fw={500}>
                      {parseKey(row[props.side])?.name ?? row[props.side]}
                    </Anchor>
                    <Text size="xs" c={row.drawn ? "dimmed" : "var(--mw-attention)"}>
                      {!row.drawn ? "seen, not drawn" : row.seen ? "drawn and seen" : "drawn, not seen"}
                      {row.granted === false ? ", not granted" : ""}
                    </Text>
                  </Table.Td>
                  <Table.Td ta="right">{formatTraffic(row.now)}</Table.Td>
                  <Table.Td ta="right">{formatPercent(failureRatio(row.now))}</Table.Td>
                  <Table.Td ta="right">{formatMs(row.now.p99)}</Table.Td>
                  <Table.Td ta="right">
                    {row.now.mtlsRatio !== null && row.now.mtlsRatio < 0.99999 ? (
                      <StatusIcon status="attention" size={14} label="not all in mutual TLS" />
                    ) : null}{" "}
                    {formatPercent(row.now.mtlsRatio)}
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </TableScroll>
      )}
    </Panel>
  );
}

function hrefOf(mesh: string, key: string, search: string): string {
  const parts = parseKey(key);
  return parts?.kind === "Service"
    ? `/meshes/${mesh}/services/${parts.namespace}/${parts.name}${search}`
    : `/meshes/${mesh}/topology${writeParameters(search, { sel: key })}`;
}
