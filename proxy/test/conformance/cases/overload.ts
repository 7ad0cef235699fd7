// The overload manager: what a whole process sheds. Rule: memory is far above its limit or far below it, never near; what is looked at
// again and again is asked long after the first time.

import { connect as connectHttp2 } from "node:http2";
import { connect, type Socket } from "node:net";
import { chosen } from "../answers";
import { at, direct, EXT, hcm, listener, REFUSED_HERE } from "../config";
import type { Case, Config } from "../types";
import type { Wire } from "../wire";

const HEAP_NAME = "envoy.resource_monitors.fixed_heap";
const LIMIT_NAME = "envoy.resource_monitors.global_downstream_max_connections";
const monitor = (name: string, type: string, value: Config): Config => ({
  name,
  typed_config: { "@type": `${EXT}.resource_monitors.${type}`, ...value },
});
const heap = (bytes: number, name = HEAP_NAME): Config =>
  monitor(name, "fixed_heap.v3.FixedHeapConfig", { max_heap_size_bytes: bytes });
const limit = (count: number, name = LIMIT_NAME): Config =>
  monitor(name, "downstream_connections.v3.DownstreamConnectionsConfig", { max_active_downstream_connections: count });
/** Nobody has so little, and nobody so much. */
const [NOTHING, MUCH] = [1, 1e15];
const atOnce = (value: number, name = HEAP_NAME): Config => ({ name, threshold: { value } });
const growing = (from: number, to: number): Config => ({
  name: HEAP_NAME,
  scaled: { scaling_threshold: from, saturation_threshold: to },
});
const action = (name: string, ...triggers: readonly Config[]): Config => ({
  name: `envoy.overload_actions.${name}`,
  triggers,
});
const manager = (monitors: readonly Config[], ...actions: readonly Config[]): Config => ({
  refresh_interval: "0.05s",
  resource_monitors: monitors,
  ...(actions.length > 0 ? { actions } : {}),
});

const ROUTES = {
  virtual_hosts: [{ name: "all", domains: ["*"], routes: [{ match: { prefix: "/" }, ...direct(200, "here") }] }],
};
const MAIN = hcm({ route_config: ROUTES });
/** Has the port that "main" is looked for at, too: whoever looks whether it is open has gone by then. */
const bootstrap = (overload: Config, more: readonly Config[] = [], main: Config = {}): Config => ({
  node: { id: "node", cluster: "node" },
  overload_manager: overload,
  static_resources: { listeners: [listener([MAIN], { address: at(0), ...main }), ...more] },
});

/** Long enough that what is refreshed every second was. */
const SEEN_MS = 1500;
const settled = async (wire: Wire): Promise<void> => void (await wire.wait(SEEN_MS));

const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
/** Connections that are all open before the first one says something: what each hears. */
async function held(wire: Wire, names: readonly string[]): Promise<string[]> {
  await wire.wait(300);
  const heard = names.map(() => "nothing");
  const sockets: Socket[] = [];
  for (const [index, name] of names.entries()) {
    const socket = connect(wire.portOf(name), "127.0.0.1");
    sockets.push(socket);
    socket.on("error", () => {});
    socket.on("close", () => {
      if (heard[index] === "nothing") heard[index] = "closed";
    });
    socket.on("data", (chunk: Buffer) => {
      heard[index] = chunk.toString().slice(0, 12);
    });
    await wire.wait(100);
  }
  for (const socket of sockets) if (!socket.destroyed) socket.write(GET);
  await wire.wait(400);
  const seen = [...heard];
  for (const socket of sockets) socket.destroy();
  await wire.wait(200);
  return seen;
}

/** One call, and what the proxy says of the connection. */
function overHttp2(wire: Wire): Promise<unknown> {
  return new Promise((resolve) => {
    const session = connectHttp2(`http://127.0.0.1:${wire.portOf()}`);
    const seen: Record<string, unknown> = { goesAway: false };
    session.on("goaway", (code) => (seen["goesAway"] = code));
    session.on("error", (error) => (seen["error"] = error.message));
    const call = session.request({ ":path": "/" });
    call.on("response", (headers) => (seen["status"] = headers[":status"]));
    call.resume();
    call.on("end", () => session.close());
    session.on("close", () => resolve(seen));
  });
}

const overload = (id: string, config: Config, run: Case["run"], more: Partial<Case> = {}): Case => ({
  id: `overload ${id}`,
  config,
  resources: {},
  run,
  ...more,
});
const STOP = "stop_accepting_requests";
const calls = async (wire: Wire): Promise<unknown> => {
  await settled(wire);
  const agent = wire.keepAlive();
  return [
    await wire.call({ agent, path: "/a" }),
    await wire.call({ agent, path: "/b", headers: { "content-type": "application/grpc" } }),
    await wire.call({ agent, method: "POST", body: "a body" }),
    await wire.status({ method: "HEAD" }),
  ];
};
const status = async (wire: Wire): Promise<unknown> => {
  await settled(wire);
  return wire.status();
};
const refused = (id: string, overload_manager: Config, more: Partial<Case> = {}): Case =>
  overload(id, bootstrap(overload_manager), status, { isRefused: true, ...more });

