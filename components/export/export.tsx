"use client";
// "What would another product make of this design?" Job: choose the product, see every part's verdict, take the bundle along.
// Rule: the report is the answer and stands before the files; what gives calls another answer stands first.
import { Button, Code, Group, Select, Text } from "@mantine/core";
import { IconFileZip } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { type ExportAnswerDto, get, keys, type ReportEntryDto } from "@/components/api-client";
import { useMesh, useUrlParameters, useView } from "@/components/shell";
import {
  Answer,
  EmptyState,
  LoadingRows,
  Page,
  Panel,
  plural,
  ReadingState,
  readingAnswer,
  type Status,
  StatusBadge,
} from "@/components/ui";
import { dialectEntries } from "@/lib/dialects/catalogue";
import { asSentence, type Choices, migrationFiles } from "@/lib/dialects/shared/migration-words";
import { keepChoices, placeOf as placeOfChoices, readChoices, withChoice } from "./choices";
import { Decisions } from "./decisions";
import classes from "./export.module.css";
import { groupsOf, type ReportGroup } from "./report-groups";
import { zipOf } from "./zip";

const TARGETS = dialectEntries.filter(({ hasExport }) => hasExport);
/** What most meshes run. */
const FIRST = TARGETS.find(({ id }) => id === "istio") ?? TARGETS[0];
/** Shown of a group with each click. */
const MORE = 200;

export function Export() {
  const { mesh, atOf } = useMesh();
  const { view } = useView();
  const { search, set } = useUrlParameters();
  const at = atOf(view.at);
  const target = TARGETS.find(({ id }) => id === search.get("to")) ?? FIRST;
  const channels = target?.channels ?? [];
  const channel = channels.find((each) => each === search.get("channel")) ?? channels[0];
  const question = new URLSearchParams({
    at: at ?? "",
    format: target?.id ?? "",
    bundle: "true",
    ...(channel ? { channel } : {}),
  });
  const query = useQuery({
    queryKey: keys.mesh(mesh, "draft", "export", question.toString()),
    queryFn: ({ signal }) => get<ExportAnswerDto>(`/meshes/${mesh}/export?${question}`, signal),
    enabled: at !== null,
  });
  const { choices, choose } = useChoices(placeOfChoices(mesh, target?.id ?? "", channel));
  if (at === null) {
    return (
      <Page>
        <Answer eyebrow="Export" answer="Nothing runs yet, so there is nothing of it to export." />
        <Panel>
          <EmptyState title="Look at the draft or a revision">Choose one in the bar on top.</EmptyState>
        </Panel>
      </Page>
    );
  }
  const title = target?.title ?? "";
  const answer = query.data ? answerOf(query.data.report, title) : readingAnswer(query, "the export");
  const isEmpty = query.data === undefined || isNothing(query.data.report);
  const shown = isEmpty ? [] : (query.data?.report ?? []);
  const files = isEmpty ? [] : (query.data?.files ?? []);
  const migration = isEmpty ? undefined : query.data?.migration;
  return (
    <Page>
      <Answer
        eyebrow="Export"
        status={answer.status}
        answer={answer.text}
        actions={
          <Button
            leftSection={<IconFileZip size={16} />}
            disabled={files.length === 0}
            onClick={() => {
              const decided = migration ? migrationFiles(migration, choices) : [];
              save(`${mesh}-${target?.id}.zip`, zipOf([...decided, ...files]));
            }}
          >
            Save the bundle
          </Button>
        }
      />
      <Panel title="Where to">
        <Group gap={12} align="flex-end">
          <Select
            label="Product"
            w={220}
            maw="100%"
            allowDeselect={false}
            data={TARGETS.map((each) => ({ value: each.id, label: each.title }))}
            value={target?.id ?? null}
            onChange={(id) => set({ to: id, channel: null })}
          />
          {channels.length > 0 ? (
            <Select
              label="Variant"
              description={VARIANTS[target?.id ?? ""]}
              w={320}
              maw="100%"
              allowDeselect={false}
              data={[...channels]}
              value={channel ?? null}
              onChange={(name) => set({ channel: name })}
            />
          ) : null}
        </Group>
        {target?.retired ? (
          <Group gap={8} mt={12}>
            <StatusBadge status="attention">retired</StatusBadge>
            <Text size="sm">{`${target.retired}.`}</Text>
          </Group>
        ) : null}
      </Panel>
      <ReadingState of={query} />
      {query.isLoading ? (
        <Panel title="Writing it">
          <LoadingRows rows={8} />
        </Panel>
      ) : null}
      {query.data && isNothing(query.data.report) ? (
        <Panel>
          <EmptyState title="An empty mesh">Draw a service on the topology, or import what you run already.</EmptyState>
        </Panel>
      ) : null}
      {migration && migration.decisions.length > 0 ? (
        <Decisions key={`${target?.id} ${channel}`} decisions={migration.decisions} choices={choices} choose={choose} />
      ) : null}
      {groupsOf(shown)
        .filter(({ id }) => id === "same")
        .map((group) => (
          <GroupPanel key={`${target?.id} ${group.id}`} group={group} />
        ))}
      {files.length > 0 ? <Files files={files} /> : null}
    </Page>
  );
}

