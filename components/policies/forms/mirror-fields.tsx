"use client";
// Copies of a rule's requests: where they go, and of how many. Rule: each share stands for itself; they need no sum.
import { Slider } from "@mantine/core";
import { useEffect, useState } from "react";
import { type Destination, type Mirror, type Path, serviceRefKey } from "@/lib/mesh";
import { NumberField } from "./fields";
import { usePolicyForm } from "./form-context";
import { keyed } from "./keyed";
import { AddEntry, Entry } from "./parts";
import { PlaceFields, placeName } from "./place-fields";

const NEW_PERCENT = 10;

export function MirrorFields(props: {
  path: Path;
  mirrors: readonly Mirror[] | undefined;
  destinations: readonly Destination[];
}) {
  const { path, mirrors = [], destinations } = props;
  const entry = useNewMirror(destinations);
  return (
    <>
      {keyed(mirrors, placeName).map(({ key, item, at }) => (
        <Entry
          key={key}
          list={path}
          at={at}
          count={mirrors.length}
          name={`copies to ${placeName(item)}`}
          title={`Copies to ${placeName(item)}`}
        >
          <PlaceFields path={[...path, at]} place={item} />
          <Share path={[...path, at, "percent"]} percent={item.percent} name={placeName(item)} />
        </Entry>
      ))}
      <AddEntry list={path} count={mirrors.length} entry={entry}>
        Copy requests elsewhere
      </AddEntry>
    </>
  );
}

/** Another version of where they go, if there is one. */
function useNewMirror(destinations: readonly Destination[]): Mirror {
  const { index, object } = usePolicyForm();
  const service = destinations[0]?.service ?? { name: "service" };
  const taken = new Set(destinations.map(({ subset }) => subset));
  const subset = index.subsetsOf(serviceRefKey(service, object)).find((each) => !taken.has(each.spec.name))?.spec.name;
  return { service, ...(subset === undefined ? {} : { subset }), percent: NEW_PERCENT };
}

/** The slider goes by whole percents; the field takes less. */
function Share({ path, percent, name }: { path: Path; percent: number; name: string }) {
  const form = usePolicyForm();
  const [dragged, setDragged] = useState(percent);
  useEffect(() => setDragged(percent), [percent]);
  return (
    <>
      <Slider
        size="sm"
        label={null}
        disabled={form.isReadOnly}
        value={dragged}
        thumbLabel={`Share copied to ${name} in percent`}
        onChange={setDragged}
        onChangeEnd={(value) => {
          if (value !== percent) form.set(path, value);
        }}
      />
      <NumberField path={path} label="Share that is copied" value={percent} suffix="%" />
    </>
  );
}
