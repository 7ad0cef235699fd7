"use client";
// Conditions of an authorization rule: what is asked about, how it is compared, and with which values. Rule: all of them have to
// hold; "not" is chosen with the comparison, because it also holds for a request that has nothing to compare.
import { ActionIcon, Text } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import type { ReactNode } from "react";
import type { Path } from "@/lib/mesh";
import { ChoiceField, ListField } from "./fields";
import { usePolicyForm } from "./form-context";
import classes from "./forms.module.css";
import { keyed } from "./keyed";
import { AddEntry } from "./parts";

type Condition = { type: string; values?: string[] | undefined; invert?: boolean | undefined };

const NOT = "not ";
const WORDS: Record<string, [string, string]> = {
  exact: ["is", "is not"],
  prefix: ["begins with", "does not begin with"],
  suffix: ["ends with", "does not end with"],
  contains: ["contains", "does not contain"],
  regex: ["matches", "does not match"],
  present: ["is there", "is absent"],
};

export function Conditions<C extends Condition>(props: {
  path: Path;
  conditions: readonly C[] | undefined;
  types: readonly C["type"][];
  /** Of a new one. */
  entry: C;
  /** As a button says it: "header". */
  what: string;
  hint: string;
  nameOf(condition: C): string;
  subject(condition: C, at: Path): ReactNode;
}) {
  const form = usePolicyForm();
  const { path, types, what } = props;
  const conditions = props.conditions ?? [];
  const choices = [0, 1].flatMap((not) =>
    types.map((type) => ({ value: not ? `${NOT}${type}` : type, label: WORDS[type]?.[not] ?? type })),
  );
  return (
    <>
      {keyed<C>(conditions).map(({ key, item: condition, at: i }) => {
        const at = [...path, i];
        const { type, values, invert } = condition;
        return (
          <div key={key} className={classes.headerCondition}>
            {props.subject(condition, at)}
            <ChoiceField
              path={[...at, "type"]}
              label="How"
              description=""
              isRequired
              value={`${invert ? NOT : ""}${type}`}
              choices={choices}
              onChoose={(choice = "present") => form.set(at, compared(condition, choice))}
            />
            {type === "present" ? null : (
              <div className={classes.headerValues}>
                <ListField
                  path={[...at, "values"]}
                  label="Any of these values"
                  description=""
                  value={values}
                  isVerbatim
                />
              </div>
            )}
            <ActionIcon
              aria-label={`Remove ${what} ${props.nameOf(condition)}`}
              disabled={form.isReadOnly}
              onClick={() => form.set(path, conditions.toSpliced(i, 1))}
            >
              <IconX size={16} />
            </ActionIcon>
          </div>
        );
      })}
      {conditions.length > 0 ? (
        <Text size="xs" c="dimmed">
          {props.hint}
        </Text>
      ) : null}
      <AddEntry list={path} count={conditions.length} entry={props.entry}>
        Add a {what}
      </AddEntry>
    </>
  );
}

/** The same subject under another comparison; one that needs a value gets a first one to be corrected. */
function compared({ type: _, values, invert: __, ...subject }: Condition, choice: string): object {
  const type = choice.startsWith(NOT) ? choice.slice(NOT.length) : choice;
  return {
    ...subject,
    type,
    ...(type === "present" ? {} : { values: values ?? ["value"] }),
    ...(choice === type ? {} : { invert: true }),
  };
}
