// One machine's agent: asks the control plane what should run here, makes it so, and says what does.
// It keeps what it was last told in home/agent/agent.json, so that it can look after proxies while the control plane
// is away. One rule: a proxy that is not mentioned any more is stopped only after the control plane was heard.

import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import type { Clock } from "@/lib/clock";
import type { Logger } from "@/lib/observability/logger";
import { ADMIN_HOST } from "./admin-client";
import { AppsHost } from "./apps-host";
import { readJsonFile, writeFileAtomic } from "./atomic-file";
import { ControlClient } from "./control-client";
import { PortAllocator } from "./ports";
import { ResourceMeter } from "./process-table";
import { type DesiredProxy, desiredProxySchema, type ProxyPorts, portsSchema } from "./protocol";
import { folderNameOf, type SupervisorRef } from "./proxy-home";
import { type ProxyRecord, ProxyRunner } from "./proxy-runner";

/** How soon the death of a proxy that an earlier agent started is noticed; of its own children it hears at once. */
const TICK_MS = 100;
const REPORT_MS = 5_000;
const RETRY_MS = 500;

const recordSchema = z.object({
  desired: desiredProxySchema,
  folder: z.string(),
  ports: portsSchema,
  adminNonce: z.string(),
  process: z.object({ pid: z.number().int(), startTime: z.string().nullable() }).nullable(),
  restarts: z.number().int(),
  controlPlane: z.string().optional(),
});
const stateSchema = z.object({ id: z.string(), proxies: z.array(recordSchema) });

export interface AgentOptions {
  home: string;
  internalUrl: string;
  internalSecret: string;
  proxyEntry: string;
  appsEntry: string;
  version: string;
  /** Where proxies of other machines reach those of this one. Default loopback. */
  address?: string | undefined;
  supervisor: SupervisorRef | null;
  clock: Clock;
  logger: Logger;
}

export class MeshAgent {
  readonly id: string;
  private readonly client: ControlClient;
  private readonly apps: AppsHost;
  private readonly ports = new PortAllocator("127.0.0.1");
  private readonly runners = new Map<string, ProxyRunner>();
  private readonly abort = new AbortController();
  private readonly meter = new ResourceMeter(process.pid);
  private readonly stateFile: string;
  private lastSaved = "";
  private lastReportAt = 0;
  private isReportDue = true;
  private isReporting = false;
  private isStopping = false;
  private ticker: NodeJS.Timeout | null = null;

  constructor(private readonly options: AgentOptions) {
    this.stateFile = join(options.home, "agent", "agent.json");
    const stored = stateSchema.safeParse(readJsonFile(this.stateFile)).data;
    this.id = stored?.id ?? `agent-${randomBytes(6).toString("hex")}`;
    this.client = new ControlClient(options.internalUrl, options.internalSecret, this.id);
    this.apps = new AppsHost({
      home: options.home,
      appsEntry: options.appsEntry,
      clock: options.clock,
      logger: options.logger,
    });
    for (const record of stored?.proxies ?? []) {
      this.addRunner(record);
    }
  }

  start(): void {
    this.save();
    this.apps.update(this.records());
    this.ticker = setInterval(() => this.tick(), TICK_MS);
    void this.follow();
  }

  /** Drains and ends proxies and, beside them, the apps they serve; they come back with the same identities at the next start. */
  async stop(limitMs: number): Promise<void> {
    this.isStopping = true;
    this.abort.abort();
    if (this.ticker) {
      clearInterval(this.ticker);
    }
    // A proxy serves its app while that is connected: the two end together, or each stop would take the whole limit.
    const proxies = [...this.runners.values()].map((runner) => runner.stop(limitMs));
    await Promise.all([...proxies, this.apps.stop(1_000)]);
    this.save();
  }

  /** Leaves proxies running and does nothing more: what a killed agent does. */
  abandon(): void {
    this.isStopping = true;
    this.abort.abort();
    if (this.ticker) {
      clearInterval(this.ticker);
    }
    for (const runner of this.runners.values()) {
      runner.abandon();
    }
  }

