"use client";
// Station 2: what changes, in sentences and on the canvas. Rule: both select the same object (`sel` in the URL); what was removed is drawn too.
import { Button, Group, UnstyledButton } from "@mantine/core";
import { useMemo, useState } from "react";
import { Canvas } from "@/components/canvas";
import { useUrlParameters } from "@/components/shell";
import { EmptyState, Panel, plural } from "@/components/ui";
import type { StationOf } from "@/lib/api/schema";
import { Lead } from "./lead";
import { nearChange, pictureEdges, pictureNodes, WHOLE_UP_TO } from "./picture";
import classes from "./review.module.css";

type Change = StationOf<"changes">["changes"][number];
const SHOWN_AT_FIRST = 100;
const ignore = () => undefined;

export function ChangesStation({ content }: { content: StationOf<"changes"> }) {
  const { search, set } = useUrlParameters();
  const { picture, changes } = content;
  const isLarge = picture.boxes.length > WHOLE_UP_TO;
  const isWhole = !isLarge || search.get("boxes") === "all";
  const shown = useMemo(() => (isWhole ? null : nearChange(picture)), [picture, isWhole]);
  const nodes = useMemo(() => pictureNodes(picture, shown, null), [picture, shown]);
  const edges = useMemo(() => pictureEdges(picture, shown), [picture, shown]);
  const selected = search.get("sel");
  const selection = useMemo(() => new Set(selected ? [selected] : []), [selected]);
  const { added, changed, removed } = picture.counts;
  const hidden = picture.boxes.length - nodes.length;
  return (
    <>
      <Lead>
        {changes.length === 0
          ? `${content.to} is the same as ${content.from}.`
          : `${plural(added, "object")} added, ${changed} changed, ${removed} removed from ${content.from} to ${content.to}.`}
      </Lead>
      <Panel title="In sentences" hint={plural(changes.length, "change")} flush>
        {changes.length === 0 ? (
          <EmptyState title="No change">The two designs are the same.</EmptyState>
        ) : (
          <Sentences changes={changes} selected={selected} onSelect={(key) => set({ sel: key })} />
        )}
      </Panel>
      <Panel
        title="On the canvas"
        hint={hidden > 0 ? `What changes and its neighbours; ${hidden} other boxes are not shown` : undefined}
        aside={
          isLarge ? (
            <Button size="compact-xs" variant="default" onClick={() => set({ boxes: isWhole ? null : "all" })}>
              {isWhole ? "Only what changes" : `All ${picture.boxes.length}`}
            </Button>
          ) : null
        }
        flush
      >
        {nodes.length === 0 ? (
          <EmptyState title="Nothing that is drawn changes">
            What changes belongs to the whole mesh; the sentences above say it.
          </EmptyState>
        ) : (
          <div className={classes.canvas}>
            <Canvas
              key={isWhole ? "all" : "near"}
              label="What changes: added, removed and changed services and dependencies"
              nodes={nodes}
              edges={edges}
              selection={selection}
              editable={false}
              onSelect={(ids) => set({ sel: ids[0] ?? null })}
              onMove={ignore}
              onConnect={ignore}
              onBlank={ignore}
              onOpen={ignore}
              showMinimap={false}
            />
          </div>
        )}
      </Panel>
      {content.sinceRound ? (
        <Panel
          title={`Since round ${content.sinceRound.round}`}
          hint="What the author changed after the last round"
          flush
        >
          <Sentences changes={content.sinceRound.changes} selected={selected} onSelect={(key) => set({ sel: key })} />
        </Panel>
      ) : null}
    </>
  );
}

function Sentences(props: { changes: readonly Change[]; selected: string | null; onSelect(key: string): void }) {
  const [isLong, setLong] = useState(false);
  const shown = isLong ? props.changes : props.changes.slice(0, SHOWN_AT_FIRST);
  return (
    <>
      <ul className={classes.sentences}>
        {shown.map((change) => {
          const mark = change.kind === "renamed" ? "changed" : change.kind;
          return (
            <li
              key={`${change.kind} ${change.key} ${change.sentence}`}
              data-selected={change.key === props.selected || undefined}
            >
              <span className={classes.mark} data-mark={mark}>
                {change.kind}
              </span>
              <UnstyledButton
                className={classes.sentence}
                aria-pressed={change.key === props.selected}
                title={change.key}
                onClick={() => props.onSelect(change.key)}
              >
                {change.sentence}
              </UnstyledButton>
            </li>
          );
        })}
      </ul>
      {props.changes.length > shown.length ? (
        <Group p="md">
          <Button size="compact-sm" variant="default" onClick={() => setLong(true)}>
            {props.changes.length - shown.length} more
          </Button>
        </Group>
      ) : null}
    </>
  );
}
