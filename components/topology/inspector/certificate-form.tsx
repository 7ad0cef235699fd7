"use client";
// Where a person gives a certificate and its key, pasted or from files. Rule: a refusal stands at its field with what to do; what was typed
// stays until it is taken, and the key is in no state that outlives this form.
import { Button, Checkbox, FileButton, Group, Stack, Textarea } from "@mantine/core";
import { IconUpload } from "@tabler/icons-react";
import { useState } from "react";
import { ApiError, type useCertificateChange } from "@/components/api-client";
import { ErrorText } from "@/components/ui";
import {
  type CertificateField,
  type CertificateRow,
  type CertificateTyped,
  fieldProblems,
  givenOf,
  tooLarge,
} from "../model/gateway-certificates";

const FIELDS: readonly { field: CertificateField; label: string; description: string; placeholder: string }[] = [
  {
    field: "chain",
    label: "Certificate",
    description: "PEM: its own first, then the intermediates.",
    placeholder: "-----BEGIN CERTIFICATE-----",
  },
  {
    field: "key",
    label: "Private key",
    description: "PEM, without a passphrase. Stored encrypted, never shown again.",
    placeholder: "-----BEGIN PRIVATE KEY-----",
  },
  {
    field: "clientCa",
    label: "Authorities of clients",
    description: "PEM: whose signature a client's certificate has to have, and their revocation lists.",
    placeholder: "-----BEGIN CERTIFICATE-----",
  },
];
const NOTHING: CertificateTyped = { chain: "", key: "", clientCa: "", takeAway: false };

export function CertificateForm(props: {
  row: CertificateRow;
  give: ReturnType<typeof useCertificateChange>["give"];
  onEnd(how: "kept" | null): void;
}) {
  const { row, give, onEnd } = props;
  const isKept = row.kept !== null;
  const hasAuthorities = Boolean(row.kept?.clientCa);
  const fields = FIELDS.filter(({ field }) => field !== "clientCa" || row.askers.length > 0 || hasAuthorities);
  const [text, setText] = useState(NOTHING);
  const [unread, setUnread] = useState<Partial<Record<CertificateField, string>>>({});
  const [allowUncovered, setAllowUncovered] = useState(false);
  const refusal = give.error instanceof ApiError ? give.error : null;
  const problems = fieldProblems(refusal?.violations ?? []);
  const isUncovered = Array.isArray(refusal?.problem["uncovered"]);
  const set = (field: CertificateField, value: string) => {
    give.reset();
    setAllowUncovered(false);
    setUnread((before) => ({ ...before, [field]: undefined }));
    setText((before) => ({ ...before, [field]: value }));
  };
  const read = async (field: CertificateField, file: File | null) => {
    if (!file) return;
    const problem = tooLarge(file.size);
    if (problem !== null) setUnread((before) => ({ ...before, [field]: problem }));
    else set(field, await file.text());
  };
  const end = (how: "kept" | null) => {
    give.reset();
    onEnd(how);
  };
  const given = givenOf(text, isKept);
  return (
    <form
      aria-label={`Certificate ${row.name} and its key`}
      onSubmit={(event) => {
        event.preventDefault();
        if (given) give.mutate({ ...given, allowUncovered }, { onSuccess: () => end("kept") });
      }}
    >
      <Stack gap={8}>
        {fields.map(({ field, label, description, placeholder }) => (
          <Stack key={field} gap={4}>
            <Textarea
              size="xs"
              label={label}
              description={isKept ? `${description} Empty: as it is.` : description}
              placeholder={placeholder}
              minRows={3}
              maxRows={6}
              autosize
              spellCheck={false}
              autoComplete="off"
              value={text[field]}
              error={unread[field] ?? problems[field]}
              onChange={(event) => set(field, event.currentTarget.value)}
              styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)" } }}
            />
            <Group>
              <FileButton
                accept=".pem,.crt,.cer,.key,.txt,application/x-pem-file"
                inputProps={{ "aria-label": `File of the ${label.toLowerCase()}` }}
                onChange={(file) => void read(field, file)}
              >
                {(button) => (
                  <Button {...button} size="compact-xs" variant="default" leftSection={<IconUpload size={12} />}>
                    {`Choose the file of the ${label.toLowerCase()}`}
                  </Button>
                )}
              </FileButton>
            </Group>
          </Stack>
        ))}
        {hasAuthorities ? (
          <Checkbox
            size="xs"
            label="Take the authorities of clients away"
            checked={text.takeAway}
            onChange={(event) => setText({ ...text, takeAway: event.currentTarget.checked })}
          />
        ) : null}
        {isUncovered || allowUncovered ? (
          <Checkbox
            size="xs"
            label="Bind it all the same: these clients are known to come later, or not at all"
            checked={allowUncovered}
            onChange={(event) => setAllowUncovered(event.currentTarget.checked)}
          />
        ) : null}
        <ErrorText size="xs">
          {problems.rest ?? (refusal && refusal.violations.length > 0 ? null : give.error?.message)}
        </ErrorText>
        <Group gap={8}>
          <Button
            type="submit"
            size="xs"
            variant="default"
            loading={give.isPending}
            disabled={given === null || (isUncovered && !allowUncovered)}
          >
            Save the certificate
          </Button>
          <Button size="xs" variant="subtle" disabled={give.isPending} onClick={() => end(null)}>
            Cancel
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
