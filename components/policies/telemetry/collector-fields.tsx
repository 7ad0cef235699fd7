"use client";
// The address of an OpenTelemetry collector, and whether it is reached by TLS.
import { Textarea } from "@mantine/core";
import { useEffect, useState } from "react";
import type { Path, Tracing } from "@/lib/mesh";
import { ChoiceField, NumberField, TextField } from "../forms/fields";
import { usePolicyForm } from "../forms/form-context";
import { Row } from "../forms/parts";

/** One that runs beside each proxy, until a person says where it is. */
export const LOCAL_COLLECTOR: Tracing["collector"] = { host: "127.0.0.1", port: 4317, protocol: "grpc" };

type Tls = NonNullable<Tracing["collector"]["tls"]>;

const AUTHORITIES = [
  { value: "public", label: "signed by a public authority" },
  { value: "file", label: "signed by authorities of a file beside each proxy" },
  { value: "inline", label: "signed by authorities that are written here" },
];
const PROTOCOLS = [
  { value: "grpc", label: "gRPC" },
  { value: "http", label: "HTTP" },
];

export function CollectorFields(props: {
  path: Path;
  collector: Pick<Tracing["collector"], "host" | "port" | "protocol" | "tls">;
}) {
  const { path, collector } = props;
  return (
    <>
      <AddressFields path={path} collector={collector} />
      <TlsFields path={[...path, "tls"]} tls={collector.tls} />
    </>
  );
}

/** Written authorities are the design's only once there is one: until then the field stands open beside what was. */
function TlsFields({ path, tls }: { path: Path; tls: Tls | undefined }) {
  const form = usePolicyForm();
  const [isWriting, setWriting] = useState(false);
  const ca = tls?.ca;
  const name = tls?.serverName === undefined ? {} : { serverName: tls.serverName };
  const choose = (kind: string | undefined) => {
    setWriting(kind === "inline");
    if (kind === undefined) form.set(path, undefined);
    if (kind === "public") form.set(path, name);
    if (kind === "file") form.set(path, { ...name, ca: { type: "file", path: "/etc/ssl/certs/collector-ca.pem" } });
  };
  const isInline = isWriting || ca?.type === "inline";
  return (
    <>
      <ChoiceField
        path={path}
        label="TLS"
        description=""
        value={isInline ? "inline" : tls ? (ca?.type ?? "public") : undefined}
        choices={AUTHORITIES}
        placeholder="none: plain text (default)"
        onChoose={choose}
      />
      {ca?.type === "file" && !isInline ? (
        <TextField path={[...path, "ca", "path"]} label="File" value={ca.path} />
      ) : null}
      {isInline ? (
        <PemField
          pem={ca?.type === "inline" ? ca.pem : ""}
          isDisabled={form.isReadOnly}
          commit={(pem) => form.set(path, { ...name, ca: { type: "inline", pem } })}
        />
      ) : null}
      {tls ? (
        <TextField
          path={[...path, "serverName"]}
          label="Name in its certificate"
          description=""
          value={tls.serverName}
          placeholder="its host"
        />
      ) : null}
    </>
  );
}

function PemField(props: { pem: string; isDisabled: boolean; commit(pem: string): string | null }) {
  const { pem, isDisabled, commit } = props;
  const [text, setText] = useState(pem);
  const [error, setError] = useState<string | null>(null);
  useEffect(() => setText(pem), [pem]);
  return (
    <Textarea
      label="Certificates in PEM"
      size="xs"
      autosize
      minRows={3}
      maxRows={10}
      spellCheck={false}
      disabled={isDisabled}
      error={error}
      value={text}
      placeholder="-----BEGIN CERTIFICATE-----"
      styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)" } }}
      onChange={(event) => setText(event.currentTarget.value)}
      onBlur={() => setError(text === pem ? null : commit(text))}
    />
  );
}

function AddressFields({ path, collector }: Parameters<typeof CollectorFields>[0]) {
  return (
    <Row>
      <TextField path={[...path, "host"]} label="Collector" description="" value={collector.host} />
      <NumberField path={[...path, "port"]} label="Port" description="" value={collector.port} />
      <ChoiceField
        path={[...path, "protocol"]}
        label="OTLP by"
        description=""
        value={collector.protocol}
        choices={PROTOCOLS}
        isRequired
      />
    </Row>
  );
}
