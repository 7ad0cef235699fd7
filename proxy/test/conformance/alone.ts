// One configuration in a process of its own: what is about the bootstrap and about discovery. Rule: a proxy that gets nothing to
// serve is observed as well, after a time in which the other side has always begun to.

import { type AddressInfo, connect, createServer } from "node:net";
import { comparable } from "./comparable";
import { type Resources, startControlPlane } from "./control-plane";
import { inspectorsOf } from "./counts";
import type { Place } from "./observe";
import { refusalOf, type SideName, startSide } from "./sides";
import { type Config, REFUSED, type Variant } from "./types";
import { startUpstreams } from "./upstreams";
import { isRefused, placed } from "./variants";
import { Wire } from "./wire";

const SERVES_WITHIN_MS = 1500;

const ADMIN: Config = { admin: { address: { socket_address: { address: "127.0.0.1", port_value: 0 } } } };

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

function opens(port: number | undefined): Promise<boolean> {
  if (port === undefined) return Promise.resolve(false);
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
  });
}

export async function observeAlone(name: SideName, variant: Variant, place: Place, index: number): Promise<unknown> {
  const upstreams = await startUpstreams(variant.of.upstreams ?? { app: "http" }, place.material);
  const free = new Map<string, number>();
  for (const each of JSON.stringify(variant.config).matchAll(/"@free:(\w+)"/g))
    free.set(each[1] ?? "", await freePort());
  const fill = (placeholder: string): unknown => {
    const [kind = "", rest = ""] = placeholder.split(":");
    if (kind === "free") return free.get(rest);
    return kind === "pem" ? place.material.pem(rest) : upstreams.ports[placeholder];
  };
  const all = Object.entries(variant.resources ?? {}).map(([kind, byName]) => [
    kind,
    placed(byName as Config, 0, fill),
  ]);
  const control = await startControlPlane(Object.fromEntries(all) as Resources);
  try {
    const bootstrap = placed(
      { ...(variant.of.config["admin"] === undefined ? ADMIN : {}), ...variant.config },
      0,
      (placeholder) => (placeholder === "ads" ? control.port : fill(placeholder)),
    );
    if (isRefused(variant)) return (await refusalOf(name, bootstrap, place.folder, index)) === null ? "taken" : REFUSED;
    const side = await startSide(name, bootstrap, place.folder, false);
    try {
      const until = performance.now() + SERVES_WITHIN_MS;
      const look = async (): Promise<Map<string, number>> => new Map([...free, ...(await side.look())]);
      let ports = await look();
      let isOpen = await opens(ports.get("main"));
      while (!isOpen && performance.now() < until) {
        await new Promise((resolve) => setTimeout(resolve, 25));
        ports = await look();
        isOpen = await opens(ports.get("main"));
      }
      const wire = new Wire(Object.fromEntries(ports), upstreams, place.material, "");
      const seen = isOpen ? await variant.of.run(wire) : "serves nothing";
      wire.close();
      const counts = inspectorsOf(await side.stats());
      const names = [...ports, ...Object.entries(upstreams.ports)].map(([each, port]): [number, string] => [
        port,
        each,
      ]);
      return comparable(
        { seen, control: control.seen(), ...(Object.keys(counts).length > 0 ? { counts } : {}) },
        { ports: new Map(names) },
      );
    } finally {
      await side.stop();
    }
  } finally {
    upstreams.close();
    await control.close();
  }
}
