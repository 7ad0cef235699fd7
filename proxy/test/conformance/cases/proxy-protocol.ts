// PROXY protocol in front of a connection: who is taken for the caller, and what is no header. Rule: chains, RBAC, x-forwarded-for
// and the log are asked, so that each shows which address it looks at.

import { hostileHeaders, V2_START, v2 } from "../../hostile-proxy-protocol";
import { at, cluster, direct, fileLog, hcm, listener, ROUTER, typed, web } from "../config";
import type { Case, Config } from "../types";
import type { Wire } from "../wire";

const proxyProtocol = (value: Config = {}): Config => ({
  listener_filters: [
    {
      name: "proxy_protocol",
      typed_config: typed("filters.listener.proxy_protocol.v3.ProxyProtocol", { stat_prefix: "one", ...value }),
    },
  ],
});
const GET = "GET / HTTP/1.1\r\nhost: app.test\r\n\r\n";
const V1 = "PROXY TCP4 10.1.2.3 10.1.2.4 1234 80\r\n";
const V2 = v2(0x21, 0x11, "\n\x01\x02\x03\n\x01\x02\x04\x04\xd2\0\x50");

/** A caller from loopback is named differently: a row of envoy-differences.md. */
const told = (address: string): string => (/^(?:10\.|2001:|fe80:)/.test(address) ? address : "direct");
/** Ports of callers are told by Envoy only. */
const logged = (lines: readonly string[]): string[] =>
  lines
    .map((line) => line.replace(/^([\d.]+):\d+\|([\d.]+):\d+/, "$1|$2"))
    .filter((line) => line.startsWith("10.1.2.3"));

/** What comes back for a request behind these bytes: status and body, or how it ended. */
async function ask(wire: Wire, bytes: string | readonly string[], forMs = 4000): Promise<string> {
  const parts = typeof bytes === "string" ? [bytes + GET] : [...bytes, GET];
  const { text, end } = await wire.raw(parts, { until: /\r\n\r\n[\s\S]*\}$|\r\n\r\n[a-z ]+$/, forMs });
  if (text === "") return end;
  const from = /"x-forwarded-for":"([^"]*)"/.exec(text)?.[1];
  const status = text.slice(9, 12);
  if (status !== "200") return status;
  return from === undefined ? text.slice(text.indexOf("\r\n\r\n") + 4) : told(from);
}

async function asks(wire: Wire, all: Readonly<Record<string, string | readonly string[]>>): Promise<unknown> {
  const seen: Record<string, string> = {};
  for (const [name, bytes] of Object.entries(all)) seen[name] = await ask(wire, bytes);
  return seen;
}

const LOG = "%DOWNSTREAM_REMOTE_ADDRESS%|%DOWNSTREAM_DIRECT_REMOTE_ADDRESS%|%DOWNSTREAM_LOCAL_ADDRESS%";
const says = (text: string): Config =>
  hcm({
    route_config: {
      virtual_hosts: [{ name: "all", domains: ["*"], routes: [{ match: { prefix: "/" }, ...direct(200, text) }] }],
    },
  });
const range = (address: string): Config => ({ address_prefix: address, prefix_len: 32 });
const chains = (matches: Readonly<Record<string, Config>>): Config => ({
  listeners: [
    {
      name: "main",
      address: at(0),
      ...proxyProtocol(),
      filter_chains: Object.entries(matches).map(([text, match]) => ({
        filter_chain_match: match,
        filters: [says(text)],
      })),
      default_filter_chain: { filters: [says("rest")] },
    },
  ],
});
const lets = (principal: Config): Config =>
  web({
    listener: proxyProtocol(),
    hcm: {
      http_filters: [
        {
          name: "rbac",
          typed_config: typed("filters.http.rbac.v3.RBAC", {
            rules: { policies: { one: { permissions: [{ any: true }], principals: [principal] } } },
          }),
        },
        ROUTER,
      ],
    },
    routes: [{ match: { prefix: "/" }, ...direct(200, "in") }],
  });
/** Without those that Envoy takes and we refuse: docs/reference/envoy-differences.md. */
const headers: Readonly<Record<string, string | readonly string[]>> = Object.fromEntries(
  hostileHeaders.filter((each) => each.isStricter !== true).map(({ name, bytes }) => [name, bytes]),
);
const FILTER = "ProxyProtocol.";

