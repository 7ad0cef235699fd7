"use client";
// The access log of the mesh: where lines go, what they say, which requests have one.
// Rule: another place keeps format and filter; another kind of format begins with one that can be read.
import { Text } from "@mantine/core";
import type { AccessLog } from "@/lib/mesh";
import { ChoiceField, NumberField, TextField } from "../forms/fields";
import { usePolicyForm } from "../forms/form-context";
import { LinesField } from "../forms/lines-field";
import { Row, Section } from "../forms/parts";
import { CollectorFields, LOCAL_COLLECTOR } from "./collector-fields";

const AT = ["spec", "accessLog"];
const PLACES = [
  { value: "collector", label: "an OpenTelemetry collector" },
  { value: "stdout", label: "standard output of each proxy" },
  { value: "file", label: "a file of each proxy" },
];
const FORMATS = [
  { value: "json", label: "JSON" },
  { value: "text", label: "text" },
];
const FILTERS = [
  { value: "errors", label: "errors only" },
  { value: "status", label: "by status" },
];
const TO: Readonly<Record<string, AccessLog["to"]>> = {
  collector: { type: "collector", ...LOCAL_COLLECTOR },
  stdout: { type: "stdout" },
  file: { type: "file", path: "/var/log/meshwright/requests.log" },
};
const FORMAT: Readonly<Record<string, AccessLog["format"]>> = {
  json: { type: "json", fields: { method: "%REQ(:METHOD)%", path: "%REQ(:PATH)%", code: "%RESPONSE_CODE%" } },
  text: { type: "text", text: "%START_TIME% %REQ(:METHOD)% %REQ(:PATH)% %RESPONSE_CODE% %DURATION%" },
};
const FILTER: Readonly<Record<string, AccessLog["filter"]>> = {
  errors: { type: "errors" },
  status: { type: "status", from: 500 },
};

export function AccessLogFields({ log }: { log: AccessLog | undefined }) {
  const form = usePolicyForm();
  return (
    <Section
      title="Access log"
      hint="A line for each request, beside the log that every proxy keeps for this control plane."
    >
      <ChoiceField
        path={[...AT, "to", "type"]}
        label="Lines go to"
        description=""
        value={log?.to.type}
        choices={PLACES}
        placeholder="nobody (default)"
        onChoose={(type) => form.set(AT, type ? { ...log, to: TO[type] } : undefined)}
      />
      {log ? (
        <>
          {log.to.type === "collector" ? <CollectorFields path={[...AT, "to"]} collector={log.to} /> : null}
          {log.to.type === "file" ? <TextField path={[...AT, "to", "path"]} label="File" value={log.to.path} /> : null}
          <FormatFields format={log.format} />
          <FilterFields filter={log.filter} />
        </>
      ) : null}
    </Section>
  );
}

function FormatFields({ format }: { format: AccessLog["format"] }) {
  const form = usePolicyForm();
  const at = [...AT, "format"];
  return (
    <>
      <ChoiceField
        path={[...at, "type"]}
        label="Format"
        description=""
        value={format?.type}
        choices={FORMATS}
        placeholder="JSON, as proxies log for themselves (default)"
        onChoose={(type) => form.set(at, type ? FORMAT[type] : undefined)}
      />
      {format?.type === "text" ? <TextField path={[...at, "text"]} label="Line" value={format.text} /> : null}
      {format?.type === "json" ? (
        <LinesField path={[...at, "fields"]} label="Fields, one a line" value={format.fields} />
      ) : null}
    </>
  );
}

function FilterFields({ filter }: { filter: AccessLog["filter"] }) {
  const form = usePolicyForm();
  const at = [...AT, "filter"];
  return (
    <>
      <ChoiceField
        path={[...at, "type"]}
        label="Requests"
        description=""
        value={filter?.type}
        choices={FILTERS}
        placeholder="all (default)"
        onChoose={(type) => form.set(at, type ? FILTER[type] : undefined)}
      />
      {filter?.type === "status" ? (
        <Row>
          <NumberField path={[...at, "from"]} label="From status" description="" value={filter.from} />
          <NumberField path={[...at, "to"]} label="To status" description="" value={filter.to} placeholder="599" />
        </Row>
      ) : null}
      {filter?.type === "errors" ? (
        <Text size="xs" c="dimmed">
          Answers from 400 on, failed gRPC calls, and what was broken off or had no callee.
        </Text>
      ) : null}
    </>
  );
}
