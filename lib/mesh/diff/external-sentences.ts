// What changes in the calls to an external service, in words with what follows from it.
// The rule: the fields of its TLS mean nothing alone, so they are said whole.
import { isSameJson } from "../commands/equal";
import type { ExternalService, ExternalTls, Path } from "../types";

type Told = { sentence: string; path: Path; before?: unknown; after?: unknown };
type Spec = ExternalService["spec"];

/** Fields that have sentences of their own. */
export const TOLD_WHOLE: ReadonlySet<unknown> = new Set(["tls", "proxyProtocol", "resolution"]);

export function externalSentences(subject: string, was: Spec, now: Spec): Told[] {
  const told = tlsSentences(subject, was.tls, now.tls);
  if (was.proxyProtocol !== now.proxyProtocol) {
    const consequence = now.proxyProtocol
      ? "a host that does not expect it takes it for a broken call"
      : "it takes the caller's proxy for who calls, and a host that expects it answers nothing";
    told.push({
      sentence: `${subject}: connections begin ${proxyProtocolText(now.proxyProtocol)} now; ${consequence} (${proxyProtocolText(was.proxyProtocol)} before).`,
      path: ["spec", "proxyProtocol"],
      before: was.proxyProtocol,
      after: now.proxyProtocol,
    });
  }
  if (was.resolution !== now.resolution)
    told.push({
      sentence: `${subject}: calls go ${resolutionText(now.resolution)} now (${resolutionText(was.resolution)} before).`,
      path: ["spec", "resolution"],
      before: was.resolution,
      after: now.resolution,
    });
  return told;
}

/** `: calls leave in TLS, and connections begin with the PROXY protocol`; empty: as anybody would expect. */
export function externalText({ tls, proxyProtocol, resolution }: Spec): string {
  const said = [
    ...(tls ? [`calls leave ${tlsText(tls)}`] : []),
    ...(proxyProtocol ? [`connections begin ${proxyProtocolText(proxyProtocol)}`] : []),
    ...(resolution ? [`calls go ${resolutionText(resolution)}`] : []),
  ];
  return said.length === 0 ? "" : `: ${said.join("; ")}`;
}

const proxyProtocolText = (version: Spec["proxyProtocol"]): string =>
  version
    ? `with the PROXY protocol, version ${version.slice(1)}, which says who called`
    : "without the PROXY protocol";

const resolutionText = (resolution: Spec["resolution"]): string =>
  resolution ? "to one address of its name at a time" : "to all addresses of its name";

function tlsSentences(subject: string, before: ExternalTls | undefined, after: ExternalTls | undefined): Told[] {
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
function tlsText(tls: ExternalTls | undefined): string {
  if (!tls) return "in plain text";
  const { mode, sni, subjectAltNames, authorities, insecureSkipVerify } = tls;
  const how = `in ${mode === "mutual" ? "mutual " : ""}TLS${sni === undefined ? "" : ` to ${sni}`}`;
  if (insecureSkipVerify) return `${how} that verifies nobody`;
  const names = subjectAltNames ? ` for ${subjectAltNames.join(" or ")}` : "";
  return `${how} with a certificate${names} of ${authorities === "environment" ? "an authority of the environment" : "a public authority"}`;
}
