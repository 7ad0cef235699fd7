// All listeners and clusters of the process: takes plans and secrets, keeps what can be kept, swaps the rest.
// Rule: a plan is applied whole or not at all. Ports are opened before anything is changed; then the swap is one turn.

import { resolve } from "node:path";
import { UpstreamCluster } from "../cluster/cluster";
import { tableQueue } from "../cluster/table-queue";
import { report } from "../errors";
import { FilterCounts } from "../http/filter-counts";
import { fetchThrough } from "../http/jwt/fetch-keys";
import { KeySets } from "../http/jwt/key-sets";
import { OtlpExporter } from "../http/otlp/exporter";
import { OtlpExporters } from "../http/otlp/exporters";
import { compileLogRecord } from "../http/otlp/log-encoding";
import { logSignal, logsIn, spanSignal, spansIn } from "../http/otlp/signals";
import { RateLimits } from "../http/rate-limits";
import type { HttpRuntime } from "../http/runtime";
import { Tracer } from "../http/tracing/trace";
import { Overload } from "../overload";
import type {
  AccessLogPlan,
  FileLogPlan,
  HttpConnectionPlan,
  ListenerPlan,
  OpenTelemetryPlan,
  OtlpLogExporterPlan,
  OtlpLogPlan,
  ProxyPlan,
  Secret,
  TcpProxyPlan,
  Violation,
} from "../plan/types";
import type { TcpRuntime } from "../tcp/tcp-proxy";
import { type AccessRecord, compileAccessLog } from "../telemetry/access-log";
import { compileLogFilter } from "../telemetry/access-log-filter";
import { LogFile } from "../telemetry/log-file";
import { Telemetry } from "../telemetry/telemetry";
import { SocketDialer, upstreamPeers } from "../tls/dialer";
import type { PeerCertificate } from "../tls/peer-certificate";
import { type DenyListSets, SecretStore } from "../tls/secrets";
import type { ApplyResult, ConfigConsumer } from "../xds/config-source";
import { Listener, type ListenerContext } from "./listener";
import { tcpCounts } from "./listener-counts";

/** A cluster that cannot resolve, whose hosts do not answer their first check, or whose table is huge, must not hold the rest of the plan. */
const warmUpMs = 5000;

export class DataPlane implements ConfigConsumer, ListenerContext {
  readonly telemetry = new Telemetry();
  readonly secrets = new SecretStore();
  readonly listeners = new Map<string, Listener>();
  clusters: ReadonlyMap<string, UpstreamCluster> = new Map();
  plan: ProxyPlan | null = null;
  overload: Overload | null = null;
  isDraining = false;
  /** Set by the admin interface: health checks are answered as failed, everything else goes on. */
  hasFailedHealthChecks = false;
  /** Where relative paths of configuration begin. */
  home = process.cwd();
  private readonly logFiles = new Map<string, LogFile>();
  private runtimes = new Map<HttpConnectionPlan, HttpRuntime>();
  readonly rateLimits: RateLimits;
  private readonly clusterNamed = (name: string): UpstreamCluster | undefined => this.clusters.get(name);
  private readonly keySets = new KeySets(fetchThrough(this.clusterNamed));
  readonly spans = new OtlpExporters<OpenTelemetryPlan>(
    (plan) => new OtlpExporter(spanSignal(plan), this.clusterNamed, this.telemetry.spans),
    spansIn,
  );
  readonly otlpLogs = new OtlpExporters<OtlpLogExporterPlan>(
    (plan) =>
      new OtlpExporter(
        logSignal(plan, this.telemetry.node),
        this.clusterNamed,
        this.telemetry.otlpLogsOf(plan.statPrefix),
      ),
    logsIn,
  );
  private readonly dialer = new SocketDialer(this.secrets, (reason) => this.telemetry.countHandshakeFailure(reason));
  /** Plans are applied one after the other. */
  private queue: Promise<unknown> = Promise.resolve();

  /** @param processes how many serve the same: each has its part of what is limited */
  constructor(processes = 1) {
    this.rateLimits = new RateLimits(processes);
  }

  get isFailed(): boolean {
    return this.isDraining || this.hasFailedHealthChecks;
  }

  onPlan(plan: ProxyPlan, secrets: ReadonlyMap<string, Secret>): Promise<ApplyResult> {
    const done = this.queue.then(() => this.apply(plan, secrets));
    this.queue = done.catch(() => {});
    return done;
  }