const VARIANTS: Record<string, string> = {
  "gateway-api": "A standard cluster drops experimental fields without a word.",
  kuma: "What 3.x has removed is not written there.",
  envoy: "hosts: a file for the machines of each workload; one-machine: ports of their own on 127.0.0.1.",
};

/** Those of this browser, for this mesh and product. */
function useChoices(place: string) {
  const [kept, setKept] = useState<{ place: string; choices: Choices }>({ place: "", choices: {} });
  useEffect(() => setKept({ place, choices: readChoices(window.localStorage, place) }), [place]);
  const choices = kept.place === place ? kept.choices : {};
  const choose = (id: string, option: string | null) => {
    const next = withChoice(choices, id, option);
    setKept({ place, choices: next });
    keepChoices(window.localStorage, place, next);
  };
  return { choices, choose };
}

/** A mesh has its defaults and a namespace from the start; a design is what was drawn or imported. */
const isNothing = (report: readonly ReportEntryDto[]) => report.every(({ key }) => /^(Mesh|Namespace)\//.test(key));

function answerOf(report: readonly ReportEntryDto[], title: string): { status?: Status; text: string } {
  if (isNothing(report)) return { text: "There is nothing to export yet." };
  const groups = groupsOf(report);
  const count = (id: ReportGroup["id"]) => groups.find((group) => group.id === id)?.entries.length ?? 0;
  const [other, missing, nearly] = [count("other"), count("missing"), count("nearly")];
  if (other > 0) {
    const rest = missing > 0 ? ` ${plural(missing, "part")} more ${missing === 1 ? "is" : "are"} left to you.` : "";
    return {
      status: "failing",
      text: `With ${title}, calls get another answer in ${plural(other, "part")} of the design.${rest}`,
    };
  }
  if (missing + nearly > 0) {
    return {
      status: "attention",
      text: `${title} answers calls as the design does; ${plural(missing + nearly, "part")} ${missing + nearly === 1 ? "needs" : "need"} a look.`,
    };
  }
  return { status: "ok", text: `${title} says all of this design.` };
}

/** What is the same is counted, and shown on demand. */
function GroupPanel({ group }: { group: ReportGroup }) {
  const [count, setCount] = useState(0);
  const shown = group.entries.slice(0, count);
  return (
    <Panel title={`${group.title}: ${group.entries.length}`} hint={group.hint}>
      <ul className={classes.rows} hidden={shown.length === 0}>
        {shown.map((entry) => (
          <li key={`${entry.key} ${entry.path} ${entry.reason}`}>
            <StatusBadge status={group.status}>{entry.verdict}</StatusBadge>
            <div>
              <Text size="sm" fw={500}>
                {asSentence(entry.reason)}
              </Text>
              <Text size="xs" c="dimmed">
                {[placeOf(entry.key), entry.path, entry.target].filter(Boolean).join(" · ")}
              </Text>
            </div>
          </li>
        ))}
      </ul>
      {shown.length < group.entries.length ? (
        <Button size="xs" mt={shown.length > 0 ? 12 : 0} variant="default" onClick={() => setCount(count + MORE)}>
          {shown.length === 0 ? "Show them" : `Show ${Math.min(MORE, group.entries.length - shown.length)} more`}
        </Button>
      ) : null}
    </Panel>
  );
}

/** `Route/shop/web` -> `Route shop/web` */
function placeOf(key: string): string {
  const [kind, namespace, name] = key.split("/");
  return `${kind} ${namespace ? `${namespace}/` : ""}${name}`;
}

function Files({ files }: { files: NonNullable<ExportAnswerDto["files"]> }) {
  return (
    <Panel title="Files" hint="manifests/ to apply, manual/ to do by hand, the report for people and for machines.">
      <div className={classes.files}>
        {files.map(({ path, text }) => (
          <File key={path} path={path} text={text} />
        ))}
      </div>
    </Panel>
  );
}

function File({ path, text }: { path: string; text: string }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <details className={classes.file} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{path}</summary>
      {isOpen ? (
        <Code block className={classes.text} tabIndex={0} aria-label={path}>
          {text}
        </Code>
      ) : null}
    </details>
  );
}

function save(name: string, bytes: Uint8Array<ArrayBuffer>): void {
  const url = URL.createObjectURL(new Blob([bytes], { type: "application/zip" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}
