// Carries out one deployment: creates proxies, gives the first wave its configuration and waits for its word, then the
// rest, then retires what the design dropped. A refusal, or thirty seconds without the word, puts every touched proxy
// back on the deployment it had before.
// One rule: "in force" is what a proxy reports (running digest and readiness), never what was sent.

import type { DeploymentRow, ProxyPatch } from "@/lib/data/system";
import type { Design } from "../registry/designs";
import type { ProxyEntry } from "../registry/proxy-entry";
import { hasPorts } from "../registry/publisher";
import type { RolloutContext } from "./context";
import { describeLaggard, describeProxy, previousOf, reasonOf } from "./describe";
import { RolloutFailure, RolloutStopped } from "./outcome";
import { type FullPlan, planDeployment } from "./plan";

/** ACK, running digest and readiness within this (design: 30 s). */
const WAVE_LIMIT_MS = 30_000;
/** New sidecars start as processes first: all of them at once, on few cores. */
const START_LIMIT_MS = 60_000;
/** Time for callers to take a draining instance out of their endpoints. */
const RETIRE_DRAIN_MS = 2_000;
const RETIRE_LIMIT_MS = 20_000;
const POLL_MS = 50;

type WaveState = "waiting" | "running" | "done" | "failed";

export class RolloutRun {
  /** Proxy key -> the deployment it was served before; null for new ones. */
  private readonly previous = new Map<string, string | null>();
  private waves: { state: WaveState; proxies: string[] }[] = [];
  private created = new Set<string>();
  /** Those that said in their wave that they run this deployment. */
  private readonly reached = new Set<string>();
  private startedAt: number;

  constructor(
    private readonly context: RolloutContext,
    private readonly deployment: DeploymentRow,
    private readonly isStopped: () => boolean,
  ) {
    this.startedAt = context.now();
    for (const [key, value] of Object.entries(previousOf(deployment.plan))) {
      this.previous.set(key, value); // an earlier leader had begun
    }
  }

  async run(): Promise<void> {
    try {
      if (this.deployment.state === "restoring") {
        throw new RolloutFailure(reasonOf(this.deployment.error)); // an earlier leader had begun to take it back
      }
      await this.execute();
    } catch (error) {
      if (error instanceof RolloutStopped) {
        throw error; // the next leader goes on from what is stored
      }
      await this.restore(
        error instanceof RolloutFailure
          ? error
          : new RolloutFailure(error instanceof Error ? error.message : String(error)),
      );
    }
  }

  private async execute(): Promise<void> {
    const { designs, world, publisher, registry } = this.context;
    const environment = world.environment(this.deployment.environmentId);
    const design = await designs.loadFor(this.deployment);
    if (!environment || !design) {
      throw new RolloutFailure(
        "The environment or the revision of this deployment is gone. Deploy an existing revision.",
      );
    }
    const planned = planDeployment(environment, design, this.entries(), publisher);
    this.waves = planned.plan.waves.map((proxies) => ({ state: "waiting", proxies }));
    const isResumed = this.previous.size > 0;
    this.notePrevious(planned);
    // What was planned at first stays readable: seen from the middle, every proxy would be "kept".
    await this.save(isResumed ? {} : { plan: { ...planned.plan, previous: Object.fromEntries(this.previous) } });
    if (planned.plan.problems.length > 0) {
      throw new RolloutFailure("The design does not compile for every proxy. Nothing was changed.", {
        problems: planned.plan.problems,
      });
    }
    await this.context.appendEvent(this.deployment, "deployment.started", {
      revision: design.revisionNumber,
      summary: planned.plan.summary,
    });
    await this.replaceIdentities(planned);
    await this.createProxies(planned);
    await this.context.setState(this.deployment, "canary");
    await this.runWave(0, design);
    await this.context.setState(this.deployment, "rolling");
    await this.runWave(1, design);
    await this.retire(planned.retire.filter((key) => !planned.create.some((seed) => seed.proxyKey === key)));
    await registry.flush(); // who reads "done" reads what the proxies said
    await this.context.finish(this.deployment, "done", null);
    await this.context.appendEvent(this.deployment, "deployment.finished", {
      revision: design.revisionNumber,
      durationMs: this.context.now() - this.startedAt,
    });
  }

