"use client";
// The canvas as two tables: same data, same filter, same selection. Rule: everything reachable on the canvas is reachable
// here with the keyboard.
import { Anchor, Checkbox, Table, Text } from "@mantine/core";
import {
  EmptyState,
  failureRatio,
  formatMs,
  formatPercent,
  formatTraffic,
  Page,
  Panel,
  StatusBadge,
  TableScroll,
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
  return (
    <Page>
      <Panel title={`Services (${nodes.length})`} flush>
        <TableScroll label="Services">
          <Table miw={980}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th w={40} aria-label="Selected" />
                <Table.Th>Name</Table.Th>
                <Table.Th>Kind</Table.Th>
                <Table.Th>Health</Table.Th>
                <Table.Th ta="right">Traffic</Table.Th>
                <Table.Th ta="right">Errors</Table.Th>
                <Table.Th ta="right">p99</Table.Th>
                <Table.Th>Facts</Table.Th>
                <Table.Th ta="right">Findings</Table.Th>
                <Table.Th ta="right">Comments</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {nodes.map((node) => {
                const now = topology.live.services.get(node.id)?.now ?? nothing;
                return (
                  <Table.Tr key={node.id} bg={selection.has(node.id) ? "var(--mw-accent-soft)" : undefined}>
                    <Table.Td>
                      <Checkbox
                        size="xs"
                        checked={selection.has(node.id)}
                        onChange={() => toggle(node.id)}
                        aria-label={`Select ${node.title}`}
                      />
                    </Table.Td>
                    <Table.Td>
                      <Anchor component="button" size="sm" fw={500} onClick={() => onSelect([node.id])}>
                        {node.title}
                      </Anchor>
                    </Table.Td>
                    <Table.Td>{node.kind}</Table.Td>
                    <Table.Td>
                      <StatusBadge status={node.tone}>{node.toneWord}</StatusBadge>
                    </Table.Td>
                    <Table.Td ta="right">{formatTraffic(now)}</Table.Td>
                    <Table.Td ta="right">{formatPercent(failureRatio(now))}</Table.Td>
                    <Table.Td ta="right">{formatMs(now.p99)}</Table.Td>
                    <Table.Td>
                      {[node.facts, node.chips.map((chip) => chip.text).join(", ")].filter(Boolean).join(" · ")}
                    </Table.Td>
                    <Table.Td ta="right">{node.badge?.count ?? 0}</Table.Td>
                    <Table.Td ta="right">{node.comments ?? 0}</Table.Td>
                  </Table.Tr>
                );
              })}
            </Table.Tbody>
          </Table>
        </TableScroll>
        {nodes.length === 0 ? (
          <EmptyState title={topology.drawn === 0 ? "Nothing is drawn yet" : "Nothing matches"}>
            {topology.drawn === 0
              ? "Add a service above, or import a document."
              : "Change the search, or look at another layer."}
          </EmptyState>
        ) : null}
      </Panel>
      <Panel title={`Dependencies (${edges.length})`} flush>
        <TableScroll label="Dependencies">
          <Table miw={760}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th w={40} aria-label="Selected" />
                <Table.Th>From → to</Table.Th>
                <Table.Th>Drawn</Table.Th>
                <Table.Th>Granted</Table.Th>
                <Table.Th>Seen</Table.Th>
                <Table.Th>mTLS</Table.Th>
                <Table.Th>Health</Table.Th>
                <Table.Th ta="right">Traffic</Table.Th>
                <Table.Th ta="right">Errors</Table.Th>
                <Table.Th ta="right">p99</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {edges.map((edge) => (
                <DependencyRow
                  key={edge.id}
                  edge={edge}
                  live={topology.live}
                  selected={selection.has(edge.id)}
                  onToggle={() => toggle(edge.id)}
                  onOpen={() => onSelect([edge.id])}
                />
              ))}
            </Table.Tbody>
          </Table>
        </TableScroll>
        {edges.length === 0 ? (
          <EmptyState title="No dependency in this layer">Choose another layer, or draw a line.</EmptyState>
        ) : null}
      </Panel>
    </Page>
  );
}

function DependencyRow(props: {
  edge: Topology["edges"][number];
  live: Live;
  selected: boolean;
  onToggle: () => void;
  onOpen: () => void;
}) {
  const { edge } = props;
  const live = props.live.dependencies.get(pairKey(edge.source, edge.target));
  const now = live?.now ?? nothing;
  const title = `${nameOf(edge.source)} → ${nameOf(edge.target)}`;
  return (
    <Table.Tr bg={props.selected ? "var(--mw-accent-soft)" : undefined}>
      <Table.Td>
        <Checkbox size="xs" checked={props.selected} onChange={props.onToggle} aria-label={`Select ${title}`} />
      </Table.Td>
      <Table.Td>
        <Anchor component="button" size="sm" fw={500} onClick={props.onOpen}>
          {title}
        </Anchor>
        {edge.warning ? (
          <Text size="xs" c="var(--mw-attention)">
            {edge.warning}
          </Text>
        ) : null}
      </Table.Td>
      <Table.Td>{edge.id.startsWith("seen:") ? "no" : "yes"}</Table.Td>
      <Table.Td>{live?.granted === null || live === undefined ? "unknown" : live.granted ? "yes" : "no"}</Table.Td>
      <Table.Td>{live?.seen ? "yes" : "no"}</Table.Td>
      <Table.Td>{encryptionWords[encryptionOf(live?.seen ? now.mtlsRatio : null)]}</Table.Td>
      <Table.Td>
        <StatusBadge status={edge.tone} />
      </Table.Td>
      <Table.Td ta="right">{formatTraffic(now)}</Table.Td>
      <Table.Td ta="right">{formatPercent(failureRatio(now))}</Table.Td>
      <Table.Td ta="right">{formatMs(now.p99)}</Table.Td>
    </Table.Tr>
  );
}
