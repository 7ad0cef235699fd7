// The control plane's process: reads the environment, starts everything, ends in order on SIGTERM, SIGINT, or when its
// supervisor is gone.

import { referTo } from "@/lib/agent/process-table";
import { watchSupervisor } from "@/lib/agent/supervisor-watch";
import { systemClock } from "@/lib/clock";
import { compileToBytes } from "@/lib/compile";
import { EnvError, readEnv } from "@/lib/env";
import { createLogger } from "@/lib/observability/logger";
import { KeyFileError, readSealingKey } from "./ca/key-sealing";
import { startControlPlane } from "./control-plane";

/** The control plane's own name. Workloads carry the trust domain of their mesh. */
const OWN_TRUST_DOMAIN = "meshwright.local";
const HOST = "127.0.0.1";
const REQUIRED = [
  "DATABASE_URL",
  "MESHWRIGHT_INTERNAL_URL",
  "MESHWRIGHT_INTERNAL_SECRET",
  "MESHWRIGHT_ADS_PORT",
  "MESHWRIGHT_ENROLL_PORT",
  "MESHWRIGHT_KEY_FILE",
] as const;

async function main(): Promise<void> {
  const env = readEnv(REQUIRED);
  const logger = createLogger("control-plane", env.MESHWRIGHT_LOG_LEVEL);
  const running = await startControlPlane({
    databaseUrl: env.DATABASE_URL,
    sealingKey: readSealingKey(env.MESHWRIGHT_KEY_FILE),
    internalSecret: env.MESHWRIGHT_INTERNAL_SECRET,
    host: HOST,
    meshHost: env.MESHWRIGHT_MESH_ADDRESS,
    internalPort: Number(new URL(env.MESHWRIGHT_INTERNAL_URL).port),
    adsPort: env.MESHWRIGHT_ADS_PORT,
    enrollPort: env.MESHWRIGHT_ENROLL_PORT,
    trustDomain: OWN_TRUST_DOMAIN,
    compile: compileToBytes,
    home: env.MESHWRIGHT_HOME,
    clock: systemClock,
    logger,
  });
  logger.info(
    { ads: running.adsPort, enroll: running.enrollPort, internal: running.internalPort },
    "the control plane serves",
  );

  let isEnding = false;
  const end = (reason: string) => {
    if (!isEnding) {
      isEnding = true;
      logger.info({ reason }, "the control plane ends");
      setTimeout(() => process.exit(1), 8_000).unref();
      void running.stop().then(
        () => process.exit(0),
        () => process.exit(1),
      );
    }
  };
  const supervisorPid = env.MESHWRIGHT_SUPERVISOR_PID;
  const supervisor = supervisorPid
    ? { pid: supervisorPid, startTime: env.MESHWRIGHT_SUPERVISOR_START ?? referTo(supervisorPid).startTime }
    : null;
  watchSupervisor(supervisor, () => end("the supervisor is gone"));
  process.on("SIGTERM", () => end("SIGTERM"));
  process.on("SIGINT", () => end("SIGINT"));
}

main().catch((error: unknown) => {
  const isOurs = error instanceof EnvError || error instanceof KeyFileError;
  process.stderr.write(`${isOurs ? error.message : error instanceof Error ? error.stack : String(error)}\n`);
  process.exit(1);
});
