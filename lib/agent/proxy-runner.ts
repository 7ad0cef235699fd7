// One sidecar on this machine: adopted if it is already running, started if not, restarted when it dies, drained and
// removed when retired. Proxies are detached: they outlive this process, which finds them again by pid, start time
// and the nonce their admin port answers with.
// One rule: never two processes for one proxy. Who cannot be told to be ours is neither signalled nor replaced blindly.

import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { closeSync, openSync, statSync, truncateSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "@/lib/clock";
import type { Logger } from "@/lib/observability/logger";
import { callAdmin } from "./admin-client";
import { isAlive, type ProcessRef, ResourceMeter, referTo, signal } from "./process-table";
import type { DesiredProxy, ProxyPorts, ProxyReport } from "./protocol";
import {
  hasValidCertificate,
  openProxyHome,
  type ProxyHome,
  removeProxyHome,
  type SupervisorRef,
  writeProxyFiles,
} from "./proxy-home";
import { forgetRun, recordRun } from "./run-files";

/** What the agent keeps on disk of one proxy. */
export interface ProxyRecord {
  desired: DesiredProxy;
  folder: string;
  ports: ProxyPorts;
  adminNonce: string;
  process: ProcessRef | null;
  restarts: number;
  /** Where the process was told that the control plane is; absent in what older agents stored. */
  controlPlane?: string | undefined;
}

const controlPlaneOf = ({ adsUrl, enrollUrl }: DesiredProxy): string => `${adsUrl} ${enrollUrl}`;

export interface RunnerContext {
  home: string;
  proxyEntry: string;
  supervisor: SupervisorRef | null;
  clock: Clock;
  logger: Logger;
  requestJoinToken(proxyRowId: string): Promise<string>;
  onChange(): void;
}

const BACKOFF_MS = [0, 250, 1_000, 2_000, 5_000, 10_000] as const;
const STABLE_AFTER_MS = 30_000;
const DRAIN_LIMIT_MS = 5_000;
const LOG_LIMIT_BYTES = 20_000_000;
/** What the proxy exits with when it needs a new join token (EX_TEMPFAIL of sysexits.h). */
const EXIT_NEEDS_TOKEN = 75;
/** Its identity was revoked (EX_NOPERM): it starts again with a new key, if the control plane still wants it to run. */
const EXIT_DENIED = 77;
// As its own command gives them: docs/decisions/memory.md; a test holds them together.
export const NODE_FLAGS = [
  "--max-semi-space-size=4",
  "--single-threaded-gc",
  "--v8-pool-size=1",
  "--max-inlined-bytecode-size=2000",
  "--max-inlined-bytecode-size-cumulative=4000",
  "--no-memory-reducer",
  "--initial-old-space-size=24",
  "--heap-growing-percent=30",
  "--no-warnings",
];

export class ProxyRunner {
  private state: ProxyReport["state"] = "waiting";
  private message: string | null = null;
  private meter: ResourceMeter | null = null;
  private startedAt = 0;
  private failures = 0;
  private nextStartAt = 0;
  private needsToken = false;
  private isBusy = false;
  private isAbandoned = false;
  private isReplacing = false;
  private drainStartedAt: number | null = null;
  private readonly homeFolder: ProxyHome;

  constructor(
    readonly record: ProxyRecord,
    private readonly context: RunnerContext,
  ) {
    this.homeFolder = openProxyHome(join(context.home, "proxies"), record.folder);
  }

  get isGone(): boolean {
    return this.state === "stopped";
  }

  report(): ProxyReport {
    const { desired, ports, restarts, process } = this.record;
    return {
      proxyRowId: desired.proxyRowId,
      state: this.state,
      message: this.message,
      pid: process?.pid ?? null,
      restarts,
      ports,
      resources: this.meter?.read(this.context.clock.now()) ?? null,
    };
  }

  /** Brings the process one step nearer to what is desired. Called every tick; overlapping calls do nothing. */
  async step(): Promise<void> {
    if (this.isBusy || this.isGone) {
      return;
    }
    this.isBusy = true;
    try {
      if (this.record.desired.desired === "running") {
        await this.keepRunning();
      } else {
        await this.windDown();
      }
    } finally {
      this.isBusy = false;
    }
  }

  /** Ends the process in order for a stop of the whole installation; the identity stays for the next start. */
  async stop(limitMs: number): Promise<void> {
    this.isAbandoned = true;
    this.isBusy = true;
    await this.endProcess(limitMs);
  }

  /** Looks after the process no more, and leaves it running. */
  abandon(): void {
    this.isAbandoned = true;
    this.isBusy = true;
  }

  private async keepRunning(): Promise<void> {
    const { process, controlPlane, desired } = this.record;
    if (process && isAlive(process)) {
      if ((controlPlane ?? controlPlaneOf(desired)) !== controlPlaneOf(desired)) {
        await this.endMisled();
      } else {
        if (this.state !== "running") {
          await this.adopt(process);
        }
        return;
      }
    } else if (process) {
      this.noteExit("the process is gone");
    }
    if (this.context.clock.now() >= this.nextStartAt) {
      await this.start();
    }
  }

  /** The control plane moved (`--mesh-address`, another port): a process learns where it is only as it starts. */
  private async endMisled(): Promise<void> {
    this.setState("waiting", "the control plane has another address: it is started again");
    this.isReplacing = true;
    await this.endProcess(DRAIN_LIMIT_MS);
    this.isReplacing = false;
  }

  private async adopt(ref: ProcessRef): Promise<void> {
    const nonce = await this.readNonce();
    if (nonce !== this.record.adminNonce) {
      // Alive by pid and start time, but it does not answer (yet): it is ours to watch, not to replace.
      this.setState("waiting", `process ${ref.pid} does not answer on admin port ${this.record.ports.admin}`);
      return;
    }
    this.meter = new ResourceMeter(ref.pid);
    this.startedAt = this.context.clock.now();
    this.setState("running", null);
    this.context.logger.info({ proxy: this.record.desired.proxyKey, pid: ref.pid }, "adopted a running proxy");
  }

  private async readNonce(): Promise<string | null> {
    try {
      const { body } = await callAdmin("127.0.0.1", this.record.ports.admin, "/meshwright/status");
      const status: unknown = JSON.parse(body);
      return typeof status === "object" && status !== null && "nonce" in status ? String(status.nonce) : null;
    } catch {
      return null;
    }
  }

  private async start(): Promise<void> {
    let joinToken: string | null = null;
    if (this.needsToken || !hasValidCertificate(this.homeFolder, this.context.clock.now())) {
      try {
        joinToken = await this.context.requestJoinToken(this.record.desired.proxyRowId);
      } catch (error) {
        this.setState("waiting", `waiting for a join token: ${error instanceof Error ? error.message : String(error)}`);
        this.nextStartAt = this.context.clock.now() + 500;
        return;
      }
    }
    this.needsToken = false;
    this.record.adminNonce = randomBytes(16).toString("hex");
    const { adminNonce } = this.record;
    writeProxyFiles(this.homeFolder, this.record.desired, this.record.ports, {
      joinToken,
      adminNonce,
      supervisor: this.context.supervisor,
    });
    this.launch();
  }

  private launch(): void {
    const { bootstrapFile, identityFile, logFile, folder } = this.homeFolder;
    trimLog(logFile);
    const log = openSync(logFile, "a", 0o600);
    const child = spawn(
      process.execPath,
      [...NODE_FLAGS, this.context.proxyEntry, "-c", bootstrapFile, "--identity", identityFile],
      {
        cwd: folder,
        detached: true,
        stdio: ["ignore", log, log],
        env: { PATH: process.env.PATH, HOME: process.env.HOME, NODE_ENV: "production" }, // no secret of ours
      },
    );
    closeSync(log);
    child.on("error", (error) => this.noteExit(`it cannot be started: ${error.message}`));
    if (child.pid === undefined) {
      return;
    }
    this.record.process = referTo(child.pid);
    this.record.controlPlane = controlPlaneOf(this.record.desired);
    this.meter = new ResourceMeter(child.pid);
    this.startedAt = this.context.clock.now();
    recordRun(this.context.home, this.runName, this.record.process);
    this.watch(child, child.pid);
    child.unref();
    this.context.logger.info({ proxy: this.record.desired.proxyKey, pid: child.pid }, "started a proxy");
    this.setState("running", null);
  }

  private watch(child: ChildProcess, pid: number): void {
    child.once("exit", (code, signalName) => {
      if (this.record.process?.pid === pid && !this.isAbandoned && !this.isReplacing) {
        this.needsToken ||= code === EXIT_NEEDS_TOKEN || code === EXIT_DENIED;
        this.noteExit(signalName ? `ended by ${signalName}` : `exited with code ${code}`);
        void this.step();
      }
    });
  }

  private noteExit(reason: string): void {
    const now = this.context.clock.now();
    this.failures = now - this.startedAt > STABLE_AFTER_MS ? 0 : this.failures;
    const delayMs = BACKOFF_MS[Math.min(this.failures, BACKOFF_MS.length - 1)] ?? 0;
    this.failures += 1;
    this.nextStartAt = now + delayMs;
    this.record.process = null;
    this.record.restarts += 1;
    this.meter = null;
    forgetRun(this.context.home, this.runName);
    this.context.logger.warn({ proxy: this.record.desired.proxyKey, reason, delayMs }, "a proxy ended");
    if (this.record.desired.desired === "running") {
      this.setState("crashed", `${reason}; its log is ${this.homeFolder.logFile}`);
    }
  }

  private async windDown(): Promise<void> {
    if (this.drainStartedAt === null) {
      this.drainStartedAt = this.context.clock.now();
      this.setState("stopping", null);
      await callAdmin("127.0.0.1", this.record.ports.admin, "/drain_listeners?graceful", { method: "POST" }).catch(
        () => undefined,
      );
    }
    if (this.record.desired.desired === "stopped") {
      await this.endProcess(DRAIN_LIMIT_MS);
      removeProxyHome(this.homeFolder, join(this.context.home, "logs", `${this.runName}.log`));
      this.setState("stopped", null);
      this.context.logger.info({ proxy: this.record.desired.proxyKey }, "removed a proxy and its identity");
    }
  }

  private async endProcess(limitMs: number): Promise<void> {
    const ref = this.record.process;
    if (ref && signal(ref, "SIGTERM")) {
      const deadline = this.context.clock.now() + limitMs;
      while (isAlive(ref) && this.context.clock.now() < deadline) {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      signal(ref, "SIGKILL");
    }
    this.record.process = null;
    forgetRun(this.context.home, this.runName);
  }

  private get runName(): string {
    return `proxy-${this.record.folder}`;
  }

  private setState(state: ProxyReport["state"], message: string | null): void {
    if (state !== this.state || message !== this.message) {
      this.state = state;
      this.message = message;
      this.context.onChange();
    }
  }
}

function trimLog(path: string): void {
  try {
    if (statSync(path).size > LOG_LIMIT_BYTES) {
      truncateSync(path);
    }
  } catch {
    // not there yet
  }
}