  private async apply(plan: ProxyPlan, secrets: ReadonlyMap<string, Secret>): Promise<ApplyResult> {
    if (this.isDraining) return { ok: true };
    this.telemetry.node = plan.node;
    this.setSecrets(plan, secrets);
    const opened = await this.openNew(plan);
    if (!opened.ok) return opened;
    const { clusters, retired } = this.buildClusters(plan);
    await this.warm(clusters);
    // From here on without await: connections and requests see either all of the old plan or all of the new one.
    this.clusters = clusters;
    this.plan = plan;
    if (plan.overload !== null) this.overload ??= new Overload(plan.overload, this.telemetry.named);
    const local = clusters.get(plan.localCluster) ?? null;
    for (const cluster of clusters.values()) cluster.liveIn(plan.locality, cluster === local ? null : local);
    this.runtimes = new Map();
    this.rateLimits.keepFor(plan);
    this.keySets.keepFor(plan, this.telemetry.named);
    this.spans.keepFor(plan);
    this.otlpLogs.keepFor(plan);
    const wanted = new Set(plan.listeners.map((listener) => listener.name));
    for (const listener of plan.listeners) {
      const kept = this.listeners.get(listener.name);
      const fresh = opened.fresh.get(listener.name);
      if (fresh !== undefined) {
        kept?.drain();
        this.listeners.set(listener.name, fresh);
        fresh.update(listener);
      } else kept?.update(listener);
    }
    for (const [name, listener] of this.listeners) {
      if (wanted.has(name)) continue;
      listener.drain();
      this.listeners.delete(name);
    }
    for (const cluster of retired) cluster.close();
    return { ok: true };
  }

  private setSecrets(plan: ProxyPlan, secrets: ReadonlyMap<string, Secret>): void {
    this.secrets.replace(secrets);
    const identities = plan.listeners.flatMap((l) => l.filterChains.map((chain) => chain.tls?.identitySecret ?? null));
    const upstream = [...plan.clusters.values()].map((cluster) => cluster.tls?.identitySecret ?? null);
    const own = [...identities, ...upstream].find((name) => name !== null) ?? null;
    this.telemetry.ownPrincipal = this.secrets.spiffeIdOf(own);
    for (const listener of this.listeners.values()) listener.refreshSecrets();
  }

  /** Opens sockets of new or moved listeners. A port in use refuses the plan and leaves everything as it was. */
  private async openNew(
    plan: ProxyPlan,
  ): Promise<{ ok: true; fresh: Map<string, Listener> } | { ok: false; violations: Violation[] }> {
    const fresh = new Map<string, Listener>();
    const violations: Violation[] = [];
    for (const [index, listener] of plan.listeners.entries()) {
      const kept = this.listeners.get(listener.name);
      if (kept !== undefined && sameAddress(kept.plan, listener)) continue;
      const candidate = new Listener({ ...listener, filterChains: [] }, this);
      try {
        await candidate.listen();
        fresh.set(listener.name, candidate);
      } catch (error) {
        const { address, port } = listener.address;
        violations.push({
          path: `listener "${listener.name}": listeners[${index}].address`,
          message: `cannot listen on ${address}:${port} (${error instanceof Error ? error.message : String(error)}): free the port or choose another.`,
        });
      }
    }
    if (violations.length === 0) return { ok: true, fresh };
    for (const listener of fresh.values()) listener.destroy();
    return { ok: false, violations };
  }

  private buildClusters(plan: ProxyPlan): { clusters: Map<string, UpstreamCluster>; retired: UpstreamCluster[] } {
    const clusters = new Map<string, UpstreamCluster>();
    const retired: UpstreamCluster[] = [];
    for (const [name, wanted] of plan.clusters) {
      const kept = this.clusters.get(name);
      if (kept !== undefined && kept.plan.contentKey === wanted.contentKey) {
        clusters.set(name, kept);
        if (kept.plan !== wanted) void kept.setEndpoints(wanted);
        continue;
      }
      if (kept !== undefined) retired.push(kept);
      clusters.set(name, new UpstreamCluster(wanted, this.dialer));
    }
    for (const [name, cluster] of this.clusters) if (!plan.clusters.has(name)) retired.push(cluster);
    return { clusters, retired };
  }

  private async warm(clusters: ReadonlyMap<string, UpstreamCluster>): Promise<void> {
    const cold = [...clusters.values()].filter((cluster) => cluster.isCold);
    if (cold.length === 0 && tableQueue.isIdle) return;
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<void>((done) => {
      timer = setTimeout(done, warmUpMs);
    });
    await Promise.race([Promise.all([...cold.map((cluster) => cluster.warmed), tableQueue.whenIdle()]), limit]);
    clearTimeout(timer);
  }

