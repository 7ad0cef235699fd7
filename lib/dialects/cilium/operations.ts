// toPorts of a rule -> what of a service it lets through.
// The rule: an entry that cannot be said completely is left out; the design then refuses more than Cilium, never less.
import type { AuthorizationOperation, Service } from "@/lib/mesh";
import { podPorts } from "../kubernetes/selectors";
import { readHeader, readHosts, readMethods, readPaths } from "./http";
import type { HttpEntry, PortEntry } from "./state";

export type Said = {
  /** Undefined: every call. Empty: none that a mesh would see. */
  to: AuthorizationOperation[] | undefined;
  unsaid: { entry: PortEntry; why: string; isQuiet: boolean }[];
  /** Paths whose query Cilium compares too. */
  wider: string[];
  /** Texts of the source by what the design says. */
  written: Record<string, string>;
};

export function operationsOf(entries: readonly PortEntry[] | undefined, service: Service | undefined): Said {
  const said: Said = { to: [], unsaid: [], wider: [], written: {} };
  if (!entries) return { ...said, to: undefined };
  for (const entry of entries) {
    const why = entry.odd ?? (entry.dns ? "rules of dns have no place here" : undefined);
    if (why !== undefined) {
      said.unsaid.push({ entry, why, isQuiet: false });
      continue;
    }
    const ports = portsOf(entry, service);
    if (typeof ports === "string") {
      said.unsaid.push({ entry, why: ports, isQuiet: true });
      continue;
    }
    const http = entry.http && entry.http.length > 0 ? entry.http : undefined;
    const found = http ? http.map((each) => conditionsOf(each, said)) : [{}];
    const odd = found.findIndex((each) => typeof each === "string");
    if (odd >= 0) said.unsaid.push({ entry: onlyHttp(entry, odds(found)), why: String(found[odd]), isQuiet: false });
    for (const each of found) {
      if (typeof each === "string") continue;
      said.to?.push({ ...each, ...(ports ? { ports } : {}) });
    }
  }
  if (said.to?.some((each) => Object.keys(each).length === 0)) said.to = undefined;
  return said;
}

const odds = (found: readonly unknown[]) => found.flatMap((each, i) => (typeof each === "string" ? [i] : []));

/** The entry with those rules on HTTP alone that have no words. */
function onlyHttp(entry: PortEntry, kept: readonly number[]): PortEntry {
  const rules = entry.raw["rules"] as { http?: unknown[] } | undefined;
  return { ...entry, raw: { ...entry.raw, rules: { http: kept.map((i) => rules?.http?.[i]) } } };
}

/** Undefined: every port. A text: why there is none. */
export function portsOf({ ports }: PortEntry, service: Service | undefined): number[] | undefined | string {
  const tcp = ports.filter(({ protocol }) => protocol === "TCP" || protocol === "ANY");
  if (ports.length > 0 && tcp.length === 0) return "meshes carry TCP";
  if (ports.length === 0 || tcp.some(({ port, endPort }) => port === "0" && endPort === undefined)) return undefined;
  if (!service) return "ports of a whole namespace have no place";
  const own = podPorts(service).filter(({ pod }) =>
    tcp.some(({ port, endPort }) =>
      endPort === undefined || endPort === 0
        ? String(pod) === port
        : typeof pod === "number" && pod >= Number(port) && pod <= endPort,
    ),
  );
  if (own.length > 0) return own.map(({ port }) => port);
  return `port ${tcp.map(({ port }) => port).join(", ")} is no port of the pods of ${service.metadata.name}`;
}

function conditionsOf(entry: HttpEntry, said: Said): AuthorizationOperation | string {
  if (entry.odd !== undefined) return entry.odd;
  const methods = readMethods(entry.method ?? "");
  const { paths, isWider } = readPaths(entry.pathRegex ?? "");
  const hosts = readHosts(entry.host ?? "");
  const headers = entry.headers.map(readHeader);
  if (methods === null) return `the expression ${entry.method} of a method has no place here`;
  if (paths === null) return `the expression ${entry.pathRegex} of a path has no place here`;
  if (hosts === null) return `the expression ${entry.host} of a host has no place here`;
  if (headers.includes(null)) return `header ${entry.headers[headers.indexOf(null)]} has no place here`;
  if (isWider && entry.pathRegex !== undefined) said.wider.push(entry.pathRegex);
  const [only, ...more] = paths ?? [];
  if (entry.pathRegex !== undefined && only !== undefined && more.length === 0) said.written[only] = entry.pathRegex;
  const conditions = headers.filter((each) => each !== null);
  return {
    ...(methods ? { methods } : {}),
    ...(paths ? { paths } : {}),
    ...(hosts ? { hosts } : {}),
    ...(conditions.length > 0 ? { headers: conditions } : {}),
  };
}
