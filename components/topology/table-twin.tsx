"use client";
// The canvas as two tables: same data, same filter, same selection. Rule: everything reachable on the canvas is reachable
// here with the keyboard.
import { Anchor, Checkbox, Group, Text } from "@mantine/core";
import {
  type Column,
  DataTable,
  EmptyState,
  failureRatio,
  formatMs,
  formatPercent,
  formatTraffic,
  Page,
  Panel,
  StatusBadge,
} from "@/components/ui";
import { type Encryption, encryptionOf, type Live, type LiveNumbers, pairKey } from "./model/live";
import { nameOf } from "./model/to-canvas";
import type { Topology } from "./use-topology";

const encryptionWords: Record<Encryption, string> = { all: "all", some: "some", none: "none", unknown: "unknown" };
const nothing: LiveNumbers = {
  requestsPerSecond: null,
  errorRatio: null,
  p50: null,
  p95: null,
  p99: null,
  mtlsRatio: null,
};

type Node = Topology["nodes"][number];
type Edge = Topology["edges"][number];

export function TableTwin(props: {
  topology: Topology;
  selection: ReadonlySet<string>;
  onSelect(keys: string[]): void;
}) {
  const { topology, selection, onSelect } = props;
  const nodes = topology.nodes.filter((node) => !node.dimmed);
  const edges = topology.edges.filter((edge) => !edge.dimmed);
  const toggle = (key: string) =>
    onSelect(selection.has(key) ? [...selection].filter((each) => each !== key) : [...selection, key]);
  const picking: Picking = { selection, onToggle: toggle, onOpen: (key) => onSelect([key]) };
  const serviceColumns = serviceColumnsOf(topology.live, picking);
  const dependencyColumns = dependencyColumnsOf(picking);
  return (
    <Page>
      <Panel title={`Services (${nodes.length})`} flush>
        <DataTable
          label="Services"
          columns={serviceColumns}
          rows={nodes}
          keyOf={({ id }) => id}
          isSelected={({ id }) => selection.has(id)}
          minWidth={980}
        />
        {nodes.length === 0 ? (
          <EmptyState title={topology.drawn === 0 ? "Nothing is drawn yet" : "Nothing matches"}>
            {topology.drawn === 0
              ? "Add a service above, or import a document."
              : "Change the search, or look at another layer."}
          </EmptyState>
        ) : null}
      </Panel>
      <Panel title={`Dependencies (${edges.length})`} flush>
        <DataTable
          label="Dependencies"
          columns={dependencyColumns}
          rows={edges.map((edge) => ({
            edge,
            live: topology.live.dependencies.get(pairKey(edge.source, edge.target)),
          }))}
          keyOf={({ edge }) => edge.id}
          isSelected={({ edge }) => selection.has(edge.id)}
          minWidth={760}
        />
        {edges.length === 0 ? (
          <EmptyState title="No dependency in this layer">Choose another layer, or draw a line.</EmptyState>
        ) : null}
      </Panel>
    </Page>
  );
}

interface Picking {
  selection: ReadonlySet<string>;
  onToggle(key: string): void;
  onOpen(key: string): void;
}

function Name({ id, title, of }: { id: string; title: string; of: Picking }) {
  return (
    <Group gap={12} wrap="nowrap">
      <Checkbox
        size="xs"
        checked={of.selection.has(id)}
        onChange={() => of.onToggle(id)}
        aria-label={`Select ${title}`}
      />
      <Anchor component="button" size="sm" fw={500} onClick={() => of.onOpen(id)}>
        {title}
      </Anchor>
    </Group>
  );
}

function serviceColumnsOf(live: Live, picking: Picking): Column<Node>[] {
  const now = ({ id }: Node) => live.services.get(id)?.now ?? nothing;
  return [
    { title: "Name", cell: ({ id, title }) => <Name id={id} title={title} of={picking} /> },
    { title: "Kind", cell: ({ kind }) => kind },
    {
      title: "Health",
      folded: "aside",
      cell: ({ tone, toneWord }) => <StatusBadge status={tone}>{toneWord}</StatusBadge>,
    },
    { title: "Traffic", isNumber: true, cell: (node) => formatTraffic(now(node)) },
    { title: "Errors", isNumber: true, cell: (node) => formatPercent(failureRatio(now(node))) },
    { title: "p99", isNumber: true, cell: (node) => formatMs(now(node).p99) },
    {
      title: "Facts",
      folded: "line",
      cell: ({ facts, chips }) => [facts, chips.map(({ text }) => text).join(", ")].filter(Boolean).join(" · "),
    },
    { title: "Findings", isNumber: true, cell: ({ badge }) => badge?.count ?? 0 },
    { title: "Comments", isNumber: true, cell: ({ comments }) => comments ?? 0 },
  ];
}

interface DependencyRow {
  edge: Edge;
  live: ReturnType<Live["dependencies"]["get"]>;
}

function dependencyColumnsOf(picking: Picking): Column<DependencyRow>[] {
  const now = ({ live }: DependencyRow) => live?.now ?? nothing;
  return [
    {
      title: "From → to",
      cell: ({ edge }) => (
        <>
          <Name id={edge.id} title={`${nameOf(edge.source)} → ${nameOf(edge.target)}`} of={picking} />
          {edge.warning ? (
            <Text size="xs" c="var(--mw-attention)">
              {edge.warning}
            </Text>
          ) : null}
        </>
      ),
    },
    { title: "Drawn", cell: ({ edge }) => (edge.id.startsWith("seen:") ? "no" : "yes") },
    {
      title: "Granted",
      cell: ({ live }) => (live?.granted === null || live === undefined ? "unknown" : live.granted ? "yes" : "no"),
    },
    { title: "Seen", cell: ({ live }) => (live?.seen ? "yes" : "no") },
    {
      title: "mTLS",
      cell: (row) => encryptionWords[encryptionOf(row.live?.seen ? now(row).mtlsRatio : null)],
    },
    { title: "Health", folded: "aside", cell: ({ edge }) => <StatusBadge status={edge.tone} /> },
    { title: "Traffic", isNumber: true, cell: (row) => formatTraffic(now(row)) },
    { title: "Errors", isNumber: true, cell: (row) => formatPercent(failureRatio(now(row))) },
    { title: "p99", isNumber: true, cell: (row) => formatMs(now(row).p99) },
  ];
}
