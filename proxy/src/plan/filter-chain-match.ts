// Envoy FilterChainMatch -> FilterChainMatchPlan. One rule: as in Envoy, no connection may fit two chains equally well.

import type { CidrRange } from "../contract/gen/envoy/config/core/v3/address_pb";
import {
  type FilterChainMatch,
  FilterChainMatch_ConnectionSourceType,
} from "../contract/gen/envoy/config/listener/v3/listener_components_pb";
import type { AddressRange, FilterChainMatchPlan } from "./filter-chain-match-types";
import { cidrMatcher, parseIp } from "./ip";
import type { Scope } from "./scope";

const SOURCE_TYPE = {
  [FilterChainMatch_ConnectionSourceType.ANY]: "any",
  [FilterChainMatch_ConnectionSourceType.SAME_IP_OR_LOOPBACK]: "local",
  [FilterChainMatch_ConnectionSourceType.EXTERNAL]: "external",
} as const;

const EVERYTHING: FilterChainMatchPlan = {
  destinationPort: null,
  destinationRanges: [],
  serverNames: [],
  transportProtocol: "",
  applicationProtocols: [],
  directSourceRanges: [],
  sourceType: "any",
  sourceRanges: [],
  sourcePorts: [],
};

export function filterChainMatch(match: FilterChainMatch | undefined, scope: Scope): FilterChainMatchPlan {
  if (match === undefined) return EVERYTHING;
  return {
    destinationPort: match.destinationPort ?? null,
    destinationRanges: ranges(match.prefixRanges, "prefix_ranges", scope),
    serverNames: match.serverNames.map((name, index) => serverName(name, scope.item("server_names", index))),
    transportProtocol: match.transportProtocol,
    applicationProtocols: match.applicationProtocols,
    directSourceRanges: ranges(match.directSourcePrefixRanges, "direct_source_prefix_ranges", scope),
    sourceType: SOURCE_TYPE[match.sourceType],
    sourceRanges: ranges(match.sourcePrefixRanges, "source_prefix_ranges", scope),
    sourcePorts: match.sourcePorts,
  };
}

export function isEverything(match: FilterChainMatchPlan): boolean {
  return levels(match).every((keys) => keys.length === 1 && keys[0] === "");
}

/** Only the TLS inspector knows what this asks for. */
export function needsInspector(match: FilterChainMatchPlan): boolean {
  const isTls = match.transportProtocol === "tls";
  const asksForHello = match.serverNames.length > 0 || match.applicationProtocols.length > 0;
  return isTls || (match.transportProtocol === "" && asksForHello);
}

/** "" takes every name, as in Envoy. */
function serverName(name: string, scope: Scope): string {
  const rest = name.startsWith("*.") && name.length > 2 ? name.slice(1) : name;
  if (rest.includes("*")) {
    scope.fail(
      'takes "*" only as the whole first label, as in "*.example.com"; leave server_names out to take every name',
    );
  }
  return rest.toLowerCase();
}

function ranges(list: readonly CidrRange[], name: string, scope: Scope): AddressRange[] {
  return list.flatMap(({ addressPrefix, prefixLen = 0 }, index) => {
    const matches = cidrMatcher(addressPrefix, prefixLen);
    if (matches !== null) return [{ key: rangeKey(addressPrefix, prefixLen), length: prefixLen, matches }];
    scope.item(name, index).fail(`${addressPrefix}/${prefixLen} is not an address range`);
    return [];
  });
}

function rangeKey(prefix: string, length: number): string {
  const bits = Array.from(parseIp(prefix) ?? [], (byte) => byte.toString(2).padStart(8, "0")).join("");
  return `${bits.length}:${bits.slice(0, length)}`;
}

/** Tells chains of one listener that no connection can tell apart. */
export class ChainsSeen {
  private readonly seen = new Set<string>();

  /** False when a connection fits an earlier chain just as well. */
  add(match: FilterChainMatchPlan): boolean {
    const own = [...leaves(levels(match))];
    if (own.some((leaf) => this.seen.has(leaf))) return false;
    for (const leaf of own) this.seen.add(leaf);
    return true;
  }
}

/** What may be asked for at each level; "" is everything. */
function levels(match: FilterChainMatchPlan): readonly (readonly string[])[] {
  const orAll = (keys: readonly string[]): readonly string[] => (keys.length === 0 ? [""] : keys);
  const keysOf = (list: readonly AddressRange[]): readonly string[] => orAll(list.map(({ key }) => key));
  return [
    [match.destinationPort === null ? "" : String(match.destinationPort)],
    keysOf(match.destinationRanges),
    orAll(match.serverNames),
    [match.transportProtocol],
    orAll(match.applicationProtocols),
    keysOf(match.directSourceRanges),
    [match.sourceType === "any" ? "" : match.sourceType],
    keysOf(match.sourceRanges),
    orAll(match.sourcePorts.map(String)),
  ];
}

function* leaves([first, ...rest]: readonly (readonly string[])[]): Generator<string> {
  if (first === undefined) {
    yield "";
    return;
  }
  for (const key of new Set(first)) for (const leaf of leaves(rest)) yield `${key} ${leaf}`;
}
