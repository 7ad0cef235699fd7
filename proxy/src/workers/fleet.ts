// The first of several processes: it has the configuration, the identity and the admin interface, and serves nothing itself. Rule: a plan
// is in force when every worker has it that answers; one that dies is replaced and gets what is in force, one that stood still when it answers.

import type { Worker } from "node:cluster";
import type { ClusterStatus } from "../admin/clusters-page";
import type { ListenerStatus } from "../admin/server-info";
import type { AdminView, ShapesPage, TellLine } from "../admin/view";
import { startTimeLimit } from "../deadline";
import { report } from "../errors";
import type { ProxyPlan, Secret } from "../plan/types";
import { renderProcess, type SaturationFacts } from "../telemetry/saturation";
import { MAX_TAPS, type TapRequest } from "../telemetry/tap";
import type { ApplyResult, ConfigConsumer, DenyList, PlanOrigin } from "../xds/config-source";
import { Crew } from "./crew";
import { MergedShapes } from "./merged-shapes";
import type { Order } from "./messages";
import { countedMetrics, countersOf, sumClusters, sumMetrics, sumStats } from "./sum";

/** A drain is over by its limit; longer than that nobody needs to say so. */
const SLACK_MS = 1_000;

/** What a worker said when it was asked last. */
interface LastTold {
  readonly stats: ReadonlyMap<string, number>;
  readonly metrics: string;
}

export class Fleet implements ConfigConsumer, AdminView {
  isDraining = false;
  /** Of the listeners, once there is a plan. */
  ports: readonly (readonly [string, number])[] = [];
  private hasFailedHealthChecks = false;
  private origin: PlanOrigin | null = null;
  /** Where listeners listen, by name. */
  private addresses: ReadonlyMap<string, string> = new Map();
  private denied: Order | null = null;
  private readonly taps = new Map<number, { readonly request: TapRequest; readonly tell: TellLine }>();
  private nextTap = 1;
  private readonly merged = new MergedShapes();
  /** What workers that ended had counted, as far as they were asked. */
  private readonly past = { stats: new Map<string, number>(), metrics: "" };
  private readonly last = new Map<Worker, LastTold>();
  /** Those that have what is in force. */
  private readonly serving = new Set<Worker>();
  private readonly crew: Crew;
  /** Plans are applied one after the other. */
  private queue: Promise<unknown> = Promise.resolve();

  /** @param home where relative paths of configuration begin; null: here */
  constructor(count: number, home: string | null) {
    this.crew = new Crew(count, home, {
      onHere: (worker) => this.welcome(worker),
      onGone: (worker) => this.bury(worker),
      onBack: (worker) => void this.catchUp(worker),
      onLine: (id, line) => void this.taps.get(id)?.tell(line),
    });
  }

  get pids(): readonly number[] {
    return this.crew.pids;
  }

  /** Somebody serves. */
  get isInForce(): boolean {
    return this.serving.size > 0;
  }

  get isFailed(): boolean {
    return this.isDraining || this.hasFailedHealthChecks;
  }

  // --- configuration ---

  onPlan(plan: ProxyPlan, _secrets: ReadonlyMap<string, Secret>, origin: () => PlanOrigin): Promise<ApplyResult> {
    const done = this.queue.then(async () => {
      const result = await this.apply(origin());
      if (result.ok) this.addresses = new Map(plan.listeners.map(({ name, address }) => [name, address.address]));
      return result;
    });
    this.queue = done.catch(() => {});
    return done;
  }

  private async apply(origin: PlanOrigin): Promise<ApplyResult> {
    if (this.isDraining) return { ok: true };
    const before = this.origin;
    // Who takes the place of another from now on begins with this one.
    this.origin = origin;
    const answers = await this.crew.askMost("plan", origin);
    const refused = answers.find(([, { result }]) => !result.ok)?.[1];
    if (refused !== undefined) {
      this.origin = before;
      if (before !== null) await this.crew.askMost("plan", before);
      return refused.result;
    }
    this.ports = answers[0]?.[1].ports ?? this.ports;
    for (const [worker] of answers) this.serving.add(worker);
    return { ok: true };
  }

  onSecrets(_secrets: ReadonlyMap<string, Secret>, _changed: readonly string[], origin: () => PlanOrigin): void {
    const done = this.queue.then(async () => {
      if (this.origin === null) return;
      this.origin = origin();
      await this.crew.askMost("secrets", this.origin);
    });
    this.queue = done.catch(() => {});
  }

  onDenyList({ serials, spiffeIds }: DenyList): void {
    this.denied = { kind: "deny", denied: { serials, spiffeIds } };
    this.crew.order(this.denied);
  }

