"use client";
// The policy as text, with its problems below. Rule: a problem is a link to its line.
import { Text, UnstyledButton } from "@mantine/core";
import { useMemo } from "react";
import { CodeEditor } from "@/components/editor";
import { StatusIcon } from "@/components/ui";
import type { MeshIndex } from "@/lib/mesh";
import classes from "./edit.module.css";
import type { Problem } from "./problems";
import { schemaHelpFor } from "./schema-help";
import type { SessionHandle } from "./use-session";

const SHOWN = 4;

export function YamlPane(props: {
  handle: SessionHandle;
  index: MeshIndex;
  problems: readonly Problem[];
  isReadOnly: boolean;
  goTo: { from: number } | null;
  onJump(from: number): void;
}) {
  const { handle, index, problems } = props;
  const { object } = handle.session;
  const help = useMemo(() => schemaHelpFor(object, index), [object, index]);
  const errors = problems.filter((each) => each.severity === "error");
  return (
    <div className={classes.yaml}>
      <div className={classes.yamlText}>
        <CodeEditor
          label={`YAML of ${object.kind} ${object.metadata.name}`}
          value={handle.session.text}
          onChange={handle.type}
          problems={problems}
          help={help}
          isReadOnly={props.isReadOnly}
          goTo={props.goTo}
        />
      </div>
      {errors.length > 0 ? (
        <ul className={classes.problems} aria-label="Problems in the text">
          {errors.slice(0, SHOWN).map((problem) => (
            <li key={`${problem.from} ${problem.message}`}>
              <UnstyledButton className={classes.problem} onClick={() => props.onJump(problem.from)}>
                <StatusIcon status="failing" size={14} label="error" />
                <span>
                  <span className={classes.place}>
                    {problem.line}:{problem.column}
                  </span>{" "}
                  {problem.message}
                </span>
              </UnstyledButton>
            </li>
          ))}
          {errors.length > SHOWN ? (
            <Text component="li" size="xs" c="dimmed" px={12}>
              and {errors.length - SHOWN} more
            </Text>
          ) : null}
        </ul>
      ) : null}
    </div>
  );
}
