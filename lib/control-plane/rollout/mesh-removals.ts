// Empties meshes that are to be deleted, on the leader only: gateways are drained first, so that nothing new comes in, then the
// rest; each proxy's identity ends with it; then the mesh goes. What an earlier leader had begun is taken up again.
// One rule: the mesh is deleted only when no proxy of it is left.

import type { DeletionMark, SystemData } from "@/lib/data/system";
import type { Logger } from "@/lib/observability/logger";
import type { ProxyEntry } from "../registry/proxy-entry";
import type { Registry } from "../registry/registry";
import type { World } from "../registry/world";
import { LeaderWork } from "./leader-work";

/** Time for callers to take a draining instance out of their endpoints. */
const DRAIN_MS = 2_000;
/** After this the agent counts as away: the identity ends anyway. */
const STOP_LIMIT_MS = 20_000;
const POLL_MS = 50;
const AGAIN_MS = 2_000;

export interface MeshRemovalsOptions {
  data: SystemData;
  world: World;
  registry: Registry;
  removeProxy(entry: ProxyEntry): Promise<void>;
  now: () => number;
  logger: Logger;
}

export class MeshRemovals extends LeaderWork {
  constructor(private readonly options: MeshRemovalsOptions) {
    super({ logger: options.logger, failure: "a mesh could not be deleted; trying again", againMs: AGAIN_MS });
  }

  protected async takeWork(): Promise<void> {
    for (const mark of await this.options.data.meshDeletions.list()) {
      await this.remove(mark);
    }
  }

  private async remove(mark: DeletionMark): Promise<void> {
    const { data, world, registry } = this.options;
    await world.load(); // the mesh may be younger than what we last read
    const environments = world.all().filter(({ meshId }) => meshId === mark.meshId);
    const entries = () => environments.flatMap(({ id }) => registry.inEnvironment(id));
    const total = entries().length;
    // Where calls begin: gateways, and workloads that only call.
    const isOrigin = (entry: ProxyEntry) => entry.row.service === null;
    await this.drain(entries().filter(isOrigin));
    await this.drain(entries().filter((entry) => !isOrigin(entry)));
    await this.tell(mark, "mesh.drained", total);
    this.patch(entries(), { desired: "stopped", ready: false });
    await registry.flush();
    await this.sleepUntil(() => entries().length === 0, STOP_LIMIT_MS);
    for (const entry of entries()) {
      await this.options.removeProxy(entry);
    }
    await data.meshDeletions.finish(mark, total);
    await world.load();
    this.options.logger.info({ mesh: mark.meshId, proxies: total }, "deleted a mesh");
  }

  private async drain(entries: readonly ProxyEntry[]): Promise<void> {
    const waiting = entries.filter((entry) => entry.row.desired === "running");
    if (waiting.length === 0) {
      return;
    }
    this.patch(waiting, { desired: "draining", draining: true });
    await this.options.registry.flush();
    for (const id of new Set(waiting.map((entry) => entry.row.environmentId))) {
      this.options.world.build(id, true);
    }
    await this.sleepUntil(() => false, DRAIN_MS);
  }

  private patch(entries: readonly ProxyEntry[], patch: Parameters<Registry["patch"]>[1]): void {
    for (const entry of entries) {
      this.options.registry.patch(entry, patch);
    }
  }

  private async tell({ meshId, actorId, actorName }: DeletionMark, kind: string, proxies: number): Promise<void> {
    const subject = this.options.world.all().find((environment) => environment.meshId === meshId)?.meshSlug ?? meshId;
    await this.options.data.events.append({ meshId, kind, actorId, actorName, subject, payload: { proxies } });
  }

  private async sleepUntil(isDone: () => boolean, limitMs: number): Promise<void> {
    const deadline = this.options.now() + limitMs;
    while (!isDone() && this.options.now() < deadline) {
      if (!this.isLeading) {
        throw new Error("the leadership ended");
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }
}
