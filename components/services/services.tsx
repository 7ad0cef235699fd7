"use client";
// "Which service needs its owner?" Job: every service in one table that sorts and filters. Rule: sort and filter are in the URL.
import { Anchor, Group, Select, Text, TextInput } from "@mantine/core";
import { IconBox, IconSearch } from "@tabler/icons-react";
import Link from "next/link";
import { type ReactNode, useMemo } from "react";
import { sharedSearch, useMesh, useUrlParameters, useUrlState } from "@/components/shell";
import {
  Answer,
  type Column,
  DataTable,
  EmptyState,
  formatMs,
  formatPercent,
  formatTraffic,
  LoadingRows,
  Page,
  Panel,
  ReadingState,
  readingAnswer,
  StatusBadge,
  statusWord,
  TimeAgo,
} from "@/components/ui";
import { filterRows, rowsOf, type ServiceRow, type Sort, servicesAnswer, sortRows, sorts } from "./model/rows";
import classes from "./services.module.css";
import { useDesign } from "./use-design";

const titles: readonly { sort: Sort; title: string; isNumber?: boolean; isDownFirst?: boolean }[] = [
  { sort: "name", title: "Service" },
  { sort: "state", title: "State" },
  { sort: "owner", title: "Owner" },
  { sort: "step", title: "Mode" },
  { sort: "traffic", title: "Traffic", isNumber: true, isDownFirst: true },
  { sort: "errors", title: "Errors", isNumber: true, isDownFirst: true },
  { sort: "p99", title: "p99", isNumber: true, isDownFirst: true },
  { sort: "mtls", title: "In mTLS", isNumber: true },
  { sort: "findings", title: "Findings", isNumber: true, isDownFirst: true },
];

