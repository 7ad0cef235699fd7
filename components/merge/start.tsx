"use client";
// Where a change is taken from: one that others overtook in this tab, a frozen revision, or a file.
// Rule: says for each what it started from, because that decides what counts as changed.
import { Button, FileButton, Group, Select, Stack, Text, Textarea } from "@mantine/core";
import { IconGitMerge, IconUpload } from "@tabler/icons-react";
import { useState } from "react";
import { type KeptChange, namesOf } from "@/components/draft";
import { useMesh } from "@/components/shell";
import { EmptyState, listInWords, Panel, plural, TimeAgo } from "@/components/ui";
import { MAX_DESIGN_CHARACTERS } from "@/lib/api/schema/common";
import classes from "./merge.module.css";
import type { Source } from "./model";

const FILE = "file";
const EMPTY = "empty";

export function Overtaken(props: {
  changes: readonly KeptChange[];
  onBring(change: KeptChange): void;
  onDrop(change: KeptChange): void;
}) {
  return (
    <Panel title="Changes of yours that others overtook" hint="Kept in this tab until they are saved or thrown away.">
      {props.changes.length === 0 ? (
        <EmptyState title="Nothing of yours was overtaken">
          When somebody else changes what you are changing, your change waits here and can be put together with theirs.
        </EmptyState>
      ) : (
        <ul className={classes.kept}>
          {props.changes.map((change) => (
            <li key={change.id}>
              <div>
                <Text size="sm" fw={500}>
                  {plural(change.commands.length, "step")}:{" "}
                  {listInWords(namesOf(change.commands)) || "places on the canvas"}
                </Text>
                <Text size="xs" c="dimmed">
                  made on version {change.version} of the draft, <TimeAgo at={change.at} />
                </Text>
              </div>
              <Group gap={8}>
                <Button size="xs" onClick={() => props.onBring(change)}>
                  Bring it up to date
                </Button>
                <Button size="xs" variant="default" onClick={() => props.onDrop(change)}>
                  Throw it away
                </Button>
              </Group>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}

export function ChooseSource({ onChoose }: { onChoose(source: Omit<Source, "id">): void }) {
  const { revisions } = useMesh();
  const [base, setBase] = useState<string | null>(null);
  const [mine, setMine] = useState<string>(FILE);
  const [text, setText] = useState("");
  const options = revisions.map(({ number, message }) => ({
    value: `r${number}`,
    label: `r${number}${message ? `: ${message}` : ""}`,
  }));
  const isFile = mine === FILE;
  const tooLong = text.length > MAX_DESIGN_CHARACTERS;
  const start = base ?? options[0]?.value ?? EMPTY;
  const choose = () =>
    onChoose(
      isFile ? { base: start, mine: { text }, name: "your file" } : { base: start, mine: { at: mine }, name: mine },
    );
  return (
    <Panel
      title="A revision or a file"
      hint="A design that went its own way: a branch in git, what somebody sent, a revision that was taken back."
    >
      <Stack gap="md">
        <Group align="flex-end" gap={12}>
          <Select
            label="Your design"
            w={280}
            maw="100%"
            allowDeselect={false}
            data={[{ value: FILE, label: "A file, or text" }, ...options]}
            value={mine}
            onChange={(value) => setMine(value ?? FILE)}
          />
          <Select
            label="It started from"
            w={280}
            maw="100%"
            allowDeselect={false}
            data={[...options, { value: EMPTY, label: "an empty mesh" }]}
            value={start}
            onChange={setBase}
          />
          <Button
            leftSection={<IconGitMerge size={16} />}
            disabled={isFile && (text.trim() === "" || tooLong)}
            onClick={choose}
          >
            Put it together with the draft
          </Button>
        </Group>
        {isFile ? (
          <>
            <Textarea
              label="The whole design as YAML"
              placeholder="As Export writes it: meshwright.dev/v1 objects, separated by ---"
              autosize
              minRows={6}
              maxRows={24}
              spellCheck={false}
              value={text}
              error={tooLong ? `It has ${text.length} characters; at most ${MAX_DESIGN_CHARACTERS} are taken.` : null}
              onChange={(event) => setText(event.currentTarget.value)}
              classNames={{ input: classes.yaml }}
            />
            <Group>
              <FileButton accept=".yaml,.yml" onChange={(file) => void file?.text().then(setText)}>
                {(button) => (
                  <Button {...button} size="xs" variant="default" leftSection={<IconUpload size={14} />}>
                    Choose a file
                  </Button>
                )}
              </FileButton>
            </Group>
          </>
        ) : null}
      </Stack>
    </Panel>
  );
}
