"use client";
// The CORS policy of a rule: which pages may call, and what their preflights are told. Rule: it is put there whole, with an origin to
// change, and taken away with one switch.
import { ActionIcon, Switch } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import type { Cors, OriginMatch, Path } from "@/lib/mesh";
import { ChoiceField, ListField, NumberField, SwitchField, TextField } from "./fields";
import { useDescription, usePolicyForm } from "./form-context";
import classes from "./forms.module.css";
import { keyed } from "./keyed";
import { METHODS } from "./match-fields";
import { AddEntry, Row } from "./parts";

const NEW_ORIGIN: OriginMatch = { type: "exact", value: "https://shop.example" };
const NEW_CORS: Cors = { allowOrigins: [NEW_ORIGIN], allowMethods: ["GET", "POST"] };
const ORIGIN_TYPES = [
  { value: "exact", label: "exactly this" },
  { value: "prefix", label: "begins with it" },
  { value: "regex", label: "matches it" },
];
const UNMATCHED = [
  { value: "forward", label: "are sent on" },
  { value: "ignore", label: "are answered without an allowance" },
];

export function CorsFields({ path, cors }: { path: Path; cors: Cors | undefined }) {
  const form = usePolicyForm();
  const description = useDescription(path);
  return (
    <>
      <Switch
        size="xs"
        label="Let pages of other origins call"
        description={description}
        disabled={form.isReadOnly}
        checked={cors !== undefined}
        onChange={(event) => form.set(path, event.currentTarget.checked ? NEW_CORS : undefined)}
      />
      {cors ? <Policy path={path} cors={cors} /> : null}
    </>
  );
}

function Policy({ path, cors }: { path: Path; cors: Cors }) {
  return (
    <>
      <Origins path={[...path, "allowOrigins"]} origins={cors.allowOrigins} />
      <ListField
        path={[...path, "allowMethods"]}
        label="Methods"
        value={cors.allowMethods}
        choices={[...METHODS, "*"]}
        placeholder="GET, HEAD and POST"
      />
      <ListField
        path={[...path, "allowHeaders"]}
        label="Request headers"
        value={cors.allowHeaders}
        placeholder="the plain ones"
      />
      <ListField
        path={[...path, "exposeHeaders"]}
        label="Readable response headers"
        value={cors.exposeHeaders}
        placeholder="the plain ones"
      />
      <SwitchField path={[...path, "allowCredentials"]} label="With credentials" value={cors.allowCredentials} />
      <Row>
        <NumberField
          path={[...path, "maxAgeSeconds"]}
          label="Preflights hold"
          value={cors.maxAgeSeconds}
          suffix="s"
          placeholder="5 s"
        />
        <ChoiceField
          path={[...path, "unmatchedPreflights"]}
          label="Preflights of other origins"
          value={cors.unmatchedPreflights}
          choices={UNMATCHED}
          placeholder="are sent on"
        />
      </Row>
    </>
  );
}

function Origins({ path, origins }: { path: Path; origins: readonly OriginMatch[] }) {
  const form = usePolicyForm();
  return (
    <>
      {keyed(origins).map(({ key, item: origin, at: i }) => (
        <div key={key} className={classes.headerCondition}>
          <TextField path={[...path, i, "value"]} label="Origin" description="" value={origin.value} />
          <ChoiceField
            path={[...path, i, "type"]}
            label="How"
            description=""
            isRequired
            value={origin.type}
            choices={ORIGIN_TYPES}
          />
          <ActionIcon
            aria-label={`Remove origin ${origin.value}`}
            disabled={form.isReadOnly || origins.length === 1}
            onClick={() => form.set(path, origins.toSpliced(i, 1))}
          >
            <IconX size={16} />
          </ActionIcon>
        </div>
      ))}
      <AddEntry list={path} count={origins.length} entry={NEW_ORIGIN}>
        Add an origin
      </AddEntry>
    </>
  );
}