export function Services() {
  const { mesh } = useMesh();
  const { search, set } = useUrlParameters();
  const [text, setText] = useUrlState("q");
  const { topology, findings } = useDesign();
  const sortText = search.get("sort") ?? "state";
  const isDown = sortText.startsWith("-");
  const sort = sorts.find((each) => each === sortText.replace("-", "")) ?? "state";
  const all = useMemo(
    () => (topology.data ? rowsOf(topology.data, findings.data?.items ?? []) : []),
    [topology.data, findings.data],
  );
  const filter = { text, owner: search.get("owner"), status: search.get("state") };
  const shown = sortRows(filterRows(all, filter), sort, isDown);
  const owners = [...new Set(all.map((row) => row.owner ?? "nobody"))].sort();
  const cells = cellsOf(mesh, sharedSearch(`?${search.toString()}`));
  const columns = titles.map(
    ({ sort: by, title, isNumber = false, isDownFirst = false }): Column<ServiceRow> => ({
      title,
      isNumber,
      ...(by === "state" ? { folded: "aside" } : {}),
      sort: {
        direction: by === sort ? (isDown ? "descending" : "ascending") : "none",
        onSort: () => set({ sort: `${(by === sort ? !isDown : isDownFirst) ? "-" : ""}${by}` }),
      },
      cell: cells[by],
    }),
  );
  const answer = topology.data ? servicesAnswer(all) : readingAnswer(topology, "the services of this mesh");
  return (
    <Page>
      <Answer
        eyebrow="Services"
        status={answer.status}
        answer={answer.text}
        detail={
          topology.data?.measuredAt ? (
            <>
              Measured <TimeAgo at={topology.data.measuredAt} />
            </>
          ) : null
        }
      />
      <ReadingState of={topology} />
      {topology.error && !topology.data ? null : (
        <Panel
          title={
            topology.isPending
              ? "Services"
              : shown.length === all.length
                ? `All ${all.length}`
                : `${shown.length} of ${all.length}`
          }
          aside={
            <Group gap={8} className={classes.filters}>
              <Select
                size="xs"
                w={130}
                aria-label="Owner"
                placeholder="Any owner"
                data={owners}
                value={filter.owner}
                clearable
                onChange={(owner) => set({ owner })}
              />
              <Select
                size="xs"
                w={130}
                aria-label="State"
                placeholder="Any state"
                data={(["failing", "attention", "stale", "unmeasured", "ok"] as const).map((value) => ({
                  value,
                  label: statusWord[value],
                }))}
                value={filter.status}
                clearable
                onChange={(state) => set({ state })}
              />
              <Select
                size="xs"
                w={130}
                hiddenFrom="sm"
                aria-label="Sort by"
                data={titles.map(({ sort: value, title }) => ({ value, label: `By ${title.toLowerCase()}` }))}
                value={sort}
                allowDeselect={false}
                onChange={(value) => {
                  const column = titles.find((each) => each.sort === value);
                  if (column) set({ sort: `${column.isDownFirst ? "-" : ""}${column.sort}` });
                }}
              />
              <TextInput
                size="xs"
                w={150}
                aria-label="Search services"
                placeholder="Search"
                leftSection={<IconSearch size={14} />}
                value={text}
                onChange={(event) => setText(event.currentTarget.value || null)}
              />
            </Group>
          }
          flush
        >
          {topology.isPending ? (
            <div className={classes.loading}>
              <LoadingRows rows={8} />
            </div>
          ) : shown.length === 0 ? (
            <EmptyState
              icon={<IconBox size={28} stroke={1.5} />}
              title={all.length === 0 ? "No service is drawn yet" : "No service matches"}
            >
              {all.length === 0 ? (
                <>
                  Draw one in the{" "}
                  <Anchor component={Link} underline="always" href={`/meshes/${mesh}/topology`}>
                    topology
                  </Anchor>{" "}
                  or{" "}
                  <Anchor component={Link} underline="always" href={`/meshes/${mesh}/import`}>
                    import a document
                  </Anchor>
                  .
                </>
              ) : (
                "Change the search or the filters."
              )}
            </EmptyState>
          ) : (
            <DataTable
              label="Services"
              columns={columns}
              rows={shown}
              keyOf={({ key }) => key}
              minWidth={980}
              highlightOnHover
            />
          )}
        </Panel>
      )}
    </Page>
  );
}

function cellsOf(mesh: string, search: string): Record<Sort, (row: ServiceRow) => ReactNode> {
  return {
    name: (row) => (
      <>
        <Anchor
          component={Link}
          href={`/meshes/${mesh}/services/${row.namespace}/${row.name}${search}`}
          size="sm"
          fw={500}
        >
          {row.name}
        </Anchor>
        <Text size="xs" c="dimmed">
          {[row.namespace, row.criticality, row.versions.join(", ")].filter(Boolean).join(" · ")}
        </Text>
      </>
    ),
    state: (row) => (
      <>
        <StatusBadge status={row.status}>{row.word}</StatusBadge>
        {row.proxies.total > row.proxies.ready ? (
          <Text size="xs" c="dimmed" mt={2}>
            {row.proxies.ready} of {row.proxies.total} proxies ready
          </Text>
        ) : null}
      </>
    ),
    owner: (row) =>
      row.owner ?? (
        <Text span size="sm" c="dimmed">
          nobody
        </Text>
      ),
    step: (row) => row.step,
    traffic: (row) => formatTraffic(row),
    errors: (row) => formatPercent(row.errorRatio),
    p99: (row) => formatMs(row.p99),
    mtls: (row) => formatPercent(row.mtlsRatio),
    findings: (row) => <FindingsLink row={row} mesh={mesh} />,
  };
}

function FindingsLink({ row, mesh }: { row: ServiceRow; mesh: string }) {
  if (row.findings === 0) return <>{row.findings}</>;
  return (
    <Anchor component={Link} href={`/meshes/${mesh}/findings?q=${row.name}`} size="sm">
      {row.findings}
    </Anchor>
  );
}
