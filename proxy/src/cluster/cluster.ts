// One upstream cluster at run time: hosts, balancer, breakers, outlier detection and their counters.
// Rule: a config swap with the same contentKey only changes hosts; connections to addresses that stay are kept.

import { lookup } from "node:dns";
import { isIP } from "node:net";
import type { ClusterPlan, EndpointPlan, SubsetMatch } from "../plan/types";
import type { Hash64 } from "../semantics";
import { ResponseCodes } from "../telemetry/http-stats";
import type { RequestSeries } from "../telemetry/request-metrics";
import { Balancer } from "./balance";
import { type CheckedCluster, HealthChecker } from "./health/checker";
import { type Dialer, UpstreamHost } from "./host";
import { OutlierDetector } from "./outlier";
import type { PreviousPriorities } from "./previous-priorities";
import { Subsets } from "./subsets";

// Node apps close idle connections after 5 s, so towards plain text we stop using them before; sidecars keep theirs.
const plainIdleLimitMs = 4000;
const tlsIdleLimitMs = 60_000;
const sweepMs = 500;

/** Addresses of an endpoint; null: the look-up failed. */
type LookUp = (endpoint: EndpointPlan, family: ClusterPlan["dns"]["family"]) => Promise<string[] | null>;

type Resolved = readonly [endpoint: EndpointPlan, address: string];

export class UpstreamCluster implements CheckedCluster {
  hosts: UpstreamHost[] = [];
  activeConnections = 0;
  totalConnections = 0;
  connectFailures = 0;
  connectionOverflow = 0;
  activeRequests = 0;
  totalRequests = 0;
  pendingRequests = 0;
  pendingOverflow = 0;
  requestOverflow = 0;
  activeRetries = 0;
  totalRetries = 0;
  retryOverflow = 0;
  retryLimitExceeded = 0;
  /** Requests that went well after another try. */
  retrySuccesses = 0;
  timeouts = 0;
  tryTimeouts = 0;
  tryIdleTimeouts = 0;
  /** Redirects that the proxy followed, and those that went to the caller although it was to. */
  redirectsFollowed = 0;
  redirectsPassedOn = 0;
  /** Times that there was no host to choose. */
  noneHealthy = 0;
  /** Of every answer of an upstream that was not tried again, and of those in their place. */
  readonly codes = new ResponseCodes();
  /** Source-side metrics of requests that reached no host. */
  series: RequestSeries | null = null;
  readonly detector: OutlierDetector<UpstreamHost> | null;
  readonly checker: HealthChecker | null;
  readonly idleLimitMs: number;
  private readonly balancer: Balancer<UpstreamHost>;
  private readonly subsets: Subsets<UpstreamHost> | null;
  private readonly sweeper: NodeJS.Timeout;
  private resolver: NodeJS.Timeout | null = null;
  private isClosed = false;
  private own: string | null = null;
  private local: UpstreamCluster | null = null;
  /** Clusters that weigh their hosts against those of this one. */
  private readonly neighbours = new Set<UpstreamCluster>();
  /** Resolves when the first DNS answer (or failure) is in, and each of the first hosts was checked where they are. */
  readonly warmed: Promise<void>;

  constructor(
    public plan: ClusterPlan,
    readonly dialer: Dialer,
    private readonly addressesOf: LookUp = resolveEndpoint,
  ) {
    this.idleLimitMs = Math.min(
      plan.http.idleTimeoutMs ?? Number.POSITIVE_INFINITY,
      plan.tls ? tlsIdleLimitMs : plainIdleLimitMs,
    );
    this.balancer = new Balancer(plan);
    this.subsets =
      plan.subsets === null ? null : new Subsets(plan, plan.subsets, this.balancer, this.balancer.zoneCounts);
    this.detector = plan.outlierDetection
      ? new OutlierDetector(
          plan.outlierDetection,
          () => this.hosts,
          () => this.rebalance(),
        )
      : null;
    this.checker = plan.activeHealth ? new HealthChecker(plan.activeHealth, this) : null;
    const maxAgeMs = plan.http.maxConnectionDurationMs ?? Number.POSITIVE_INFINITY;
    this.sweeper = setInterval(() => {
      const now = performance.now();
      for (const host of this.hosts) host.sweep(now, maxAgeMs);
    }, sweepMs).unref();
    this.warmed = this.setEndpoints(plan).then(() => this.checker?.checked);
  }