  private notePrevious({ plan }: FullPlan): void {
    const byKey = new Map(this.entries().map((entry) => [entry.proxyKey, entry.row.deploymentId]));
    for (const { proxyKey, change } of plan.proxies) {
      if (change !== "retire" && !this.previous.has(proxyKey)) {
        this.previous.set(proxyKey, change === "create" ? null : (byKey.get(proxyKey) ?? null));
      }
    }
  }

  /** A proxy whose identity changes is another proxy: the old one has to be gone before the new one takes its key. */
  private async replaceIdentities({ create, retire }: FullPlan): Promise<void> {
    await this.retire(retire.filter((key) => create.some((seed) => seed.proxyKey === key)));
  }

  private async createProxies({ create, seeds }: FullPlan): Promise<void> {
    const { data, world, registry } = this.context;
    const { environmentId } = this.deployment;
    for (const seed of create) {
      const { proxyKey, namespace, workload, service, serviceAccount, spiffeId, workloadVersion } = seed;
      const identity = { environmentId, proxyKey, namespace, workload, serviceAccount, spiffeId };
      const row = await data.proxies.create({
        ...identity,
        service,
        workloadVersion,
        appSpec: seed.app,
        inboundPort: seed.publicPort,
      });
      await data.proxies.update(row.id, {
        desired: "running",
        spiffeId,
        serviceAccount,
        service,
        workloadVersion,
        appSpec: seed.app,
      });
      this.created.add(proxyKey);
    }
    for (const entry of this.entries()) {
      const seed = seeds.get(entry.proxyKey);
      if (seed && entry.row.desired === "running") {
        const inboundPort = seed.publicPort ?? entry.row.inboundPort;
        registry.patch(entry, {
          appSpec: seed.app,
          service: seed.service,
          workloadVersion: seed.workloadVersion,
          inboundPort,
        });
      }
    }
    await registry.flush();
    world.reloadProxies(environmentId);
    const isStarted = (entry: ProxyEntry | undefined) =>
      entry !== undefined && hasPorts(entry) && entry.connections.size > 0;
    await this.waitFor([...this.created], START_LIMIT_MS, isStarted, (key, entry) =>
      entry && hasPorts(entry)
        ? `${key} was started and did not connect to the control plane within ${START_LIMIT_MS / 1000} s. See proxy.log in its folder.`
        : `${key} was not started by an agent within ${START_LIMIT_MS / 1000} s. Check that the agent runs.`,
    );
  }

  private async runWave(index: number, design: Design): Promise<void> {
    const wave = this.waves[index];
    if (!wave || wave.proxies.length === 0) {
      return;
    }
    wave.state = "running";
    for (const entry of this.entries()) {
      if (wave.proxies.includes(entry.proxyKey)) {
        entry.isToTryAgain = true;
      }
    }
    this.switchTo(wave.proxies, () => design.deploymentId);
    await this.save({});
    // A machine that is switched off gets its configuration when it is back.
    const isDone = (entry: ProxyEntry | undefined) => (entry?.isAway || entry?.isInForce(design.deploymentId)) ?? false;
    try {
      await this.waitFor(wave.proxies, WAVE_LIMIT_MS, isDone, (key, entry) =>
        describeLaggard(key, entry, WAVE_LIMIT_MS),
      );
      wave.state = "done";
      for (const entry of this.entries()) {
        if (wave.proxies.includes(entry.proxyKey) && !entry.isAway) this.reached.add(entry.proxyKey);
      }
    } catch (error) {
      wave.state = "failed";
      throw error;
    } finally {
      await this.save({});
    }
  }

  private switchTo(proxyKeys: readonly string[], deploymentOf: (key: string) => string | null): void {
    const keys = new Set(proxyKeys);
    for (const entry of this.entries()) {
      if (keys.has(entry.proxyKey)) {
        this.context.registry.patch(entry, { deploymentId: deploymentOf(entry.proxyKey) });
      }
    }
    this.context.world.build(this.deployment.environmentId, true);
  }

