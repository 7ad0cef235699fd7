"use client";
// The question as a sentence to fill in. Rule: it only edits the form; what is wrong stands at its field.
import { Autocomplete, Checkbox, Select, Textarea, TextInput } from "@mantine/core";
import { useMemo } from "react";
import { isConnectionListener, type MeshDocument, objectKey } from "@/lib/mesh";
import { ANSWERS, authorizersIn, withAnswer } from "./authorizer-fields";
import { asksForCertificates, CERTIFICATES, withCertificate } from "./certificate-fields";
import { problemsOf, type QuestionForm } from "./question-url";
import classes from "./simulate.module.css";
import { hasToken, issuersIn } from "./token-fields";

const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];

interface Props {
  document: MeshDocument;
  form: QuestionForm;
  onChange(change: Partial<QuestionForm>): void;
}

export function QuestionSentence({ document, form, onChange }: Props) {
  const callers = useMemo(() => callersIn(document), [document]);
  const hosts = useMemo(() => hostsFor(document, form.from), [document, form.from]);
  const issuers = useMemo(() => issuersIn(document), [document]);
  // Where nobody looks at tokens there is nothing to ask of one.
  const isOfTokens = issuers.length > 0 || hasToken(form) || form.isForged;
  // Nobody has done anything wrong before the first choice; what to choose is said below.
  const isBegun = form.from !== "" || form.host.trim() !== "";
  const problems = isBegun ? problemsOf(form) : {};
  const isKnown = callers.some((group) => group.items.some(({ value }) => value === form.from));
  return (
    <form className={classes.sentence} onSubmit={(event) => event.preventDefault()} aria-label="The question">
      <Select
        label="From"
        placeholder="who calls"
        data={
          isKnown || form.from === ""
            ? callers
            : [...callers, { group: "Not in this design", items: [{ value: form.from, label: form.from }] }]
        }
        value={form.from || null}
        onChange={(value) => onChange({ from: value ?? "" })}
        searchable
        limit={60}
        allowDeselect={false}
        error={problems.from}
        className={classes.wide}
      />
      <Autocomplete
        label="to host"
        placeholder="service.namespace"
        data={hosts}
        limit={60}
        value={form.host}
        onChange={(host) => onChange({ host })}
        error={problems.host}
        className={classes.wide}
        spellCheck={false}
      />
      <Autocomplete
        label="method"
        data={METHODS}
        value={form.method}
        onChange={(method) => onChange({ method: method.toUpperCase() })}
        error={problems.method}
        className={classes.narrow}
        spellCheck={false}
      />
      <TextInput
        label="path"
        value={form.path}
        onChange={(event) => onChange({ path: event.currentTarget.value })}
        error={problems.path}
        className={classes.wide}
        spellCheck={false}
      />
      <Textarea
        label="with headers"
        placeholder="x-user-type: beta-tester"
        autosize
        minRows={1}
        maxRows={6}
        value={form.headers}
        onChange={(event) => onChange({ headers: event.currentTarget.value })}
        error={problems.headers}
        className={classes.wide}
        spellCheck={false}
      />
      {isOfTokens ? (
        <>
          <Autocomplete
            label="with a token of"
            placeholder="issuer (iss)"
            data={issuers}
            limit={60}
            value={form.issuer}
            onChange={(issuer) => onChange({ issuer })}
            error={problems.issuer}
            className={classes.wide}
            spellCheck={false}
          />
          <Textarea
            label="that claims"
            placeholder='{"sub": "ann", "groups": ["admin"]}'
            autosize
            minRows={1}
            maxRows={6}
            value={form.claims}
            onChange={(event) => onChange({ claims: event.currentTarget.value })}
            error={problems.claims}
            className={classes.wide}
            spellCheck={false}
          />
          <Checkbox
            label="not signed by its issuer"
            checked={form.isForged}
            onChange={(event) => onChange({ isForged: event.currentTarget.checked })}
            error={problems.isForged}
            className={classes.check}
          />
        </>
      ) : null}
      {asksForCertificates(document, form.from) || form.certificate || form.names ? (
        <>
          <Select
            label="with a certificate"
            placeholder="none"
            data={CERTIFICATES}
            value={form.certificate ?? null}
            onChange={(value) => onChange(withCertificate(value))}
            clearable
            className={classes.wide}
          />
          <TextInput
            label="of"
            placeholder="names in the certificate"
            value={form.names ?? ""}
            onChange={(event) => onChange({ names: event.currentTarget.value })}
            error={problems.names}
            disabled={!form.certificate && !form.names}
            className={classes.wide}
            spellCheck={false}
          />
        </>
      ) : null}
      {authorizersIn(document, form).map((name) => (
        <Select
          key={name}
          label={`authorizer ${name}`}
          placeholder="decides"
          data={ANSWERS}
          value={form.answers?.[name] ?? null}
          onChange={(answer) => onChange(withAnswer(form, name, answer))}
          clearable
          className={classes.wide}
        />
      ))}
    </form>
  );
}

function callersIn({ objects }: MeshDocument) {
  const entry = (key: string, label: string) => ({ value: key, label });
  const workloads = objects.flatMap((each) =>
    each.kind === "Workload" ? [entry(objectKey(each), each.metadata.name)] : [],
  );
  const gateways = objects.flatMap((each) =>
    each.kind === "Gateway" ? [entry(objectKey(each), `a client of ${each.metadata.name}`)] : [],
  );
  return [
    { group: "Workloads", items: workloads.sort((a, b) => a.label.localeCompare(b.label)) },
    { group: "From outside", items: gateways },
  ].filter(({ items }) => items.length > 0);
}

function hostsFor({ objects }: MeshDocument, from: string): string[] {
  const hosts = objects.flatMap((each) => {
    if (from.startsWith("Gateway/")) {
      if (each.kind !== "Gateway" || objectKey(each) !== from) return [];
      // a connection is asked for with the port of its listener
      const named = each.spec.listeners.flatMap((listener) =>
        listener.hosts.map((host) => (isConnectionListener(listener) ? `${host}:${listener.port}` : host)),
      );
      return named.filter((host) => !host.includes("*"));
    }
    if (each.kind === "Service") return [`${each.metadata.name}.${each.metadata.namespace}`];
    return each.kind === "ExternalService" ? each.spec.hosts.filter((host) => !host.includes("*")) : [];
  });
  return [...new Set(hosts)].sort();
}