const M = "OverloadManager.";
const TRIGGER = "overload.v3.Trigger.";
export const overloadCases: readonly Case[] = [
  overload("stops requests", bootstrap(manager([heap(NOTHING)], action(STOP, atOnce(0.9)))), calls, {
    proves: ["Bootstrap.overload_manager", `${M}actions`],
    needs: [
      `${M}resource_monitors`,
      "ResourceMonitor.name",
      "ResourceMonitor.typed_config",
      "FixedHeapConfig.max_heap_size_bytes",
      "OverloadAction.name",
      "OverloadAction.triggers",
      `${TRIGGER}name`,
      `${TRIGGER}threshold`,
    ],
  }),
  overload(
    "is looked at as often as it says",
    bootstrap({ ...manager([heap(NOTHING)], action(STOP, atOnce(0.9))), refresh_interval: "3600s" }),
    status,
    { proves: [`${M}refresh_interval`] },
  ),
  overload("is not near", bootstrap(manager([heap(MUCH)], action(STOP, atOnce(0.9)))), status, {
    proves: ["ThresholdTrigger.value"],
  }),
  overload(
    "ends connections after their answer",
    bootstrap(manager([heap(NOTHING)], action("disable_http_keepalive", atOnce(0.9)))),
    calls,
  ),
  overload(
    "ends connections of HTTP/2 too",
    bootstrap(manager([heap(NOTHING)], action("disable_http_keepalive", atOnce(0.9)))),
    async (wire) => {
      await settled(wire);
      return overHttp2(wire);
    },
  ),
  overload(
    "rejects connections",
    bootstrap(manager([heap(NOTHING)], action("reject_incoming_connections", atOnce(0.9)))),
    async (wire) => {
      await settled(wire);
      return held(wire, ["main", "main"]);
    },
  ),
  overload(
    "a growing share, of which there is none yet",
    bootstrap(manager([heap(1e9)], action(STOP, growing(0.9, 1)))),
    async (wire) => {
      await settled(wire);
      const all = await wire.tally(600, () => "/", chosen, 4);
      return Object.keys(all).sort();
    },
    {
      proves: ["ScaledTrigger.scaling_threshold"],
      needs: [`${TRIGGER}scaled`, "ScaledTrigger.saturation_threshold"],
    },
  ),
  overload("a growing share that is all", bootstrap(manager([heap(NOTHING)], action(STOP, growing(0.5, 0.9)))), status),
  overload(
    "the strongest of two triggers",
    bootstrap(manager([heap(MUCH), heap(NOTHING, "mine")], action(STOP, atOnce(0.9), atOnce(0.9, "mine")))),
    status,
  ),
  overload(
    "connections at a time",
    bootstrap(manager([limit(2)])),
    async (wire) => [await held(wire, ["main", "main", "main", "main"]), await held(wire, ["main"])],
    { needs: ["DownstreamConnectionsConfig.max_active_downstream_connections"] },
  ),
  overload(
    "connections at a time, of all listeners",
    bootstrap(manager([limit(2)]), [listener([MAIN], { name: "other", address: at("@free:other") })]),
    (wire) => held(wire, ["main", "other", "main", "other"]),
  ),
  overload(
    "a listener without that limit",
    bootstrap(manager([limit(1)]), [], { ignore_global_conn_limit: true }),
    (wire) => held(wire, ["main", "main", "main"]),
    { proves: ["v3.Listener.ignore_global_conn_limit"] },
  ),
  refused("two monitors of one name", manager([heap(MUCH), heap(MUCH)], action(STOP, atOnce(0.9)))),
  refused("a trigger of no monitor", manager([heap(MUCH)], action(STOP, atOnce(0.9, "other")))),
  refused("an action that is not known", manager([heap(MUCH)], action("nothing", atOnce(0.9)))),
  refused("a share that does not grow", manager([heap(MUCH)], action(STOP, growing(0.9, 0.9)))),
  refused("a limit of another name", manager([limit(2, "mine")])),
  refused("an action twice", manager([heap(MUCH)], action(STOP, atOnce(0.9)), action(STOP, atOnce(0.8)))),
  refused("a limit that triggers", manager([limit(2)], action(STOP, atOnce(0.9, LIMIT_NAME))), {
    explained: { "": REFUSED_HERE },
  }),
];