  /** New endpoints (or the same plan again): keeps hosts by address. */
  async setEndpoints(plan: ClusterPlan): Promise<void> {
    this.plan = plan;
    if (!this.isByDns) {
      this.setHosts(plan.endpoints.map((endpoint) => [endpoint, endpoint.address] as const));
      return;
    }
    await this.resolve();
  }

  private get isByDns(): boolean {
    return this.plan.type === "strict-dns" || this.plan.type === "logical-dns";
  }

  private async resolve(): Promise<void> {
    if (this.resolver !== null) clearTimeout(this.resolver);
    const found = await Promise.all(
      this.plan.endpoints.map((endpoint) => this.addressesOf(endpoint, this.plan.dns.family)),
    );
    if (this.isClosed) return;
    const resolved = found.flatMap((addresses, index) => {
      const endpoint = this.plan.endpoints[index] as EndpointPlan;
      // A failed look-up keeps the last known addresses.
      const known =
        addresses ??
        this.hosts
          .filter((host) => host.plan.hostname === endpoint.hostname || host.plan.address === endpoint.address)
          .map((host) => host.address);
      return known.map((address) => [endpoint, address] as const);
    });
    this.setHosts(this.plan.type === "logical-dns" ? this.firstOf(resolved) : resolved);
    this.resolver = setTimeout(() => void this.resolve(), this.plan.dns.refreshMs).unref();
  }

  /** LOGICAL_DNS: one address at a time. The host moves with the answer and keeps its connections. */
  private firstOf([first]: readonly Resolved[]): Resolved[] {
    if (first === undefined) return [];
    const [endpoint, address] = first;
    const [host] = this.hosts;
    if (host?.plan.address === endpoint.address && host.plan.port === endpoint.port) host.moveTo(address);
    return [first];
  }

  private setHosts(wanted: readonly Resolved[]): void {
    const before = new Map(this.hosts.map((host) => [host.key, host]));
    this.hosts = wanted.map(([endpoint, address]) => {
      const key = `${address}:${endpoint.port}`;
      const kept = before.get(key);
      if (kept === undefined) return new UpstreamHost(this, endpoint, address);
      before.delete(key);
      // The control plane saw it ready again: what was held against it before does not count any more (Envoy does the
      // same after a successful active health check).
      if (kept.plan.health !== "healthy" && endpoint.health === "healthy") this.detector?.readmit(kept);
      kept.plan = endpoint;
      return kept;
    });
    for (const gone of before.values()) {
      if (this.outlasts(gone)) this.hosts.push(gone);
      else gone.drain();
    }
    for (const host of this.hosts) host.health.isLeaving = before.has(host.key);
    this.checker?.update(this.hosts);
    this.rebalance();
  }

  /**
   * Zone-aware routing holds the hosts of this cluster against those of the proxy's own.
   * @param own where the proxy is
   * @param local the cluster that it belongs to; null: it says none, or this is it
   */
  liveIn(own: string | null, local: UpstreamCluster | null): void {
    if (own === this.own && local === this.local) return;
    this.local?.neighbours.delete(this);
    local?.neighbours.add(this);
    this.own = own;
    this.local = local;
    this.rebalance();
  }

  private rebalance(): void {
    const { own, local } = this;
    const home = local === null ? null : { own, hosts: local.hosts };
    this.balancer.update(this.hosts, home, this.plan.overprovisioning);
    this.subsets?.update(this.hosts, home, this.plan.overprovisioning);
    for (const neighbour of this.neighbours) neighbour.rebalance();
  }

  get zoneCounts(): Balancer<UpstreamHost>["zoneCounts"] {
    return this.balancer.zoneCounts;
  }

