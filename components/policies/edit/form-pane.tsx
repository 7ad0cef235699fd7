"use client";
// The policy as fields. Rule: while the text cannot be read, the last good fields stay in view, marked, and are not editable.
import { Alert, Button, Group, Text } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { useMemo } from "react";
import { useConfirm } from "@/components/ui";
import type { MeshIndex } from "@/lib/mesh";
import { FormProvider, KindForm, type PolicyForm } from "../forms";
import classes from "./edit.module.css";
import type { Problem } from "./problems";
import type { SessionHandle } from "./use-session";

export function FormPane(props: {
  handle: SessionHandle;
  index: MeshIndex;
  /** What the draft has against the policy. */
  problems: readonly Problem[];
  isReadOnly: boolean;
  onJump(from: number): void;
}) {
  const { session, set, discard } = props.handle;
  const [problem] = session.problems;
  const confirm = useConfirm();
  const isReadOnly = props.isReadOnly || problem !== undefined;
  const complaints = useMemo(
    () => new Map(props.problems.flatMap(({ field, reason }) => (field && reason ? [[field, reason]] : []))),
    [props.problems],
  );
  const form = useMemo<PolicyForm>(
    () => ({ object: session.object, index: props.index, complaints, isReadOnly, set }),
    [session.object, props.index, complaints, isReadOnly, set],
  );
  return (
    <FormProvider form={form}>
      {problem ? (
        <Alert
          className={classes.broken}
          color="orange"
          variant="light"
          icon={<IconAlertTriangle size={18} />}
          role="alert"
          title="The last good form"
        >
          <Text size="sm">
            The YAML cannot be used: line {problem.line}, column {problem.column}. {problem.message} {problem.fix}
          </Text>
          {session.isBehind ? (
            <Text size="sm" mt={4}>
              Somebody changed this policy meanwhile; the form shows it.
            </Text>
          ) : null}
          <Group gap={8} mt={8}>
            <Button size="compact-xs" variant="default" onClick={() => props.onJump(problem.from)}>
              Go to line {problem.line}
            </Button>
            <Button
              size="compact-xs"
              variant="subtle"
              onClick={() =>
                confirm.ask({
                  title: "Discard the text",
                  consequence:
                    "What you typed since the YAML could last be read is lost; the text is written anew from the form.",
                  action: "Discard it",
                  act: discard,
                })
              }
            >
              Discard the text
            </Button>
          </Group>
        </Alert>
      ) : null}
      <div
        className={classes.form}
        data-stale={problem ? true : undefined}
        data-readonly={props.isReadOnly || undefined}
      >
        <KindForm object={session.object} />
      </div>
      {confirm.dialog}
    </FormProvider>
  );
}
