import { create, fromJson } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { ListenerSchema } from "../contract/messages";
import type { Violation } from "../contract/violations";
import { ChainsSeen, filterChainMatch } from "../plan/filter-chain-match";
import type { ArrivingConnection } from "../plan/filter-chain-match-types";
import { Scope } from "../plan/scope";
import { pickFilterChain } from "./pick-filter-chain";

type Json = Parameters<typeof fromJson>[1];

const connection: ArrivingConnection = {
  destinationAddress: "10.0.0.1",
  destinationPort: 443,
  serverName: "www.example.com",
  transportProtocol: "tls",
  applicationProtocols: ["h2", "http/1.1"],
  sourceAddress: "10.1.2.3",
  sourcePort: 5000,
};

/** The index of the chain; "default", where there is one, or nothing. */
function pick(matches: readonly Json[], over: Partial<ArrivingConnection> = {}, hasDefault = false): number | string {
  const listener = fromJson(ListenerSchema, {
    filter_chains: matches.map((match) => ({ filter_chain_match: match })),
  } as Json);
  const found: Violation[] = [];
  const scope = new Scope("", found);
  const chains = listener.filterChains.map(({ filterChainMatch: match }, index) => ({
    name: index as number | string,
    match: filterChainMatch(match, scope) as ReturnType<typeof filterChainMatch> | null,
  }));
  if (hasDefault) chains.push({ name: "default", match: null });
  expect(found).toEqual([]);
  return pickFilterChain(chains, (chain) => chain, { ...connection, ...over })?.name ?? "nothing";
}

const cidr = (address: string, length: number): Json => ({ address_prefix: address, prefix_len: length });

describe("the filter chain of a connection", () => {
  it("is the one of the exact name, then of the longest wildcard, then the one without names", () => {
    const chains: Json[] = [
      {},
      { server_names: ["*.com"] },
      { server_names: ["*.example.com"] },
      { server_names: ["a.test", "WWW.example.com"] },
    ];
    expect(pick(chains)).toBe(3);
    expect(pick(chains, { serverName: "api.example.com" })).toBe(2);
    expect(pick(chains, { serverName: "a.b.example.com" })).toBe(2);
    expect(pick(chains, { serverName: "example.com" })).toBe(1);
    expect(pick(chains, { serverName: "com" })).toBe(0);
    expect(pick(chains, { serverName: "" })).toBe(0);
    expect(pick(chains, { serverName: ".example.com" })).toBe(2);
  });

  it("is not looked for again where an earlier level fits and a later one does not", () => {
    const chains: Json[] = [{ server_names: ["www.example.com"], application_protocols: ["istio"] }, {}];
    expect(pick(chains)).toBe("nothing");
    expect(pick(chains, {}, true)).toBe("default");
    expect(pick(chains, { serverName: "other" }, true)).toBe(1);
  });

  it("goes by the order of the caller's protocols", () => {
    const chains: Json[] = [{ application_protocols: ["http/1.1"] }, { application_protocols: ["h2"] }, {}];
    expect(pick(chains)).toBe(1);
    expect(pick(chains, { applicationProtocols: ["http/1.1", "h2"] })).toBe(0);
    expect(pick(chains, { applicationProtocols: ["spdy"] })).toBe(2);
  });

  it("goes by port before address before name", () => {
    const chains: Json[] = [
      { destination_port: 443 },
      { prefix_ranges: [cidr("10.0.0.0", 24)], server_names: ["www.example.com"] },
    ];
    expect(pick(chains)).toBe(0);
    expect(pick(chains, { destinationPort: 80 })).toBe(1);
    expect(pick(chains, { destinationPort: 80, destinationAddress: "10.0.1.1" })).toBe("nothing");
  });

  it("is the one of the narrowest range, of where it goes to and of where it comes from", () => {
    for (const field of ["source_prefix_ranges", "direct_source_prefix_ranges"]) {
      const chains: Json[] = [
        {},
        { [field]: [cidr("10.0.0.0", 8)] },
        { [field]: [cidr("9.0.0.0", 8), cidr("10.1.2.9", 24)] },
      ];
      expect(pick(chains)).toBe(2);
      expect(pick(chains, { sourceAddress: "10.9.9.9" })).toBe(1);
      expect(pick(chains, { sourceAddress: "2001:db8::1" })).toBe(0);
    }
  });

  it("tells callers of the same machine from others", () => {
    const chains: Json[] = [{ source_type: "SAME_IP_OR_LOOPBACK" }, { source_type: "EXTERNAL" }, {}];
    expect(pick(chains)).toBe(1);
    expect(pick(chains, { sourceAddress: "127.0.0.5" })).toBe(0);
    expect(pick(chains, { sourceAddress: "10.0.0.1" })).toBe(0);
    expect(pick(chains.slice(2), { sourceAddress: "127.0.0.5" })).toBe(0);
  });

  it("goes by the caller's port last", () => {
    const chains: Json[] = [{ source_ports: [4000, 5000] }, {}];
    expect(pick(chains)).toBe(0);
    expect(pick(chains, { sourcePort: 1 })).toBe(1);
  });
});

describe("filter chain matches that are refused", () => {
  const problems = (match: Json): string[] => {
    const listener = fromJson(ListenerSchema, { filter_chains: [{ filter_chain_match: match }] } as Json);
    const found: Violation[] = [];
    filterChainMatch(listener.filterChains[0]?.filterChainMatch, new Scope("match", found));
    return found.map(({ path, message }) => `${path}: ${message}`);
  };

  it.each([
    [{ server_names: ["a", "*w.example.com"] }, "match.server_names[1]: takes"],
    [{ server_names: ["*"] }, "match.server_names[0]: takes"],
    [{ server_names: ["*."] }, "match.server_names[0]: takes"],
    [{ prefix_ranges: [cidr("10.0.0.0", 33)] }, "match.prefix_ranges[0]: 10.0.0.0/33 is not an address range"],
    [{ source_prefix_ranges: [cidr("here", 8)] }, "match.source_prefix_ranges[0]"],
  ] as [Json, string][])("%j", (match, words) => {
    expect(problems(match)).toEqual([expect.stringContaining(words)]);
  });

  it("two chains that some connection fits equally well", () => {
    const seen = new ChainsSeen();
    const add = (match: Json): boolean => {
      const listener = fromJson(ListenerSchema, { filter_chains: [{ filter_chain_match: match }] } as Json);
      return seen.add(filterChainMatch(listener.filterChains[0]?.filterChainMatch, new Scope("", [])));
    };
    expect(add({ server_names: ["a", "b"], source_ports: [1, 2] })).toBe(true);
    expect(add({ server_names: ["b"], source_ports: [3] })).toBe(true);
    expect(add({ server_names: ["b", "c"], source_ports: [2] })).toBe(false);
    expect(add({ prefix_ranges: [cidr("10.0.0.1", 8)] })).toBe(true);
    expect(add({ prefix_ranges: [cidr("10.9.9.9", 8)] })).toBe(false);
    expect(
      seen.add(filterChainMatch(create(ListenerSchema).filterChains[0]?.filterChainMatch, new Scope("", []))),
    ).toBe(true);
    expect(add({})).toBe(false);
  });
});
