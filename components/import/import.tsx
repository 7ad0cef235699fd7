"use client";
// Bring another product's documents in. Job: paste or choose files, see what was understood, kept and warned about, then apply.
// Rule: nothing changes before "Apply"; what cannot be expressed is kept and listed, never dropped in silence.
import { Anchor, Button, FileButton, Group, Select, Stack, Text, Textarea, TextInput } from "@mantine/core";
import { IconFileImport, IconUpload } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import Link from "next/link";
import { useState } from "react";
import { keys, send } from "@/components/api-client";
import { useMe, useMesh } from "@/components/shell";
import { Answer, Page, Panel, plural } from "@/components/ui";
import { AUTO, IMPORT_CHOICES, type ImportChoice, importEntries } from "@/lib/dialects/catalogue";
import { importAnswer } from "./answer";
import classes from "./import.module.css";
import { PastImports } from "./past-imports";
import { Problems, type Read, Result } from "./result";

/** Complete: what it brings into the demo shop can be deployed. */
const example = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: payment-service, namespace: production}
spec:
  hosts: [payment-service]
  http:
  - timeout: 4s
    route:
    - {destination: {host: payment-service, subset: v1}, weight: 90}
    - {destination: {host: payment-service, subset: v2}, weight: 10}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: payment-service, namespace: production}
spec:
  host: payment-service
  subsets:
  - {name: v1, labels: {version: v1}}
  - {name: v2, labels: {version: v2}}`;

export function Import() {
  const { mesh } = useMesh();
  const { can } = useMe();
  const client = useQueryClient();
  const [text, setText] = useState("");
  const [file, setFile] = useState<string | undefined>();
  const [namespace, setNamespace] = useState("");
  const [dialect, setDialect] = useState<ImportChoice>(AUTO);
  const read = useMutation({
    // Looking needs no version; applying says which version of the draft was looked at.
    mutationFn: (lookedAt: number | null) =>
      send<Read>(
        "POST",
        `/meshes/${mesh}/import`,
        {
          dialect,
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
  const answer = read.isPending
    ? { status: "unmeasured" as const, text: "Reading the documents." }
    : importAnswer(read.data, read.error);
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
        title="Documents"
        hint={hintOf(dialect)}
        aside={
          <Group gap={8}>
            {text === "" ? (
              <Button size="xs" variant="subtle" onClick={() => change(example)}>
                Use an example
              </Button>
            ) : null}
            <FileButton
              multiple
              accept=".yaml,.yml,.json,text/yaml"
              onChange={(chosen) => void together(chosen).then(({ content, name }) => change(content, name))}
            >
              {(props) => (
                <Button {...props} size="xs" variant="default" leftSection={<IconUpload size={14} />}>
                  Choose files
                </Button>
              )}
            </FileButton>
          </Group>
        }
      >
        <Stack gap="md">
          <Textarea
            aria-label="YAML or JSON"
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
            <Select
              label="Product"
              w={200}
              maw="100%"
              allowDeselect={false}
              data={CHOICES}
              value={dialect}
              onChange={(value) => {
                setDialect(IMPORT_CHOICES.find((each) => each === value) ?? AUTO);
                read.reset();
              }}
            />
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
          {can("draft.write") ? (
            <Text size="sm" c="dimmed">
              A design of Meshwright itself, from git or from somebody:{" "}
              <Anchor size="sm" component={Link} href={`/meshes/${mesh}/merge`}>
                bring it up to date with the draft
              </Anchor>
              .
            </Text>
          ) : (
            <Text size="sm" c="dimmed">
              You may look at what it would do. Putting it into the draft takes the role author.
            </Text>
          )}
          {read.error ? <Problems error={read.error} /> : null}
        </Stack>
      </Panel>
      {result ? <Result result={result} mesh={mesh} /> : null}
      <PastImports />
    </Page>
  );
}

const CHOICES = [
  { value: AUTO, label: "by what they say" },
  ...importEntries.map(({ id, title }) => ({ value: id, label: title })),
];

/** The kinds of the chosen product, and of Kubernetes, which goes with every one; all kinds of all products are too many to read. */
function hintOf(choice: ImportChoice): string {
  if (choice === AUTO)
    return `${importEntries.map(({ title }) => title).join(", ")}; alone or together. Choose one to see its kinds.`;
  const entries = importEntries.filter(({ id }) => id === choice || id === "kubernetes");
  return entries.map(({ title, kinds }) => `${title}: ${kinds.join(", ")}`).join(". ");
}

/** Several files are one world: their documents are read together. */
async function together(files: readonly File[]): Promise<{ content: string; name: string | undefined }> {
  const texts = await Promise.all(files.map((file) => file.text()));
  return { content: texts.join("\n---\n"), name: files.length === 1 ? files[0]?.name : undefined };
}
