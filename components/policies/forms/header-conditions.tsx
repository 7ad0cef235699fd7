"use client";
// Which headers a request of an authorization rule has. Rule: all of them have to hold; "not" is chosen with the comparison, because
// it also holds for a request without the header.
import { ActionIcon, Text } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import type { HeaderCondition, Path } from "@/lib/mesh";
import { ChoiceField, ListField, TextField } from "./fields";
import { usePolicyForm } from "./form-context";
import classes from "./forms.module.css";
import { keyed } from "./keyed";
import { AddEntry } from "./parts";

const NOT = "not ";
const COMPARISONS = [
  { value: "exact", label: "is" },
  { value: "prefix", label: "begins with" },
  { value: "suffix", label: "ends with" },
  { value: "contains", label: "contains" },
  { value: "regex", label: "matches" },
  { value: "present", label: "is there" },
  { value: "not exact", label: "is not" },
  { value: "not prefix", label: "does not begin with" },
  { value: "not suffix", label: "does not end with" },
  { value: "not contains", label: "does not contain" },
  { value: "not regex", label: "does not match" },
  { value: "not present", label: "is absent" },
];

export function HeaderConditions(props: { path: Path; conditions: readonly HeaderCondition[] | undefined }) {
  const form = usePolicyForm();
  const conditions = props.conditions ?? [];
  return (
    <>
      {keyed(conditions).map(({ key, item: condition, at: i }) => {
        const at = [...props.path, i];
        const { name, type, values, invert } = condition;
        return (
          <div key={key} className={classes.headerCondition}>
            <TextField path={[...at, "name"]} label="Header" description="" value={name} />
            <ChoiceField
              path={[...at, "type"]}
              label="How"
              description=""
              isRequired
              value={`${invert ? NOT : ""}${type}`}
              choices={COMPARISONS}
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
              aria-label={`Remove header ${name}`}
              disabled={form.isReadOnly}
              onClick={() => form.set(props.path, conditions.toSpliced(i, 1))}
            >
              <IconX size={16} />
            </ActionIcon>
          </div>
        );
      })}
      {conditions.length > 0 ? (
        <Text size="xs" c="dimmed">
          A caller writes its headers itself: they tell requests apart, not callers.
        </Text>
      ) : null}
      <AddEntry list={props.path} count={conditions.length} entry={{ name: "x-user-type", type: "present" }}>
        Add a header
      </AddEntry>
    </>
  );
}

/** The same header under another comparison; one that needs a value gets a first one to be corrected. */
function compared({ name, values }: HeaderCondition, choice: string): object {
  const type = choice.startsWith(NOT) ? choice.slice(NOT.length) : choice;
  return {
    name,
    type,
    ...(type === "present" ? {} : { values: values ?? ["value"] }),
    ...(choice === type ? {} : { invert: true }),
  };
}