  /** A new worker: everything that the others were told. */
  private async welcome(worker: Worker): Promise<void> {
    if (this.denied !== null) this.crew.orderOne(worker, this.denied);
    if (this.hasFailedHealthChecks) this.crew.orderOne(worker, { kind: "health", isFailed: true });
    for (const [id, { request }] of this.taps) this.crew.orderOne(worker, this.tapOrder(id, request));
    const { origin } = this;
    if (origin === null) return;
    const applied = await this.crew.ask(worker, "plan", origin);
    if (applied?.result.ok) this.serving.add(worker);
    else if (applied !== null && !applied.result.ok)
      report(
        `worker ${worker.process.pid ?? 0} cannot serve what the others do: ${JSON.stringify(applied.result.violations)}`,
      );
  }

  /** A worker that stood still while the others were told: with what was in force then it would let in whom nobody lets in any more. */
  private async catchUp(worker: Worker): Promise<void> {
    const { origin } = this;
    if (origin === null || this.isDraining) return;
    const applied = await this.crew.ask(worker, "plan", origin);
    if (applied === null || origin !== this.origin) return;
    if (applied.result.ok) {
      this.serving.add(worker);
      return;
    }
    report(`worker ${worker.process.pid ?? 0} cannot serve what the others do and is replaced`);
    worker.process.kill("SIGKILL");
  }

  // --- admin ---

  failHealthChecks(isFailed: boolean): void {
    this.hasFailedHealthChecks = isFailed;
    this.crew.order({ kind: "health", isFailed });
  }

  get silentWorkers(): readonly number[] {
    return this.crew.silentPids;
  }

  async stats(): Promise<ReadonlyMap<string, number>> {
    const answers = await this.crew.askSoon("stats", () => null);
    for (const [worker, stats] of answers) this.remember(worker, { stats });
    return sumStats([this.past.stats, ...this.lastOf(({ stats }) => stats)]);
  }

  async metrics(facts: SaturationFacts): Promise<string> {
    const answers = await this.crew.askSoon("metrics", () => facts);
    for (const [worker, metrics] of answers) this.remember(worker, { metrics });
    return sumMetrics([...this.lastOf(({ metrics }) => metrics), this.past.metrics, renderProcess()]);
  }

  async clusters(): Promise<readonly ClusterStatus[]> {
    return sumClusters((await this.crew.askSoon("clusters", () => null)).map(([, statuses]) => statuses));
  }

  listeners(): readonly ListenerStatus[] {
    return this.ports.map(([name, port]) => ({ name, address: this.addresses.get(name) ?? "", port }));
  }

  async shapes(since: number): Promise<ShapesPage> {
    const pages = await this.crew.askSoon("shapes", ({ id }) => this.merged.readOf(id));
    for (const [{ id }, page] of pages) this.merged.take(id, page);
    return this.merged.read(since);
  }

  tap(request: TapRequest, tell: TellLine): (() => void) | null {
    if (this.taps.size >= MAX_TAPS) return null;
    const id = this.nextTap++;
    this.taps.set(id, { request, tell });
    this.crew.order(this.tapOrder(id, request));
    return () => {
      this.taps.delete(id);
      this.crew.order({ kind: "untap", id });
    };
  }

  private tapOrder(id: number, request: TapRequest): Order {
    return {
      kind: "tap",
      id,
      request: { ...request, maxPerSecond: Math.ceil(request.maxPerSecond / this.crew.count) },
    };
  }

  /** What each worker that lives said last: just now or, where it is silent, before; so that no sum goes back. */
  private lastOf<Told>(part: (last: LastTold) => Told): Told[] {
    return this.crew.workers.flatMap((worker) => {
      const last = this.last.get(worker);
      return last === undefined ? [] : [part(last)];
    });
  }

  private remember(worker: Worker, told: Partial<LastTold>): void {
    if (!this.crew.workers.includes(worker)) return;
    this.last.set(worker, { stats: new Map(), metrics: "", ...this.last.get(worker), ...told });
  }

  private bury(worker: Worker): void {
    this.serving.delete(worker);
    const last = this.last.get(worker);
    this.last.delete(worker);
    if (last === undefined) return;
    this.past.stats = sumStats([this.past.stats, countersOf(last.stats)]);
    this.past.metrics = sumMetrics([this.past.metrics, countedMetrics(last.metrics)]);
  }

  // --- ends ---

  async drain(limitMs: number): Promise<void> {
    this.isDraining = true;
    this.crew.letGo();
    // One that stands still does not drain, and cannot hold up the end.
    let cancel = (): void => {};
    const late = new Promise<void>((resolve) => (cancel = startTimeLimit(limitMs + SLACK_MS, resolve)));
    await Promise.race([this.crew.askAll("drain", limitMs), late]);
    cancel();
  }

  reopenLogs(): void {
    this.crew.order({ kind: "reopen" });
  }

  /** The workers end as soon as they read it; they do not outlive this process either. */
  end(): Promise<void> {
    return this.crew.end();
  }
}
