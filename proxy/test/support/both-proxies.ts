// One static configuration on our proxy, and on Envoy where ENVOY_BIN names it. Rule: a case says what it expects as it was
// seen on Envoy, so that it also means something where there is none.

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { vi } from "vitest";
import { type AdminContext, startAdmin } from "../../src/admin/admin-server";
import { viewOf } from "../../src/admin/view";
import { DataPlane } from "../../src/listener/data-plane";
import type { SocketAddress } from "../../src/plan/types";
import { openConfiguration } from "../../src/xds";
import type { ConfigSource } from "../../src/xds/config-source";
import { envoyArguments, envoyBinary } from "./envoy";
import { onCleanUp, portOf } from "./network";

export const envoy = envoyBinary;

export type ProxyKind = "meshwright" | "envoy";
export const kinds: readonly ProxyKind[] = envoy ? ["meshwright", "envoy"] : ["meshwright"];

/** Starts a proxy of `kind` with the bootstrap that `configure` writes for a free port; resolves to the port. */
export async function startConfigured(kind: ProxyKind, configure: (port: number) => string): Promise<number> {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), "meshwright-both-"));
  const file = join(folder, "bootstrap.yaml");
  writeFileSync(file, configure(port));
  onCleanUp(() => rmSync(folder, { recursive: true, force: true }));
  if (kind === "envoy") await startEnvoy(file, port);
  else await startOurs(file);
  return port;
}

async function startOurs(configFile: string): Promise<void> {
  const onFatal = (message: string): void => {
    throw new Error(message);
  };
  const opened = await openConfiguration({ configFile, identityFile: null, version: "test", log: () => {}, onFatal });
  const dataPlane = new DataPlane();
  await opened.source.start(dataPlane);
  onCleanUp(async () => {
    await opened.source.stop();
    for (const listener of dataPlane.listeners.values()) listener.destroy();
    for (const cluster of dataPlane.clusters.values()) cluster.close();
    dataPlane.closeLogs();
  });
  if (opened.admin) await startOurAdmin(dataPlane, opened.source, opened.admin);
}

/** Where the configuration asks for it: health checks are told to fail there. */
async function startOurAdmin(dataPlane: DataPlane, source: ConfigSource, at: SocketAddress): Promise<void> {
  const context: AdminContext = {
    view: viewOf(dataPlane),
    version: "test",
    proxyId: "both",
    nonce: "",
    node: { id: "both", cluster: "both" },
    commandLine: { configPath: "", concurrency: 1, drainMs: 0 },
    status: () => source.status(),
    configDump: () => source.configDump(),
    certificate: () => null,
    isReady: () => !dataPlane.isFailed,
    drainListeners: () => {},
    quit: () => {},
  };
  const { server } = await startAdmin(context, at.address, at.port);
  onCleanUp(() => void server.close());
}

async function startEnvoy(file: string, port: number): Promise<void> {
  const child: ChildProcess = spawn(envoy ?? "", envoyArguments(file), { stdio: ["ignore", "inherit", "inherit"] });
  onCleanUp(async () => {
    child.kill("SIGKILL");
    await new Promise((resolve) => child.once("exit", resolve));
  });
  await vi.waitFor(() => tryOpen(port), { timeout: 20_000, interval: 100 });
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const port = portOf(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function tryOpen(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve();
    });
    socket.once("error", reject);
  });
}

const TYPES = "type.googleapis.com/envoy.extensions";

/** A filter of the list, or what a route says otherwise about it. */
export const typed = (type: string, value: object = {}) => ({ "@type": `${TYPES}.filters.http.${type}`, ...value });
export const filter = (name: string, type: string, value: object = {}) => ({ name, typed_config: typed(type, value) });
export const ROUTER = filter("router", "router.v3.Router");

/** A listener that writes one line of this format per request. */
export const logging = (path: string, format: string) => ({
  access_log: [
    {
      name: "file",
      typed_config: {
        "@type": `${TYPES}.access_loggers.file.v3.FileAccessLog`,
        path,
        log_format: { text_format_source: { inline_string: `${format}\n` } },
      },
    },
  ],
});

/** A bootstrap with one plain listener, these routes, and clusters that speak what they say. */
export function bootstrapOf(
  port: number,
  routes: readonly object[],
  clusters: Readonly<
    Record<
      string,
      {
        readonly port: number;
        readonly options: object;
        readonly transport_socket?: object;
        readonly upstream_connection_options?: object;
      }
    >
  >,
  listener: object = {},
): string {
  const manager = {
    "@type": `${TYPES}.filters.network.http_connection_manager.v3.HttpConnectionManager`,
    stat_prefix: "main",
    codec_type: "AUTO",
    http_filters: [ROUTER],
    route_config: { virtual_hosts: [{ name: "all", domains: ["*"], routes }] },
    ...listener,
  };
  const address = (at: number) => ({ socket_address: { address: "127.0.0.1", port_value: at } });
  return JSON.stringify({
    node: { id: "both", cluster: "both" },
    static_resources: {
      listeners: [
        {
          name: "main",
          address: address(port),
          filter_chains: [{ filters: [{ name: "http", typed_config: manager }] }],
        },
      ],
      clusters: Object.entries(clusters).map(([name, { port: at, options, ...more }]) => ({
        ...more,
        name,
        type: "STATIC",
        load_assignment: {
          cluster_name: name,
          endpoints: [{ lb_endpoints: [{ endpoint: { address: address(at) } }] }],
        },
        typed_extension_protocol_options: {
          "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
            "@type": `${TYPES}.upstreams.http.v3.HttpProtocolOptions`,
            explicit_http_config: options,
          },
        },
      })),
    },
  });
}