export const proxyProtocolCases: readonly Case[] = [
  {
    id: "proxy protocol, every header",
    config: web({ listener: proxyProtocol(), hcm: { use_remote_address: true } }),
    run: (wire) => asks(wire, headers),
    proves: [`${FILTER}stat_prefix`],
  },
  {
    id: "proxy protocol, or none",
    config: web({
      listener: proxyProtocol({ allow_requests_without_proxy_protocol: true }),
      hcm: { use_remote_address: true },
    }),
    run: (wire) =>
      asks(wire, { none: "", one: V1, two: V2, "like one": "PROXX a HTTP/1.1\r\n\r\n", broken: "PROXY TCP9\r\n" }),
    proves: [`${FILTER}allow_requests_without_proxy_protocol`],
  },
  ...["V1", "V2"].map(
    (version): Case => ({
      id: `proxy protocol without ${version}`,
      config: web({ listener: proxyProtocol({ disallowed_versions: [version] }), hcm: { use_remote_address: true } }),
      run: (wire) => asks(wire, { none: "", one: V1, two: V2 }),
      proves: [`${FILTER}disallowed_versions`],
    }),
  ),
  {
    id: "proxy protocol without V1, or none",
    config: web({
      listener: proxyProtocol({ disallowed_versions: ["V1"], allow_requests_without_proxy_protocol: true }),
      hcm: { use_remote_address: true },
    }),
    run: (wire) => asks(wire, { none: "", one: V1, two: V2 }),
  },
  {
    id: "proxy protocol that does not arrive",
    config: web({ listener: { ...proxyProtocol(), listener_filters_timeout: "0.3s" } }),
    run: async (wire) => ({
      nothing: await wire.raw([], { forMs: 3000 }),
      one: await wire.raw("PROXY TCP4 10.1", { forMs: 3000 }),
      two: await wire.raw(V2_START, { forMs: 3000 }),
      "part of two": await wire.raw(V2.slice(0, 20), { forMs: 3000 }),
    }),
  },
  {
    id: "proxy protocol in the log",
    config: web({
      listener: proxyProtocol(),
      hcm: { access_log: [fileLog({ text_format_source: { inline_string: `${LOG}\n` } })] },
    }),
    run: async (wire) => {
      await asks(wire, { one: V1 });
      return logged(await wire.log());
    },
  },
  {
    id: "proxy protocol and filter chains",
    config: chains({
      "by source": { source_prefix_ranges: [range("10.1.2.3")] },
      "by port": { destination_port: 81 },
      "by address": { prefix_ranges: [range("10.1.2.9")] },
      "by own source": { direct_source_prefix_ranges: [range("127.0.0.1")], source_type: "EXTERNAL" },
    }),
    run: (wire) =>
      asks(wire, {
        source: V1,
        port: "PROXY TCP4 10.1.2.3 10.1.2.4 1234 81\r\n",
        address: "PROXY TCP4 10.1.2.3 10.1.2.9 1234 80\r\n",
        other: "PROXY TCP4 10.1.2.7 10.1.2.4 1234 80\r\n",
        same: "PROXY TCP4 10.1.2.4 10.1.2.4 1234 80\r\n",
        unknown: "PROXY UNKNOWN\r\n",
      }),
  },
  ...[{ source_ip: range("10.1.2.3") }, { direct_remote_ip: range("127.0.0.1") }, { remote_ip: range("10.1.2.3") }].map(
    (principal): Case => ({
      id: `proxy protocol and ${Object.keys(principal).join("")}`,
      config: lets(principal),
      run: (wire) => asks(wire, { listed: V1, other: "PROXY TCP4 10.1.2.7 10.1.2.4 1234 80\r\n" }),
    }),
  ),
  {
    id: "proxy protocol and TCP",
    config: {
      listeners: [
        listener(
          [
            {
              name: "rbac",
              typed_config: typed("filters.network.rbac.v3.RBAC", {
                stat_prefix: "rbac",
                rules: {
                  policies: {
                    one: { permissions: [{ destination_port: 80 }], principals: [{ source_ip: range("10.1.2.3") }] },
                  },
                },
              }),
            },
            {
              name: "tcp",
              typed_config: typed("filters.network.tcp_proxy.v3.TcpProxy", {
                stat_prefix: "tcp",
                cluster: "app",
                access_log: [fileLog({ text_format_source: { inline_string: `${LOG}\n` } })],
              }),
            },
          ],
          proxyProtocol(),
        ),
      ],
      clusters: [cluster("app")],
    },
    upstreams: { app: "tcp" },
    run: async (wire) => {
      const listed = await wire.raw(`${V2}hello`, { until: /hello/ });
      const other = await wire.raw("PROXY TCP4 10.1.2.7 10.1.2.4 1234 80\r\nhello", { until: /hello/ });
      return { listed, other, log: logged(await wire.log(2)) };
    },
  },
];
