// One control plane of all does what must be done once: rollouts, scraping, retention. The advisory lock sits on a
// connection of its own, so it is free the moment its holder dies; the row beside it says where the leader is.
// One rule: leadership lost is told at once; what ran as leader stops.

import { randomUUID } from "node:crypto";
import pg from "pg";
import type { SystemData } from "@/lib/data/system";
import type { Logger } from "@/lib/observability/logger";

const LOCK = 4_726_100; // beside the locks of lib/data/locks.ts
const ROW = "control-plane";
const ROW_LIFETIME_MS = 6_000;
const TRY_EVERY_MS = 1_000;

export interface LeaderOptions {
  databaseUrl: string;
  data: SystemData;
  address: string;
  onGained(): void;
  onLost(): void;
  now: () => number;
  logger: Logger;
}

export class Leader {
  private readonly holder = randomUUID();
  private client: pg.Client | null = null;
  private timer: NodeJS.Timeout | null = null;
  private hasLock = false;
  private isBusy = false;

  constructor(private readonly options: LeaderOptions) {}

  get isLeader(): boolean {
    return this.hasLock;
  }

  start(): void {
    this.timer = setInterval(() => void this.step(), TRY_EVERY_MS);
    void this.step();
  }

  async stop(): Promise<void> {
    if (this.timer) {
      clearInterval(this.timer);
    }
    const wasLeader = this.hasLock;
    this.lose();
    if (wasLeader) {
      await this.options.data.leader.release(ROW, this.holder).catch(() => undefined);
    }
  }

  private async step(): Promise<void> {
    if (this.isBusy) {
      return;
    }
    this.isBusy = true;
    try {
      const client = this.client ?? (await this.connect());
      if (!this.hasLock) {
        const { rows } = await client.query<{ taken: boolean }>("SELECT pg_try_advisory_lock($1) AS taken", [LOCK]);
        if (rows[0]?.taken) {
          this.hasLock = true;
          this.options.logger.info("this control plane leads");
          this.options.onGained();
        }
      }
      if (this.hasLock) {
        await this.renewRow();
      }
    } catch (error) {
      this.options.logger.warn(
        { reason: error instanceof Error ? error.message : String(error) },
        "the leader lock cannot be asked for",
      );
      this.lose();
    } finally {
      this.isBusy = false;
    }
  }

  /** The row of a leader that was killed runs out by itself; until then the lock alone counts. */
  private async renewRow(): Promise<void> {
    const now = this.options.now();
    const row = {
      name: ROW,
      holder: this.holder,
      address: this.options.address,
      expiresAt: new Date(now + ROW_LIFETIME_MS),
    };
    await this.options.data.leader.acquire(row, new Date(now));
  }

  private async connect(): Promise<pg.Client> {
    const client = new pg.Client({
      connectionString: this.options.databaseUrl,
      keepAlive: true,
      application_name: "meshwright-leader",
    });
    client.on("error", () => this.lose(client));
    client.on("end", () => this.lose(client));
    await client.connect();
    this.client = client;
    return client;
  }

  private lose(client: pg.Client | null = this.client): void {
    if (client !== this.client) {
      return;
    }
    this.client = null;
    client?.end().catch(() => undefined);
    if (this.hasLock) {
      this.hasLock = false;
      this.options.onLost();
    }
  }
}
