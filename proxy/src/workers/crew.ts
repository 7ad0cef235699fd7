// The worker processes themselves: as many as there shall be, questions to them and their answers. Rule: a question to a worker that dies is
// answered by null, never left open; one that dies young is replaced later and later. Who says nothing for too long holds up nobody who
// asks by askSoon() or askMost(), is named, and is asked again when it has said something.

import nodeCluster, { type Worker } from "node:cluster";
import { startTimeLimit } from "../deadline";
import { report } from "../errors";
import { giveTo, type Untaken, watchHandingOver } from "./handing-over";
import type { FromWorker, Order, Questions, ToWorker } from "./messages";

export interface CrewEvents {
  /** It listens now, and knows nothing yet. */
  onHere(worker: Worker): Promise<void>;
  onGone(worker: Worker): void;
  /** It answers again, and was left out of what askMost() asked meanwhile. */
  onBack(worker: Worker): void;
  onLine(id: number, line: string): void;
}

/** What a worker is told by its environment: how many there are, and where paths begin. */
export const WORKER_ENV = { processes: "MESHWRIGHT_WORKERS", home: "MESHWRIGHT_HOME_PATH" } as const;

/** A worker that lived for less died of what it was given. */
const YOUNG_MS = 10_000;
const MAX_PAUSE_MS = 5_000;

/** Longest wait of somebody who asks the admin interface. */
const SOON_MS = 5_000;
/** From the order to end; then it is killed. */
const END_MS = 5_000;

/** Of one that has ended, everything that it had said: its channel is read to the end, which may be after it. */
function whenHeard(worker: Worker, then: () => void): void {
  if (worker.isConnected()) setImmediate(() => whenHeard(worker, then));
  else then();
}

type Waiting = (answer: unknown) => void;

export class Crew {
  private readonly waiting = new Map<Worker, Map<number, Waiting>>();
  private readonly here = new Map<Worker, Promise<void>>();
  /** Those that owe an answer for longer than SOON_MS. */
  private readonly silent = new Set<Worker>();
  /** Those of the silent that were left out by askMost(). */
  private readonly behind = new Set<Worker>();
  private nextId = 1;
  private early = 0;
  private isKept = true;

  constructor(
    readonly count: number,
    home: string | null,
    private readonly events: CrewEvents,
  ) {
    nodeCluster.setupPrimary({ serialization: "advanced" });
    const env = { [WORKER_ENV.processes]: String(count), ...(home === null ? {} : { [WORKER_ENV.home]: home }) };
    this.fork = () => this.watch(nodeCluster.fork(env));
    for (let i = 0; i < count; i++) this.fork();
  }

  private readonly fork: () => void;

  private watch(worker: Worker): void {
    const bornAt = performance.now();
    const waiting = new Map<number, Waiting>();
    this.waiting.set(worker, waiting);
    let markHere = (): void => {};
    this.here.set(worker, new Promise((resolve) => (markHere = resolve)));
    worker.on("error", () => {});
    const untaken = watchHandingOver(worker.process);
    worker.on("message", (message: FromWorker) => {
      if (this.silent.delete(worker)) report(`worker ${worker.process.pid ?? 0} answers again`);
      const isBehind = this.behind.delete(worker);
      if (message.kind === "here") {
        void this.events.onHere(worker).then(markHere);
        return;
      }
      if (isBehind) this.events.onBack(worker);
      if (message.kind === "line") this.events.onLine(message.id, message.line);
      else {
        waiting.get(message.id)?.(message.answer);
        waiting.delete(message.id);
      }
    });
    worker.on("exit", (code, signal) => {
      markHere();
      this.waiting.delete(worker);
      this.here.delete(worker);
      this.silent.delete(worker);
      this.behind.delete(worker);
      for (const answer of waiting.values()) answer(null);
      whenHeard(worker, () => {
        for (const connection of untaken()) this.passOn(connection);
      });
      this.events.onGone(worker);
      if (!this.isKept) return;
      this.early = performance.now() - bornAt < YOUNG_MS ? this.early + 1 : 0;
      const pauseMs = this.early === 0 ? 0 : Math.min(MAX_PAUSE_MS, 100 * 2 ** Math.min(this.early - 1, 10));
      report(`worker ${worker.process.pid ?? 0} ended (${signal ?? code}): another one begins in ${pauseMs} ms`);
      setTimeout(() => {
        if (this.isKept) this.fork();
      }, pauseMs);
    });
  }

  private passOn(connection: Untaken): void {
    const connected = this.workers.filter((worker) => worker.isConnected());
    const next = connected.find((worker) => !this.silent.has(worker)) ?? connected[0];
    if (next === undefined) connection.handle.close();
    else giveTo(next.process, connection);
  }

  get workers(): readonly Worker[] {
    return [...this.waiting.keys()];
  }

  get pids(): readonly number[] {
    return this.workers.flatMap(({ process: { pid } }) => pid ?? []);
  }

