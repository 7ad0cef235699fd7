// Writes what the registry learns about proxies: many small facts a second become one update per proxy.
// One rule: nothing learned is lost; a failed write is tried again with what came since laid over it.

import type { ProxyPatch } from "@/lib/data/system";
import type { Logger } from "@/lib/observability/logger";

const FLUSH_AFTER_MS = 50;
const RETRY_AFTER_MS = 1_000;
/** Rows that were read while a write was under way are older than it: written facts stay laid over them this long. */
const REMEMBERED_MS = 3_000;

export class PatchWriter {
  private pending = new Map<string, ProxyPatch>();
  private writing = new Map<string, ProxyPatch>();
  private readonly written = new Map<string, { atMs: number; patch: ProxyPatch }[]>();
  private timer: NodeJS.Timeout | null = null;
  private flushing: Promise<void> = Promise.resolve();

  constructor(
    private readonly write: (rowId: string, patch: ProxyPatch) => Promise<unknown>,
    private readonly logger: Logger,
  ) {}

  add(rowId: string, patch: ProxyPatch): void {
    this.pending.set(rowId, { ...this.pending.get(rowId), ...patch });
    this.schedule(FLUSH_AFTER_MS);
  }

  /** What is known here and may be missing in a row that was just read: laid over it. */
  unwritten(rowId: string): ProxyPatch {
    const recent = (this.written.get(rowId) ?? []).filter(({ atMs }) => Date.now() - atMs < REMEMBERED_MS);
    return Object.assign({}, ...recent.map(({ patch }) => patch), this.writing.get(rowId), this.pending.get(rowId));
  }

  async flush(): Promise<void> {
    this.flushing = this.flushing.then(() => this.flushOnce());
    await this.flushing;
  }

  stop(): void {
    if (this.timer) {
      clearTimeout(this.timer);
    }
  }

  private schedule(delayMs: number): void {
    if (!this.timer) {
      this.timer = setTimeout(() => {
        this.timer = null;
        void this.flush();
      }, delayMs);
    }
  }

  private async flushOnce(): Promise<void> {
    this.writing = this.pending;
    this.pending = new Map();
    for (const [rowId, patch] of this.writing) {
      try {
        await this.write(rowId, patch);
        this.remember(rowId, patch);
      } catch (error) {
        this.logger.warn(
          { reason: error instanceof Error ? error.message : String(error) },
          "proxy facts could not be written; trying again",
        );
        this.pending.set(rowId, { ...patch, ...this.pending.get(rowId) });
        this.schedule(RETRY_AFTER_MS);
      }
    }
    this.writing = new Map();
  }

  private remember(rowId: string, patch: ProxyPatch): void {
    const now = Date.now();
    const recent = (this.written.get(rowId) ?? []).filter(({ atMs }) => now - atMs < REMEMBERED_MS);
    this.written.set(rowId, [...recent, { atMs: now, patch }]);
  }
}