  onSecrets(secrets: ReadonlyMap<string, Secret>): void {
    if (this.plan === null) return;
    this.setSecrets(this.plan, secrets);
    // Upstream connections proved who they are with the old certificate: let new ones replace them after their request.
    for (const cluster of this.clusters.values()) if (cluster.plan.tls !== null) cluster.retireConnections();
  }

  onDenyList(denied: DenyListSets): void {
    this.secrets.denyList = denied;
    const isDenied = (peer: PeerCertificate): boolean => this.secrets.isDenied(peer.serial, peer.spiffeId);
    for (const listener of this.listeners.values()) listener.dropPeers(isDenied);
    for (const cluster of this.clusters.values()) {
      cluster.checker?.retire();
      for (const host of cluster.hosts) {
        host.each((connection) => {
          const peer = upstreamPeers.get(connection.socket);
          if (peer === undefined || !isDenied(peer)) return;
          connection.drain();
          setTimeout(() => connection.socket.destroy(), 800).unref();
        });
      }
    }
  }

  // --- ListenerContext ---

  httpRuntime(listener: ListenerPlan, plan: HttpConnectionPlan): HttpRuntime {
    const known = this.runtimes.get(plan);
    if (known !== undefined) return known;
    const routes = this.plan?.routeConfigs.get(plan.routeConfig);
    if (routes === undefined)
      throw new Error(`route config "${plan.routeConfig}" is not in the plan: plan() must refuse this.`);
    const { tracing } = plan;
    const isEgress = listener.trafficDirection === "outbound";
    const stats = this.telemetry.http.of(plan.statPrefix);
    const exporter = tracing?.provider ? this.spans.of(tracing.provider) : null;
    const runtime: HttpRuntime = {
      plan,
      routes,
      clusters: this.clusters,
      isInbound: listener.trafficDirection === "inbound",
      logs: this.accessLogs(plan.accessLogs),
      tracer: tracing && new Tracer(tracing, isEgress, this.telemetry.node, exporter, stats.tracing),
      telemetry: this.telemetry,
      stats,
      filterCounts: new FilterCounts(this.telemetry.named, plan.statPrefix, plan.filters),
      faults: this.telemetry.faultsOf(plan.statPrefix),
      rateLimits: this.rateLimits,
      keySets: this.keySets,
      overload: this.overload,
      health: this,
    };
    this.runtimes.set(plan, runtime);
    return runtime;
  }

  tcpRuntime(_listener: ListenerPlan, plan: TcpProxyPlan): TcpRuntime {
    const counts = tcpCounts(this.telemetry.named, plan.statPrefix);
    return { plan, clusters: this.clusters, logs: this.accessLogs(plan.accessLogs), counts };
  }

  accessLogs(plans: readonly AccessLogPlan[]): ((record: AccessRecord) => void)[] {
    return plans.flatMap((plan) => {
      const write = plan.kind === "otlp" ? this.otlpLog(plan) : this.fileLog(plan);
      if (write === null) return [];
      if (plan.filter === null) return [write];
      const isWanted = compileLogFilter(plan.filter);
      return [(record: AccessRecord): void => (isWanted(record) ? write(record) : undefined)];
    });
  }

  private fileLog(plan: FileLogPlan): ((record: AccessRecord) => void) | null {
    const file = this.logFile(plan.path);
    if (file === null) return null;
    const line = compileAccessLog(plan.format);
    return (record) => file.append(line(record));
  }

  private otlpLog(plan: OtlpLogPlan): (record: AccessRecord) => void {
    const exporter = this.otlpLogs.of(plan.exporter);
    const encode = compileLogRecord(plan);
    return (record) => exporter.add(encode(record));
  }

  private logFile(configured: string): LogFile | null {
    const path = resolve(this.home, configured);
    const known = this.logFiles.get(path);
    if (known !== undefined) return known;
    try {
      const file = new LogFile(path);
      this.logFiles.set(path, file);
      return file;
    } catch (error) {
      report(
        `cannot open the access log ${path} (${error instanceof Error ? error.message : String(error)}): requests go on without it.`,
      );
      return null;
    }
  }

  reopenLogs(): void {
    for (const file of this.logFiles.values()) file.reopen();
  }

  closeLogs(): void {
    for (const file of this.logFiles.values()) file.closeSync();
  }

  get logLinesDropped(): number {
    let dropped = 0;
    for (const file of this.logFiles.values()) dropped += file.dropped;
    return dropped;
  }
}

function sameAddress(a: ListenerPlan, b: ListenerPlan): boolean {
  return a.address.address === b.address.address && a.address.port === b.address.port;
}
