// Command line of `meshwright-proxy join`. Rule: the first time everything that cannot be guessed safely must be said; later the state says it.

import { readFileSync } from "node:fs";
import { isIP } from "node:net";
import { parseArgs } from "node:util";
import { ProxyError } from "../errors";
import { fingerprintOf } from "./fingerprint";

const MAX_PROCESSES = 64;
const MAX_TOKEN_BYTES = 200;
/** Istio's ports for a sidecar's inbound, outbound and admin. */
const DEFAULT_PORTS = { inbound: 15006, outbound: 15001, admin: 15000 };

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

export interface Workload {
  readonly namespace: string;
  readonly name: string;
}

/** By what the control plane is known before there is a trust bundle. */
export type Pin = { readonly fingerprint: string } | { readonly caPem: string };

/** What is needed to join; what was not said is null. */
export interface JoinOptions {
  readonly stateFolder: string;
  readonly controlPlane: HostPort | null;
  readonly workload: Workload | null;
  readonly token: string | null;
  readonly pin: Pin | null;
  /** null: that of the connection to the control plane. */
  readonly address: string | null;
  readonly ports: { readonly inbound: number; readonly outbound: number; readonly admin: number };
  readonly app: HostPort | null;
  readonly drainMs: number;
  readonly concurrency: number;
}

export const joinUsage = `meshwright-proxy join --control-plane HOST:PORT --workload NAMESPACE/NAME --token TOKEN
                      (--ca-fingerprint sha256:HEX | --ca FILE) [--app-port N] [options]
meshwright-proxy join --state DIR           again, after the first time

Makes this machine an instance of a workload of the mesh, and serves as its sidecar. The join token is made in Meshwright
(Proxies & identity, or \`meshwright join-token\`); it lets one machine join, once. The key never leaves the state folder.

  --control-plane HOST:PORT  enrollment port of the control plane
  --workload NAMESPACE/NAME  the workload that runs here
  --token TOKEN              join token; needed once
  --token-file FILE          the same from a file: an argument can be read by everybody on this machine
  --ca-fingerprint sha256:HEX  SHA-256 of the mesh's root certificate
  --ca FILE                  or that certificate itself (PEM)
  --app-port N               where the app listens; not needed for a workload that only calls
  --app-host HOST            host of the app (127.0.0.1)
  --address IP               where other proxies reach this machine (the address from which it reaches the control plane)
  --inbound-port N           calls from other proxies (${DEFAULT_PORTS.inbound})
  --outbound-port N          calls of the app, on 127.0.0.1 (${DEFAULT_PORTS.outbound})
  --admin-port N             admin interface, on 127.0.0.1 (${DEFAULT_PORTS.admin})
  --state DIR                key, certificate, configuration (.meshwright-proxy)
  --concurrency N            processes that serve (1)
  --drain-time-ms N          longest time to finish requests after SIGTERM (5000)

Exit codes: 1 not joined or failed (the reason is on stderr), 2 the command line is not understood, 75 a new join token is
needed, 77 the identity was revoked.
`;

export function parseJoin(argv: readonly string[]): JoinOptions | "help" {
  const values = parse(argv);
  if (values.help) return "help";
  const named = (name: keyof typeof values): string | null => (values[name] as string | undefined) ?? null;
  const controlPlane = named("control-plane");
  const workload = named("workload");
  const address = named("address");
  if (address !== null && isIP(address) === 0)
    throw refuse(`--address is an IP address of this machine, not "${address}".`);
  const appPort = named("app-port");
  if (appPort === null && named("app-host") !== null) throw refuse("--app-host needs --app-port.");
  return {
    stateFolder: named("state") ?? ".meshwright-proxy",
    controlPlane: controlPlane === null ? null : readHostPort(controlPlane),
    workload: workload === null ? null : readWorkload(workload),
    token: readToken(named("token"), named("token-file")),
    pin: readPin(named("ca-fingerprint"), named("ca")),
    address,
    ports: {
      inbound: port("--inbound-port", named("inbound-port") ?? String(DEFAULT_PORTS.inbound)),
      outbound: port("--outbound-port", named("outbound-port") ?? String(DEFAULT_PORTS.outbound)),
      admin: port("--admin-port", named("admin-port") ?? String(DEFAULT_PORTS.admin)),
    },
    app: appPort === null ? null : { host: named("app-host") ?? "127.0.0.1", port: port("--app-port", appPort) },
    drainMs: wholeNumber("--drain-time-ms", named("drain-time-ms") ?? "5000", 0, 3_600_000),
    concurrency: wholeNumber("--concurrency", named("concurrency") ?? "1", 1, MAX_PROCESSES),
  };
}

function parse(argv: readonly string[]) {
  const text = { type: "string" } as const;
  try {
    return parseArgs({
      args: [...argv],
      options: {
        "control-plane": text,
        workload: text,
        token: text,
        "token-file": text,
        "ca-fingerprint": text,
        ca: text,
        "app-port": text,
        "app-host": text,
        address: text,
        "inbound-port": text,
        "outbound-port": text,
        "admin-port": text,
        state: text,
        concurrency: text,
        "drain-time-ms": text,
        help: { type: "boolean", short: "h" },
      },
    }).values;
  } catch (error) {
    throw refuse(error instanceof Error ? error.message : String(error));
  }
}

export function refuse(message: string): ProxyError {
  return new ProxyError("usage", `${message}\n\nRun \`meshwright-proxy join --help\` for all options.`, 2);
}

/** `HOST:PORT`, an IPv6 address in brackets. */
function readHostPort(text: string): HostPort {
  const [, bracketed, plain, digits] = /^(?:\[([0-9a-f:.]+)\]|([^:/\s[\]]+)):(\d{1,5})$/i.exec(text) ?? [];
  const host = bracketed ?? plain;
  if (host === undefined) throw refuse(`--control-plane is HOST:PORT, not "${text}".`);
  return { host, port: port("--control-plane", digits ?? "") };
}

function readWorkload(text: string): Workload {
  const [, namespace, name] = /^([a-z0-9-]{1,63})\/([a-z0-9.-]{1,253})$/.exec(text) ?? [];
  if (namespace === undefined || name === undefined) throw refuse(`--workload is NAMESPACE/NAME, not "${text}".`);
  return { namespace, name };
}

function readToken(given: string | null, file: string | null): string | null {
  if (given !== null && file !== null) throw refuse("Give either --token or --token-file.");
  const token = file === null ? given : readText("--token-file", file).trim();
  if (token !== null && (token === "" || token.length > MAX_TOKEN_BYTES)) throw refuse("This is no join token.");
  return token;
}

function readPin(fingerprint: string | null, file: string | null): Pin | null {
  if (fingerprint !== null && file !== null) throw refuse("Give either --ca-fingerprint or --ca.");
  if (file !== null) {
    const caPem = readText("--ca", file);
    if (!caPem.includes("-----BEGIN CERTIFICATE-----")) throw refuse(`--ca ${file} has no certificate in PEM.`);
    return { caPem };
  }
  if (fingerprint === null) return null;
  const read = fingerprintOf(fingerprint);
  if (read === null) throw refuse("--ca-fingerprint is sha256: and 64 hexadecimal digits.");
  return { fingerprint: read };
}

function readText(option: string, path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw refuse(`${option} ${path} cannot be read (${(error as Error).message}).`);
  }
}

const port = (name: string, text: string): number => wholeNumber(name, text, 1, 65_535);

function wholeNumber(name: string, text: string, min: number, max: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= min && value <= max)) throw refuse(`${name} is a whole number from ${min} to ${max}, not "${text}".`);
  return value;
}
