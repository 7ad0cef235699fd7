// Work that only the leader does. It is looked for on every notice, one look at a time, and once more when a notice came during a
// look; a look that fails is told and repeated after a while.

interface LeaderWorkOptions {
  /** One look: takes what there is to do. It may ask `isLeading` between its steps. */
  look(): Promise<void>;
  /** Told why a look failed; not called once the leadership has ended. */
  failed(reason: string): void;
  againMs: number;
}

export class LeaderWork {
  private leads = false;
  private looking: Promise<void> | null = null;
  private isDue = false;

  constructor(private readonly options: LeaderWorkOptions) {}

  get isLeading(): boolean {
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
      await this.options.look();
    } catch (error) {
      if (!this.leads) return;
      this.options.failed(error instanceof Error ? error.message : String(error));
      setTimeout(() => this.look(), this.options.againMs).unref();
    }
  }
}