  /** null: it died before it answered. */
  ask<K extends keyof Questions>(
    worker: Worker,
    kind: K,
    ask: Questions[K]["ask"],
  ): Promise<Questions[K]["answer"] | null> {
    const waiting = this.waiting.get(worker);
    if (waiting === undefined) return Promise.resolve(null);
    const id = this.nextId++;
    return new Promise((resolve) => {
      waiting.set(id, resolve as Waiting);
      this.send(worker, { kind, id, ask } as ToWorker);
    });
  }

  /** The answers of those that live, once each knows what it was told at its beginning. */
  async askAll<K extends keyof Questions>(kind: K, ask: Questions[K]["ask"]): Promise<Questions[K]["answer"][]> {
    const answers = await Promise.all(
      this.workers.map(async (worker) => {
        await this.here.get(worker);
        return this.ask(worker, kind, ask);
      }),
    );
    return answers.filter((answer) => answer !== null);
  }

  /** As askAll, from those that answer soon; the others are silent from then on, and not waited for again. */
  async askSoon<K extends keyof Questions>(
    kind: K,
    ask: (worker: Worker) => Questions[K]["ask"],
  ): Promise<(readonly [Worker, Questions[K]["answer"]])[]> {
    const answers = await Promise.all(
      this.workers.map(async (worker) => {
        if (this.silent.has(worker)) return [worker, null] as const;
        const answer = (this.here.get(worker) ?? Promise.resolve()).then(() => this.ask(worker, kind, ask(worker)));
        return [worker, await this.orSilence(worker, answer)] as const;
      }),
    );
    return answers.flatMap(([worker, answer]) => (answer === null ? [] : [[worker, answer] as const]));
  }

  /**
   * As askAll, but who is silent is left out and hears of it by onBack(): it would hold up the others, and what it is sent would pile up.
   * Where all are silent, the first that answers is waited for: somebody has to have done it.
   */
  async askMost<K extends keyof Questions>(
    kind: K,
    ask: Questions[K]["ask"],
  ): Promise<(readonly [Worker, Questions[K]["answer"]])[]> {
    const awake = this.workers.filter((worker) => !this.silent.has(worker));
    const asked = (awake.length > 0 ? awake : this.workers).map((worker) => {
      const answer = (this.here.get(worker) ?? Promise.resolve()).then(() => this.ask(worker, kind, ask));
      return { worker, answer };
    });
    const soon = await Promise.all(
      asked.map(async ({ worker, answer }) => [worker, await this.orSilence(worker, answer)] as const),
    );
    for (const worker of this.silent) this.behind.add(worker);
    const found = soon.flatMap(([worker, answer]) => (answer === null ? [] : [[worker, answer] as const]));
    return found.length > 0 ? found : this.firstOf(asked);
  }

  /** Nothing where all of them died. */
  private async firstOf<Answer>(
    asked: readonly { worker: Worker; answer: Promise<Answer | null> }[],
  ): Promise<(readonly [Worker, Answer])[]> {
    const alive = asked.map(async ({ worker, answer }) => {
      const found = await answer;
      if (found === null) throw new Error("died");
      return [worker, found] as const;
    });
    return Promise.any(alive).then(
      (first) => [first],
      () => [],
    );
  }

  private orSilence<Answer>(worker: Worker, answer: Promise<Answer | null>): Promise<Answer | null> {
    return new Promise((resolve) => {
      const end = startTimeLimit(SOON_MS, () => {
        if (this.waiting.has(worker) && !this.silent.has(worker)) {
          this.silent.add(worker);
          report(
            `worker ${worker.process.pid ?? 0} has not answered for ${SOON_MS} ms: it is left out of what is told`,
          );
        }
        resolve(null);
      });
      void answer.then((found) => {
        end();
        resolve(found);
      });
    });
  }

  get silentPids(): readonly number[] {
    return [...this.silent].flatMap(({ process: { pid } }) => pid ?? []);
  }

  order(order: Order): void {
    for (const worker of this.workers) this.orderOne(worker, order);
  }

  orderOne(worker: Worker, order: Order): void {
    this.send(worker, order);
  }

  private send(worker: Worker, message: ToWorker): void {
    // One that is going hears nothing any more; its exit answers what was asked.
    if (worker.isConnected()) worker.process.send?.(message, () => {});
  }

  /** From now on nobody takes the place of one that ends. */
  letGo(): void {
    this.isKept = false;
  }

  async end(): Promise<void> {
    this.letGo();
    const gone = this.workers.map((worker) => new Promise<void>((resolve) => worker.once("exit", () => resolve())));
    this.order({ kind: "end" });
    // One that stands still reads no order.
    const late = setTimeout(() => {
      for (const worker of this.workers) worker.process.kill("SIGKILL");
    }, END_MS);
    await Promise.all(gone);
    clearTimeout(late);
  }
}
