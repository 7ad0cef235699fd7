"use client";
// What was imported before: each import's report as it was told, kept with the version of the draft that it made.
// Rule: what gives calls another answer stands first, and what a report has no room for is counted.
import { Anchor, Button, Group, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { get, keys, type PageOf } from "@/components/api-client";
import { useMesh, useUrlParameters } from "@/components/shell";
import { EmptyState, LoadingRows, Panel, plural, ReadingState, StatusBadge, TimeAgo } from "@/components/ui";
import type { ImportReportDto, ImportSummaryDto } from "@/lib/api/schema";
import classes from "./import.module.css";
import { fateOf, productsOf, stateOf } from "./past-words";
import { Rows, warningRow } from "./result";

export function PastImports() {
  const { mesh } = useMesh();
  const { search, set } = useUrlParameters();
  const open = search.get("import");
  const list = useQuery({
    // Under the draft's key: an import, an undo and a new revision change it.
    queryKey: keys.mesh(mesh, "draft", "imports"),
    queryFn: ({ signal }) => get<PageOf<ImportSummaryDto>>(`/meshes/${mesh}/imports?limit=200`, signal),
  });
  return (
    <>
      {open === null ? null : <Report mesh={mesh} version={open} onClose={() => set({ import: null })} />}
      <Panel title="Past imports" hint="What each changed in the draft, and what it warned about.">
        <ReadingState of={list} />
        {list.isPending ? <LoadingRows rows={3} /> : null}
        {list.data?.items.length === 0 ? (
          <EmptyState title="Nothing was imported yet">
            The report of each import stays here, with who did it and every warning.
          </EmptyState>
        ) : null}
        <ul className={classes.past}>
          {list.data?.items.map((each) => (
            <li key={each.version}>
              <StatusBadge status={stateOf(each).status}>{stateOf(each).word}</StatusBadge>
              <div>
                <Text size="sm" fw={500}>
                  {productsOf(each)}
                </Text>
                <Text size="xs" c="dimmed">
                  {each.by}, <TimeAgo at={each.at} /> · {plural(each.understood, "document")},{" "}
                  {plural(each.changes, "change")}, {plural(each.kept, "field")} kept · {fateOf(each)}
                </Text>
              </div>
              <Button
                size="xs"
                variant="default"
                aria-label={`Open the report of version ${each.version}`}
                onClick={() => set({ import: String(each.version) }, true)}
              >
                Open the report
              </Button>
            </li>
          ))}
        </ul>
      </Panel>
    </>
  );
}

function Report({ mesh, version, onClose }: { mesh: string; version: string; onClose(): void }) {
  const path = `/meshes/${mesh}/imports/${encodeURIComponent(version)}`;
  const report = useQuery({
    queryKey: keys.mesh(mesh, "draft", "imports", version),
    queryFn: ({ signal }) => get<ImportReportDto>(path, signal),
  });
  const { data } = report;
  const place = useRef<HTMLDivElement>(null);
  // It opens above the list that it was chosen from, which may be long.
  useEffect(() => {
    if (version) place.current?.scrollIntoView({ block: "nearest" });
  }, [version]);
  const left = data ? data.warningsTotal - data.warnings.length : 0;
  return (
    <div ref={place}>
      <Panel
        title={`The import that made version ${version} of the draft`}
        hint={data ? `${productsOf(data)}, by ${data.by}` : undefined}
        aside={
          <Group gap={12}>
            <Anchor size="sm" href={`/api/v1${path}`} target="_blank" rel="noreferrer">
              As JSON
            </Anchor>
            <Button size="xs" variant="default" onClick={onClose}>
              Close
            </Button>
          </Group>
        }
      >
        <ReadingState of={report} />
        {report.isPending ? <LoadingRows rows={4} /> : null}
        {data?.warningsTotal === 0 ? (
          <Text size="sm">It warned about nothing: all {plural(data.understood, "document")} mean the same here.</Text>
        ) : null}
        {data ? <Rows rows={data.warnings.map(warningRow)} /> : null}
        {left > 0 ? (
          <Text size="sm" c="dimmed" mt={12}>
            and {plural(left, "more warning")} that the report had no room for. Read the documents again to see them.
          </Text>
        ) : null}
      </Panel>
    </div>
  );
}
