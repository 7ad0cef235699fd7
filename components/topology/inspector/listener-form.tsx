"use client";
// The listeners of a gateway: where it listens, in which protocol and for which hosts, what it shows and asks of its clients.
// Rule: it is the design, and each edit is one command on the one listener; ports of the machine and the certificates themselves say the
// environment's sections below.
import { ActionIcon, Button, Group, Menu, Select, Stack, Switch, Text, UnstyledButton } from "@mantine/core";
import { IconChevronDown, IconChevronRight, IconPlus, IconTrash } from "@tabler/icons-react";
import { type ReactNode, useState } from "react";
import { ErrorText, StatusIcon } from "@/components/ui";
import { type Gateway, isHttpsListener, isPlainListener, type Listener, type Violation } from "@/lib/mesh";
import {
  CLIENT_MODES,
  type ClientList,
  inWords,
  type ListenerProblems,
  listenerInWords,
  listenerProblems,
  newListener,
  PROTOCOLS,
  redirectText,
  withList,
  withMode,
  withProtocol,
} from "../model/listeners";
import classes from "../topology.module.css";
import { CheckedList, CheckedNumber, CheckedText } from "./checked-fields";
import { EditChoice } from "./parts";

interface FormProps {
  gateway: Gateway;
  editable: boolean;
  /** Of the gateway as the draft has it. */
  violations: readonly Violation[];
  /** Changes a place of the spec; no value takes it away. What the model has against it, nothing when it was taken. */
  change(path: (string | number)[], value?: unknown): readonly Violation[];
  /** How the certificate of this name stands in the environment. */
  certificateState(name: string): ReactNode;
}

export function ListenerForm(props: FormProps) {
  const { gateway, editable, change } = props;
  const { listeners } = gateway.spec;
  const [open, setOpen] = useState<ReadonlySet<string>>(
    () => new Set(listeners.length === 1 ? [listeners[0]?.name ?? ""] : []),
  );
  const toggle = (name: string, isOpen: boolean) =>
    setOpen((before) => new Set(isOpen ? [...before, name] : [...before].filter((each) => each !== name)));
  const add = (protocol: Listener["protocol"]) => {
    const listener = newListener(gateway, protocol);
    if (change(["listeners", listeners.length], listener).length === 0) toggle(listener.name, true);
  };
  return (
    <Stack gap={8}>
      {listeners.map((listener, i) => (
        <OneListener
          {...props}
          // biome-ignore lint/suspicious/noArrayIndexKey: a listener is its place in the list; its name is one of its fields
          key={i}
          listener={listener}
          at={i}
          isOpen={open.has(listener.name)}
          onToggle={(isOpen) => toggle(listener.name, isOpen)}
          onRenamed={(name) => setOpen((before) => new Set([...before, name]))}
        />
      ))}
      {editable ? (
        <Menu position="bottom-start" withinPortal>
          <Menu.Target>
            <Button className={classes.begin} size="compact-xs" variant="default" leftSection={<IconPlus size={14} />}>
              Add a listener
            </Button>
          </Menu.Target>
          <Menu.Dropdown>
            {PROTOCOLS.map(({ value, label }) => (
              <Menu.Item key={value} onClick={() => add(value)}>
                {label}
              </Menu.Item>
            ))}
          </Menu.Dropdown>
        </Menu>
      ) : null}
    </Stack>
  );
}

interface OneProps extends FormProps {
  listener: Listener;
  at: number;
  isOpen: boolean;
  onToggle(isOpen: boolean): void;
  onRenamed(name: string): void;
}

function OneListener(props: OneProps) {
  const { gateway, listener, at, editable, violations, change, isOpen, onToggle } = props;
  const [isAsking, setAsking] = useState(false);
  const problems = listenerProblems(violations, at);
  const isWrong = Object.keys(problems).length > 0;
  const isLast = gateway.spec.listeners.length === 1;
  return (
    <article className={classes.listener} aria-label={`Listener ${listener.name}`}>
      <Group gap={4} wrap="nowrap" align="flex-start">
        <UnstyledButton className={classes.listenerHead} aria-expanded={isOpen} onClick={() => onToggle(!isOpen)}>
          {isOpen ? <IconChevronDown size={14} /> : <IconChevronRight size={14} />}
          <span className={classes.breakable}>
            <Text component="span" size="sm" fw={500} display="block">
              {listener.name}
            </Text>
            <Text component="span" size="xs" c="dimmed" display="block">
              {listenerInWords(listener)}
            </Text>
          </span>
          {isWrong && !isOpen ? <StatusIcon status="failing" size={14} label="does not fit" /> : null}
        </UnstyledButton>
        {editable ? (
          <ActionIcon
            size="sm"
            disabled={isLast}
            title={isLast ? "A gateway has at least one listener" : undefined}
            aria-label={`Remove listener ${listener.name}`}
            onClick={() => setAsking(true)}
          >
            <IconTrash size={14} />
          </ActionIcon>
        ) : null}
      </Group>
      {isAsking ? (
        <Stack gap={6} pt={6}>
          <Text size="xs">
            {`Remove ${listener.name}? ${listener.hosts.join(", ")} will not be served at port ${listener.port} any more.`}
          </Text>
          <Group gap={8}>
            <Button
              size="compact-xs"
              color="red"
              onClick={() => {
                setAsking(false);
                change(["listeners", at]);
              }}
            >
              Remove it
            </Button>
            <Button size="compact-xs" variant="default" onClick={() => setAsking(false)}>
              Cancel
            </Button>
          </Group>
        </Stack>
      ) : null}
      {isOpen ? <Fields {...props} problems={problems} /> : null}
    </article>
  );
}

