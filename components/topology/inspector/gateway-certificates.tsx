"use client";
// The certificates that a gateway shows its clients in the environment. Rule: what is bound is told in the certificate's own words; a key is
// written here and never read back.
import { Button, Group, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { useBinding, useCertificateChange, useGatewayCertificates } from "@/components/api-client";
import { useMe, useMesh } from "@/components/shell";
import { ErrorText, LoadingRows, listInWords, Mono, ReadingState, StatusBadge, TimeAgo, useNow } from "@/components/ui";
import { type Gateway, isHttpsListener } from "@/lib/mesh";
import {
  type CertificateRow,
  certificateRows,
  certificateState,
  shownBy,
  uncovered,
} from "../model/gateway-certificates";
import { isBoundTo } from "../model/gateway-ports";
import classes from "../topology.module.css";
import { CertificateForm } from "./certificate-form";
import { Facts, Section } from "./parts";

export function GatewayCertificates({ gateway }: { gateway: Gateway }) {
  const { mesh, environment } = useMesh();
  const { binding, reading } = useBinding(mesh, environment?.name);
  const kept = useGatewayCertificates(mesh, environment?.name);
  const bound = binding?.gateways.find(isBoundTo(gateway))?.certificates ?? {};
  const isAsked = gateway.spec.listeners.some(isHttpsListener) || Object.keys(bound).length > 0;
  if (!isAsked || !environment) return null;
  const isRead = binding !== undefined && kept.data !== undefined;
  return (
    <Section title="Certificates in the environment">
      <ReadingState of={reading.error ? reading : kept} />
      {isRead || reading.error || kept.error ? null : <LoadingRows rows={2} />}
      {isRead ? (
        <Stack gap={16}>
          {certificateRows(gateway, binding, kept.data.items).map((row) => (
            <Certificate key={row.name} gateway={gateway} row={row} />
          ))}
        </Stack>
      ) : null}
    </Section>
  );
}

/** How the certificate of a listener stands, in a word. */
export function CertificateState({ gateway, name }: { gateway: Gateway; name: string }) {
  const { mesh, environment } = useMesh();
  const { binding } = useBinding(mesh, environment?.name);
  const kept = useGatewayCertificates(mesh, environment?.name);
  const now = useNow(60_000);
  const row =
    binding && kept.data && certificateRows(gateway, binding, kept.data.items).find((each) => each.name === name);
  if (!row || !environment) return null;
  const { status, word } = certificateState(row, now);
  return (
    <Group gap={8}>
      <StatusBadge status={status}>{word}</StatusBadge>
      <Text size="xs" c="dimmed">
        in {environment.name}
      </Text>
    </Group>
  );
}

function Certificate({ gateway, row }: { gateway: Gateway; row: CertificateRow }) {
  const { mesh, environment } = useMesh();
  const { can } = useMe();
  const { namespace, name } = gateway.metadata;
  const change = useCertificateChange(mesh, environment?.name, { namespace, gateway: name, name: row.name });
  const [open, setOpen] = useState<"form" | "removal" | "kept" | null>(null);
  const { status, word } = certificateState(row, useNow(60_000));
  const isThere = row.kept !== null || row.files !== null;
  const refused = uncovered(row);
  return (
    <Stack gap={6} component="article" aria-label={`Certificate ${row.name}`}>
      <Group gap={8}>
        <Text size="sm" fw={500} className={classes.breakable}>
          {row.name}
        </Text>
        <StatusBadge status={status}>{word}</StatusBadge>
      </Group>
      <Text size="xs" c="dimmed" className={classes.breakable}>
        {shownBy(row)}
        {isThere || row.listeners.length === 0 ? null : " Without it nothing is served there."}
      </Text>
      {row.askers.length > 0 ? (
        <Text size="xs" c="dimmed" className={classes.breakable}>
          {listInWords(row.askers)} {row.askers.length === 1 ? "asks" : "ask"} clients for certificates: whose signature
          counts is given here too.
        </Text>
      ) : null}
      {row.checkers.length > 0 ? (
        <Text size="xs" c="dimmed" className={classes.breakable}>
          {listInWords(row.checkers)} {row.checkers.length === 1 ? "refuses" : "refuse"} revoked ones: the lists (X509
          CRL, one of each authority) are given with the authorities.
        </Text>
      ) : null}
      {refused.length > 0 ? (
        <Text size="xs" className={classes.breakable}>
          Clients of {listInWords(refused)} refuse it: it has no such name. Have one issued for them too.
        </Text>
      ) : null}
      <Content row={row} />
      {can("binding.write") ? (
        <>
          {open === null || open === "kept" ? (
            <Group gap={8}>
              <Button size="compact-xs" variant="default" onClick={() => setOpen("form")}>
                {isThere ? "Replace" : "Give the certificate"}
              </Button>
              {isThere ? (
                <Button size="compact-xs" variant="subtle" color="red" onClick={() => setOpen("removal")}>
                  Remove
                </Button>
              ) : null}
            </Group>
          ) : null}
          {open === "form" ? <CertificateForm row={row} give={change.give} onEnd={setOpen} /> : null}
          {open === "removal" ? (
            <Removal row={row} remove={change.remove} environment={environment?.name} onClose={() => setOpen(null)} />
          ) : null}
          {open === "kept" ? (
            <Text size="xs" c="dimmed" role="status">
              Kept. A gateway that runs takes it at once; open connections stay.
            </Text>
          ) : null}
        </>
      ) : null}
    </Stack>
  );
}

function Content({ row: { kept, files } }: { row: CertificateRow }) {
  if (files)
    return (
      <Facts
        rows={[
          ["Chain", <Mono key="chain">{files.chain}</Mono>],
          ["Key", <Mono key="key">{files.key}</Mono>],
          ...(files.ca === undefined ? [] : [["Of clients", <Mono key="ca">{files.ca}</Mono>] as const]),
          ...(files.crl === undefined ? [] : [["Revoked", <Mono key="crl">{files.crl}</Mono>] as const]),
        ]}
      />
    );
  if (!kept) return null;
  return (
    <Facts
      rows={[
        ["Subject", kept.subject],
        ["Names", kept.names.join(", ") || "none"],
        ["Issuer", kept.isSelfSigned ? "itself" : kept.issuer],
        ["Valid until", new Date(kept.notAfter).toISOString().slice(0, 10)],
        ["Key", kept.keyType],
        ...(kept.clientCa ? [["Of clients", kept.clientCa.map(authorityInWords).join(", ")] as const] : []),
        ...(kept.revocationLists.length > 0
          ? [["Revoked", kept.revocationLists.map(listInFacts).join(", ")] as const]
          : []),
        [
          "Given",
          <span key="given">
            <TimeAgo at={kept.setAt} /> by {kept.setBy}
          </span>,
        ],
        [
          "SHA-256",
          <Mono key="fingerprint" title={kept.fingerprint}>
            {kept.fingerprint.slice(0, 23)}…
          </Mono>,
        ],
      ]}
    />
  );
}

const authorityInWords = ({ subject, notAfter }: { subject: string; notAfter: string }): string =>
  `${subject} (until ${notAfter.slice(0, 10)})`;

const listInFacts = ({ issuer, nextUpdate }: { issuer: string; nextUpdate: string | null }): string =>
  `list of ${issuer}${nextUpdate === null ? "" : ` (until ${nextUpdate.slice(0, 10)})`}`;

function Removal(props: {
  row: CertificateRow;
  environment: string | undefined;
  remove: ReturnType<typeof useCertificateChange>["remove"];
  onClose(): void;
}) {
  const { row, environment, remove, onClose } = props;
  const served = row.listeners.length > 0 ? ` ${listInWords(row.listeners)} will not be served there any more.` : "";
  return (
    <Stack gap={6}>
      <Text size="xs">
        {`Remove certificate ${row.name} from ${environment ?? "the environment"}?${served}`}
        {row.kept ? " Its key is deleted." : " The files stay where they are."}
      </Text>
      <Group gap={8}>
        <Button
          size="compact-xs"
          color="red"
          loading={remove.isPending}
          onClick={() => remove.mutate(undefined, { onSuccess: onClose })}
        >
          Remove it
        </Button>
        <Button size="compact-xs" variant="default" disabled={remove.isPending} onClick={onClose}>
          Cancel
        </Button>
      </Group>
      <ErrorText size="xs">{remove.error?.message}</ErrorText>
    </Stack>
  );
}
