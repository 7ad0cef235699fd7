// Where large work of the API is done: on threads beside the one that answers requests, so that nobody waits for another's large text.
// The rule: small work stays where it is, because sending it would cost more; of large work there is never more than the limits
// say at once, waiting, in time or in memory, and who meets a limit is told which and what to do.
import path from "node:path";
import { Piscina } from "piscina";
import { AppError } from "@/lib/errors";
import { charactersOf, type JobInput, type JobName, type JobResult, runJob } from "./jobs";

export interface ThreadLimits {
  /** The bundle of worker.ts. */
  file: string;
  /** Below this many characters the work is done at once, in some 50 ms at most. */
  largeCharacters: number;
  threads: number;
  /** Jobs that wait for a thread. */
  waiting: number;
  /** From asking to the result, waiting included. */
  timeoutMs: number;
  /** Of one thread. */
  memoryMb: number;
  /** After this long without work the threads end. */
  idleMs: number;
}

const DEFAULTS: ThreadLimits = {
  file: path.join(process.cwd(), "dist", "threads.mjs"),
  largeCharacters: 100_000,
  threads: 2,
  waiting: 16,
  // 1,000 services take two seconds, on a machine that is ten times overloaded twenty.
  timeoutMs: 60_000,
  // 4 MiB of text, the most that the API takes, need a quarter of it.
  memoryMb: 512,
  idleMs: 60_000,
};

/** Judging a design compiles it, and walks every path of it: so many times as long as reading it. */
const TIMES: Partial<Record<JobName, number>> = {
  controls: 5,
  compiledSizes: 2,
  fits: 6,
  access: 4,
  routing: 4,
  replay: 4,
  ask: 2,
};

export class Threads {
  readonly #limits: ThreadLimits;
  #pool: Piscina | undefined;
  #open = 0;
  #idle: NodeJS.Timeout | undefined;

  constructor(limits: Partial<ThreadLimits> = {}) {
    this.#limits = { ...DEFAULTS, ...limits };
  }

  /**
   * The job's result. Throws `work-queue-full`, `work-too-long` or `work-too-large` where a limit is met, `work-given-up` when
   * `signal` says that nobody waits any more.
   */
  async run<N extends JobName>(name: N, input: JobInput<N>, signal?: AbortSignal): Promise<JobResult<N>> {
    const { largeCharacters, threads, waiting } = this.#limits;
    if (charactersOf(input) * (TIMES[name] ?? 1) < largeCharacters) return runJob(name, input);
    if (this.#open >= threads + waiting) {
      throw new AppError("work-queue-full", { headers: { "retry-after": "5" } });
    }
    this.#open += 1;
    clearTimeout(this.#idle);
    try {
      return await this.#onThread(name, input, signal);
    } finally {
      this.#open -= 1;
      if (this.#open === 0) this.#idle = setTimeout(() => void this.close(), this.#limits.idleMs).unref();
    }
  }

  async #onThread<N extends JobName>(
    name: N,
    input: JobInput<N>,
    signal: AbortSignal | undefined,
  ): Promise<JobResult<N>> {
    const deadline = AbortSignal.timeout(this.#limits.timeoutMs);
    try {
      const either = signal ? AbortSignal.any([signal, deadline]) : deadline;
      this.#pool ??= this.#start();
      return await this.#pool.run({ name, input }, { signal: either });
    } catch (cause) {
      if (signal?.aborted) throw new AppError("work-given-up", { cause });
      if (deadline.aborted) throw this.#tooLong(cause);
      if (isOutOfMemory(cause)) throw this.#tooLarge(cause);
      throw cause;
    }
  }

  #start(): Piscina {
    const { file, threads, memoryMb } = this.#limits;
    const pool = new Piscina({
      filename: file,
      minThreads: 1,
      maxThreads: threads,
      resourceLimits: { maxOldGenerationSizeMb: memoryMb },
      // What the process loads before its own (lib/start/supervised.mjs) is for the process.
      execArgv: [],
    });
    // A thread that dies without a job would leave those who wait for it waiting: they are refused, and the next job starts anew.
    pool.on("error", () => {
      if (this.#pool === pool) this.#pool = undefined;
      void pool.destroy();
    });
    return pool;
  }

  #tooLong(cause: unknown): AppError {
    const seconds = this.#limits.timeoutMs / 1000;
    const detail = `It was not done after ${seconds} s. Try again when less is going on; if it stays, split the text by namespace or kind and send the parts one after the other.`;
    return new AppError("work-too-long", { detail, cause, headers: { "retry-after": "30" } });
  }

  #tooLarge(cause: unknown): AppError {
    const detail = `It needs more than ${this.#limits.memoryMb} MB. Split the text by namespace or kind and send the parts one after the other.`;
    return new AppError("work-too-large", { detail, cause });
  }

  async close(): Promise<void> {
    clearTimeout(this.#idle);
    const pool = this.#pool;
    this.#pool = undefined;
    await pool?.destroy();
  }
}

const isOutOfMemory = (cause: unknown): boolean =>
  cause instanceof Error && "code" in cause && cause.code === "ERR_WORKER_OUT_OF_MEMORY";
