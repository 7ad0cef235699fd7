// The numbers of every service and dependency, and of the versions that answered. Rule: worst first.
import { Anchor } from "@mantine/core";
import type { SignalsDto } from "@/components/api-client";
import {
  type Column,
  DataTable,
  failureRatio,
  formatMs,
  formatPercent,
  formatTraffic,
  Panel,
  StatusBadge,
} from "@/components/ui";
import { type SignalFacts, stateWord, statusOf, worstFirst } from "./words";

type Row = SignalFacts & {
  id: string;
  title: string;
  now: SignalFacts["now"] & { p50: number | null; p95: number | null };
};

export function Rows(props: { title: string; rows: readonly Row[]; onOpen(id: string): void }) {
  if (props.rows.length === 0) return null;
  const columns: Column<Row>[] = [
    {
      title: "Name",
      cell: (row) => (
        <Anchor component="button" size="sm" fw={500} onClick={() => props.onOpen(row.id)}>
          {row.title}
        </Anchor>
      ),
    },
    {
      title: "State",
      folded: "aside",
      cell: (row) => <StatusBadge status={statusOf(row)}>{stateWord(row)}</StatusBadge>,
    },
    { title: "Traffic", isNumber: true, cell: ({ now }) => formatTraffic(now) },
    { title: "Errors", isNumber: true, cell: ({ now }) => formatPercent(failureRatio(now)) },
    { title: "p50", isNumber: true, cell: ({ now }) => formatMs(now.p50) },
    { title: "p95", isNumber: true, cell: ({ now }) => formatMs(now.p95) },
    { title: "p99", isNumber: true, cell: ({ now }) => formatMs(now.p99) },
  ];
  return (
    <Panel title={props.title} flush>
      <DataTable
        label={props.title}
        columns={columns}
        rows={worstFirst(props.rows)}
        keyOf={({ id }) => id}
        minWidth={640}
      />
    </Panel>
  );
}

const versionColumns: readonly Column<SignalsDto["versions"][number]>[] = [
  { title: "Version", cell: ({ version }) => version },
  { title: "Share", isNumber: true, cell: ({ share }) => formatPercent(share) },
  { title: "Traffic", isNumber: true, cell: ({ now }) => formatTraffic(now) },
  { title: "Errors", isNumber: true, cell: ({ now }) => formatPercent(failureRatio(now)) },
  { title: "p99", isNumber: true, cell: ({ now }) => formatMs(now.p99) },
];

export function Versions({ versions }: { versions: SignalsDto["versions"] }) {
  return (
    <Panel title="Versions that answered" flush>
      <DataTable
        label="Versions"
        columns={versionColumns}
        rows={versions}
        keyOf={({ version }) => version}
        minWidth={520}
      />
    </Panel>
  );
}
