// The numbers of every service and dependency, and of the versions that answered. Rule: worst first.
import { Anchor, Table } from "@mantine/core";
import type { SignalsDto } from "@/components/api-client";
import { failureRatio, formatMs, formatPercent, formatTraffic, Panel, StatusBadge, TableScroll } from "@/components/ui";
import { type SignalFacts, stateWord, statusOf, worstFirst } from "./words";

type Row = SignalFacts & {
  id: string;
  title: string;
  now: SignalFacts["now"] & { p50: number | null; p95: number | null };
};

export function Rows(props: { title: string; rows: readonly Row[]; onOpen(id: string): void }) {
  if (props.rows.length === 0) return null;
  return (
    <Panel title={props.title} flush>
      <TableScroll label={props.title}>
        <Table miw={640}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Name</Table.Th>
              <Table.Th>State</Table.Th>
              <Table.Th ta="right">Traffic</Table.Th>
              <Table.Th ta="right">Errors</Table.Th>
              <Table.Th ta="right">p50</Table.Th>
              <Table.Th ta="right">p95</Table.Th>
              <Table.Th ta="right">p99</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {worstFirst(props.rows).map((row) => (
              <Table.Tr key={row.id}>
                <Table.Td>
                  <Anchor component="button" size="sm" fw={500} onClick={() => props.onOpen(row.id)}>
                    {row.title}
                  </Anchor>
                </Table.Td>
                <Table.Td>
                  <StatusBadge status={statusOf(row)}>{stateWord(row)}</StatusBadge>
                </Table.Td>
                <Table.Td ta="right">{formatTraffic(row.now)}</Table.Td>
                <Table.Td ta="right">{formatPercent(failureRatio(row.now))}</Table.Td>
                <Table.Td ta="right">{formatMs(row.now.p50)}</Table.Td>
                <Table.Td ta="right">{formatMs(row.now.p95)}</Table.Td>
                <Table.Td ta="right">{formatMs(row.now.p99)}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </TableScroll>
    </Panel>
  );
}

export function Versions({ versions }: { versions: SignalsDto["versions"] }) {
  return (
    <Panel title="Versions that answered" flush>
      <TableScroll label="Versions">
        <Table miw={520}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Version</Table.Th>
              <Table.Th ta="right">Share</Table.Th>
              <Table.Th ta="right">Traffic</Table.Th>
              <Table.Th ta="right">Errors</Table.Th>
              <Table.Th ta="right">p99</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {versions.map((each) => (
              <Table.Tr key={each.version}>
                <Table.Td fw={500}>{each.version}</Table.Td>
                <Table.Td ta="right">{formatPercent(each.share)}</Table.Td>
                <Table.Td ta="right">{formatTraffic(each.now)}</Table.Td>
                <Table.Td ta="right">{formatPercent(failureRatio(each.now))}</Table.Td>
                <Table.Td ta="right">{formatMs(each.now.p99)}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </TableScroll>
    </Panel>
  );
}
