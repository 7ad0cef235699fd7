"use client";
// Bring Istio documents in. Job: paste or choose a file, see what was understood, kept and warned about, then apply.
// Rule: nothing changes before "Apply"; what cannot be expressed is kept and listed, never dropped in silence.
import { Anchor, Button, FileButton, Group, List, Stack, Text, Textarea, TextInput } from "@mantine/core";
import { IconFileImport, IconUpload } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import Link from "next/link";
import { useState } from "react";
import { ApiError, type ImportAnswerDto, keys, send } from "@/components/api-client";
import { useMe, useMesh } from "@/components/shell";
import { Answer, Page, Panel, plural, type Status, StatusBadge, severityStatus } from "@/components/ui";
import type { ImportWarning, IstioImport, Understood } from "@/lib/dialects/istio";
import classes from "./import.module.css";

interface Read extends Omit<ImportAnswerDto, "understood" | "kept" | "warnings" | "findings"> {
  understood: Understood[];
  kept: IstioImport["kept"];
  warnings: ImportWarning[];
  findings: IstioImport["findings"];
}

const example = `apiVersion: networking.istio.io/v1beta1
kind: VirtualService
metadata: {name: payment-service, namespace: production}
spec:
  hosts: [payment-service]
  http:
  - route:
    - {destination: {host: payment-service, subset: v1}, weight: 90}
    - {destination: {host: payment-service, subset: v2}, weight: 10}`;

export function Import() {
  const { mesh } = useMesh();
  const { can } = useMe();
  const client = useQueryClient();
  const [text, setText] = useState("");
  const [file, setFile] = useState<string | undefined>();
  const [namespace, setNamespace] = useState("");
  const read = useMutation({
    // Looking needs no version; applying says which version of the draft was looked at.
    mutationFn: (lookedAt: number | null) =>
      send<Read>(
        "POST",
        `/meshes/${mesh}/import`,
        {
          dialect: "istio",
          text,
          apply: lookedAt !== null,
          ...(file ? { file } : {}),
          ...(namespace.trim() ? { defaultNamespace: namespace.trim() } : {}),
        },
        lookedAt === null ? {} : { ifMatch: `"v${lookedAt}"` },
      ),
    onSuccess: (answer) => {
      if (answer.applied) void client.invalidateQueries({ queryKey: keys.mesh(mesh) });
    },
  });
  const change = (next: string, name?: string) => {
    setText(next);
    setFile(name);
    read.reset();
  };
  const answer = answerOf(read.data, read.error);
  const result = read.data;
  return (
    <Page>
      <Answer
        eyebrow="Import"
        status={answer.status}
        answer={answer.text}
        actions={
          result?.applied ? (
            <>
              <Button component={Link} href={`/meshes/${mesh}/topology`}>
                See it on the topology
              </Button>
              <Button variant="default" component={Link} href={`/meshes/${mesh}/rollouts`}>
                Deploy it
              </Button>
            </>
          ) : null
        }
      />
      <Panel
        title="Istio documents"
        hint="VirtualService, DestinationRule, Gateway, ServiceEntry, PeerAuthentication, AuthorizationPolicy"
        aside={
          <Group gap={8}>
            {text === "" ? (
              <Button size="xs" variant="subtle" onClick={() => change(example)}>
                Use an example
              </Button>
            ) : null}
            <FileButton
              accept=".yaml,.yml,.json,text/yaml"
              onChange={(chosen) => chosen && void chosen.text().then((content) => change(content, chosen.name))}
            >
              {(props) => (
                <Button {...props} size="xs" variant="default" leftSection={<IconUpload size={14} />}>
                  Choose a file
                </Button>
              )}
            </FileButton>
          </Group>
        }
      >
        <Stack gap="md">
          <Textarea
            aria-label="Istio YAML"
            placeholder="Paste one or more YAML documents, separated by ---"
            autosize
            minRows={8}
            maxRows={32}
            spellCheck={false}
            value={text}
            onChange={(event) => change(event.currentTarget.value)}
            classNames={{ input: classes.yaml }}
          />
          <Group align="flex-end" gap={12}>
            <TextInput
              label="Namespace for documents without one"
              placeholder="that of the service they speak of"
              w={300}
              maw="100%"
              value={namespace}
              onChange={(event) => setNamespace(event.currentTarget.value)}
            />
            <Button
              variant={result && !result.applied ? "default" : "filled"}
              disabled={text.trim() === ""}
              loading={read.isPending}
              onClick={() => read.mutate(null)}
            >
              Show what it would do
            </Button>
            {result && !result.applied && result.violations.length === 0 ? (
              <Button
                leftSection={<IconFileImport size={16} />}
                disabled={!can("draft.write") || result.commands.length === 0}
                loading={read.isPending}
                onClick={() => read.mutate(result.version)}
              >
                Apply {plural(result.commands.length, "change")} to the draft
              </Button>
            ) : null}
          </Group>
          {read.error ? <Problems error={read.error} /> : null}
        </Stack>
      </Panel>
      {result ? <Result result={result} mesh={mesh} /> : null}
    </Page>
  );
}

function answerOf(result: Read | undefined, error: Error | null): { status?: Status; text: string } {
  if (error) return { status: "failing", text: "That did not work; nothing was changed." };
  if (!result) return { text: "What do you have already?" };
  if (result.violations.length > 0)
    return {
      status: "failing",
      text: `${plural(result.violations.length, "problem")} in the text; nothing was changed.`,
    };
  const counts = `${plural(result.understood.length, "document")} understood, ${plural(result.kept.length, "field")} kept, ${plural(result.warnings.length, "warning")}.`;
  if (result.applied) return { status: "ok", text: `Applied to the draft. ${counts}` };
  return { status: result.warnings.length > 0 ? "attention" : "ok", text: counts };
}

function Problems({ error }: { error: Error }) {
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

function Result({ result, mesh }: { result: Read; mesh: string }) {
  return (
    <>
      {result.violations.length > 0 ? (
        <Panel title="Problems">
          <Rows
            rows={result.violations.map((each) => ({
              id: `${each.path} ${each.message}`,
              status: "failing",
              title: each.message,
              detail: [each.line ? `line ${each.line}` : "", each.path, each.fix].filter(Boolean).join(" · "),
            }))}
          />
        </Panel>
      ) : null}
      {result.warnings.length > 0 ? (
        <Panel title="Warned about">
          <Rows
            rows={result.warnings.map((each) => ({
              id: `${each.source} ${each.path} ${each.message}`,
              status: "attention",
              title: `${each.source} ${each.message}`,
              detail: [each.line ? `line ${each.line}` : "", each.path, each.fix].filter(Boolean).join(" · "),
            }))}
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
              status: "unmeasured",
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

const words: Record<Status, string> = {
  ok: "understood",
  attention: "warning",
  failing: "problem",
  unmeasured: "kept",
  stale: "stale",
};

function Rows({
  rows,
}: {
  rows: { id: string; status: Status; title: string; detail?: string; sentences?: string[] }[];
}) {
  return (
    <ul className={classes.rows}>
      {rows.map((row) => (
        <li key={row.id}>
          <StatusBadge status={row.status}>{words[row.status]}</StatusBadge>
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
