"use client";
// The forms for mutual TLS and egress.
import type { Egress, MutualTls } from "@/lib/mesh";
import { ChoiceField, NumberField, TextField } from "./fields";
import { keyed } from "./keyed";
import { AddEntry, Entry, Row, Section } from "./parts";
import { RefField, RefsField, TargetField } from "./reference-fields";

const MODES = ["strict", "permissive", "disable"];

export function MutualTlsForm({ policy }: { policy: MutualTls }) {
  const { target, mode, ports } = policy.spec;
  return (
    <>
      <Section title="What it is for">
        <TargetField value={target} />
      </Section>
      <Section title="Mode">
        <ChoiceField path={["spec", "mode"]} label="Mutual TLS" value={mode} choices={MODES} isRequired />
      </Section>
      <Section title="Other modes for single ports" hint="A port that says nothing here follows the mode above.">
        {keyed(ports ?? []).map(({ key, item: each, at: i }) => (
          <Entry
            key={key}
            list={["spec", "ports"]}
            at={i}
            count={ports?.length ?? 0}
            name={`port ${each.port}`}
            title={`Port ${each.port}`}
          >
            <Row>
              <NumberField path={["spec", "ports", i, "port"]} label="Port" description="" value={each.port} />
              <ChoiceField
                path={["spec", "ports", i, "mode"]}
                label="Mode"
                description=""
                value={each.mode}
                choices={MODES}
                isRequired
              />
            </Row>
          </Entry>
        ))}
        <AddEntry list={["spec", "ports"]} count={ports?.length ?? 0} entry={{ port: 8080, mode: "permissive" }}>
          Add a port
        </AddEntry>
      </Section>
    </>
  );
}

export function EgressForm({ policy }: { policy: Egress }) {
  return (
    <>
      <Section title="Where to">
        <RefField path={["spec", "to"]} label="External service" value={policy.spec.to} kinds={["ExternalService"]} />
      </Section>
      <Section title="Who may">
        <RefsField
          path={["spec", "from"]}
          label="Callers"
          value={policy.spec.from}
          placeholder="what draws a line to it"
        />
      </Section>
      <Section title="Why it is open" hint="A reviewer and an auditor ask for both.">
        <TextField path={["spec", "owner"]} label="Owner" value={policy.spec.owner} placeholder="nobody yet" />
        <TextField path={["spec", "reason"]} label="Reason" value={policy.spec.reason} placeholder="not said" />
      </Section>
    </>
  );
}
