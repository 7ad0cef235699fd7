// Takes queued runs one by one per environment, on the leader only. A run that an earlier leader had begun is failed, not
// resumed: half of its measurements would be of another time.

import type { CheckRunRow } from "@/lib/data/system";
import { LeaderWork } from "../rollout/leader-work";
import { type CheckRunOptions, runChecks } from "./check-run";

const LIMIT_MS = 5 * 60_000;
const AGAIN_MS = 1_000;

export class CheckRuns extends LeaderWork {
  private readonly running = new Map<string, Promise<void>>();

  constructor(private readonly options: CheckRunOptions) {
    super({
      logger: options.logger,
      failure: "runs of the checklist cannot be read; trying again",
      againMs: AGAIN_MS,
    });
  }

  override async stop(): Promise<void> {
    await super.stop();
    await Promise.allSettled(this.running.values());
  }

  protected async takeWork(): Promise<void> {
    for (const run of await this.options.data.checks.listOpen()) {
      if (!this.isLeading || this.running.has(run.environmentId)) continue;
      if (run.state === "running") await this.fail(run, "The control plane ended while it ran. Run the checks again.");
      else await this.take(run);
    }
  }

  private async take(queued: CheckRunRow): Promise<void> {
    const { data, world, now, logger } = this.options;
    if (!world.environment(queued.environmentId)) await world.load();
    const run = await data.checks.claim(queued.id, new Date(now()));
    if (!run) return;
    const done = withLimit(runChecks(this.options, run))
      .then(() => this.tell(run, "check.finished", {}))
      .catch(async (error: unknown) => {
        logger.warn({ run: run.id, reason: textOf(error) }, "a run of the checklist failed");
        await this.fail(run, textOf(error));
      })
      .catch((error: unknown) =>
        logger.error({ run: run.id, reason: textOf(error) }, "a failed run could not be stored"),
      )
      .finally(() => {
        this.running.delete(run.environmentId);
        this.look();
      });
    this.running.set(run.environmentId, done);
  }

  private async fail(run: CheckRunRow, reason: string): Promise<void> {
    await this.options.data.checks.fail(run.id, reason, new Date(this.options.now()));
    this.tell(run, "check.failed", { reason });
  }

  private tell(run: CheckRunRow, kind: string, payload: object): void {
    this.options.journal.append(run.environmentId, kind, run.id, {
      runId: run.id,
      requestedBy: run.requestedByName,
      ...payload,
    });
  }
}

const textOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

async function withLimit(work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error("The run took longer than five minutes and was ended.")), LIMIT_MS);
  });
  try {
    await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}
