"use client";
// What an import would do: problems, warnings, what was understood, kept and found.
// Rule: what gives a call another answer than in the product stands before what is only missing.
import { Anchor, List, Text } from "@mantine/core";
import Link from "next/link";
import { ApiError, type ImportAnswerDto } from "@/components/api-client";
import { type Mark, Panel, StatusBadge, severityStatus } from "@/components/ui";
import type { ImportResult } from "@/lib/dialects";
import classes from "./import.module.css";

export interface Read extends Omit<ImportAnswerDto, "understood" | "kept" | "warnings" | "findings"> {
  understood: ImportResult["understood"];
  kept: ImportResult["kept"];
  warnings: ImportResult["warnings"];
  findings: ImportResult["findings"];
}

export function Problems({ error }: { error: Error }) {
  const violations = error instanceof ApiError ? error.violations : [];
  return (
    <div role="alert">
      <Text size="sm" c="var(--mw-failing)">
        {error.message}
      </Text>
      <List size="sm" mt={4}>
        {violations.map((each) => (
          <List.Item key={`${each.path} ${each.message}`}>
            {each.path}: {each.message} {each.fix}
          </List.Item>
        ))}
      </List>
    </div>
  );
}

export function Result({ result, mesh }: { result: Read; mesh: string }) {
  return (
    <>
      {result.violations.length > 0 ? (
        <Panel title="Problems">
          <Rows
            rows={result.violations.map((each) => ({
              id: `${each.path} ${each.message}`,
              status: "failing",
              title: each.message,
              detail: [placeOf(each), each.path, each.fix].filter(Boolean).join(" · "),
            }))}
          />
        </Panel>
      ) : null}
      {result.warnings.length > 0 ? (
        <Panel title="Warned about">
          <Rows
            rows={[...result.warnings]
              .sort((a, b) => Number(b.changesMeaning) - Number(a.changesMeaning))
              .map(warningRow)}
          />
        </Panel>
      ) : null}
      {result.understood.length > 0 ? (
        <Panel title="Understood">
          <Rows
            rows={result.understood.map((each) => ({
              id: `${each.source} ${each.line}`,
              status: "ok",
              title: each.source,
              sentences: each.sentences,
            }))}
          />
        </Panel>
      ) : null}
      {result.kept.length > 0 ? (
        <Panel
          title="Kept"
          hint="The model has no word for these. They are kept word for word and written back on export; they have no effect here."
        >
          <Rows
            rows={result.kept.map((each) => ({
              id: `${each.source} ${each.path}`,
              status: "note",
              word: "kept",
              title: `${each.path}: ${JSON.stringify(each.value)}`,
              detail: each.source,
            }))}
          />
        </Panel>
      ) : null}
      {result.findings.length > 0 ? (
        <Panel
          title="What the analyzers say about it"
          aside={
            <Anchor size="sm" component={Link} href={`/meshes/${mesh}/findings`}>
              Findings with fixes
            </Anchor>
          }
        >
          <Rows
            rows={result.findings.map((each) => ({
              id: `${each.code} ${each.message}`,
              status: severityStatus[each.severity],
              title: each.message,
              detail: `${each.code} · ${each.cause}`,
            }))}
          />
        </Panel>
      ) : null}
    </>
  );
}

const words: Record<Mark, string> = {
  ok: "understood",
  attention: "warning",
  failing: "problem",
  unmeasured: "not measured",
  stale: "stale",
  note: "hint",
};

const placeOf = ({ line, column }: { line?: number | undefined; column?: number | undefined }) =>
  line ? `line ${line}${column ? `, column ${column}` : ""}` : "";

type Row = { id: string; status: Mark; word?: string; title: string; detail?: string; sentences?: string[] };

export function warningRow(each: Omit<Read["warnings"][number], "column"> & { column?: number }): Row {
  return {
    id: `${each.source} ${each.path} ${each.message}`,
    status: each.changesMeaning ? "failing" : "attention",
    word: each.changesMeaning ? "other answer" : each.verdict,
    title: `${each.source} ${each.message}`,
    detail: [placeOf(each), each.path, each.fix].filter(Boolean).join(" · "),
  };
}

export function Rows({ rows }: { rows: Row[] }) {
  return (
    <ul className={classes.rows}>
      {rows.map((row) => (
        <li key={row.id}>
          <StatusBadge status={row.status}>{row.word ?? words[row.status]}</StatusBadge>
          <div>
            <Text size="sm" fw={500}>
              {row.title}
            </Text>
            {row.sentences?.map((sentence) => (
              <Text key={sentence} size="sm">
                {sentence}
              </Text>
            ))}
            {row.detail ? (
              <Text size="xs" c="dimmed">
                {row.detail}
              </Text>
            ) : null}
          </div>
        </li>
      ))}
    </ul>
  );
}
