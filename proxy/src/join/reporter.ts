// A proxy that joined says itself how it is, because the control plane cannot reach its admin interface: a report at every change and each
// two seconds, and with that its metrics page. Over mutual TLS, on one connection.
// Rule: reporting never disturbs serving; what could not be told is told anew, never queued.

import { Agent, request } from "node:https";
import type { AdminContext } from "../admin/admin-server";
import { expectSpiffeId } from "../identity/enroll-client";
import type { Identity } from "../identity/identity-store";
import { privateMemoryBytes } from "../telemetry/saturation";

const LOOK_EVERY_MS = 100;
const REPORT_EVERY_MS = 2_000;
const LIMIT_MS = 5_000;
/** Nobody waits longer for a proxy that ends. */
const LAST_WORD_LIMIT_MS = 1_000;

export interface ReporterOptions {
  readonly enrollUrl: string;
  readonly controlPlaneSpiffeId: string;
  readonly identity: () => Identity | null;
  readonly trustBundle: () => string;
  readonly context: AdminContext;
  readonly log: (message: string) => void;
}

/** Starts it; returns what ends it, after a last word. */
export function startReporter(options: ReporterOptions): () => Promise<void> {
  const reporter = new Reporter(options);
  const timer = setInterval(() => void reporter.look(), LOOK_EVERY_MS);
  timer.unref();
  return async () => {
    clearInterval(timer);
    await reporter.end();
  };
}

class Reporter {
  private agent: { readonly of: Identity; readonly bundle: string; readonly agent: Agent } | null = null;
  private lastTold = "";
  private lastAt = Number.NEGATIVE_INFINITY;
  private isBusy = false;
  private isFailing = false;
  private cpu = { at: performance.now(), used: process.cpuUsage() };

  constructor(private readonly options: ReporterOptions) {}

  async look(): Promise<void> {
    if (this.isBusy || this.options.identity() === null) return;
    const status = this.status();
    const told = JSON.stringify(status);
    const isDue = performance.now() - this.lastAt >= REPORT_EVERY_MS;
    if (told === this.lastTold && !isDue) return;
    this.isBusy = true;
    try {
      await this.report(status);
      this.lastTold = told;
      if (isDue) await this.send("/v1/signals", "text/plain", await this.page());
      if (isDue) this.lastAt = performance.now();
      if (this.isFailing) this.options.log("reports reach the control plane again");
      this.isFailing = false;
    } catch (error) {
      this.lastTold = told; // the next one is due in its time, not at once
      this.lastAt = performance.now();
      if (!this.isFailing) this.options.log(`reports do not reach the control plane: ${(error as Error).message}`);
      this.isFailing = true;
    } finally {
      this.isBusy = false;
    }
  }

  /** That it drains is told once more: who ends at once would else be missed only when it is silent. */
  async end(): Promise<void> {
    this.isBusy = true;
    const told = this.options.identity() === null ? Promise.resolve() : this.report(this.status());
    const limit = new Promise((resolve) => setTimeout(resolve, LAST_WORD_LIMIT_MS));
    await Promise.race([told.catch(() => undefined), limit]);
    this.agent?.agent.destroy();
  }

  private report(status: object): Promise<void> {
    return this.send("/v1/report", "application/json", JSON.stringify({ status, resources: this.resources() }));
  }

  /** What the control plane decides by; names of resources stay here. */
  private status() {
    const { context } = this.options;
    const { configSource, connectedToControlPlane, digest } = context.status();
    return {
      proxyId: context.proxyId,
      nonce: context.nonce,
      version: context.version,
      pid: process.pid,
      ready: context.isReady(),
      digest,
      certificate: context.certificate(),
      draining: context.view.isDraining,
      connectedToControlPlane,
      configSource,
    };
  }

  private resources() {
    const now = performance.now();
    const used = process.cpuUsage(this.cpu.used);
    const elapsedMs = Math.max(now - this.cpu.at, 1);
    this.cpu = { at: now, used: process.cpuUsage() };
    return {
      cpuMillicores: (used.user + used.system) / elapsedMs, // microseconds by milliseconds
      residentBytes: process.memoryUsage.rss(),
      privateBytes: privateMemoryBytes(),
    };
  }

  private page(): Promise<string> {
    const { context } = this.options;
    return context.view.metrics({
      digest: context.status().digest,
      certificateNotAfter: context.certificate()?.notAfter ?? null,
    });
  }

  private send(path: string, type: string, body: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const headers = { "content-type": type, "content-length": Buffer.byteLength(body) };
      const url = this.options.enrollUrl.replace(/\/$/, "") + path;
      const call = request(url, { method: "POST", agent: this.connection(), headers }, (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (chunk: string) => {
          text = (text + chunk).slice(0, 500);
        });
        response.on("error", reject);
        response.on("end", () => {
          if (response.statusCode === 200) resolve();
          else reject(new Error(`it answers ${response.statusCode} ${text}`));
        });
      });
      call.setTimeout(LIMIT_MS, () => call.destroy(new Error(`no answer within ${LIMIT_MS / 1000} s`)));
      call.on("error", reject);
      call.end(body);
    });
  }

  /** A new one for each certificate and each bundle: a connection is as good as what it was made with. */
  private connection(): Agent {
    const of = this.options.identity();
    const bundle = this.options.trustBundle();
    if (of === null) throw new Error("there is no certificate");
    if (this.agent?.of === of && this.agent.bundle === bundle) return this.agent.agent;
    this.agent?.agent.destroy();
    const agent = new Agent({
      keepAlive: true,
      maxSockets: 1,
      maxCachedSessions: 0, // each connection verifies anew
      minVersion: "TLSv1.3",
      key: of.privateKeyPem,
      cert: of.chainPem,
      ca: bundle,
      checkServerIdentity: expectSpiffeId(this.options.controlPlaneSpiffeId),
    });
    this.agent = { of, bundle, agent };
    return agent;
  }
}
