// Who calls the service, or whom it calls. Rule: drawn and seen side by side; what nobody drew is marked.
import { Anchor, Text } from "@mantine/core";
import Link from "next/link";
import type { TopologyDto } from "@/components/api-client";
import { useMesh, writeParameters } from "@/components/shell";
import {
  type Column,
  DataTable,
  EmptyState,
  failureRatio,
  formatMs,
  formatPercent,
  formatTraffic,
  Panel,
  StatusIcon,
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
  const columns: Column<TopologyDto["dependencies"][number]>[] = [
    {
      title: "Name",
      cell: (row) => (
        <>
          <Anchor component={Link} href={hrefOf(mesh, row[props.side], props.search)} size="sm" fw={500}>
            {parseKey(row[props.side])?.name ?? row[props.side]}
          </Anchor>
          <Text size="xs" c={row.drawn ? "dimmed" : "var(--mw-attention)"}>
            {!row.drawn ? "seen, not drawn" : row.seen ? "drawn and seen" : "drawn, not seen"}
            {row.granted === false ? ", not granted" : ""}
          </Text>
        </>
      ),
    },
    { title: "Traffic", isNumber: true, cell: ({ now }) => formatTraffic(now) },
    { title: "Errors", isNumber: true, cell: ({ now }) => formatPercent(failureRatio(now)) },
    { title: "p99", isNumber: true, cell: ({ now }) => formatMs(now.p99) },
    {
      title: "In mTLS",
      isNumber: true,
      cell: ({ now }) => (
        <>
          {now.mtlsRatio !== null && now.mtlsRatio < 0.99999 ? (
            <StatusIcon status="attention" size={14} label="not all in mutual TLS" />
          ) : null}{" "}
          {formatPercent(now.mtlsRatio)}
        </>
      ),
    },
  ];
  return (
    <Panel title={`${props.title} (${rows.length})`} flush>
      {rows.length === 0 ? (
        <EmptyState title="Nobody">
          {props.side === "source"
            ? "No line leads to it, and nobody called it."
            : "No line leaves it, and it called nobody."}
        </EmptyState>
      ) : (
        <DataTable
          label={props.title}
          columns={columns}
          rows={rows}
          keyOf={({ source, target }) => `${source} ${target}`}
          minWidth={440}
        />
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
