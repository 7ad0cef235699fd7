// How many connections a filter chain takes, at a time and per time. Rule: connections are held open by the case, so that nobody's
// speed decides.

import { connect, type Socket } from "node:net";
import { cluster, hcm, listener, TO_APP, typed } from "../config";
import type { Case, Config } from "../types";
import type { Wire } from "../wire";

const atATime = (value: Config): Config => ({
  name: "connection_limit",
  typed_config: typed("filters.network.connection_limit.v3.ConnectionLimit", { stat_prefix: "one", ...value }),
});
const perTime = (value: Config): Config => ({
  name: "local_ratelimit",
  typed_config: typed("filters.network.local_ratelimit.v3.LocalRateLimit", { stat_prefix: "one", ...value }),
});
const TCP: Config = {
  name: "tcp",
  typed_config: typed("filters.network.tcp_proxy.v3.TcpProxy", { stat_prefix: "tcp", cluster: "app" }),
};
const HTTP = hcm({ route_config: { virtual_hosts: [{ name: "all", domains: ["*"], routes: [TO_APP] }] } });
const behind = (filters: readonly Config[], last: Config, more: readonly Config[] = []): Config => ({
  listeners: [listener([...filters, last]), ...more],
  clusters: [cluster("app")],
});

/** One connection after the other, all held until the last was tried: what each heard. */
async function hold(wire: Wire, count: number): Promise<string[]> {
  const heard = Array.from({ length: count }, () => "nothing");
  const sockets: Socket[] = [];
  for (const index of heard.keys()) {
    const socket = connect(wire.portOf(), "127.0.0.1", () => socket.write("hello"));
    sockets.push(socket);
    socket.on("error", () => {});
    socket.on("close", () => {
      if (heard[index] === "nothing") heard[index] = "closed";
    });
    socket.on("data", (chunk: Buffer) => {
      heard[index] = chunk.toString();
    });
    await wire.wait(250);
  }
  const seen = [...heard];
  for (const socket of sockets) socket.destroy();
  await wire.wait(100);
  return seen;
}

const OFF = { runtime_enabled: { default_value: false, runtime_key: "none" } };
const LIMIT = "ConnectionLimit.";
const RATE = "network.local_ratelimit.v3.LocalRateLimit.";
const SLOW = { max_tokens: 2, tokens_per_fill: 1, fill_interval: "3600s" };
const shared = (name: string, key: string): Config =>
  listener([perTime({ token_bucket: SLOW, share_key: key }), TCP], { name });

export const connectionLimitCases: readonly Case[] = [
  {
    id: "connections at a time",
    config: behind([atATime({ max_connections: 2 })], TCP),
    upstreams: { app: "tcp" },
    run: async (wire) => [await hold(wire, 4), await hold(wire, 3)],
    needs: [`${LIMIT}stat_prefix`, `${LIMIT}max_connections`],
  },
  {
    id: "connections at a time, held before they end",
    config: behind([atATime({ max_connections: 1, delay: "5s" })], TCP),
    upstreams: { app: "tcp" },
    run: (wire) => hold(wire, 2),
    proves: [`${LIMIT}delay`],
  },
  {
    id: "connections at a time, switched off",
    config: behind([atATime({ max_connections: 1, ...OFF })], TCP),
    upstreams: { app: "tcp" },
    run: (wire) => hold(wire, 2),
    proves: [`${LIMIT}runtime_enabled`],
  },
  {
    id: "connections at a time, of HTTP",
    config: behind([atATime({ max_connections: 1 })], HTTP),
    run: async (wire) => {
      const agent = wire.keepAlive();
      const first = await wire.status({ agent });
      const second = await wire.status();
      agent.destroy();
      await wire.wait(150);
      return [first, second, await wire.status()];
    },
  },
  {
    id: "connections per time",
    config: behind([perTime({ token_bucket: SLOW })], TCP),
    upstreams: { app: "tcp" },
    run: (wire) => hold(wire, 4),
    needs: [`${RATE}stat_prefix`, `${RATE}token_bucket`],
  },
  {
    id: "connections per time, switched off",
    config: behind([perTime({ token_bucket: SLOW, ...OFF })], TCP),
    upstreams: { app: "tcp" },
    run: (wire) => hold(wire, 3),
    proves: [`${RATE}runtime_enabled`],
  },
  {
    id: "connections per time, of two listeners together",
    config: { listeners: [shared("main", "both"), shared("other", "both")], clusters: [cluster("app")] },
    upstreams: { app: "tcp" },
    run: async (wire) => {
      const say = (name: string): Promise<unknown> => wire.raw("hello", { listener: name, until: /hello/ });
      return [await say("main"), await say("other"), await say("main"), await say("other")];
    },
    proves: [`${RATE}share_key`],
  },
  {
    id: "connections per time, of HTTP",
    config: behind([perTime({ token_bucket: SLOW })], HTTP),
    run: (wire) => wire.statuses([{}, {}, {}]),
  },
  {
    id: "connections at a time and per time",
    config: behind([atATime({ max_connections: 2 }), perTime({ token_bucket: SLOW })], TCP),
    upstreams: { app: "tcp" },
    run: async (wire) => [await hold(wire, 3), await hold(wire, 1)],
  },
];
