// Composition root of meshwright-proxy: options -> configuration source -> data plane -> admin -> orderly end.
// Rule: the only place that exits the process, and the only one that turns an unexpected error into words.

import "reflect-metadata";
import nodeCluster from "node:cluster";
import { constants } from "node:os";
import { dirname, resolve } from "node:path";
import { type AdminContext, startAdmin } from "./admin/admin-server";
import { type AdminView, viewOf } from "./admin/view";
import { formatViolation } from "./contract/violations";
import { drain } from "./drain";
import { ProxyError, report } from "./errors";
import { join } from "./join/join";
import { joinUsage, parseJoin } from "./join/join-options";
import { startReporter } from "./join/reporter";
import { DataPlane } from "./listener/data-plane";
import { type Options, parseOptions, usage } from "./options";
import { watchSupervisor } from "./supervisor-watch";
import { version } from "./version";
import { parseWait, waitUntilReady, waitUsage } from "./wait";
import { WORKER_ENV } from "./workers/crew";
import { Fleet } from "./workers/fleet";
import { work } from "./workers/worker";
import { type ConfigConsumer, ConfigurationError, openConfiguration, validateConfiguration } from "./xds";

// A reader of our output that went away must not end the data path.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});

/** What a signal to end does now; until there is something to drain it ends the process, as it would by default. */
let stop = (_name: string, exitCode: number): void => process.exit(exitCode);

let reopenLogs = (): void => {};

/** From the beginning: process 1 of a container has no default action, and would wait for SIGKILL. */
function listenToSignals(): void {
  process.on("SIGTERM", () => stop("SIGTERM", 128 + constants.signals.SIGTERM));
  process.on("SIGINT", () => stop("SIGINT", 128 + constants.signals.SIGINT));
  // Whoever rotates logs may be early, and Node's own answer is to open its debugger.
  process.on("SIGUSR1", () => reopenLogs());
}

async function main(): Promise<void> {
  if (nodeCluster.isWorker && process.env[WORKER_ENV.processes] !== undefined) {
    work({ processes: Number(process.env[WORKER_ENV.processes]), home: process.env[WORKER_ENV.home] ?? null });
    return;
  }
  listenToSignals();
  if (process.argv[2] === "wait") return wait(process.argv.slice(3));
  if (process.argv[2] === "join") return joinAndServe(process.argv.slice(3));
  const options = parseOptions(process.argv.slice(2));
  if (options === "help") process.stdout.write(usage);
  else if (options === "version") process.stdout.write(`${version}\n`);
  else if (options.mode === "validate") await validate(options);
  else await serve(options);
}

async function wait(argv: readonly string[]): Promise<void> {
  const options = parseWait(argv);
  if (options === "help") process.stdout.write(waitUsage);
  else await waitUntilReady(options);
}

async function joinAndServe(argv: readonly string[]): Promise<void> {
  const options = parseJoin(argv);
  if (options === "help") {
    process.stdout.write(joinUsage);
    return;
  }
  const { bootstrapFile: configFile, identityFile } = await join(options);
  const { drainMs, concurrency } = options;
  await serve({ configFile, identityFile, mode: "serve", adminPort: null, drainMs, concurrency });
}

async function validate(options: Options): Promise<void> {
  const violations = await validateConfiguration(options.configFile);
  if (violations.length === 0) {
    process.stdout.write(`configuration "${options.configFile}" OK\n`);
    return;
  }
  throw new ConfigurationError(violations);
}

