// Work that only the leader does. It is looked for on every notice, one look at a time, and once more when a notice came during a
// look; a look that fails is told and repeated after a while.

import type { Logger } from "@/lib/observability/logger";

interface LeaderWorkOptions {
  logger: Logger;
  /** Said when a look failed; not after the leadership has ended. */
  failure: string;
  againMs: number;
}

export abstract class LeaderWork {
  private leads = false;
  private looking: Promise<void> | null = null;
  private isDue = false;

  constructor(private readonly work: LeaderWorkOptions) {}

  /** One look: takes what there is to do. It may ask `isLeading` between its steps. */
  protected abstract takeWork(): Promise<void>;

  protected get isLeading(): boolean {
    return this.leads;
  }

  lead(): void {
    this.leads = true;
    this.look();
  }

  /** Resolves when the look under way has ended. */
  async stop(): Promise<void> {
    this.leads = false;
    await this.looking;
  }

  /** Called on every notice about the work. */
  look(): void {
    this.isDue = true;
    if (!this.leads || this.looking) return;
    this.looking = this.lookNow().finally(() => {
      this.looking = null;
      if (this.isDue) this.look();
    });
  }

  private async lookNow(): Promise<void> {
    this.isDue = false;
    try {
      await this.takeWork();
    } catch (error) {
      if (!this.leads) return;
      this.work.logger.warn({ reason: error instanceof Error ? error.message : String(error) }, this.work.failure);
      setTimeout(() => this.look(), this.work.againMs).unref();
    }
  }
}
