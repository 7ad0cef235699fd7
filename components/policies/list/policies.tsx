"use client";
// "Which rules are there, and what do they do?" Job: every policy by kind, in words, with what is wrong with it.
import { Anchor, Button, Chip, Group, Text, TextInput } from "@mantine/core";
import { IconPlus, IconSearch, IconShieldCheck } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useDeferredValue, useMemo } from "react";
import { get, type HistoryEntryDto, keys, type PageOf, useFindings } from "@/components/api-client";
import { RefusalNote, SaveStateWord, useDraft } from "@/components/draft";
import { sharedSearch, useMe, useMesh, useUrlParameters, useUrlState } from "@/components/shell";
import {
  Answer,
  type Column,
  DataTable,
  EmptyState,
  ErrorState,
  LoadingRows,
  Page,
  Panel,
  plural,
  readingAnswer,
  StatusBadge,
  TimeAgo,
} from "@/components/ui";
import { buildIndex } from "@/lib/mesh";
import { POLICY_FAMILIES, POLICY_WORDS } from "@/lib/mesh/policies";
import { ButtonLink } from "./button-link";
import classes from "./list.module.css";
import { byFamily, listAnswer, type PolicyRow, policyHref, policyRows, shownRows } from "./rows";
import { TemplateGallery } from "./template-gallery";

export function Policies() {
  const { mesh } = useMesh();
  const { can } = useMe();
  const { search, set } = useUrlParameters();
  const [text, setText] = useUrlState("q");
  const draft = useDraft(mesh);
  const findings = useFindings(mesh, "draft");
  const history = useQuery({
    queryKey: keys.mesh(mesh, "history", "policies"),
    queryFn: ({ signal }) => get<PageOf<HistoryEntryDto>>(`/meshes/${mesh}/draft/history?limit=500`, signal),
  });
  const document = draft.snapshot?.document;
  const rows = useMemo(
    () => (document ? policyRows(buildIndex(document), findings.data?.items ?? [], history.data?.items ?? []) : null),
    [document, findings.data, history.data],
  );
  const family = search.get("kind") ?? "";
  const filter = { search: useDeferredValue(text), family, findings: search.get("findings") === "with" };
  const shown = rows ? shownRows(rows, filter) : [];
  const answer = rows ? listAnswer(rows) : readingAnswer(draft, "the policies");
  const mayWrite = can("draft.write");
  return (
    <Page>
      <Answer
        eyebrow="Policies in the draft"
        status={answer.status}
        answer={answer.text}
        actions={
          <>
            {draft.snapshot ? <SaveStateWord snapshot={draft.snapshot} /> : null}
            {mayWrite ? (
              <ButtonLink href={`/meshes/${mesh}/policies/new`} variant="filled" leftSection={<IconPlus size={16} />}>
                New policy
              </ButtonLink>
            ) : null}
          </>
        }
      />
      {draft.snapshot ? <RefusalNote snapshot={draft.snapshot} onDismiss={draft.dismiss} /> : null}
      {draft.error && !document ? <ErrorState error={draft.error} onRetry={draft.reload} /> : null}
      {rows === null && !draft.error ? <LoadingRows rows={8} /> : null}
      {rows && rows.length > 0 ? (
        <Group gap={8} className={classes.filters}>
          <TextInput
            className={classes.search}
            size="xs"
            leftSection={<IconSearch size={14} />}
            placeholder="Search names, targets and effects"
            aria-label="Search policies"
            value={text}
            onChange={(event) => setText(event.currentTarget.value || null)}
          />
          {POLICY_FAMILIES.map((each) => (
            <Chip
              key={each.id}
              size="xs"
              checked={family === each.id}
              onChange={(checked) => set({ kind: checked ? each.id : null })}
            >
              {each.title} {rows.filter((row) => row.family === each.id).length}
            </Chip>
          ))}
          <Chip size="xs" checked={filter.findings} onChange={(checked) => set({ findings: checked ? "with" : null })}>
            With findings
          </Chip>
        </Group>
      ) : null}
      {rows && rows.length === 0 ? (
        <Panel>
          <EmptyState icon={<IconShieldCheck size={32} stroke={1.5} />} title="No policy yet">
            Without one, drawn dependencies are granted, mutual TLS is what the mesh's defaults say, and every request
            goes to the service it names. Begin with an intent:
          </EmptyState>
          {mayWrite ? <TemplateGallery mesh={mesh} /> : null}
        </Panel>
      ) : null}
      {rows && rows.length > 0 && shown.length === 0 ? (
        <Panel>
          <EmptyState
            title="No policy fits"
            action={
              <Button size="xs" variant="default" onClick={() => set({ q: null, kind: null, findings: null })}>
                Show all {rows.length}
              </Button>
            }
          >
            {plural(rows.length, "policy", "policies")} of the draft {rows.length === 1 ? "is" : "are"} hidden by search
            and filter.
          </EmptyState>
        </Panel>
      ) : null}
      {byFamily(shown).map((each) => (
        <Panel key={each.id} title={each.title} hint={each.question} flush>
          <Rows mesh={mesh} rows={each.rows} label={each.title} />
        </Panel>
      ))}
    </Page>
  );
}

function Rows({ mesh, rows, label }: { mesh: string; rows: readonly PolicyRow[]; label: string }) {
  const search = typeof window === "undefined" ? "" : sharedSearch(window.location.search);
  const columns: Column<PolicyRow>[] = [
    {
      title: "For",
      width: "28%",
      cell: (row) => (
        <>
          <Anchor
            component={Link}
            href={`${policyHref(mesh, row.policy)}${search}`}
            fw={500}
            size="sm"
            className={classes.link}
          >
            {row.target}
          </Anchor>
          <Text size="xs" c="dimmed">
            {POLICY_WORDS[row.kind]}
            {row.name === row.target ? "" : ` ${row.name}`} in {row.namespace}
          </Text>
        </>
      ),
    },
    { title: "Effect", folded: "line", cell: ({ effect }) => effect },
    { title: "Findings", width: "124px", folded: "aside", cell: (row) => <FindingsCell row={row} /> },
    { title: "Last change", width: "168px", cell: ({ changed }) => <LastChange of={changed} /> },
  ];
  return (
    <DataTable label={label} columns={columns} rows={rows} keyOf={({ key }) => key} hasFixedColumns highlightOnHover />
  );
}

function LastChange({ of: changed }: { of: PolicyRow["changed"] }) {
  if (!changed)
    return (
      <Text size="xs" c="dimmed" component="span">
        unchanged
      </Text>
    );
  return (
    <>
      <TimeAgo at={changed.at} />
      <Text size="xs" c="dimmed" component="span">
        {" "}
        by {changed.by}
      </Text>
    </>
  );
}

function FindingsCell({ row }: { row: PolicyRow }) {
  if (row.errors > 0) return <StatusBadge status="failing">{plural(row.errors, "error")}</StatusBadge>;
  if (row.warnings > 0) return <StatusBadge status="attention">{plural(row.warnings, "warning")}</StatusBadge>;
  if (row.hints > 0) return <StatusBadge status="note">{plural(row.hints, "hint")}</StatusBadge>;
  return (
    <Text size="xs" c="dimmed" component="span">
      no finding
    </Text>
  );
}
