"use client";
// Latency, traffic, errors, saturation: of the mesh, a service, a dependency. Rule: scope and name are in the URL.
import { Anchor, Breadcrumbs, SegmentedControl, Select, Table, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { get, keys, type SignalsDto, type TopologyDto, useSignals } from "@/components/api-client";
import { rangeWord, useMesh, useUrlParameters, useView } from "@/components/shell";
import {
  Answer,
  EmptyState,
  ErrorState,
  formatMs,
  formatPercent,
  formatRate,
  LoadingRows,
  Page,
  Panel,
  StatusBadge,
  TableScroll,
  TimeAgo,
} from "@/components/ui";
import { Charts } from "./charts";
import classes from "./signals.module.css";
import { type SignalFacts, signalsAnswer, stateWord, statusOf, worstFirst } from "./words";

const scopes = ["mesh", "service", "dependency"] as const;
type Scope = (typeof scopes)[number];

const nameOf = (key: string) => key.split("/")[2] ?? key;

export function Signals() {
  const { mesh, environment } = useMesh();
  const { view } = useView();
  const { search, set } = useUrlParameters();
  const scope: Scope = scopes.find((each) => each === search.get("scope")) ?? "mesh";
  const name = search.get("name") ?? undefined;
  const ready = scope === "mesh" || name !== undefined;
  const signals = useSignals(mesh, ready ? environment?.name : undefined, {
    scope,
    name: scope === "mesh" ? undefined : name,
    range: view.range,
  });
  const topology = useTopologyList(mesh, environment?.name, view.range);
  const services = topology.data?.services ?? [];
  const dependencies = topology.data?.dependencies ?? [];
  const lines = dependencies.map((each) => ({
    ...each,
    id: each.key ?? `${each.source}>${each.target}`,
    title: `${nameOf(each.source)} → ${nameOf(each.target)}`,
  }));
  const title =
    scope === "mesh"
      ? "The mesh"
      : scope === "service"
        ? nameOf(name ?? "")
        : (lines.find((line) => line.id === name)?.title ?? "This dependency");
  const answer = ready
    ? signalsAnswer(title, signals.data)
    : { status: "unmeasured" as const, text: `Choose a ${scope}.` };
  const go = (next: Scope, key?: string) => set({ scope: next === "mesh" ? null : next, name: key ?? null }, true);
  const options =
    scope === "service"
      ? services.map((each) => ({ value: each.key, label: nameOf(each.key) }))
      : lines.map((line) => ({ value: line.id, label: line.title }));

  return (
    <Page>
      <Answer
        eyebrow={`Signals, ${rangeWord[view.range]}`}
        status={answer.status}
        answer={answer.text}
        detail={
          signals.data?.lastScrapeAt ? (
            <>
              Measured <TimeAgo at={signals.data.lastScrapeAt} />
            </>
          ) : null
        }
        actions={
          <>
            <SegmentedControl
              size="xs"
              aria-label="Scope"
              value={scope}
              onChange={(value) => {
                const next = scopes.find((each) => each === value) ?? "mesh";
                go(next, next === "service" ? services[0]?.key : next === "dependency" ? lines[0]?.id : undefined);
              }}
              data={[
                { value: "mesh", label: "Mesh" },
                { value: "service", label: "Service" },
                { value: "dependency", label: "Dependency" },
              ]}
            />
            {scope !== "mesh" ? (
              <Select
                size="xs"
                w={220}
                searchable
                aria-label={`Which ${scope}`}
                data={options}
                value={name ?? null}
                onChange={(value) => value && go(scope, value)}
              />
            ) : null}
          </>
        }
      />
      {scope !== "mesh" ? (
        <Breadcrumbs separatorMargin={6} className={classes.crumbs}>
          <Anchor component="button" size="sm" onClick={() => go("mesh")}>
            The mesh
          </Anchor>
          <Text size="sm">{title}</Text>
        </Breadcrumbs>
      ) : null}
      {signals.error ? (
        <ErrorState error={signals.error} onRetry={() => void signals.refetch()} />
      ) : signals.data ? (
        <Charts signals={signals.data} title={title} />
      ) : ready && environment ? (
        <LoadingRows rows={2} height={180} />
      ) : (
        <EmptyState title={environment ? `Choose a ${scope}` : "No environment yet"}>
          Its charts appear here.
        </EmptyState>
      )}
      {signals.data && signals.data.versions.length > 1 ? <Versions versions={signals.data.versions} /> : null}
      <Rows
        title="Services, worst first"
        rows={services.map((each) => ({ ...each, id: each.key, title: nameOf(each.key) }))}
        onOpen={(id) => go("service", id)}
      />
      <Rows title="Dependencies, worst first" rows={lines} onOpen={(id) => go("dependency", id)} />
    </Page>
  );
}

function useTopologyList(mesh: string, environment: string | undefined, range: string) {
  const question = { at: "draft", environment: environment ?? "", range };
  return useQuery({
    queryKey: keys.mesh(mesh, "topology", question),
    queryFn: ({ signal }) => get<TopologyDto>(`/meshes/${mesh}/topology?${new URLSearchParams(question)}`, signal),
    enabled: environment !== undefined,
    refetchInterval: 5000,
  });
}

type Row = SignalFacts & {
  id: string;
  title: string;
  now: SignalFacts["now"] & { p50: number | null; p95: number | null };
};

function Rows(props: { title: string; rows: readonly Row[]; onOpen(id: string): void }) {
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
                <Table.Td ta="right">{formatRate(row.now.requestsPerSecond)}</Table.Td>
                <Table.Td ta="right">{formatPercent(row.now.errorRatio)}</Table.Td>
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

function Versions({ versions }: { versions: SignalsDto["versions"] }) {
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
                <Table.Td ta="right">{formatRate(each.now.requestsPerSecond)}</Table.Td>
                <Table.Td ta="right">{formatPercent(each.now.errorRatio)}</Table.Td>
                <Table.Td ta="right">{formatMs(each.now.p99)}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </TableScroll>
    </Panel>
  );
}
