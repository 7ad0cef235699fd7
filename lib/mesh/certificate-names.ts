// Names of a certificate and hosts of listeners: whom a client believes. Source: RFC 9525 section 6.3.
// The rule: a wildcard of a certificate is one label; that of a listener's host stands for names that only the same wildcard has.
import { plainHost } from "./server-names";

/** Hosts that clients refuse to meet under a certificate with these DNS names. "*" is never among them: it names nobody. */
export function uncoveredHosts(hosts: readonly string[], names: readonly string[]): string[] {
  const own = new Set(names.map((name) => name.toLowerCase()));
  return [...new Set(hosts.map(plainHost))].filter(
    (host) => host !== "*" && !own.has(host) && !own.has(wildcard(host)),
  );
}

/** `a.example.com` is within `*.example.com`; a wildcard is within itself only. */
const wildcard = (host: string): string => (host.startsWith("*") ? host : host.replace(/^[^.]+/, "*"));
