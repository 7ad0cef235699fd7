// What every request of the web process shares: database, clock, environment, control plane, news. Made once, on first use.
import { type Clock, systemClock } from "@/lib/clock";
import { type Database, openDatabase } from "@/lib/data/client";
import { type EnvWith, readEnv } from "@/lib/env";
import { createLogger, type Logger } from "@/lib/observability/logger";
import { ControlPlaneClient } from "./control-plane-client";
import { NewsHub } from "./news-hub";
import { RateLimiter } from "./rate-limit";
import { type ThreadLimits, Threads } from "./threads/threads";

export type WebEnv = EnvWith<"NEXTAUTH_SECRET">;

export interface Runtime {
  database: Database;
  clock: Clock;
  env: WebEnv;
  logger: Logger;
  controlPlane: ControlPlaneClient;
  news: NewsHub;
  rateLimiter: RateLimiter;
  /** Large work, beside the thread that answers. */
  threads: Threads;
  /** Origins whose pages are ours. */
  ownOrigins: readonly string[];
  /** Base of links that people get. */
  webUrl: string;
}

export function createRuntime(
  env: WebEnv,
  options: { clock?: Clock; logger?: Logger; threads?: Partial<ThreadLimits> } = {},
): Runtime {
  const clock = options.clock ?? systemClock;
  const logger = options.logger ?? createLogger("web");
  const database = openDatabase({ url: env.DATABASE_URL });
  const webUrl = (
    env.MESHWRIGHT_WEB_URL ??
    env.NEXTAUTH_URL ??
    `http://localhost:${env.MESHWRIGHT_WEB_PORT ?? 3000}`
  ).replace(/\/$/, "");
  return {
    database,
    clock,
    env,
    logger,
    controlPlane: new ControlPlaneClient(env.MESHWRIGHT_INTERNAL_URL, env.MESHWRIGHT_INTERNAL_SECRET),
    news: new NewsHub({ database, databaseUrl: env.DATABASE_URL, logger }),
    rateLimiter: new RateLimiter(clock),
    threads: new Threads(options.threads),
    ownOrigins: [webUrl, ...(env.NEXTAUTH_URL ? [env.NEXTAUTH_URL] : [])],
    webUrl,
  };
}

export async function closeRuntime(runtime: Runtime): Promise<void> {
  await runtime.threads.close();
  await runtime.news.stop();
  await runtime.database.$disconnect();
}

const KEY = Symbol.for("meshwright.runtime");
type Holder = { [KEY]?: Runtime };

/** The process's runtime. On globalThis, because Next loads this module once per bundle. */
export function getRuntime(): Runtime {
  const holder = globalThis as Holder;
  holder[KEY] ??= createRuntime(readEnv(["NEXTAUTH_SECRET"]));
  return holder[KEY];
}
