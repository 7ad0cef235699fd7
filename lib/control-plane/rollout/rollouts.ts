// Takes queued deployments one by one per environment and runs them, on the leader only. A deployment that an earlier
// leader had begun is taken up again: running it twice leads to the same end.

import type { DeploymentRow, NewEvent } from "@/lib/data/system";
import type { RolloutContext, RolloutsOptions } from "./context";
import { LeaderWork } from "./leader-work";
import { RolloutStopped } from "./outcome";
import { RolloutRun } from "./rollout-run";

const AGAIN_MS = 1_000;

export class Rollouts extends LeaderWork {
  private readonly running = new Map<string, Promise<void>>();

  constructor(private readonly options: RolloutsOptions) {
    super({ logger: options.logger, failure: "deployments cannot be read; trying again", againMs: AGAIN_MS });
  }

  override async stop(): Promise<void> {
    await super.stop();
    await Promise.allSettled(this.running.values());
  }

  protected async takeWork(): Promise<void> {
    const open = await this.options.data.deployments.listOpen();
    for (const deployment of open) {
      const isOpenEnvironment = !this.running.has(deployment.environmentId);
      const isNext =
        isOpenEnvironment &&
        (deployment.state !== "queued" ||
          !open.some((other) => other.environmentId === deployment.environmentId && other.state !== "queued"));
      if (isNext && this.isLeading) {
        await this.take(deployment);
      }
    }
  }

  private async take(deployment: DeploymentRow): Promise<void> {
    const { data, world, now, logger } = this.options;
    if (!world.environment(deployment.environmentId)) {
      await world.load();
    }
    const claimed =
      deployment.state === "queued" ? await data.deployments.claim(deployment.id, new Date(now())) : deployment;
    if (!claimed) {
      return;
    }
    const run = new RolloutRun(this.context(), claimed, () => !this.isLeading);
    const done = run
      .run()
      .catch((error: unknown) => {
        if (!(error instanceof RolloutStopped)) {
          logger.error(
            { deployment: claimed.id, reason: error instanceof Error ? error.message : String(error) },
            "a deployment ended with an error of ours",
          );
        }
      })
      .finally(() => {
        this.running.delete(claimed.environmentId);
        setTimeout(() => this.look(), 200).unref();
      });
    this.running.set(claimed.environmentId, done);
  }

  private context(): RolloutContext {
    const { data, now } = this.options;
    return {
      ...this.options,
      async setState(deployment, state, patch = {}) {
        await data.deployments.update(deployment.id, { ...patch, state });
      },
      async finish(deployment, state, error) {
        await data.deployments.update(deployment.id, { state, error, finishedAt: new Date(now()) });
      },
      appendEvent: (deployment, kind, payload) => this.appendEvent(deployment, kind, payload),
    };
  }

  private async appendEvent(deployment: DeploymentRow, kind: string, payload: unknown): Promise<void> {
    const environment = this.options.world.environment(deployment.environmentId);
    const event: NewEvent = {
      meshId: environment?.meshId ?? null,
      environmentId: deployment.environmentId,
      kind,
      actorId: deployment.startedById,
      actorName: deployment.startedByName,
      subject: `${environment?.meshSlug ?? "mesh"}/${environment?.name ?? "environment"}`,
      payload: { deploymentId: deployment.id, ...(typeof payload === "object" ? payload : {}) },
    };
    await this.options.data.events.append(event).catch((error: unknown) => {
      this.options.logger.error(
        { kind, reason: error instanceof Error ? error.message : String(error) },
        "an event could not be written",
      );
    });
  }
}
