// What a host name of an Istio resource means.
// The rule: a name without a dot belongs to the namespace of the resource that says it, not to that of the service it means.

export type HostMeaning =
  | { kind: "service"; namespace: string; name: string; twoParts: boolean }
  | { kind: "literal"; host: string };

const LABEL = "[a-z0-9](?:[-a-z0-9]*[a-z0-9])?";
const SHORT = new RegExp(`^${LABEL}$`);
const TWO = new RegExp(`^(${LABEL})\\.(${LABEL})$`);
const FULL = new RegExp(`^(${LABEL})\\.(${LABEL})\\.svc(?:\\.[-a-z0-9.]+)?$`);
/** Top-level domains that make a two-part name a public host rather than service.namespace. */
const PUBLIC = new Set([
  "com",
  "org",
  "net",
  "io",
  "dev",
  "example",
  "test",
  "app",
  "local",
  "internal",
  "eu",
  "de",
  "uk",
]);

export function resolveHost(host: string, namespace: string): HostMeaning {
  if (SHORT.test(host)) return { kind: "service", namespace, name: host, twoParts: false };
  const full = FULL.exec(host);
  if (full?.[1] && full[2]) return { kind: "service", namespace: full[2], name: full[1], twoParts: false };
  const two = TWO.exec(host);
  if (two?.[1] && two[2] && !PUBLIC.has(two[2])) {
    return { kind: "service", namespace: two[2], name: two[1], twoParts: true };
  }
  return { kind: "literal", host };
}

/** The full name, as exports write it when caller and service may be in different namespaces. */
export function fullHost(namespace: string, name: string): string {
  return `${name}.${namespace}.svc.cluster.local`;
}
