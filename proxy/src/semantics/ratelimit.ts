// By what a request is counted, and what its caller is told about the count, as Envoy 1.40 does both. Rule: a descriptor exists only
// when each of its actions has something to say; an action that may be absent says nothing and harms nothing.

import { parseIp } from "../plan/ip";
import type {
  GlobalRateLimitFilterPlan,
  HttpRequestView,
  RateLimitAction,
  RateLimitRule,
  RouteFilters,
  RoutePlan,
} from "../plan/types";
import { pseudoHeader } from "../plan/views";
import { matchesQuery } from "./match-route";

export interface DescriptorEntry {
  readonly key: string;
  readonly value: string;
}

export type Descriptor = readonly DescriptorEntry[];

/** What actions look at. */
export interface CountedRequest {
  readonly request: HttpRequestView;
  /** Name of the cluster that this proxy belongs to (node.cluster). */
  readonly ownCluster: string;
  /** Where the request goes. */
  readonly cluster: string;
  readonly remoteAddress: string;
}

export interface RateLimitQuestion {
  readonly domain: string;
  readonly descriptors: readonly Descriptor[];
}

/** What the service is asked about a request; null: nothing, it goes on. */
export function rateLimitQuestion(
  filter: GlobalRateLimitFilterPlan,
  route: RoutePlan | null,
  own: RouteFilters | null,
  counted: CountedRequest,
): RateLimitQuestion | null {
  const limits = route?.action.kind === "forward" ? route.action.rateLimits : null;
  if (limits === null) return null;
  const said = own?.rateLimits.get(filter.name);
  const host = limits.includesHost ? "include" : (said?.hostLimits ?? "override");
  const usesHost = host === "include" || (host === "override" && limits.own.length === 0);
  const descriptors: Descriptor[] = [];
  const add = (rules: readonly RateLimitRule[]): void => {
    for (const { stage, actions } of rules) {
      const descriptor = stage === filter.stage ? descriptorOf(actions, counted) : null;
      if (descriptor !== null) descriptors.push(descriptor);
    }
  };
  add(limits.own);
  if (usesHost) add(limits.host);
  return descriptors.length > 0 ? { domain: said?.domain || filter.domain, descriptors } : null;
}

function descriptorOf(actions: readonly RateLimitAction[], counted: CountedRequest): Descriptor | null {
  const entries: DescriptorEntry[] = [];
  for (const action of actions) {
    const entry = entryOf(action, counted);
    if (entry === null) return null;
    if (entry !== "nothing") entries.push(entry);
  }
  return entries;
}

/** null: there is no descriptor then. */
function entryOf(action: RateLimitAction, counted: CountedRequest): DescriptorEntry | "nothing" | null {
  const { request, ownCluster, cluster, remoteAddress } = counted;
  switch (action.kind) {
    case "source-cluster":
      return { key: "source_cluster", value: ownCluster };
    case "destination-cluster":
      return { key: "destination_cluster", value: cluster };
    case "remote-address":
      return parseIp(remoteAddress) === null ? null : { key: "remote_address", value: remoteAddress };
    case "masked-address": {
      const value = maskedAddress(remoteAddress, action.v4Bits, action.v6Bits);
      return value === null ? null : { key: "masked_remote_address", value };
    }
    case "fixed":
      return action;
    case "header": {
      const value = firstHeader(request, action.header);
      if (value !== null) return { key: action.key, value };
      return action.skipsIfAbsent ? "nothing" : null;
    }
    case "header-match":
      return action.headers.every((matcher) => matcher.matches(request)) === action.expected ? action : null;
    case "query-match":
      return matchesQuery(action.query, request.path) === action.expected ? action : null;
  }
}

function firstHeader(request: HttpRequestView, name: string): string | null {
  const pseudo = pseudoHeader(name);
  if (pseudo) return pseudo(request);
  const { headers } = request;
  for (let i = 0; i < headers.count; i++) if (headers.nameAt(i) === name) return headers.valueAt(i);
  return null;
}

/** "10.1.2.0/24"; null for what is no address. */
function maskedAddress(address: string, v4Bits: number, v6Bits: number): string | null {
  const bytes = parseIp(address);
  if (bytes === null) return null;
  const bits = bytes.length === 4 ? v4Bits : v6Bits;
  const masked = bytes.map((byte, i) => byte & (0xff00 >> Math.min(8, Math.max(0, bits - i * 8))));
  if (masked.length === 4) return `${masked.join(".")}/${bits}`;
  const groups = Array.from({ length: 8 }, (_, i) =>
    (((masked[2 * i] ?? 0) << 8) | (masked[2 * i + 1] ?? 0)).toString(16),
  );
  return `${new URL(`http://[${groups.join(":")}]`).hostname.slice(1, -1)}/${bits}`;
}

/** What the service said about one descriptor. */
export interface DescriptorStatus {
  readonly limit: { readonly name: string; readonly requests: number; readonly unitSeconds: number };
  readonly remaining: number;
  readonly resetSeconds: number;
}

/** x-ratelimit headers, draft 03: the one with the least left, and every window that there is. */
export function quotaHeaders(statuses: readonly DescriptorStatus[]): [name: string, value: string][] {
  const [first, ...others] = statuses;
  if (first === undefined) return [];
  const least = others.reduce((low, each) => (each.remaining < low.remaining ? each : low), first);
  const windows = statuses.map(({ limit: { name, requests, unitSeconds } }) =>
    unitSeconds === 0 ? "" : `, ${requests};w=${unitSeconds}${name === "" ? "" : `;name="${name}"`}`,
  );
  return [
    ["x-ratelimit-limit", `${least.limit.requests}${windows.join("")}`],
    ["x-ratelimit-remaining", String(least.remaining)],
    ["x-ratelimit-reset", String(least.resetSeconds)],
  ];
}
