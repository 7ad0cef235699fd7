// Composition root of meshwright-proxy: options -> configuration source -> data plane -> admin -> orderly end.
// Rule: the only place that exits the process, and the only one that turns an unexpected error into words.

import "reflect-metadata";
import { dirname, resolve } from "node:path";
import { type AdminContext, startAdmin } from "./admin/admin-server";
import { formatViolation } from "./contract/violations";
import { drain } from "./drain";
import { ProxyError, report } from "./errors";
import { DataPlane } from "./listener/data-plane";
import { type Options, parseOptions, usage } from "./options";
import { watchSupervisor } from "./supervisor-watch";
import { version } from "./version";
import { parseWait, waitUntilReady, waitUsage } from "./wait";
import { ConfigurationError, openConfiguration, validateConfiguration } from "./xds";

// A reader of our output that went away must not end the data path.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});

async function main(): Promise<void> {
  if (process.argv[2] === "wait") return wait(process.argv.slice(3));
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
  const opened = await openConfiguration({
    configFile: options.configFile,
    identityFile: options.identityFile,
    version,
    log: report,
    onFatal: (message, exitCode) => exit.begin(message, exitCode),
  });
  const dataPlane = new DataPlane();
  if (options.identityFile !== null) dataPlane.home = dirname(resolve(options.identityFile));
  exit.dataPlane = dataPlane;
  exit.stopSource = () => opened.source.stop();
  const context: AdminContext = {
    dataPlane,
    version,
    proxyId: opened.identity?.proxyId ?? opened.node.id,
    nonce: opened.identity?.adminNonce ?? "",
    status: () => opened.source.status(),
    configDump: () => opened.source.configDump(),
    certificate: () => opened.identity?.certificate() ?? null,
    isReady: () => dataPlane.plan !== null && !dataPlane.isFailed,
    drainListeners: (isGraceful) => void drain(dataPlane, isGraceful ? options.drainMs : 0),
    quit: () => exit.begin("asked to quit", 0),
  };
  const adminPort = options.adminPort ?? opened.admin?.port;
  if (adminPort !== undefined) {
    const admin = await startAdmin(context, opened.admin?.address ?? "127.0.0.1", adminPort);
    report(`admin on ${opened.admin?.address ?? "127.0.0.1"}:${admin.port}`);
  }
  process.on("SIGTERM", () => exit.begin("SIGTERM", 0));
  process.on("SIGINT", () => exit.begin("SIGINT", 0));
  process.on("SIGHUP", () => {});
  process.on("SIGUSR1", () => dataPlane.reopenLogs());
  const { supervisorPid = null, supervisorStart = null } = opened.identity ?? {};
  const pid = supervisorPid ?? (Number(process.env["MESHWRIGHT_SUPERVISOR_PID"] ?? "") || null);
  if (pid !== null) {
    const start = supervisorStart ?? process.env["MESHWRIGHT_SUPERVISOR_START"] ?? null;
    watchSupervisor(pid, start, () => exit.begin("the supervisor is gone", 0));
  }
  await opened.source.start(dataPlane);
  const ports = [...dataPlane.listeners].map(([name, listener]) => `${name}:${listener.port}`);
  report(`ready, listeners ${ports.join(" ")}`);
}

class OrderlyExit {
  dataPlane: DataPlane | null = null;
  stopSource: (() => Promise<void>) | null = null;
  private isLeaving = false;

  constructor(private readonly drainMs: number) {}

  begin(reason: string, exitCode: number): void {
    if (this.isLeaving) {
      this.dataPlane?.closeLogs();
      process.exit(exitCode);
    }
    this.isLeaving = true;
    report(`${reason}: draining`);
    void this.leave(exitCode);
  }

  private async leave(exitCode: number): Promise<void> {
    try {
      if (this.dataPlane !== null) await drain(this.dataPlane, this.drainMs);
      await this.stopSource?.();
    } finally {
      this.dataPlane?.closeLogs();
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
