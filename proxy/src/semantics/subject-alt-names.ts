// Which names a certificate has, and whether one of them is asked for.
// Rule: each kind of name is compared as Envoy compares it: texts as they are, DNS names with their wildcards, addresses by their bytes.

import { parseIp } from "../plan/ip";
import type { SanMatcher, StringMatcher } from "../plan/types";

/** Alternative names of a certificate (RFC 5280 section 4.2.1.6), by kind. */
export interface SubjectAltNames {
  readonly uriSans: readonly string[];
  readonly dnsSans: readonly string[];
  readonly emailSans: readonly string[];
  readonly ipSans: readonly string[];
}

/**
 * Of Node's text of a certificate. Values with special characters are JSON strings there, so a comma inside cannot forge a name.
 *
 * @param text `X509Certificate.subjectAltName`; undefined: it has none
 */
export function subjectAltNames(text: string | undefined): SubjectAltNames {
  const found = { uriSans: [] as string[], dnsSans: [] as string[], emailSans: [] as string[], ipSans: [] as string[] };
  const pattern = /(?:^|, )(URI|DNS|IP Address|email|[A-Za-z ]+):("(?:[^"\\]|\\.)*"|[^,]*)/g;
  for (const [, kind, raw = ""] of (text ?? "").matchAll(pattern)) {
    const value = raw.startsWith('"') ? String(JSON.parse(raw)) : raw;
    if (kind === "URI") found.uriSans.push(value);
    else if (kind === "DNS") found.dnsSans.push(value);
    else if (kind === "IP Address") found.ipSans.push(value);
    else if (kind === "email") found.emailSans.push(value);
  }
  return found;
}

/** Without matchers every certificate will do. */
export function hasSubjectAltName(names: SubjectAltNames, matchers: readonly SanMatcher[]): boolean {
  return matchers.length === 0 || matchers.some(({ type, value }) => holds[type](names, value));
}

const holds: Readonly<Record<SanMatcher["type"], (names: SubjectAltNames, value: StringMatcher) => boolean>> = {
  uri: ({ uriSans }, value) => uriSans.some((name) => value.matches(name)),
  dns: ({ dnsSans }, value) => dnsSans.some((name) => isDnsName(value, name)),
  email: ({ emailSans }, value) => emailSans.some((name) => value.matches(name)),
  ip: ({ ipSans }, value) => ipSans.some((name) => isAddress(value, name)),
};

/** As Envoy: a name that is wanted exactly may also be in the certificate as `*.` before its domain, in any case (RFC 6125 6.4.3). */
function isDnsName(wanted: StringMatcher, name: string): boolean {
  if (wanted.exact === null) return wanted.matches(name);
  const [exact, written] = [wanted.exact.toLowerCase(), name.toLowerCase()];
  if (!written.startsWith("*.")) return exact === written;
  const dot = exact.indexOf(".");
  return dot > 0 && exact.slice(dot) === written.slice(1);
}

/** IPv6 has several texts for one address, and Node's is not Envoy's. */
function isAddress(wanted: StringMatcher, name: string): boolean {
  const [asked, shown] = [wanted.exact === null ? null : parseIp(wanted.exact), parseIp(name)];
  if (!asked || !shown) return wanted.matches(name);
  return asked.length === shown.length && asked.every((byte, i) => byte === shown[i]);
}
