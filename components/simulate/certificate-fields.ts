// What a client of a gateway shows when TLS asks for a certificate, as fields of the question's form.
// Rule: no certificate is the usual case and takes no room in the address; names without a certificate are told, never dropped.
import type { MeshDocument } from "@/lib/mesh";
import { objectKey } from "@/lib/mesh";
import type { Question, QuestionCertificate } from "@/lib/simulate";

export type CertificateChoice = "valid" | "forged" | "revoked";

export interface CertificateFields {
  /** Absent: the client has none. */
  certificate?: CertificateChoice | undefined;
  /** Its alternative names, with commas or spaces between. */
  names?: string | undefined;
}

export const CERTIFICATES = [
  { value: "valid", label: "signed by who is trusted" },
  { value: "forged", label: "signed by somebody else" },
  { value: "revoked", label: "signed and revoked since" },
] as const satisfies readonly { value: CertificateChoice; label: string }[];

/** As the API takes them. */
const MAX_NAMES = 64;

const namesOf = (text = ""): string[] => text.split(/[\s,]+/).filter((name) => name !== "");

export function certificateFrom(choice: string, names: string): CertificateFields {
  const { certificate } = withCertificate(choice);
  return { ...(certificate ? { certificate } : {}), ...(names === "" ? {} : { names }) };
}

/** The form's change when another one is chosen; null: none, and so no names either. */
export function withCertificate(choice: string | null): CertificateFields {
  const certificate = CERTIFICATES.find(({ value }) => value === choice)?.value;
  return certificate ? { certificate } : { certificate: undefined, names: undefined };
}

export function certificateProblems({ certificate, names }: CertificateFields): { names?: string } {
  const all = namesOf(names);
  if (all.length > 0 && !certificate) return { names: "There is no certificate yet: say who signed it." };
  return all.length > MAX_NAMES ? { names: `A question has at most ${MAX_NAMES} names.` } : {};
}

export function certificateOf({ certificate, names }: CertificateFields): Pick<Question, "certificate"> {
  if (!certificate) return {};
  const wrong = { valid: {}, forged: { isForged: true }, revoked: { isRevoked: true } }[certificate];
  return { certificate: { names: namesOf(names), ...wrong } };
}

export function fieldsOfCertificate(certificate: QuestionCertificate | undefined): CertificateFields {
  if (!certificate) return {};
  const names = certificate.names.join(", ");
  const choice = certificate.isForged ? "forged" : certificate.isRevoked ? "revoked" : "valid";
  return { certificate: choice, ...(names === "" ? {} : { names }) };
}

/** Is there anybody at this caller's gateway who asks for one? */
export const asksForCertificates = ({ objects }: MeshDocument, from: string): boolean =>
  objects.some(
    (each) =>
      each.kind === "Gateway" && objectKey(each) === from && each.spec.listeners.some(({ tls }) => tls?.clients),
  );
