// How many requests there were in the window that is open, by key. Fixed windows on the clock's own borders, so that control planes agree
// on them without a word. One rule: memory is bounded; keys beyond the bound share one count of their limit, so that inventing values of
// a header never buys anybody more than one budget.

export interface CountedLimit {
  readonly requests: number;
  readonly perMs: number;
}

export interface Count {
  readonly isOver: boolean;
  readonly remaining: number;
  readonly resetMs: number;
}

/** What this control plane counted since it last told the others. */
export interface Share {
  readonly key: string;
  readonly windowEnd: number;
  readonly added: number;
}

export interface Total {
  readonly key: string;
  readonly windowEnd: number;
  readonly total: number;
}

interface Counter {
  readonly group: string;
  readonly perMs: number;
  windowEnd: number;
  /** As the database said, ours included. */
  told: number;
  untold: number;
}

export interface CounterBounds {
  readonly perLimit: number;
  readonly all: number;
}

const BOUNDS: CounterBounds = { perLimit: 10_000, all: 100_000 };
/** Shorter windows are over before an exchange has come round: each control plane counts them for itself. */
const SHORTEST_SHARED_MS = 2000;
/** In no key: header values cannot hold it. */
const SEPARATOR = "\n";

export class Counters {
  private readonly counters = new Map<string, Counter>();
  private readonly sizes = new Map<string, number>();

  constructor(private readonly bounds: CounterBounds = BOUNDS) {}

  get size(): number {
    return this.counters.size;
  }

  /** Counts a request where it is within the limit; one that is refused takes nothing. */
  take(group: string, value: string, limit: CountedLimit, hits: number, now: number): Count {
    const counter = this.counterOf(group, value, limit, now);
    const left = limit.requests - counter.told - counter.untold;
    const isOver = left < hits;
    if (!isOver) counter.untold += hits;
    return { isOver, remaining: Math.max(0, isOver ? left : left - hits), resetMs: counter.windowEnd - now };
  }

  /** What the others have not heard of; counted as told from here on. */
  share(now: number): Share[] {
    const shares: Share[] = [];
    for (const [key, counter] of this.counters) {
      const { windowEnd, perMs, untold } = counter;
      if (untold === 0 || windowEnd <= now || perMs < SHORTEST_SHARED_MS) continue;
      shares.push({ key, windowEnd, added: untold });
      counter.told += untold;
      counter.untold = 0;
    }
    return shares;
  }

  learn(totals: readonly Total[]): void {
    for (const { key, windowEnd, total } of totals) {
      const counter = this.counters.get(key);
      if (counter?.windowEnd === windowEnd) counter.told = total;
    }
  }

  /** The others could not be told: once more the next time. */
  giveBack(shares: readonly Share[]): void {
    for (const { key, windowEnd, added } of shares) {
      const counter = this.counters.get(key);
      if (counter?.windowEnd !== windowEnd) continue;
      counter.told -= added;
      counter.untold += added;
    }
  }

  /** Forgets windows that are over. */
  sweep(now: number): void {
    for (const [key, { windowEnd, group }] of this.counters) {
      if (windowEnd > now) continue;
      this.counters.delete(key);
      const size = (this.sizes.get(group) ?? 1) - 1;
      if (size === 0) this.sizes.delete(group);
      else this.sizes.set(group, size);
    }
  }

  private counterOf(group: string, value: string, { perMs }: CountedLimit, now: number): Counter {
    const windowEnd = (Math.floor(now / perMs) + 1) * perMs;
    const known = this.counters.get(`${group}${SEPARATOR}${value}`) ?? this.roomFor(group, value, perMs, windowEnd);
    if (known.windowEnd !== windowEnd) {
      known.windowEnd = windowEnd;
      known.told = 0;
      known.untold = 0;
    }
    return known;
  }

  private roomFor(group: string, value: string, perMs: number, windowEnd: number): Counter {
    const size = this.sizes.get(group) ?? 0;
    const isFull = size >= this.bounds.perLimit || this.counters.size >= this.bounds.all;
    const key = isFull ? group : `${group}${SEPARATOR}${value}`;
    const known = this.counters.get(key);
    if (known) return known;
    const counter: Counter = { group, perMs, windowEnd, told: 0, untold: 0 };
    this.counters.set(key, counter);
    this.sizes.set(group, size + 1);
    return counter;
  }
}
