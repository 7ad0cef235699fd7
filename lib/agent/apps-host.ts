// The one child process that hosts demo and echo apps, behind their sidecars. It reads home/agent/apps.json and
// watches that file, so a change needs no restart; an app process left by an earlier agent is adopted.

import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Clock } from "@/lib/clock";
import type { Logger } from "@/lib/observability/logger";
import { writeFileAtomic } from "./atomic-file";
import { isAlive, type ProcessRef, referTo, signal } from "./process-table";
import type { ProxyRecord } from "./proxy-runner";
import { forgetRun, readRun, recordRun } from "./run-files";

const RUN_NAME = "apps";
const RESTART_AFTER_MS = 500;

export interface AppsHostOptions {
  home: string;
  appsEntry: string;
  clock: Clock;
  logger: Logger;
}

export class AppsHost {
  private process: ProcessRef | null;
  private written = "";
  private hasApps = false;
  private nextStartAt = 0;

  constructor(private readonly options: AppsHostOptions) {
    this.process = readRun(options.home, RUN_NAME);
  }

  /** Writes the list of apps that should run: those of proxies that are not being removed. */
  update(records: readonly ProxyRecord[]): void {
    const apps = records.flatMap(({ desired, ports }) => {
      const { app } = desired;
      const isHosted = (app.kind === "demo" || app.kind === "echo") && desired.desired !== "stopped";
      if (!isHosted || ports.app === null) {
        return [];
      }
      const name = app.kind === "demo" ? app.name : desired.workload;
      return [
        {
          proxyKey: desired.proxyKey,
          kind: app.kind,
          name,
          version: desired.version,
          appPort: ports.app,
          outboundPort: ports.outbound,
        },
      ];
    });
    const text = `${JSON.stringify(
      apps.sort((a, b) => (a.proxyKey < b.proxyKey ? -1 : 1)),
      null,
      2,
    )}\n`;
    this.hasApps ||= apps.length > 0;
    if (text !== this.written) {
      writeFileAtomic(join(this.options.home, "agent", "apps.json"), text);
      this.written = text;
    }
  }

  step(): void {
    const now = this.options.clock.now();
    if (!this.hasApps || (this.process && isAlive(this.process)) || now < this.nextStartAt) {
      return;
    }
    this.nextStartAt = now + RESTART_AFTER_MS;
    this.start();
  }

  async stop(limitMs: number): Promise<void> {
    this.hasApps = false;
    const ref = this.process;
    if (ref && signal(ref, "SIGTERM")) {
      const deadline = this.options.clock.now() + limitMs;
      while (isAlive(ref) && this.options.clock.now() < deadline) {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      signal(ref, "SIGKILL");
    }
    forgetRun(this.options.home, RUN_NAME);
  }

  private start(): void {
    const { home, appsEntry, logger } = this.options;
    const logFile = join(home, "logs", "apps.log");
    mkdirSync(dirname(logFile), { recursive: true, mode: 0o700 });
    const log = openSync(logFile, "a", 0o600);
    const child = spawn(process.execPath, [appsEntry], {
      stdio: ["ignore", log, log],
      detached: true,
      env: appEnvironment(home),
    });
    closeSync(log);
    child.on("error", (error) => logger.error({ error: error.message }, "the apps process cannot be started"));
    if (child.pid !== undefined) {
      this.process = referTo(child.pid);
      recordRun(home, RUN_NAME, this.process);
      logger.info({ pid: child.pid }, "started the apps process");
    }
    child.unref();
  }
}

/** Apps are strangers to us: they get what they need and no secret. */
function appEnvironment(home: string): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) =>
      name === "PATH" ||
      name === "HOME" ||
      name.startsWith("MESHWRIGHT_DEMO") ||
      name.startsWith("MESHWRIGHT_SUPERVISOR"),
  );
  return { ...Object.fromEntries(kept), MESHWRIGHT_HOME: home, NODE_ENV: "production" };
}
