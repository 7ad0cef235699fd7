// The PROXY protocol to upstreams. Rule: what stood before the connection is in the answer, and a caller's connection is told by a
// header of its own, so that all of it is known.

import { v2 } from "../../hostile-proxy-protocol";
import { cluster, EXT, typed, web } from "../config";
import type { Case, Config, UpstreamKind } from "../types";
import type { Wire } from "../wire";

const HEADER = "PROXY TCP4 10.1.2.3 10.1.2.4 1234 443\r\n";
const HEADER_V6 = "PROXY TCP6 2001:db8::1 2001:db8:0:1::2 1234 443\r\n";
const get = (more = "", close = "connection: close\r\n"): string =>
  `GET / HTTP/1.1\r\nhost: app.test\r\n${more}${close}\r\n`;
const TOLD = {
  listener_filters: [
    { name: "proxy_protocol", typed_config: typed("filters.listener.proxy_protocol.v3.ProxyProtocol") },
  ],
};
const TLS = {
  name: "tls",
  typed_config: { "@type": `${EXT}.transport_sockets.tls.v3.UpstreamTlsContext`, sni: "app.test" },
};
const PLAIN = {
  name: "plain",
  typed_config: { "@type": `${EXT}.transport_sockets.raw_buffer.v3.RawBuffer` },
};
const proxied = (config: Config | undefined, inner: Config = PLAIN): Config => ({
  transport_socket: {
    name: "proxied",
    typed_config: {
      "@type": `${EXT}.transport_sockets.proxy_protocol.v3.ProxyProtocolUpstreamTransport`,
      ...(config === undefined ? {} : { config }),
      transport_socket: inner,
    },
  },
});
/** 0x02 (a host name), 0xea of a cloud, 0x02 again. */
const TLVS = "\x02\0\x03abc" + "\xea\0\x04\x01vpc" + "\x02\0\x01d";
const ADDRESSES = "\n\x01\x02\x09\n\x01\x02\x04\x04\xd2\x01\xbb";
const PASS_ALL = { pass_through_tlvs: {} };
const SOME = { pass_through_tlvs: { match_type: "INCLUDE", tlv_type: [2] } };
const toldWith = (value: Config): Config => ({
  listener_filters: [
    { name: "proxy_protocol", typed_config: typed("filters.listener.proxy_protocol.v3.ProxyProtocol", value) },
  ],
});
/** The answers' bodies, of all that came back on one connection. */
const bodies = async (wire: Wire, bytes: string): Promise<unknown> => {
  const { text } = await wire.raw(bytes, { forMs: 4000 });
  return [...text.matchAll(/\{"upstream".*\}/g)].map(([body]) => {
    const { proxied: header, path, tls } = JSON.parse(body) as { proxied?: string; path: string; tls?: unknown };
    return { header, path, isTls: tls !== undefined };
  });
};
const told = (
  id: string,
  over: Config,
  asks: readonly string[],
  more: Partial<Case> = {},
  { kind = "proxied" as UpstreamKind, parts = {} as Parameters<typeof web>[0] } = {},
): Case => ({
  id: `proxied upstream ${id}`,
  config: web({ listener: TOLD, clusters: [cluster("app", over)], ...parts }),
  upstreams: { app: kind },
  run: async (wire) => {
    const seen: unknown[] = [];
    for (const ask of asks) seen.push(await bodies(wire, ask));
    return [seen, wire.connections("app")];
  },
  ...more,
});
const tcp = (over: Config, listener: Config = TOLD): Parameters<typeof web>[0] => ({
  more: {
    listeners: [
      {
        name: "main",
        address: { socket_address: { address: "127.0.0.1", port_value: 0 } },
        ...listener,
        filter_chains: [
          {
            filters: [
              {
                name: "tcp",
                typed_config: typed("filters.network.tcp_proxy.v3.TcpProxy", {
                  stat_prefix: "tcp",
                  cluster: "app",
                  ...over,
                }),
              },
            ],
          },
        ],
      },
    ],
  },
});