async function serve(options: Options): Promise<void> {
  const exit = new OrderlyExit(options.drainMs);
  stop = (name) => exit.begin(name, 0);
  const opened = await openConfiguration({
    configFile: options.configFile,
    identityFile: options.identityFile,
    version,
    log: report,
    onFatal: (message, exitCode) => exit.begin(message, exitCode),
  });
  const home = options.identityFile === null ? null : dirname(resolve(options.identityFile));
  const served = options.concurrency === 1 ? serveHere(home) : serveByWorkers(options.concurrency, home);
  exit.served = served;
  reopenLogs = () => served.reopenLogs();
  exit.stopSource = () => opened.source.stop();
  const context: AdminContext = {
    view: served.view,
    ...(served.workers === undefined ? {} : { workers: served.workers }),
    version,
    proxyId: opened.identity?.proxyId ?? opened.node.id,
    nonce: opened.identity?.adminNonce ?? "",
    node: { id: opened.node.id, cluster: opened.node.cluster },
    commandLine: { configPath: options.configFile, concurrency: options.concurrency, drainMs: options.drainMs },
    status: () => opened.source.status(),
    configDump: () => opened.source.configDump(),
    certificate: () => opened.identity?.certificate() ?? null,
    isReady: () => served.isInForce() && !served.view.isFailed,
    drainListeners: (isGraceful) => void served.drain(isGraceful ? options.drainMs : 0),
    quit: () => exit.begin("asked to quit", 0),
  };
  const adminPort = options.adminPort ?? opened.admin?.port;
  if (adminPort !== undefined) {
    const admin = await startAdmin(context, opened.admin?.address ?? "127.0.0.1", adminPort);
    report(`admin on ${opened.admin?.address ?? "127.0.0.1"}:${admin.port}`);
  }
  const { identity } = opened;
  if (identity?.reports)
    exit.stopReporter = startReporter({ ...identity, identity: identity.current, context, log: report });
  process.on("SIGHUP", () => {});
  const { supervisorPid = null, supervisorStart = null } = opened.identity ?? {};
  const pid = supervisorPid ?? (Number(process.env["MESHWRIGHT_SUPERVISOR_PID"] ?? "") || null);
  if (pid !== null) {
    const start = supervisorStart ?? process.env["MESHWRIGHT_SUPERVISOR_START"] ?? null;
    watchSupervisor(pid, start, () => exit.begin("the supervisor is gone", 0));
  }
  await opened.source.start(served.consumer);
  report(
    `ready, listeners ${served
      .ports()
      .map(([name, port]) => `${name}:${port}`)
      .join(" ")}`,
  );
}

/** Who serves: this process, or others. */
interface Served {
  readonly consumer: ConfigConsumer;
  readonly view: AdminView;
  readonly workers?: () => readonly number[];
  isInForce(): boolean;
  ports(): readonly (readonly [string, number])[];
  drain(limitMs: number): Promise<void>;
  reopenLogs(): void;
  /** What is left when nobody is served any more. */
  end(): Promise<void>;
  /** The same at once. */
  endNow(): void;
}

function serveHere(home: string | null): Served {
  const dataPlane = new DataPlane();
  if (home !== null) dataPlane.home = home;
  return {
    consumer: dataPlane,
    view: viewOf(dataPlane),
    isInForce: () => dataPlane.plan !== null,
    ports: () => Array.from(dataPlane.listeners, ([name, { port }]) => [name, port] as const),
    drain: (limitMs) => drain(dataPlane, limitMs),
    reopenLogs: () => dataPlane.reopenLogs(),
    end: () => Promise.resolve(dataPlane.closeLogs()),
    endNow: () => dataPlane.closeLogs(),
  };
}

function serveByWorkers(count: number, home: string | null): Served {
  const fleet = new Fleet(count, home);
  return {
    consumer: fleet,
    view: fleet,
    workers: () => fleet.pids,
    isInForce: () => fleet.isInForce,
    ports: () => fleet.ports,
    drain: (limitMs) => fleet.drain(limitMs),
    reopenLogs: () => fleet.reopenLogs(),
    end: () => fleet.end(),
    // Workers write their logs and end when this process is gone.
    endNow: () => {},
  };
}

class OrderlyExit {
  served: Served | null = null;
  stopSource: (() => Promise<void>) | null = null;
  stopReporter: (() => Promise<void>) | null = null;
  private isLeaving = false;

  constructor(private readonly drainMs: number) {}

  begin(reason: string, exitCode: number): void {
    if (this.isLeaving) {
      this.served?.endNow();
      process.exit(exitCode);
    }
    this.isLeaving = true;
    report(`${reason}: draining`);
    void this.leave(exitCode);
  }

  private async leave(exitCode: number): Promise<void> {
    try {
      await this.served?.drain(this.drainMs);
      await this.stopReporter?.();
      await this.stopSource?.();
    } finally {
      await this.served?.end();
      process.exit(exitCode);
    }
  }
}

function rescue(error: unknown): never {
  if (error instanceof ConfigurationError) {
    for (const violation of error.violations) process.stderr.write(`${formatViolation(violation)}\n`);
    process.exit(1);
  }
  process.stderr.write(`meshwright-proxy: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(error instanceof ProxyError ? error.exitCode : 1);
}

process.on("uncaughtException", (error) => {
  // One broken connection must not take the others with it; what it was is in the log.
  report(`unexpected error, the connection concerned is lost: ${error.stack ?? error.message}`);
});
main().catch(rescue);
