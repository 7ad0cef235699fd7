// Command line of the proxy. Rule: an argument that is not understood is refused with what would be.

import { parseArgs } from "node:util";
import { ProxyError } from "./errors";

const MAX_PROCESSES = 64;

export interface Options {
  readonly configFile: string;
  readonly identityFile: string | null;
  readonly mode: "serve" | "validate";
  readonly adminPort: number | null;
  readonly drainMs: number;
  /** Processes that serve. */
  readonly concurrency: number;
}

export const usage = `meshwright-proxy -c FILE.{yaml,json} [--mode serve|validate] [--identity FILE] [--admin-port N] [--drain-time-ms N] [--concurrency N] [--version]

  -c, --config-path FILE   Envoy v3 bootstrap (static or ADS)
  --mode validate          check FILE, print each refused field with its path, exit 1 when there is one
  --identity FILE          meshwright.json beside an ADS bootstrap
  --admin-port N           overrides the bootstrap's admin port (0: any)
  --concurrency N          processes that serve (1); with more than one, each has its part of the limits
  --drain-time-ms N        longest time to finish requests after SIGTERM (5000)

meshwright-proxy join --help: let this machine join a mesh as an instance of a workload
meshwright-proxy wait --help: block until a running proxy is ready
`;

export function parseOptions(argv: readonly string[]): Options | "help" | "version" {
  const { values } = parse(argv);
  if (values.help) return "help";
  if (values.version) return "version";
  const configFile = values["config-path"];
  if (configFile === undefined) throw new ProxyError("usage", `Name a configuration with -c FILE.\n\n${usage}`, 2);
  const mode = values.mode ?? "serve";
  if (mode !== "serve" && mode !== "validate")
    throw new ProxyError("usage", `--mode is "serve" or "validate", not "${mode}".`, 2);
  return {
    configFile,
    identityFile: values.identity ?? null,
    mode,
    adminPort: values["admin-port"] === undefined ? null : wholeNumber("--admin-port", values["admin-port"], 65535),
    concurrency: Math.max(1, wholeNumber("--concurrency", values.concurrency ?? "1", MAX_PROCESSES)),
    drainMs: wholeNumber("--drain-time-ms", values["drain-time-ms"] ?? "5000", 3_600_000),
  };
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: {
        "config-path": { type: "string", short: "c" },
        identity: { type: "string" },
        mode: { type: "string" },
        "admin-port": { type: "string" },
        "drain-time-ms": { type: "string" },
        concurrency: { type: "string" },
        version: { type: "boolean" },
        help: { type: "boolean", short: "h" },
      },
    });
  } catch (error) {
    throw new ProxyError("usage", `${error instanceof Error ? error.message : String(error)}\n\n${usage}`, 2);
  }
}

function wholeNumber(name: string, text: string, max: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0 || value > max) {
    throw new ProxyError("usage", `${name} is a whole number from 0 to ${max}, not "${text}".`, 2);
  }
  return value;
}