  /** As Envoy: who passes its checks is believed more than who forgot to name it. */
  private outlasts({ plan: { check, health }, health: { hasFailed } }: UpstreamHost): boolean {
    if (this.checker === null || this.plan.type === "static" || this.plan.ignoresHealthOnRemoval) return false;
    return check?.isOff !== true && !hasFailed && health !== "unhealthy" && health !== "draining";
  }

  onChecked(host: UpstreamHost, hasPassed: boolean, isChanged: boolean): void {
    const { health, outlier } = host;
    const isBack =
      hasPassed && !health.hasFailed && outlier.isEjected && this.detector?.plan.returnsWhenCheckPasses === true;
    if (isBack) this.detector?.readmit(host);
    if (isChanged && hasPassed && !health.hasFailed) host.startedAt = performance.now();
    if (health.isLeaving && health.hasFailed) {
      this.hosts = this.hosts.filter((one) => one !== host);
      host.drain();
      this.checker?.update(this.hosts);
    }
    if (isChanged || isBack) this.rebalance();
  }

  /** Some of what a new cluster waits for is not there yet. */
  get isCold(): boolean {
    const isUnresolved = this.isByDns && this.hosts.length === 0;
    return isUnresolved || this.checker?.isChecked === false;
  }

  private balancerOf(match: SubsetMatch | null): Balancer<UpstreamHost> | null {
    return this.subsets === null ? this.balancer : this.subsets.balancerOf(match);
  }

  /**
   * @param match what the route asks of hosts, where the cluster has subsets
   * @param hash the key of the request, where the cluster hashes
   */
  pick(match: SubsetMatch | null = null, hash: Hash64 | null = null): UpstreamHost | null {
    return this.balancerOf(match)?.pick(hash) ?? null;
  }

  /**
   * A host for another attempt.
   * @param avoids whom it should not go to, when somebody else turns up within `attempts` more picks
   * @param priorities the levels that were tried; null: that does not matter
   */
  pickOther(
    avoids: (host: UpstreamHost) => boolean,
    attempts: number,
    match: SubsetMatch | null = null,
    hash: Hash64 | null = null,
    priorities: PreviousPriorities | null = null,
  ): UpstreamHost | null {
    return this.balancerOf(match)?.pickOther(avoids, attempts, hash, priorities) ?? null;
  }

  /** True when one more retry is within the budget, or within max_retries when there is none. */
  mayRetry(): boolean {
    const { retryBudget, maxRetries } = this.plan.circuitBreakers;
    if (retryBudget === null) return this.activeRetries < maxRetries;
    const allowed = Math.max(
      retryBudget.minConcurrency,
      Math.floor((retryBudget.percent / 100) * (this.activeRequests + this.pendingRequests)),
    );
    return this.activeRetries < allowed;
  }

  retireConnections(): void {
    for (const host of this.hosts) host.retire();
    this.checker?.retire();
  }

  close(): void {
    this.isClosed = true;
    this.local?.neighbours.delete(this);
    clearInterval(this.sweeper);
    if (this.resolver !== null) clearTimeout(this.resolver);
    this.detector?.stop();
    this.checker?.stop();
    for (const host of this.hosts) host.drain();
  }
}

function resolveEndpoint(endpoint: EndpointPlan, family: ClusterPlan["dns"]["family"]): Promise<string[] | null> {
  if (isIP(endpoint.address) !== 0) return Promise.resolve([endpoint.address]);
  const wanted = family === "v4-only" ? 4 : family === "v6-only" ? 6 : 0;
  return new Promise((done) => {
    lookup(endpoint.address, { all: true, family: wanted }, (error, addresses) => {
      if (error !== null) return done(null);
      // Auto prefers IPv6 in Envoy; loopback names resolve to both, so IPv4 first is what an app that listens on 127.0.0.1 needs.
      const v4 = addresses.filter((entry) => entry.family === 4);
      const chosen = family === "all" ? addresses : v4.length > 0 ? v4 : addresses;
      done([...new Set(chosen.map((entry) => entry.address))]);
    });
  });
}