  /** Every touched proxy back to what it had; new ones are stopped. */
  private async restore(failure: RolloutFailure): Promise<void> {
    const { context, deployment } = this;
    context.logger.warn(
      { deployment: deployment.id, reason: failure.message, ...failure.details },
      "a deployment is taken back",
    );
    const error = { reason: failure.message, message: failure.message, ...failure.details };
    const touched = this.entries().filter((entry) => entry.row.deploymentId === deployment.id);
    const back = touched.map((entry) => entry.proxyKey).filter((key) => (this.previous.get(key) ?? null) !== null);
    await context.setState(deployment, "restoring", { error });
    this.switchTo(back, (key) => this.previous.get(key) ?? null);
    const fresh = [...this.previous].filter(([, before]) => before === null).map(([key]) => key);
    await this.retire(fresh).catch(() => undefined);
    const isBack = (entry: ProxyEntry | undefined) =>
      entry === undefined || entry.isAway || entry.isInForce(this.previous.get(entry.proxyKey) ?? "");
    const laggard = await this.waitFor(back, WAVE_LIMIT_MS, isBack, (key) => `${key} has not come back`, false).then(
      () => null,
      (late: unknown) => (late instanceof Error ? late.message : String(late)),
    );
    const state = back.length > 0 ? "restored" : "failed";
    await context.finish(deployment, state, laggard ? { ...error, notRestored: laggard } : error);
    await context.appendEvent(deployment, back.length > 0 ? "deployment.restored" : "deployment.failed", error);
  }

  private async retire(proxyKeys: readonly string[]): Promise<void> {
    const entries = this.entries().filter((entry) => proxyKeys.includes(entry.proxyKey));
    if (entries.length === 0) {
      return;
    }
    this.patchAll(entries, { desired: "draining", draining: true });
    this.context.world.build(this.deployment.environmentId, true);
    await this.sleepUntil(() => false, RETIRE_DRAIN_MS);
    this.patchAll(entries, { desired: "stopped", ready: false });
    await this.context.registry.flush();
    const ids = new Set(entries.map((entry) => entry.row.id));
    await this.sleepUntil(() => this.entries().every((entry) => !ids.has(entry.row.id)), RETIRE_LIMIT_MS);
    for (const entry of this.entries().filter((item) => ids.has(item.row.id))) {
      await this.context.removeProxy(entry); // its agent is away: the identity ends anyway
    }
  }

  private patchAll(entries: readonly ProxyEntry[], patch: ProxyPatch): void {
    for (const entry of entries) {
      this.context.registry.patch(entry, patch);
    }
  }

  private entries(): ProxyEntry[] {
    return this.context.registry.inEnvironment(this.deployment.environmentId);
  }

  private async waitFor(
    proxyKeys: readonly string[],
    limitMs: number,
    isDone: (entry: ProxyEntry | undefined) => boolean,
    describe: (key: string, entry: ProxyEntry | undefined) => string,
    isRefusalFatal = true,
  ): Promise<void> {
    const byKey = () => new Map(this.entries().map((entry) => [entry.proxyKey, entry]));
    const since = this.context.now();
    await this.sleepUntil(() => {
      const entries = byKey();
      const refused = proxyKeys
        .map((key) => entries.get(key))
        .find((entry) => (entry?.lastRejection()?.at ?? 0) >= since);
      if (refused && isRefusalFatal) {
        throw new RolloutFailure(`${refused.proxyKey} refused its configuration: ${refused.lastRejection()?.message}`, {
          proxyKey: refused.proxyKey,
        });
      }
      return proxyKeys.every((key) => isDone(entries.get(key)));
    }, limitMs);
    const entries = byKey();
    const late = proxyKeys.find((key) => !isDone(entries.get(key)));
    if (late !== undefined) {
      throw new RolloutFailure(describe(late, entries.get(late)), { proxyKey: late });
    }
  }

  private async sleepUntil(isDone: () => boolean, limitMs: number): Promise<void> {
    const deadline = this.context.now() + limitMs;
    while (!isDone() && this.context.now() < deadline) {
      if (this.isStopped()) {
        throw new RolloutStopped();
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  private async save(patch: { plan?: unknown }): Promise<void> {
    const byKey = new Map(this.entries().map((entry) => [entry.proxyKey, entry]));
    const waves = this.waves.map(({ state, proxies }, index) => ({
      index,
      state,
      proxies: proxies.map((proxyKey) =>
        describeProxy(proxyKey, byKey.get(proxyKey), {
          deploymentId: this.deployment.id,
          hasRunIt: this.reached.has(proxyKey),
        }),
      ),
    }));
    await this.context.data.deployments.update(this.deployment.id, { ...patch, waves });
  }
}
