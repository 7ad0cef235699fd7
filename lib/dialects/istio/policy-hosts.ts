// Hosts of an AuthorizationPolicy, both ways: Istio compares the host as it was sent, with its port; a host of the model is meant with any.
// The rule: nothing is widened. What is meant without a port is a condition on the host itself, by which it comes back as it was.
import { type AuthorizationOperation, type HeaderCondition, isSameJson } from "@/lib/mesh";
import { defined, type Fields } from "../shared/fields";

/** HTTP/1.1 calls it Host. */
const AUTHORITY = ":authority";
const WITHOUT_PORT: HeaderCondition = { name: AUTHORITY, type: "regex", values: [".*:[0-9]+"], invert: true };
const isWithoutPort = (condition: HeaderCondition): boolean => isSameJson(condition, WITHOUT_PORT);

const withAnyPort = (host: string) => `${host}:*`;
const isSuffix = (host: string) => host.startsWith("*");
/** It says nothing of a port: the two sides differ about it. */
const isBare = (host: string) => host !== "*" && !/:\d+$/.test(host) && (isSuffix(host) || !host.endsWith("*"));

/** One operation, or two where some hosts are meant with their ports and some without. */
export function importHosts(operation: Fields, rest: AuthorizationOperation): AuthorizationOperation[] {
  const hosts = together(operation.texts("hosts"));
  const excluded = together(operation.texts("notHosts"));
  const notHosts = excluded?.any.length ? excluded.any : undefined;
  const exceptions = excluded?.bare.length ? [exception(excluded.bare)] : [];
  const meant = (own: string[] | undefined, headers: HeaderCondition[]) =>
    defined<AuthorizationOperation>({
      ...rest,
      hosts: own,
      notHosts,
      headers: headers.length > 0 ? headers : undefined,
    });
  if (!hosts) return [meant(undefined, exceptions)];
  return [
    ...(hosts.any.length > 0 || hosts.bare.length === 0 ? [meant(hosts.any, exceptions)] : []),
    ...(hosts.bare.length > 0 ? [meant(hosts.bare, [WITHOUT_PORT, ...exceptions])] : []),
  ];
}

/** `a` beside `a:*` is what one host of the model means. */
function together(written: readonly string[] | undefined): { any: string[]; bare: string[] } | undefined {
  if (!written) return undefined;
  const lower = new Set(written.map((host) => host.toLowerCase()));
  const isWhole = (host: string) => !isSuffix(host) && lower.has(withAnyPort(host.toLowerCase()));
  const isSaid = (host: string) => host.endsWith(":*") && lower.has(host.slice(0, -2).toLowerCase());
  const bare = written.filter((host) => isBare(host) && !isWhole(host));
  return { any: written.filter((host) => !bare.includes(host) && !isSaid(host)), bare };
}

const ANY_CASE = "(?i)";
const ANY_START = ".+";
const SPECIAL = /[\\^$.*+?()[\]{}|]/g;

const exception = (hosts: readonly string[]): HeaderCondition => ({
  name: AUTHORITY,
  type: "regex",
  values: hosts.map((host) => {
    const [start, text] = isSuffix(host) ? [ANY_START, host.slice(1)] : ["", host];
    return `${ANY_CASE}${start}${text.replace(SPECIAL, "\\$&")}`;
  }),
  invert: true,
});

/** The hosts of an exception; undefined where it is another condition. */
function excludedBy(condition: HeaderCondition): string[] | undefined {
  const hosts = (condition.values ?? []).map((value) => {
    const pattern = value.slice(ANY_CASE.length);
    const [start, text] = pattern.startsWith(ANY_START) ? ["*", pattern.slice(ANY_START.length)] : ["", pattern];
    return `${start}${text.replace(/\\(.)/g, "$1")}`;
  });
  return isSameJson(condition, exception(hosts)) && hosts.every(isBare) ? hosts : undefined;
}

export type WrittenHosts = {
  operation: AuthorizationOperation;
  /** Istio would hold for fewer requests than are meant. */
  isNarrower: boolean;
  /** For more. */
  isWider: boolean;
};

/** The end of a host with any port is what Istio cannot say. */
export function exportHosts({ hosts, notHosts, headers = [], ...rest }: AuthorizationOperation): WrittenHosts {
  const isPlain = hosts?.every(isBare) === true && headers.some(isWithoutPort);
  const excluded = [...(notHosts ?? []).flatMap(written), ...headers.flatMap((each) => excludedBy(each) ?? [])];
  const left = headers.filter((each) => !(isPlain && isWithoutPort(each)) && !excludedBy(each));
  return {
    operation: {
      ...rest,
      ...(hosts ? { hosts: isPlain ? hosts : hosts.flatMap(written) } : {}),
      ...(excluded.length > 0 ? { notHosts: excluded } : {}),
      ...(left.length > 0 ? { headers: left } : {}),
    },
    isNarrower: !isPlain && hosts?.some(isLost) === true,
    isWider: notHosts?.some(isLost) === true,
  };
}

const isLost = (host: string) => isBare(host) && isSuffix(host);
const written = (host: string) => (isBare(host) && !isSuffix(host) ? [host, withAnyPort(host)] : [host]);