/** With some, with none, and by version 1; of one address each, by which Envoy knows a caller's connections. */
const WITH_TLVS = [
  v2(0x21, 0x11, ADDRESSES + TLVS) + get("", "") + get(),
  v2(0x21, 0x11, ADDRESSES.replace("\n", "\v")) + get(),
  HEADER + get(),
];

export const proxiedUpstreamCases: readonly Case[] = [
  told("by version 1", proxied({ version: "V1" }), [HEADER + get(), HEADER_V6 + get()]),
  told("by version 2", proxied({ version: "V2" }), [HEADER + get(), HEADER_V6 + get()], {
    proves: ["core.v3.ProxyProtocolConfig.version"],
  }),
  told("without saying which", proxied(undefined), [HEADER + get()]),
  told("by default", proxied({ version: "V2" }), [HEADER + get()], {
    proves: ["ProxyProtocolUpstreamTransport.config"],
    needs: ["ProxyProtocolUpstreamTransport.transport_socket"],
  }),
  told("under TLS", proxied({ version: "V2" }, TLS), [HEADER + get()], {}, { kind: "proxied-tls" }),
  told("of one caller's connection", proxied({ version: "V1" }), [
    HEADER + get("", "") + get("", "") + get(),
    HEADER.replace("1234", "1235") + get("", "") + get(),
    HEADER.replace("443", "444") + get(),
  ]),
  told("whatever x-forwarded-for says", proxied({ version: "V1" }), [HEADER + get("x-forwarded-for: 10.9.9.9\r\n")]),
  told("of TCP", proxied({ version: "V2" }), [HEADER + get()], {}, { parts: tcp({}) }),
  told(
    "of TCP with TLS",
    proxied({ version: "V1" }, TLS),
    [HEADER + get()],
    {},
    { kind: "proxied-tls", parts: tcp({}) },
  ),
  told("with what stood behind the addresses", proxied({ version: "V2", ...PASS_ALL }), WITH_TLVS, {
    config: web({ listener: toldWith(PASS_ALL), clusters: [cluster("app", proxied({ version: "V2", ...PASS_ALL }))] }),
    proves: [
      "listener.proxy_protocol.v3.ProxyProtocol.pass_through_tlvs",
      "core.v3.ProxyProtocolConfig.pass_through_tlvs",
    ],
  }),
  told("with some types that the listener keeps", proxied({}), WITH_TLVS, {
    config: web({ listener: toldWith(SOME), clusters: [cluster("app", proxied({ version: "V2", ...PASS_ALL }))] }),
    proves: ["ProxyProtocolPassThroughTLVs.match_type", "ProxyProtocolPassThroughTLVs.tlv_type"],
  }),
  told("with some types that the cluster passes on", proxied({}), WITH_TLVS, {
    config: web({ listener: toldWith(PASS_ALL), clusters: [cluster("app", proxied({ version: "V2", ...SOME }))] }),
  }),
  told(
    "of TCP with what stood behind the addresses",
    proxied({ version: "V2", ...SOME }),
    WITH_TLVS,
    {},
    {
      parts: tcp({}, toldWith(PASS_ALL)),
    },
  ),
  told("by version 1, which has no place for more", proxied({}), WITH_TLVS, {
    config: web({ listener: toldWith(PASS_ALL), clusters: [cluster("app", proxied({ version: "V1", ...PASS_ALL }))] }),
  }),
  told("of a mirror", proxied({ version: "V1" }), [], {
    upstreams: { app: "http", copy: "proxied" },
    config: web({
      listener: TOLD,
      routes: [{ match: { prefix: "/" }, route: { cluster: "app", request_mirror_policies: [{ cluster: "copy" }] } }],
      clusters: [cluster("app"), cluster("copy", proxied({ version: "V2" }))],
    }),
    run: async (wire) => {
      await wire.raw(HEADER + get(), { forMs: 4000 });
      return (await wire.reached("copy", 1)).map((one) => (one as { proxied?: string }).proxied);
    },
  }),
];
