// The agent's process: one per machine. Ends proxies and apps in order when asked to; when it is killed they go on, and
// the next agent adopts them.

import { join } from "node:path";
import { systemClock } from "@/lib/clock";
import { EnvError, readEnv } from "@/lib/env";
import { createLogger } from "@/lib/observability/logger";
import { MeshAgent } from "./agent";
import { referTo } from "./process-table";
import { watchSupervisor } from "./supervisor-watch";

const REQUIRED = [
  "MESHWRIGHT_HOME",
  "MESHWRIGHT_RUNTIME_DIR",
  "MESHWRIGHT_INTERNAL_URL",
  "MESHWRIGHT_INTERNAL_SECRET",
] as const;
/** Proxies drain within this; then they are killed (start: everything is gone after 10 s). */
/** A little more than a proxy takes at most (`drainDeadlineMs`). */
const STOP_LIMIT_MS = 5_500;
const VERSION = "0.1.0";

function main(): void {
  const env = readEnv(REQUIRED);
  const logger = createLogger("agent", env.MESHWRIGHT_LOG_LEVEL);
  const supervisorPid = env.MESHWRIGHT_SUPERVISOR_PID;
  const supervisor = supervisorPid
    ? { pid: supervisorPid, startTime: env.MESHWRIGHT_SUPERVISOR_START ?? referTo(supervisorPid).startTime }
    : null;
  const agent = new MeshAgent({
    home: env.MESHWRIGHT_HOME,
    internalUrl: env.MESHWRIGHT_INTERNAL_URL,
    internalSecret: env.MESHWRIGHT_INTERNAL_SECRET,
    proxyEntry: join(env.MESHWRIGHT_RUNTIME_DIR, "..", "proxy", "dist", "meshwright-proxy.mjs"),
    appsEntry: join(env.MESHWRIGHT_RUNTIME_DIR, "apps.mjs"),
    version: VERSION,
    address: env.MESHWRIGHT_MESH_ADDRESS,
    supervisor,
    clock: systemClock,
    logger,
  });
  agent.start();
  logger.info({ agent: agent.id }, "the agent runs");

  let isEnding = false;
  const end = (reason: string) => {
    if (!isEnding) {
      isEnding = true;
      logger.info({ reason }, "the agent ends");
      void agent.stop(STOP_LIMIT_MS).then(
        () => process.exit(0),
        () => process.exit(1),
      );
    }
  };
  watchSupervisor(supervisor, () => end("the supervisor is gone"));
  process.on("SIGTERM", () => end("SIGTERM"));
  process.on("SIGINT", () => end("SIGINT"));
}

try {
  main();
} catch (error) {
  process.stderr.write(
    `${error instanceof EnvError ? error.message : error instanceof Error ? error.stack : String(error)}\n`,
  );
  process.exit(1);
}
