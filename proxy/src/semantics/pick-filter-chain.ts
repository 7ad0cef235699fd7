// Which filter chain takes a connection (Envoy's FilterChainManager). Rule: level by level, the most specific key that some chain
// asks for wins, and there is no way back: whoever fits at one level and at a later one no more goes to the default chain.

import type { AddressRange, ArrivingConnection, FilterChainMatchPlan } from "../plan/filter-chain-match-types";

/** A chain without a match is the default chain. */
interface Chain {
  readonly match: FilterChainMatchPlan | null;
}

/** How well a chain fits at one level: the higher, the more specific; below 0 not at all. */
type Rank = (match: FilterChainMatchPlan) => number;

export function pickFilterChain<T>(
  chains: readonly T[],
  chainOf: (one: T) => Chain,
  connection: ArrivingConnection,
): T | null {
  let left: readonly T[] = chains.filter((one) => chainOf(one).match !== null);
  for (const rank of ranksFor(connection)) {
    if (left.length === 0) break;
    left = best(left, (one) => {
      const { match } = chainOf(one);
      return match === null ? -1 : rank(match);
    });
  }
  return left[0] ?? chains.find((one) => chainOf(one).match === null) ?? null;
}

function ranksFor(connection: ArrivingConnection): readonly Rank[] {
  const { applicationProtocols: offered, sourceAddress, sourcePort } = connection;
  const isLocal = isLoopback(sourceAddress) || sourceAddress === connection.destinationAddress;
  return [
    ({ destinationPort: port }) => (port === null ? 0 : port === connection.destinationPort ? 1 : -1),
    ({ destinationRanges }) => rangeRank(destinationRanges, connection.destinationAddress),
    ({ serverNames }) => highest(serverNames, (name) => nameRank(name, connection.serverName)),
    ({ transportProtocol: asked }) => (asked === "" ? 0 : asked === connection.transportProtocol ? 1 : -1),
    ({ applicationProtocols }) => highest(applicationProtocols, (name) => orderRank(offered, name)),
    ({ directSourceRanges }) => rangeRank(directSourceRanges, connection.directSourceAddress ?? sourceAddress),
    ({ sourceType }) => (sourceType === "any" ? 0 : (sourceType === "local") === isLocal ? 1 : -1),
    ({ sourceRanges }) => rangeRank(sourceRanges, sourceAddress),
    ({ sourcePorts }) => highest(sourcePorts, (port) => (port === sourcePort ? 1 : -1)),
  ];
}

function best<T>(list: readonly T[], rank: (one: T) => number): readonly T[] {
  const ranks = list.map(rank);
  const top = Math.max(...ranks);
  return top < 0 ? [] : list.filter((_, index) => ranks[index] === top);
}

/** Nothing asked for fits everything, with the lowest rank. */
function highest<V>(wanted: readonly V[], rank: (value: V) => number): number {
  return wanted.length === 0 ? 0 : wanted.reduce((top, value) => Math.max(top, rank(value)), -1);
}

/** The longer the prefix the better; none is the range of everything. */
function rangeRank(ranges: readonly AddressRange[], address: string): number {
  return highest(ranges, ({ length, matches }) => (matches(address) ? length : -1));
}

/** An exact name is better than each wildcard, a longer wildcard better than a shorter one. */
function nameRank(wanted: string, name: string): number {
  if (wanted === "") return 0;
  if (wanted === name) return 1000;
  // As in Envoy, a wildcard stands for at least one character before its dot, and its dot is not the last one.
  return wanted.startsWith(".") && name.length > wanted.length && name.endsWith(wanted) ? wanted.length : -1;
}

function orderRank(offered: readonly string[], name: string): number {
  const index = offered.indexOf(name);
  return index < 0 ? -1 : offered.length - index;
}

const isLoopback = (address: string): boolean => address.startsWith("127.") || address === "::1";
