// /server_info and /listeners in Envoy's forms. Rule: of the command line only what this proxy has.

import type { JsonObject } from "@bufbuild/protobuf";

/** How the process was started. */
export interface CommandLine {
  readonly configPath: string;
  readonly concurrency: number;
  readonly drainMs: number;
}

export interface ServerFacts {
  readonly version: string;
  readonly state: "LIVE" | "DRAINING" | "PRE_INITIALIZING";
  readonly node: { readonly id: string; readonly cluster: string };
  readonly commandLine: CommandLine;
}

export interface ListenerStatus {
  readonly name: string;
  readonly address: string;
  readonly port: number;
}

export function serverInfo({ version, state, node, commandLine }: ServerFacts): JsonObject {
  const uptime = `${Math.floor(process.uptime())}s`;
  return {
    version,
    state,
    uptime_current_epoch: uptime,
    uptime_all_epochs: uptime,
    command_line_options: {
      concurrency: commandLine.concurrency,
      config_path: commandLine.configPath,
      drain_time: `${commandLine.drainMs / 1000}s`,
      mode: "Serve",
    },
    node: { ...node, user_agent_name: "meshwright-proxy" },
  };
}

export const listenersJson = (listeners: readonly ListenerStatus[]): JsonObject => ({
  ...(listeners.length === 0
    ? {}
    : {
        listener_statuses: listeners.map(({ name, address, port }) => ({
          name,
          local_address: { socket_address: { address, port_value: port } },
        })),
      }),
});

export const listenersText = (listeners: readonly ListenerStatus[]): string =>
  listeners
    .map(({ name, address, port }) => `${name}::${address.includes(":") ? `[${address}]` : address}:${port}\n`)
    .join("");
