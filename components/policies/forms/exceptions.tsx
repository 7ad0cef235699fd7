"use client";
// What an authorization rule leaves out, and what it asks for beside callers and operations. Rule: the fields of exceptions show when
// one is there, or when a person asks for them: most rules have none.
import { ActionIcon } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { useState } from "react";
import { type AuthorizationCondition, CONDITION_SUBJECTS, type Path } from "@/lib/mesh";
import { ChoiceField, ListField, TextField } from "./fields";
import { usePolicyForm } from "./form-context";
import classes from "./forms.module.css";
import { keyed } from "./keyed";
import { AddEntry, AddField, Row } from "./parts";

type Field = { name: string; label: string; isNumeric?: boolean };

export const NOT_OF_SOURCES: readonly Field[] = [
  { name: "notPrincipals", label: "Not principals" },
  { name: "notNamespaces", label: "Not namespaces" },
  { name: "notAddresses", label: "Not addresses" },
  { name: "notClientAddresses", label: "Not clients' addresses" },
];
export const NOT_OF_OPERATIONS: readonly Field[] = [
  { name: "notMethods", label: "Not methods" },
  { name: "notPorts", label: "Not ports", isNumeric: true },
  { name: "notPaths", label: "Not paths" },
  { name: "notHosts", label: "Not hosts" },
];

export function Exceptions(props: {
  value: Readonly<Partial<Record<string, unknown>>>;
  fields: readonly Field[];
  at: Path;
}) {
  const [isAsked, setAsked] = useState(false);
  const { value, fields, at } = props;
  if (!isAsked && !fields.some(({ name }) => value[name])) {
    return <AddField onClick={() => setAsked(true)}>Leave some out</AddField>;
  }
  const pairs = [fields.slice(0, 2), fields.slice(2)];
  return pairs.map((pair) => (
    <Row key={pair[0]?.name}>
      {pair.map(({ name, label, isNumeric = false }) => (
        <ListField
          key={name}
          path={[...at, name]}
          label={label}
          description=""
          value={value[name] as readonly string[] | undefined}
          placeholder="none"
          isNumeric={isNumeric}
        />
      ))}
    </Row>
  ));
}

const SUBJECTS: Readonly<Record<AuthorizationCondition["of"], string>> = {
  address: "Address",
  clientAddress: "Client's address",
  principal: "Principal",
  namespace: "Namespace",
  token: "Token",
  targetAddress: "Address called",
  targetPort: "Port called",
  serverName: "Server name",
  metadata: "Metadata",
};
/** Of another subject: a first value to be corrected. */
const FIRST: Readonly<Partial<Record<AuthorizationCondition["of"], string>>> = {
  address: "10.0.0.0/8",
  clientAddress: "10.0.0.0/8",
  targetAddress: "10.0.0.0/8",
  targetPort: "80",
};

const conditionOf = (of: AuthorizationCondition["of"]): AuthorizationCondition => ({
  of,
  ...(of === "metadata" ? { name: "filter[key]" } : {}),
  values: [FIRST[of] ?? "*"],
});

/** All of them hold as well. */
export function RuleConditions(props: { path: Path; conditions: readonly AuthorizationCondition[] | undefined }) {
  const form = usePolicyForm();
  const { path, conditions = [] } = props;
  return (
    <>
      {keyed<AuthorizationCondition>(conditions).map(({ key, item: { of, name, values, notValues }, at: i }) => (
        <div key={key} className={classes.headerCondition}>
          <ChoiceField
            path={[...path, i, "of"]}
            label="Where"
            description=""
            isRequired
            value={of}
            choices={CONDITION_SUBJECTS.map((value) => ({ value, label: SUBJECTS[value] }))}
            onChoose={(choice) => {
              const subject = CONDITION_SUBJECTS.find((each) => each === choice);
              if (subject) form.set([...path, i], conditionOf(subject));
            }}
          />
          {of === "metadata" ? (
            <TextField path={[...path, i, "name"]} label="Name" description="" value={name} />
          ) : null}
          <div className={classes.headerValues}>
            <ListField
              path={[...path, i, "values"]}
              label="Any of these values"
              description=""
              value={values}
              isVerbatim
            />
            <ListField
              path={[...path, i, "notValues"]}
              label="None of these"
              description=""
              value={notValues}
              placeholder="none"
              isVerbatim
            />
          </div>
          <ActionIcon
            aria-label={`Remove condition ${i + 1}`}
            disabled={form.isReadOnly}
            onClick={() => form.set(path, conditions.toSpliced(i, 1))}
          >
            <IconX size={16} />
          </ActionIcon>
        </div>
      ))}
      <AddEntry list={path} count={conditions.length} entry={conditionOf("address")}>
        Add a condition
      </AddEntry>
    </>
  );
}
