"use client";
// Where a rule sends its requests, in shares. Job: sliders that always sum to 100.
// Rule: a drag is one change, made when it ends; so is a run of arrow keys.
import { NumberInput, Slider } from "@mantine/core";
import { useEffect, useRef, useState } from "react";
import type { Path, RouteDestination } from "@/lib/mesh";
import { toPercents, withShare } from "@/lib/mesh/policies";
import { usePolicyForm } from "./form-context";
import classes from "./forms.module.css";
import { HeaderFields } from "./header-fields";
import { keyed } from "./keyed";
import { AddEntry, Entry } from "./parts";
import { PlaceFields, placeName } from "./place-fields";

const gatherMs = 400;

export function Split({ path, destinations }: { path: Path; destinations: readonly RouteDestination[] }) {
  const form = usePolicyForm();
  const saved = toPercents(destinations.map((each) => each.weight));
  const [drag, setDragged] = useState<{ of: readonly RouteDestination[]; shares: number[] } | null>(null);
  // what was saved ends a drag
  const dragged = drag?.of === destinations ? drag.shares : null;
  const shares = dragged ?? saved;
  const entries = keyed(destinations, placeName);
  const waiting = useRef<ReturnType<typeof setTimeout> | null>(null);
  const commit = (at: number, percent: number) => {
    if (waiting.current) clearTimeout(waiting.current);
    waiting.current = null;
    const next = withShare(shares, at, percent);
    const value = destinations.map((each, i) => ({ ...each, weight: next[i] ?? 0 }));
    form.set(path, value);
  };
  /** Presses of an arrow key that follow each other are one change. */
  const commitSoon = (at: number, percent: number) => {
    move(at, percent);
    if (waiting.current) clearTimeout(waiting.current);
    waiting.current = setTimeout(() => latest.current(at, percent), gatherMs);
  };
  const latest = useRef(commit);
  latest.current = commit;
  useEffect(() => () => void (waiting.current && clearTimeout(waiting.current)), []);
  const move = (at: number, percent: number) =>
    setDragged({ of: destinations, shares: withShare(shares, at, percent) });
  return (
    <>
      {destinations.length > 1 ? (
        <>
          <div className={classes.bar} aria-hidden="true">
            {entries.map(({ key, at }) => (
              <span key={key} style={{ width: `${shares[at] ?? 0}%` }} />
            ))}
          </div>
          {entries.map(({ key, item, at: i }) => (
            <div key={key} className={classes.share}>
              <span className={classes.shareName}>{placeName(item)}</span>
              <Slider
                size="sm"
                label={null}
                disabled={form.isReadOnly}
                value={shares[i] ?? 0}
                thumbLabel={`Share of ${placeName(item)} in percent`}
                onChange={(value) => move(i, value)}
                onChangeEnd={(value) => commitSoon(i, value)}
              />
              <NumberInput
                size="xs"
                min={0}
                max={100}
                suffix=" %"
                hideControls
                disabled={form.isReadOnly}
                aria-label={`Percent to ${placeName(item)}`}
                value={shares[i] ?? 0}
                onBlur={() => {
                  if (dragged) commit(i, dragged[i] ?? 0);
                }}
                onChange={(value) => {
                  if (Number(value) !== shares[i]) move(i, Number(value));
                }}
              />
            </div>
          ))}
        </>
      ) : null}
      {entries.map(({ key, item, at: i }) => (
        <DestinationEntry
          key={key}
          path={path}
          at={i}
          destination={item}
          count={destinations.length}
          name={placeName(item)}
        />
      ))}
      <AddEntry
        list={path}
        count={destinations.length}
        entry={{ service: destinations[0]?.service ?? { name: "service" }, weight: 0 }}
      >
        Add a destination
      </AddEntry>
    </>
  );
}

function DestinationEntry(props: {
  path: Path;
  at: number;
  destination: RouteDestination;
  count: number;
  name: string;
}) {
  const { destination, at } = props;
  const form = usePolicyForm();
  return (
    <Entry
      list={props.path}
      at={at}
      count={props.count}
      name={`destination ${props.name}`}
      title={props.count > 1 ? props.name : "Destination"}
      isLastNeeded
    >
      <PlaceFields path={[...props.path, at]} place={destination} />
      {form.object.kind === "Route" ? (
        <HeaderFields path={[...props.path, at, "headers"]} headers={destination.headers} of={`to ${props.name}`} />
      ) : null}
    </Entry>
  );
}
