// Guessing is slow: refused attempts to join are counted per address. One rule: what is remembered is bounded, whoever calls.

const WINDOW_MS = 60_000;
const MOST_FAILURES = 20;
const MOST_ADDRESSES = 10_000;

interface Count {
  failures: number;
  endsAt: number;
}

export class Attempts {
  private readonly byAddress = new Map<string, Count>();

  constructor(private readonly now: () => number) {}

  mayTry(address: string): boolean {
    const count = this.byAddress.get(address);
    return count === undefined || count.endsAt <= this.now() || count.failures < MOST_FAILURES;
  }

  failed(address: string): void {
    const now = this.now();
    const known = this.byAddress.get(address);
    const count = known && known.endsAt > now ? known : { failures: 0, endsAt: now + WINDOW_MS };
    count.failures += 1;
    this.byAddress.delete(address); // the newest stands last
    this.byAddress.set(address, count);
    const [oldest] = this.byAddress.keys();
    if (this.byAddress.size > MOST_ADDRESSES && oldest !== undefined) this.byAddress.delete(oldest);
  }
}
