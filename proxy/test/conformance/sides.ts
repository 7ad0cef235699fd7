// Our proxy in this process and Envoy as a child, with one bootstrap. Rule: a side is ready when it serves, says its ports by
// the names of its listeners, and is ended by its handle.

import { type ChildProcess, execFile, spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type AdminContext, startAdmin } from "../../src/admin/admin-server";
import { viewOf } from "../../src/admin/view";
import { drain } from "../../src/drain";
import { DataPlane } from "../../src/listener/data-plane";
import { type OpenedConfiguration, openConfiguration, validateConfiguration } from "../../src/xds";
import { envoyArguments, envoyBinary } from "../support/envoy";
import type { Config } from "./types";

export type SideName = "envoy" | "ours";

export interface Side {
  readonly name: SideName;
  /** By listener. */
  readonly ports: ReadonlyMap<string, number>;
  /** The same, now. */
  look(): Promise<ReadonlyMap<string, number>>;
  /** What it has counted and is not 0, by Envoy's names. */
  stats(): Promise<readonly Stat[]>;
  stop(): Promise<void>;
}

interface Stat {
  readonly name: string;
  readonly value: number;
}

async function statsAt(admin: string): Promise<readonly Stat[]> {
  const answer = await fetch(`http://${admin}/stats?usedonly&format=json`);
  const { stats = [] } = (await answer.json()) as { stats?: Stat[] };
  return stats;
}

export function bootstrapOf(parts: Config): Config {
  const address = { socket_address: { address: "127.0.0.1", port_value: 0 } };
  return { node: { id: "conformance", cluster: "conformance" }, admin: { address }, static_resources: parts };
}

let started = 0;

/** @param waits until it serves; else until it runs */
export function startSide(name: SideName, bootstrap: Config, folder: string, waits = true): Promise<Side> {
  const file = join(folder, `${name}-${started++}.json`);
  writeFileSync(file, JSON.stringify(bootstrap));
  return name === "envoy" ? startEnvoy(file, waits) : startOurs(file, waits);
}

/** Does it take the configuration? Else: why not. */
export async function refusalOf(
  name: SideName,
  bootstrap: Config,
  folder: string,
  index: number,
): Promise<string | null> {
  const file = join(folder, `${name}-validate-${index}.json`);
  writeFileSync(file, JSON.stringify(bootstrap));
  if (name === "ours") {
    const violations = await validateConfiguration(file);
    return violations.length === 0 ? null : violations.map(({ path, message }) => `${path}: ${message}`).join("; ");
  }
  return new Promise((resolve) => {
    execFile(envoyBinary ?? "", ["--mode", "validate", "-c", file, "-l", "critical"], (error, _out, err) =>
      resolve(error ? err.trim().slice(0, 600) || error.message : null),
    );
  });
}

async function startOurs(file: string, waits: boolean): Promise<Side> {
  const onFatal = (message: string): void => {
    throw new Error(message);
  };
  const opened = await openConfiguration({
    configFile: file,
    identityFile: null,
    version: "test",
    log: () => {},
    onFatal,
  });
  const dataPlane = new DataPlane();
  const admin = opened.admin
    ? await startAdmin(adminContext(dataPlane, opened), opened.admin.address, opened.admin.port)
    : null;
  const starting = opened.source.start(dataPlane);
  if (waits) await starting;
  else starting.catch(() => {});
  const ports = (): Map<string, number> => new Map([...dataPlane.listeners].map(([name, { port }]) => [name, port]));
  const stop = async (): Promise<void> => {
    admin?.server.close();
    admin?.server.closeAllConnections();
    await opened.source.stop();
    await drain(dataPlane, 0);
    dataPlane.closeLogs();
  };
  const stats = (): Promise<readonly Stat[]> =>
    admin === null ? Promise.resolve([]) : statsAt(`127.0.0.1:${admin.port}`);
  return { name: "ours", ports: ports(), look: () => Promise.resolve(ports()), stats, stop };
}

const adminContext = (dataPlane: DataPlane, { source }: OpenedConfiguration): AdminContext => ({
  view: viewOf(dataPlane),
  version: "test",
  proxyId: "test",
  nonce: "",
  node: { id: "test", cluster: "test" },
  commandLine: { configPath: "", concurrency: 1, drainMs: 0 },
  status: () => source.status(),
  configDump: () => source.configDump(),
  certificate: () => null,
  isReady: () => dataPlane.plan !== null,
  drainListeners: () => {},
  quit: () => {},
});

const START_LIMIT_MS = 90_000;

async function startEnvoy(file: string, waits: boolean): Promise<Side> {
  const adminFile = `${file}.admin`;
  const child = spawn(envoyBinary ?? "", [...envoyArguments(file), "--admin-address-path", adminFile], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-4000);
  });
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const stop = async (): Promise<void> => {
    child.kill("SIGKILL");
    await exited;
  };
  const look = (): Promise<Map<string, number> | null> =>
    existsSync(adminFile) ? listenersOf(readFileSync(adminFile, "utf8"), waits) : Promise.resolve(null);
  const until = performance.now() + START_LIMIT_MS;
  // Without an admin interface nothing says where it listens: the case knows.
  const isMute =
    (JSON.parse(readFileSync(file, "utf8")) as { admin?: { address?: unknown } }).admin?.address === undefined;
  if (isMute)
    return {
      name: "envoy",
      ports: new Map(),
      look: () => Promise.resolve(new Map()),
      stats: () => Promise.resolve([]),
      stop,
    };
  while (performance.now() < until && child.exitCode === null) {
    const ports = await look();
    if (ports !== null) {
      const stats = (): Promise<readonly Stat[]> => statsAt(readFileSync(adminFile, "utf8"));
      return { name: "envoy", ports, look: async () => (await look()) ?? new Map(), stats, stop };
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await endOf(child, exited);
  throw new Error(`Envoy did not start: ${said}`);
}

async function endOf(child: ChildProcess, exited: Promise<void>): Promise<void> {
  if (child.exitCode === null) child.kill("SIGKILL");
  await exited;
}

/** null until Envoy is ready. */
async function listenersOf(admin: string, waits: boolean): Promise<Map<string, number> | null> {
  try {
    if (waits && !(await fetch(`http://${admin}/ready`)).ok) return null;
    const answer = await fetch(`http://${admin}/listeners?format=json`);
    const { listener_statuses: all = [] } = (await answer.json()) as {
      listener_statuses?: { name: string; local_address: { socket_address: { port_value: number } } }[];
    };
    return new Map(all.map(({ name, local_address }) => [name, local_address.socket_address.port_value]));
  } catch {
    return null;
  }
}
