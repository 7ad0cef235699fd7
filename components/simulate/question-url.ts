// A question as parameters of the URL, so that it can be pasted into a chat.
// Rule: whatever stands in the URL gives a form that can be shown; what is missing is empty, not an error.

import { type MeshDocument, objectKey, refKey, workloadOwnerKey } from "@/lib/mesh";
import type { Question } from "@/lib/simulate";
import { hostText } from "@/lib/simulate/host-text";
import { type AuthorizerFields, answersFrom, answersText, authorizersOf } from "./authorizer-fields";
import {
  type CertificateFields,
  certificateFrom,
  certificateOf,
  certificateProblems,
  fieldsOfCertificate,
} from "./certificate-fields";
import { fieldsOfToken, type TokenFields, tokenOf, tokenProblems } from "./token-fields";

export interface QuestionForm extends TokenFields, AuthorizerFields, CertificateFields {
  /** `Workload/ns/name` or `Gateway/ns/name`. */
  from: string;
  /** With its port when it has one. */
  host: string;
  method: string;
  path: string;
  /** One per line, `name: value`. */
  headers: string;
}

export const PARAMETERS = {
  from: "from",
  host: "host",
  method: "method",
  path: "path",
  headers: "headers",
  issuer: "issuer",
  claims: "claims",
  isForged: "forged",
  answers: "answers",
  certificate: "certificate",
  names: "names",
} as const;

export function formFrom(search: URLSearchParams): QuestionForm {
  const read = (name: string) => search.get(name)?.slice(0, 8192) ?? "";
  return {
    from: read(PARAMETERS.from),
    host: read(PARAMETERS.host),
    method: read(PARAMETERS.method) || "GET",
    path: read(PARAMETERS.path) || "/",
    headers: read(PARAMETERS.headers),
    issuer: read(PARAMETERS.issuer),
    claims: read(PARAMETERS.claims),
    isForged: read(PARAMETERS.isForged) === "yes",
    ...answersFrom(read(PARAMETERS.answers)),
    ...certificateFrom(read(PARAMETERS.certificate), read(PARAMETERS.names)),
  };
}

export function parametersOf(form: QuestionForm): Record<string, string | null> {
  return {
    from: form.from || null,
    host: form.host || null,
    method: form.method === "GET" ? null : form.method,
    path: form.path === "/" ? null : form.path,
    headers: form.headers.trim() === "" ? null : form.headers,
    issuer: form.issuer || null,
    claims: form.claims.trim() === "" ? null : form.claims,
    forged: form.isForged ? "yes" : null,
    answers: answersText(form),
    certificate: form.certificate ?? null,
    names: form.names?.trim() ? form.names : null,
  };
}

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** What is wrong, by field; empty when it can be asked. */
export function problemsOf(form: QuestionForm): Partial<Record<keyof QuestionForm, string>> {
  const problems: Partial<Record<keyof QuestionForm, string>> = {};
  if (form.from === "") problems.from = "Choose who calls.";
  if (form.host.trim() === "") problems.host = "Name a service or a host.";
  if (/[\s/]/.test(form.host.trim())) problems.host = "A host has no spaces or slashes.";
  if (!TOKEN.test(form.method)) problems.method = "This is no HTTP method.";
  if (!form.path.startsWith("/")) problems.path = "A path begins with /.";
  const bad = headerLines(form.headers).find(
    (line) => !TOKEN.test(line.split(":")[0]?.trim() ?? "") || !line.includes(":"),
  );
  if (bad !== undefined) problems.headers = `"${bad}" is no header. Write name: value, one per line.`;
  return { ...problems, ...tokenProblems(form), ...certificateProblems(form) };
}

const headerLines = (text: string) => text.split("\n").filter((line) => line.trim() !== "");

export function questionOf(form: QuestionForm): Question {
  const [, host = "", port] = /^(.*?)(?::(\d{1,5}))?$/.exec(form.host.trim()) ?? [];
  const headers = headerLines(form.headers).map((line): [string, string] => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()];
  });
  return {
    from: form.from.startsWith("Gateway/")
      ? { kind: "outside", gateway: form.from }
      : { kind: "workload", workload: form.from },
    to: { host, ...(port === undefined ? {} : { port: Number(port) }) },
    method: form.method,
    path: form.path,
    headers: Object.fromEntries(headers),
    ...tokenOf(form),
    ...authorizersOf(form),
    ...certificateOf(form),
  };
}

export function formOf(question: Question): QuestionForm {
  const { from, to, method, path, headers, token, authorizers, certificate } = question;
  return {
    from: from.kind === "workload" ? from.workload : from.gateway,
    host: hostText(to),
    method,
    path,
    headers: Object.entries(headers)
      .map(([name, value]) => `${name}: ${value}`)
      .join("\n"),
    ...fieldsOfToken(token),
    ...(authorizers ? { answers: authorizers } : {}),
    ...fieldsOfCertificate(certificate),
  };
}

/** The first drawn line between services, so that a newcomer sees an answer before a form. */
export function firstQuestion(document: MeshDocument): Pick<QuestionForm, "from" | "host"> | null {
  for (const each of document.objects) {
    if (each.kind !== "Dependency" || each.spec.from.kind !== "Service" || each.spec.to.kind !== "Service") continue;
    const caller = refKey(each.spec.from, each);
    const workload = document.objects.find((other) => other.kind === "Workload" && workloadOwnerKey(other) === caller);
    const { name, namespace } = each.spec.to;
    if (workload) return { from: objectKey(workload), host: `${name}.${namespace ?? each.metadata.namespace}` };
  }
  return null;
}
