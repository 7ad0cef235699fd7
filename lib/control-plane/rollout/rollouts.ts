// Takes queued deployments one by one per environment and runs them, on the leader only. A deployment that an earlier
// leader had begun is taken up again: running it twice leads to the same end.

import type { DeploymentRow, NewEvent } from "@/lib/data/system";
import type { RolloutContext, RolloutsOptions } from "./context";
import { RolloutStopped } from "./outcome";
import { RolloutRun } from "./rollout-run";

export class Rollouts {
  private readonly running = new Map<string, Promise<void>>();
  private isLeading = false;
  private isLooking = false;
  private isDue = false;

  constructor(private readonly options: RolloutsOptions) {}

  lead(): void {
    this.isLeading = true;
    this.look();
  }

  async stop(): Promise<void> {
    this.isLeading = false;
    await Promise.allSettled(this.running.values());
  }

  /** Looks for work: called on every notice about deployments. */
  look(): void {
    this.isDue = true;
    if (this.isLeading && !this.isLooking) {
      this.isLooking = true;
      void this.lookNow().finally(() => {
        this.isLooking = false;
        if (this.isDue) {
          this.look();
        }
      });
    }
  }

  private async lookNow(): Promise<void> {
    this.isDue = false;
    try {
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
    } catch (error) {
      this.options.logger.warn(
        { reason: error instanceof Error ? error.message : String(error) },
        "deployments cannot be read; trying again",
      );
      setTimeout(() => this.look(), 1_000).unref();
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
        if (this.isLeading) {
          setTimeout(() => this.look(), 200).unref();
        }
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
