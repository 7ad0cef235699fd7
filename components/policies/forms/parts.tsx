"use client";
// The frame of a form: sections with a title and a hint, cards of a list with move and remove. Rule: layout and words only.
import { ActionIcon, Button, Group, Menu, Text, UnstyledButton } from "@mantine/core";
import {
  IconArrowDown,
  IconArrowUp,
  IconChevronDown,
  IconChevronRight,
  IconCopy,
  IconDots,
  IconPlus,
  IconTrash,
} from "@tabler/icons-react";
import { type ReactNode, useEffect, useState } from "react";
import type { Path } from "@/lib/mesh";
import { NumberField } from "./fields";
import { usePolicyForm } from "./form-context";
import classes from "./forms.module.css";

export function Section({
  title,
  hint,
  aside,
  children,
}: {
  title: string;
  hint?: string;
  aside?: ReactNode;
  children: ReactNode;
}) {
  return (
    <section className={classes.section}>
      <Group justify="space-between" wrap="nowrap" align="center" mih={28}>
        <Text component="h3" fz={13} fw={600}>
          {title}
        </Text>
        {aside}
      </Group>
      {hint ? (
        <Text size="xs" c="dimmed" mb={8}>
          {hint}
        </Text>
      ) : null}
      <div className={classes.fields}>{children}</div>
    </section>
  );
}

/** Fields beside each other where there is room. */
export function Row({ children }: { children: ReactNode }) {
  return <div className={classes.row}>{children}</div>;
}

/** Fields that few need: there where one of them is set, else when they are asked for. */
export function More({ label, isSet, children }: { label: string; isSet: boolean; children: ReactNode }) {
  const [isOpen, setOpen] = useState(isSet);
  useEffect(() => {
    if (isSet) setOpen(true);
  }, [isSet]);
  return (
    <>
      <UnstyledButton className={classes.more} aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        {isOpen ? <IconChevronDown size={14} /> : <IconChevronRight size={14} />}
        {label}
      </UnstyledButton>
      {isOpen ? children : null}
    </>
  );
}

export interface NumberOf<F extends string> {
  field: F;
  label: string;
  /** Instead of the schema's own words. */
  description?: string;
  suffix?: string;
  placeholder?: string;
}

/** The numbers of one block of a spec. */
export function Numbers<F extends string>(props: {
  block: string;
  fields: readonly NumberOf<F>[];
  values: { [K in F]?: number | undefined } | undefined;
}) {
  return (
    <Row>
      {props.fields.map(({ field, ...rest }) => (
        <NumberField key={field} path={["spec", props.block, field]} value={props.values?.[field]} {...rest} />
      ))}
    </Row>
  );
}

/** An entry of a list, with what can be done to it. `name` is how the buttons speak of it. */
export function Entry(props: {
  list: Path;
  at: number;
  count: number;
  name: string;
  title: ReactNode;
  isOrdered?: boolean;
  isLastNeeded?: boolean;
  copy?: unknown;
  /** It folds under its title. */
  fold?: "open" | "closed";
  children: ReactNode;
}) {
  const form = usePolicyForm();
  const { list, at, count, name } = props;
  const [isOpen, setOpen] = useState(props.fold !== "closed");
  const items = (next: (all: unknown[]) => unknown[]) => {
    const all = list.reduce<unknown>((value, step) => (value as Record<string | number, unknown>)[step], form.object);
    form.set(list, next([...(all as unknown[])]));
  };
  const move = (to: number) =>
    items((all) => {
      all.splice(to, 0, ...all.splice(at, 1));
      return all;
    });
  const isLast = props.isLastNeeded === true && count === 1;
  return (
    <article className={classes.entry} aria-label={name.charAt(0).toUpperCase() + name.slice(1)}>
      <div className={classes.entryHead}>
        {props.fold ? (
          <UnstyledButton className={classes.entryFold} aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
            {isOpen ? <IconChevronDown size={14} /> : <IconChevronRight size={14} />}
            <span className={classes.entryTitle}>{props.title}</span>
          </UnstyledButton>
        ) : (
          <div className={classes.entryTitle}>{props.title}</div>
        )}
        {form.isReadOnly ? null : (
          <Menu position="bottom-end" withinPortal>
            <Menu.Target>
              <ActionIcon size="sm" aria-label={`What to do with ${name}`}>
                <IconDots size={16} />
              </ActionIcon>
            </Menu.Target>
            <Menu.Dropdown>
              {props.isOrdered ? (
                <>
                  <Menu.Item leftSection={<IconArrowUp size={14} />} disabled={at === 0} onClick={() => move(at - 1)}>
                    Move up
                  </Menu.Item>
                  <Menu.Item
                    leftSection={<IconArrowDown size={14} />}
                    disabled={at === count - 1}
                    onClick={() => move(at + 1)}
                  >
                    Move down
                  </Menu.Item>
                </>
              ) : null}
              {props.copy !== undefined ? (
                <Menu.Item
                  leftSection={<IconCopy size={14} />}
                  onClick={() => items((all) => all.toSpliced(at, 0, props.copy))}
                >
                  Duplicate
                </Menu.Item>
              ) : null}
              <Menu.Item
                color="red"
                leftSection={<IconTrash size={14} />}
                disabled={isLast}
                onClick={() => items((all) => all.toSpliced(at, 1))}
              >
                {isLast ? "The last one stays" : "Remove"}
              </Menu.Item>
            </Menu.Dropdown>
          </Menu>
        )}
      </div>
      {isOpen ? <div className={classes.fields}>{props.children}</div> : null}
    </article>
  );
}

/** Puts another entry at the end of a list, or makes the list. */
export function AddEntry({
  list,
  count,
  entry,
  children,
}: {
  list: Path;
  count: number;
  entry: unknown;
  children: ReactNode;
}) {
  const form = usePolicyForm();
  return <AddField onClick={() => form.set([...list, count], entry)}>{children}</AddField>;
}

/** Puts something there that was not. */
export function AddField({ onClick, children }: { onClick(): void; children: ReactNode }) {
  const form = usePolicyForm();
  if (form.isReadOnly) return null;
  return (
    <Button
      className={classes.add}
      size="compact-xs"
      variant="subtle"
      leftSection={<IconPlus size={14} />}
      onClick={onClick}
    >
      {children}
    </Button>
  );
}