  private async follow(): Promise<void> {
    let version = "";
    let isRegistered = false;
    while (!this.isStopping) {
      try {
        if (!isRegistered) {
          const { address = ADMIN_HOST, version: own } = this.options;
          await this.client.register({ hostname: hostname(), address, version: own });
          isRegistered = true;
        }
        const desired = await this.client.desired(version, this.abort.signal);
        if (desired.version !== version) {
          this.ports.reserve(desired.reservedPorts);
          await this.apply(desired.proxies);
          version = desired.version;
        }
      } catch (error) {
        if (this.isStopping) {
          return;
        }
        isRegistered = false;
        version = "";
        this.options.logger.warn(
          { reason: error instanceof Error ? error.message : String(error) },
          "the control plane does not answer; proxies go on",
        );
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  }

  private async apply(proxies: readonly DesiredProxy[]): Promise<void> {
    const mentioned = new Set(proxies.map((proxy) => proxy.proxyRowId));
    for (const proxy of proxies) {
      const runner = this.runners.get(proxy.proxyRowId);
      if (runner) {
        runner.record.desired = proxy;
        runner.record.ports = proxy.ports
          ? { ...proxy.ports, app: proxy.ports.app ?? runner.record.ports.app }
          : runner.record.ports;
        await this.placeApp(runner.record);
      } else if (proxy.desired === "running") {
        this.addRunner(await this.createRecord(proxy));
      }
    }
    for (const [rowId, runner] of this.runners) {
      if (!mentioned.has(rowId)) {
        runner.record.desired = { ...runner.record.desired, desired: "stopped" };
      }
    }
    this.apps.update(this.records());
    this.isReportDue = true;
    this.tick();
  }

  /** An app that came later than its sidecar needs a port too. */
  private async placeApp(record: ProxyRecord): Promise<void> {
    if (isHosted(record.desired) && record.ports.app === null) {
      record.ports = { ...record.ports, app: await this.ports.next() };
    }
  }

  private async createRecord(desired: DesiredProxy): Promise<ProxyRecord> {
    const ports = desired.ports ?? (await this.choosePorts(desired));
    const plain = folderNameOf(desired.proxyKey);
    const isTaken = [...this.runners.values()].some((runner) => runner.record.folder === plain);
    const folder = isTaken ? `${plain}~${folderNameOf(desired.proxyRowId)}` : plain;
    return { desired, folder, ports, adminNonce: "", process: null, restarts: 0 };
  }

  private async choosePorts(desired: DesiredProxy): Promise<ProxyPorts> {
    const app = desired.app.kind === "address" ? desired.app.port : null;
    return {
      inbound: desired.wishedInboundPort ?? (await this.ports.next()),
      outbound: await this.ports.next(),
      admin: await this.ports.next(),
      app: isHosted(desired) ? await this.ports.next() : app,
    };
  }

  private addRunner(record: ProxyRecord): void {
    for (const port of [record.ports.inbound, record.ports.outbound, record.ports.admin, record.ports.app]) {
      this.ports.keep(port ?? 0);
    }
    const { home, proxyEntry, supervisor, clock, logger } = this.options;
    const runner = new ProxyRunner(record, {
      home,
      proxyEntry,
      supervisor,
      clock,
      logger,
      requestJoinToken: (proxyRowId) => this.client.joinToken(proxyRowId),
      onChange: () => this.noteChange(),
    });
    this.runners.set(record.desired.proxyRowId, runner);
  }

  private noteChange(): void {
    this.isReportDue = true;
    this.save();
  }

  private tick(): void {
    if (this.isStopping) {
      return;
    }
    this.apps.step();
    for (const runner of this.runners.values()) {
      void runner.step();
    }
    if (this.isReportDue || this.options.clock.now() - this.lastReportAt >= REPORT_MS) {
      void this.sendReport();
    }
  }

  private async sendReport(): Promise<void> {
    if (this.isReporting) {
      return;
    }
    this.isReporting = true;
    this.isReportDue = false;
    this.lastReportAt = this.options.clock.now();
    try {
      const proxies = [...this.runners.values()].map((runner) => runner.report());
      await this.client.report({ proxies, resources: this.meter.read(this.options.clock.now()) });
      this.forgetGone(proxies.filter((proxy) => proxy.state === "stopped").map((proxy) => proxy.proxyRowId));
    } catch {
      // `follow` logs that the control plane is away; the next report carries the same facts
    } finally {
      this.isReporting = false;
    }
  }

  private forgetGone(rowIds: readonly string[]): void {
    for (const rowId of rowIds) {
      this.runners.delete(rowId);
    }
    if (rowIds.length > 0) {
      this.save();
    }
  }

  private records(): ProxyRecord[] {
    return [...this.runners.values()].map((runner) => runner.record);
  }

  private save(): void {
    const text = `${JSON.stringify({ id: this.id, proxies: this.records() }, null, 2)}\n`;
    if (text !== this.lastSaved) {
      writeFileAtomic(this.stateFile, text);
      this.lastSaved = text;
    }
  }
}

function isHosted(desired: DesiredProxy): boolean {
  return desired.app.kind === "demo" || desired.app.kind === "echo";
}
