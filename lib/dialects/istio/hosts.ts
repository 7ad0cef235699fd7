// What a host name of an Istio resource means.
// The rule: a name without a dot belongs to the namespace of the resource that says it, not to that of the service it means.
import type { Path, Service } from "@/lib/mesh";
import type { ImportContext, Resource } from "../shared/context";
import { isRecord } from "../shared/fields";

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

/** The service behind a host, added to the design when it is not there yet. Undefined for hosts outside the mesh. */
export function serviceOfHost(
  context: ImportContext,
  resource: Resource,
  host: string,
  path: Path,
  port?: number,
): Service | undefined {
  const found = resolveHost(host, resource.namespace);
  if (found.kind !== "service") return undefined;
  if (found.twoParts) {
    const message = `"${host}" is read as service ${found.name} in namespace ${found.namespace}; Istio takes a name with a dot literally`;
    context.warn(resource, path, message, `Write ${found.name}.${found.namespace}.svc.cluster.local.`);
  }
  return context.serviceNamed(resource, found.namespace, found.name, path, port);
}

/** Where a resource without a namespace most likely belongs: where its service is, in the design or in the same text. */
export function guessNamespace(spec: unknown, context: ImportContext, all: readonly unknown[]): string | undefined {
  const names = hostsIn(spec);
  for (const host of names) {
    const meaning = resolveHost(host, "");
    if (meaning.kind !== "service") continue;
    if (meaning.namespace !== "") return meaning.namespace;
    const services = context.index.all("Service").filter((service) => service.metadata.name === meaning.name);
    if (services.length === 1 && services[0]) return services[0].metadata.namespace;
  }
  for (const value of all) {
    if (!isRecord(value) || !isRecord(value["metadata"])) continue;
    const namespace = value["metadata"]["namespace"];
    if (typeof namespace === "string" && hostsIn(value["spec"]).some((host) => names.includes(host))) return namespace;
  }
  return undefined;
}

function hostsIn(spec: unknown): string[] {
  const hosts = isRecord(spec) ? [spec["host"], ...(Array.isArray(spec["hosts"]) ? spec["hosts"] : [])] : [];
  return hosts.filter((host): host is string => typeof host === "string");
}
