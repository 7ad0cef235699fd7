"use client";
// Tracing of the mesh: the collector, how many requests begin a trace, what spans say of them.
import type { Tracing } from "@/lib/mesh";
import { ChoiceField, NumberField, TextField } from "../forms/fields";
import { usePolicyForm } from "../forms/form-context";
import { AddEntry, Entry, Row, Section } from "../forms/parts";
import { CollectorFields, LOCAL_COLLECTOR } from "./collector-fields";

type Tag = NonNullable<Tracing["tags"]>[number];

const AT = ["spec", "tracing"];
const SOURCES = [
  { value: "literal", label: "always the same" },
  { value: "header", label: "a header of the request" },
  { value: "environment", label: "the proxy's environment" },
];
const EMPTY: Readonly<Record<string, Tag["from"]>> = {
  literal: { type: "literal", value: "value" },
  header: { type: "header", header: "x-tenant" },
  environment: { type: "environment", variable: "ZONE" },
};

export function TracingFields({ tracing }: { tracing: Tracing | undefined }) {
  const form = usePolicyForm();
  const tags = tracing?.tags ?? [];
  return (
    <Section
      title="Tracing"
      hint="A span for each request and proxy, over OTLP. Apps pass traceparent and x-request-id on."
    >
      <ChoiceField
        path={AT}
        label="Spans go to"
        description=""
        value={tracing ? "collector" : undefined}
        choices={[{ value: "collector", label: "an OpenTelemetry collector" }]}
        placeholder="nobody (default)"
        onChoose={(to) => form.set(AT, to ? { collector: LOCAL_COLLECTOR, samplingPercent: 1 } : undefined)}
      />
      {tracing ? (
        <>
          <CollectorFields path={[...AT, "collector"]} collector={tracing.collector} />
          <NumberField path={[...AT, "samplingPercent"]} label="Sampling" value={tracing.samplingPercent} suffix="%" />
          {tags.map((tag, at) => (
            <Entry
              key={tag.name}
              list={[...AT, "tags"]}
              at={at}
              count={tags.length}
              name={`the tag ${tag.name}`}
              title={`Tag ${tag.name}`}
            >
              <TagFields tag={tag} at={at} />
            </Entry>
          ))}
          <AddEntry
            list={[...AT, "tags"]}
            count={tags.length}
            entry={{ name: freeName(tags), from: { type: "header", header: "x-tenant" } }}
          >
            Add a tag
          </AddEntry>
        </>
      ) : null}
    </Section>
  );
}

function TagFields({ tag: { name, from }, at }: { tag: Tag; at: number }) {
  const form = usePolicyForm();
  const path = [...AT, "tags", at];
  const source = [...path, "from"];
  return (
    <>
      <Row>
        <TextField path={[...path, "name"]} label="Name" description="" value={name} />
        <ChoiceField
          path={[...source, "type"]}
          label="It says"
          description=""
          value={from.type}
          choices={SOURCES}
          isRequired
          onChoose={(type) => form.set(source, EMPTY[type ?? "literal"])}
        />
      </Row>
      <Row>
        {from.type === "literal" ? (
          <TextField path={[...source, "value"]} label="Value" description="" value={from.value} />
        ) : null}
        {from.type === "header" ? (
          <TextField path={[...source, "header"]} label="Header" description="" value={from.header} />
        ) : null}
        {from.type === "environment" ? (
          <TextField path={[...source, "variable"]} label="Variable" description="" value={from.variable} />
        ) : null}
        {from.type === "literal" ? null : (
          <TextField
            path={[...source, "default"]}
            label="Where there is none"
            description=""
            value={from.default}
            placeholder="no tag"
          />
        )}
      </Row>
    </>
  );
}

function freeName(tags: readonly Tag[]): string {
  const names = new Set(tags.map(({ name }) => name));
  for (let number = tags.length + 1; ; number += 1) if (!names.has(`tag-${number}`)) return `tag-${number}`;
}
