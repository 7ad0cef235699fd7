"use client";
// How the callers' proxies call an external service: TLS first. Rule: what the model has against a field stands at the field.
import { Stack, Switch, Text } from "@mantine/core";
import { useMemo } from "react";
import { ErrorText } from "@/components/ui";
import {
  buildIndex,
  type ExternalService,
  type ExternalTls,
  objectKey,
  plainHost,
  violationsOfObject,
} from "@/lib/mesh";
import { inWords } from "../model/listeners";
import { CheckedList, CheckedText } from "./checked-fields";
import { ExternalConnectionsForm, type ExternalFormProps } from "./external-connections";
import { EditChoice } from "./parts";
import type { InspectorProps } from "./props";

const MODES = [
  { value: "simple", label: "simple: it proves who it is" },
  { value: "mutual", label: "mutual: the callers do so too" },
];
const AUTHORITIES = [
  { value: "public", label: "those that browsers trust" },
  { value: "environment", label: "those given in the environment" },
];

/** The form with the draft behind it. */
export function OutsideCalls({
  external,
  topology,
  gestures,
  editable,
}: InspectorProps & { external: ExternalService }) {
  const { document } = topology;
  const violations = useMemo(
    () => (document ? violationsOfObject(external, buildIndex(document)) : []),
    [document, external],
  );
  const key = objectKey(external);
  const form: ExternalFormProps = {
    external,
    editable,
    violations,
    change: (path, value) => gestures.attempt({ type: "patchSpec", key, path, value }),
  };
  return (
    <Stack gap={8}>
      <ExternalTlsForm {...form} />
      <ExternalConnectionsForm {...form} />
    </Stack>
  );
}

export function ExternalTlsForm({ external, editable, violations, change }: ExternalFormProps) {
  const { tls, hosts } = external.spec;
  const set = (field: keyof ExternalTls, value: unknown): string | null =>
    inWords(change(["tls", field], value)) || null;
  const problemOf = (field: string): string | undefined => {
    const path = `${objectKey(external)}#spec.tls${field}`;
    return inWords(violations.filter((each) => each.path === path)) || undefined;
  };
  const shared = { disabled: !editable };
  return (
    <Stack gap={8}>
      <EditChoice
        label="TLS to it"
        unset="none: calls leave as the app makes them"
        value={tls?.mode}
        choices={MODES}
        {...shared}
        onCommit={(mode) => change(["tls"], mode === undefined ? undefined : { ...tls, mode }).length === 0}
      />
      <ErrorText size="xs">{problemOf("") ?? problemOf(".mode")}</ErrorText>
      {tls ? (
        <>
          <Text size="xs" c="dimmed">
            {tls.mode === "mutual"
              ? "The callers' proxies make it and show the environment's certificate; the app speaks plain HTTP to its own."
              : "The callers' proxies make it; the app speaks plain HTTP to its own."}
          </Text>
          <CheckedText
            label="Server name"
            placeholder={plainHost(hosts[0] ?? "")}
            description="Who is asked for. Empty: the host."
            value={tls.sni ?? ""}
            problem={problemOf(".sni")}
            {...shared}
            onCommit={(name) => set("sni", name === "" ? undefined : name)}
          />
          <Switch
            size="xs"
            label="Do not verify who answers"
            description={tls.insecureSkipVerify ? "Whoever is on the way can read and change every call." : undefined}
            error={problemOf(".insecureSkipVerify")}
            checked={tls.insecureSkipVerify ?? false}
            {...shared}
            onChange={(event) => set("insecureSkipVerify", event.currentTarget.checked ? true : undefined)}
          />
          {tls.insecureSkipVerify && !tls.subjectAltNames && !tls.authorities ? null : (
            <Verification tls={tls} set={set} problemOf={problemOf} {...shared} />
          )}
        </>
      ) : null}
    </Stack>
  );
}

function Verification(props: {
  tls: ExternalTls;
  disabled: boolean;
  set(field: keyof ExternalTls, value: unknown): string | null;
  problemOf(field: string): string | undefined;
}) {
  const { tls, disabled, set, problemOf } = props;
  return (
    <>
      <CheckedList
        label="Names of its certificate"
        description="One of them has to be in it. None: the server name."
        value={tls.subjectAltNames ?? []}
        problem={problemOf(".subjectAltNames")}
        disabled={disabled}
        onCommit={(names) => set("subjectAltNames", names.length > 0 ? names : undefined)}
      />
      <EditChoice
        label="Authorities that count"
        unset="those that browsers trust (default)"
        value={tls.authorities}
        choices={AUTHORITIES}
        disabled={disabled}
        onCommit={(authorities) => set("authorities", authorities) === null}
      />
    </>
  );
}
