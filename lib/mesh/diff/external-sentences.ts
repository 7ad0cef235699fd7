// What changes in the TLS to an external service, in words with what follows from it.
// The rule: its fields mean nothing alone, so they are said whole.
import { isSameJson } from "../commands/equal";
import type { ExternalTls, Path } from "../types";

type Told = { sentence: string; path: Path; before?: unknown; after?: unknown };

export function tlsSentences(subject: string, before: ExternalTls | undefined, after: ExternalTls | undefined): Told[] {
  if (isSameJson(before ?? null, after ?? null)) return [];
  const sentence = `${subject}: ${consequence(before, after)} (${tlsText(before)} before).`;
  return [{ sentence, path: ["spec", "tls"], before, after }];
}

function consequence(before: ExternalTls | undefined, after: ExternalTls | undefined): string {
  if (!after) return "calls leave in plain text now, which whoever is on the way can read and change";
  const now = `calls leave ${tlsText(after)} now`;
  if (after.insecureSkipVerify) return `${now}, and whoever is on the way can answer instead`;
  if (!before) return `${now}; the app itself goes on speaking plain HTTP to its proxy`;
  return `${now}; a server that cannot show this gets no call`;
}

/** `in TLS to bank.example with a certificate for pay.bank.example of a public authority` */
export function tlsText(tls: ExternalTls | undefined): string {
  if (!tls) return "in plain text";
  const { mode, sni, subjectAltNames, authorities, insecureSkipVerify } = tls;
  const how = `in ${mode === "mutual" ? "mutual " : ""}TLS${sni === undefined ? "" : ` to ${sni}`}`;
  if (insecureSkipVerify) return `${how} that verifies nobody`;
  const names = subjectAltNames ? ` for ${subjectAltNames.join(" or ")}` : "";
  return `${how} with a certificate${names} of ${authorities === "environment" ? "an authority of the environment" : "a public authority"}`;
}
