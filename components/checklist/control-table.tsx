"use client";
// The controls of one area: state, the three layers, and what the chosen framework calls it.
import { Anchor, Text } from "@mantine/core";
import { Panel, StatusBadge, StatusIcon, TimeAgo } from "@/components/ui";
import type { ControlDto } from "@/lib/api/schema/checks";
import { LAYERS, type Layer } from "@/lib/compliance/types";
import { LAYER_WORDS, STATE_WORDS } from "@/lib/compliance/words";
import classes from "./checklist.module.css";
import { stateStatus } from "./words";

interface ControlTableProps {
  title: string;
  controls: readonly ControlDto[];
  lens: string | null;
  onOpen(control: string, layer: Layer | null): void;
}

export function ControlTable({ title, controls, lens, onOpen }: ControlTableProps) {
  return (
    <Panel title={title} flush>
      <ul className={classes.list} aria-label={title}>
        {controls.map((control) => (
          <ControlRow key={control.id} control={control} lens={lens} onOpen={onOpen} />
        ))}
      </ul>
    </Panel>
  );
}

function ControlRow({ control, lens, onOpen }: { control: ControlDto } & Pick<ControlTableProps, "lens" | "onOpen">) {
  const mapping = control.mappings.filter(({ framework }) => framework === lens);
  return (
    <li className={classes.row}>
      <div className={classes.what}>
        <Anchor component="button" fw={500} size="sm" onClick={() => onOpen(control.id, null)}>
          {control.title}
        </Anchor>
        <Text size="xs" c="dimmed">
          <span className={classes.id}>{control.id}</span> {control.severity}
          {mapping.map(({ ids, words }) => ` · ${words}: ${ids.join(", ")}`)}
        </Text>
      </div>
      <div className={classes.overall}>
        <StatusBadge status={stateStatus[control.state]}>{STATE_WORDS[control.state]}</StatusBadge>
      </div>
      <div className={classes.layers}>
        {LAYERS.map((layer) => {
          const { state, measuredAt, summary } = control.layers[layer];
          return (
            <button
              key={layer}
              type="button"
              className={classes.layer}
              title={summary}
              aria-label={`${control.id} ${LAYER_WORDS[layer]}: ${STATE_WORDS[state]}`}
              onClick={() => onOpen(control.id, layer)}
            >
              <span className={classes.layerName}>{LAYER_WORDS[layer]}</span>
              <span className={classes.layerState} data-quiet={state === "does-not-apply" || undefined}>
                {state === "does-not-apply" ? null : <StatusIcon status={stateStatus[state]} size={14} />}
                <span>{STATE_WORDS[state]}</span>
              </span>
              {measuredAt ? (
                <span className={classes.when}>
                  <TimeAgo at={measuredAt} />
                </span>
              ) : null}
            </button>
          );
        })}
      </div>
    </li>
  );
}