function Fields(props: OneProps & { problems: ListenerProblems }) {
  const { gateway, listener, at, editable, problems, change, certificateState, onRenamed } = props;
  const disabled = !editable;
  /** Why it was refused; null when it was taken. */
  const set = (field: (string | number)[], value: unknown): string | null => {
    const refused = change(["listeners", at, ...field], value);
    return refused.length > 0 ? inWords(refused) : null;
  };
  const { tls } = listener;
  return (
    <Stack gap={8} pt={8} className={classes.listenerFields}>
      <CheckedText
        label="Name"
        value={listener.name}
        problem={problems.name}
        disabled={disabled}
        onCommit={(name) => {
          const refused = set(["name"], name);
          if (refused === null) onRenamed(name);
          return refused;
        }}
      />
      <div className={classes.portAndProtocol}>
        <CheckedNumber
          label="Port"
          value={listener.port}
          problem={problems.port}
          disabled={disabled}
          onCommit={(port) => set(["port"], port || 0)}
        />
        <Select
          label="Protocol"
          size="xs"
          allowDeselect={false}
          disabled={disabled}
          value={listener.protocol}
          error={problems.protocol}
          data={[...PROTOCOLS]}
          onChange={(value) => {
            const chosen = PROTOCOLS.find((each) => each.value === value);
            if (chosen) set([], withProtocol(listener, chosen.value));
          }}
        />
      </div>
      <CheckedList
        label="Hosts"
        description={hostsText(listener)}
        value={listener.hosts}
        problem={problems.hosts}
        disabled={disabled}
        onCommit={(hosts) => set(["hosts"], hosts)}
      />
      {isPlainListener(listener) ? (
        <Switch
          size="xs"
          label="Send plain HTTP on to HTTPS"
          description={listener.httpsRedirect ? redirectText(gateway, listener) : undefined}
          error={problems.httpsRedirect}
          checked={listener.httpsRedirect ?? false}
          disabled={disabled}
          onChange={(event) => set(["httpsRedirect"], event.currentTarget.checked ? true : undefined)}
        />
      ) : null}
      {isHttpsListener(listener) ? (
        <CheckedText
          label="Certificate"
          description="Its name. The environment has the chain and the key."
          value={tls?.certificate ?? ""}
          problem={problems.certificate}
          disabled={disabled}
          onCommit={(certificate) => set(["tls"], { ...tls, certificate })}
        />
      ) : null}
      {isHttpsListener(listener) && tls ? certificateState(tls.certificate) : null}
      {isHttpsListener(listener) && tls ? (
        <>
          <EditChoice
            label="Certificates of clients"
            unset="not asked for"
            value={tls.clients?.mode}
            choices={CLIENT_MODES}
            disabled={disabled}
            onCommit={(mode) => set(["tls", "clients"], withMode(tls.clients, mode)) === null}
          />
          <ErrorText size="xs">{problems.clients}</ErrorText>
        </>
      ) : null}
      {tls?.clients ? (
        <>
          {LISTS.map(({ list, ...words }) => (
            <CheckedList
              key={list}
              {...words}
              value={tls.clients?.[list] ?? []}
              problem={problems[list]}
              disabled={disabled}
              onCommit={(texts) => (tls.clients ? set(["tls", "clients"], withList(tls.clients, list, texts)) : null)}
            />
          ))}
          <Switch
            size="xs"
            label="Refuse revoked certificates"
            description="By revocation lists that the environment has beside the authorities. Without them it is not served."
            error={problems.checkRevocation}
            checked={tls.clients.checkRevocation ?? false}
            disabled={disabled}
            onChange={(event) =>
              set(["tls", "clients", "checkRevocation"], event.currentTarget.checked ? true : undefined)
            }
          />
        </>
      ) : null}
      <EditChoice
        label="PROXY protocol"
        description="In which a balancer before the gateway says the client's address."
        unset="not read"
        value={listener.proxyProtocol}
        choices={PROXY_PROTOCOL}
        disabled={disabled}
        onCommit={(taken) => set(["proxyProtocol"], taken) === null}
      />
      <ErrorText size="xs">{problems.proxyProtocol}</ErrorText>
      <CheckedNumber
        label="Most connections at once"
        description="At each instance of the gateway. The next one is closed."
        placeholder="any number"
        value={listener.connectionLimit?.maxConnections ?? ""}
        problem={problems.connectionLimit}
        disabled={disabled}
        onCommit={(most) => set(["connectionLimit"], most === "" ? undefined : { maxConnections: most })}
      />
    </Stack>
  );
}

const PROXY_PROTOCOL = [
  { value: "required", label: "required: others are closed" },
  { value: "optional", label: "optional: read where it is there" },
];
const LISTS: readonly { list: ClientList; label: string; description: string; placeholder: string }[] = [
  {
    list: "names",
    label: "Names of clients",
    description: "Alternative names, one of which a certificate has to have.",
    placeholder: "any certificate that is signed",
  },
  {
    list: "pinnedKeys",
    label: "Pinned keys",
    description: "SHA-256 of public keys (SPKI) in base64. One pin of either kind is enough.",
    placeholder: "any key",
  },
  {
    list: "pinnedCertificates",
    label: "Pinned certificates",
    description: "SHA-256 of certificates in hexadecimal.",
    placeholder: "any certificate",
  },
];

function hostsText({ protocol }: Listener): string {
  if (protocol === "tcp") return "Nobody says a name in plain TCP: one * will do.";
  if (protocol === "tls" || protocol === "https")
    return "Server names that it takes; *.example.com is every name below.";
  return "Whom it answers for; *.example.com is every name below.";
}
