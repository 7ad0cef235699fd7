// Request timeouts without a Node timer per request: one timer per distinct duration, requests in an intrusive list.
// Rule: all deadlines of one queue have the same duration, so that the list is sorted by construction. And no limit is over before the
// sockets were looked at: a process that stood still for longer wakes up with its timers first (libuv), what came meanwhile behind them.

export class Deadline {
  at = 0;
  prev: Deadline | null = null;
  next: Deadline | null = null;
  queue: DeadlineQueue | null = null;
  constructor(readonly expire: () => void) {}

  cancel(): void {
    this.queue?.remove(this);
  }
}

class DeadlineQueue {
  private head: Deadline | null = null;
  private tail: Deadline | null = null;
  private isArmed = false;
  constructor(private readonly durationMs: number) {}

  add(deadline: Deadline, now: number): void {
    deadline.at = now + this.durationMs;
    deadline.queue = this;
    deadline.prev = this.tail;
    deadline.next = null;
    if (this.tail === null) this.head = deadline;
    else this.tail.next = deadline;
    this.tail = deadline;
    if (!this.isArmed) this.arm(this.durationMs);
  }

  remove(deadline: Deadline): void {
    if (deadline.prev === null) this.head = deadline.next;
    else deadline.prev.next = deadline.next;
    if (deadline.next === null) this.tail = deadline.prev;
    else deadline.next.prev = deadline.prev;
    deadline.queue = null;
    deadline.prev = null;
    deadline.next = null;
  }

  private arm(delayMs: number): void {
    this.isArmed = true;
    setTimeout(this.fire, Math.max(1, Math.ceil(delayMs))).unref();
  }

  private readonly fire = (): void => {
    setImmediate(this.expireDue);
  };

  private readonly expireDue = (): void => {
    this.isArmed = false;
    const now = performance.now();
    while (this.head !== null && this.head.at <= now) {
      const due = this.head;
      this.remove(due);
      due.expire();
    }
    if (this.head !== null) this.arm(this.head.at - now);
  };
}

const queues = new Map<number, DeadlineQueue>();

/** Calls `deadline.expire` after `durationMs` unless cancelled. Durations come from configuration, so they are few. */
export function startDeadline(deadline: Deadline, durationMs: number, now: number): void {
  deadline.cancel();
  let queue = queues.get(durationMs);
  if (queue === undefined) {
    queue = new DeadlineQueue(durationMs);
    queues.set(durationMs, queue);
  }
  queue.add(deadline, now);
}

/** Calls `expire` once, `durationMs` from now, unless the returned function was called before. Neither keeps the process alive. */
export function startTimeLimit(durationMs: number, expire: () => void): () => void {
  let look: NodeJS.Immediate | null = null;
  const timer = setTimeout(() => {
    look = setImmediate(expire);
  }, durationMs).unref();
  return () => {
    clearTimeout(timer);
    if (look !== null) clearImmediate(look);
  };
}
