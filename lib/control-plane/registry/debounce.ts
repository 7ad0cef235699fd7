// Many changes, one build: waits for 100 ms of quiet, 10 s at most (Istio's figures); an urgent change goes at once.
// One rule: never two builds at a time; what arrives during one is built after it.

export interface DebounceOptions {
  quietMs?: number;
  capMs?: number;
  onError(error: unknown): void;
}

export class Debounce {
  private timer: NodeJS.Timeout | null = null;
  private firstAt: number | null = null;
  private running: Promise<void> | null = null;
  private isDue = false;

  constructor(
    private readonly run: () => void | Promise<void>,
    private readonly options: DebounceOptions,
  ) {}

  request(isUrgent = false): void {
    const now = Date.now();
    this.firstAt ??= now;
    const waitMs = isUrgent
      ? 0
      : Math.min(this.options.quietMs ?? 100, Math.max(this.firstAt + (this.options.capMs ?? 10_000) - now, 0));
    if (this.timer) {
      clearTimeout(this.timer);
    }
    this.timer = setTimeout(() => this.fire(), waitMs);
  }

  stop(): void {
    if (this.timer) {
      clearTimeout(this.timer);
      this.timer = null;
    }
  }

  private fire(): void {
    this.timer = null;
    this.firstAt = null;
    if (this.running) {
      this.isDue = true;
      return;
    }
    this.running = Promise.resolve()
      .then(() => this.run())
      .catch((error: unknown) => this.options.onError(error))
      .finally(() => {
        this.running = null;
        if (this.isDue) {
          this.isDue = false;
          this.fire();
        }
      });
  }
}
