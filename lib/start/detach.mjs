// `npm start -- --detach` and `--stop`: Meshwright without a terminal. (nohup cannot do it: npm and Node put the signals back to
// their defaults when they start, so nobody further down can see that hang-ups were to be ignored.)
// The rule: who detached it is told everything until it is ready, and then owns nothing of it any more.
import { spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { openHome, runningIn } from "./home.mjs";
import { isAlive, signal } from "./processes.mjs";
import { sleep, until } from "./wait.mjs";

const MARK = "MESHWRIGHT_DETACHED";
/** In order everything is over in ten seconds; the rest is for a machine that is busy. */
const STOP_LIMIT_MS = 20_000;
const LOOK_EVERY_MS = 100;

export const isDetached = process.env[MARK] === "1";
// What we start is told otherwise.
delete process.env[MARK];

const isOver = (text) => /^Meshwright is (ready|already running) at |^\{"event":"ready"/m.test(text);

/** Starts the same command in a session of its own and passes on what it says. Resolves with the exit code for this process. */
export async function startDetached(home, args) {
  const file = path.join(openHome(home), "logs", "start.out");
  const log = fs.openSync(file, "a", 0o600);
  fs.ftruncateSync(log);
  const script = fileURLToPath(new URL("./start.mjs", import.meta.url));
  const child = spawn(process.execPath, [script, ...args.filter((argument) => argument !== "--detach")], {
    detached: true,
    stdio: ["ignore", log, log],
    env: { ...process.env, [MARK]: "1" },
  });
  fs.closeSync(log);
  for (const name of ["SIGINT", "SIGTERM"]) process.once(name, () => child.kill(name));
  let exitCode;
  child.once("exit", (code) => {
    exitCode = code ?? 1;
  });
  let told = 0;
  const passOn = () => {
    const text = fs.readFileSync(file);
    process.stdout.write(text.subarray(told));
    told = text.length;
    return isOver(text.toString());
  };
  while (!passOn() && exitCode === undefined) await sleep(LOOK_EVERY_MS);
  passOn();
  child.unref();
  // The links it printed are as good as passwords: they were passed on, and do not stay in a file.
  if (exitCode === undefined) fs.truncateSync(file);
  return exitCode ?? 0;
}

/** Ends the running Meshwright of a home: what it says, and whether it is gone. */
export async function stopRunning(home) {
  const running = fs.existsSync(home) ? runningIn(home) : undefined;
  if (!running) return { isGone: true, text: `No Meshwright runs in ${home}.` };
  signal(running, "SIGTERM");
  const isGone = (await until(() => !isAlive(running), STOP_LIMIT_MS)) === true;
  return isGone
    ? { isGone, text: `Stopped the Meshwright that ran at ${running.url} (home ${home}).` }
    : { isGone, text: `Process ${running.pid} (home ${home}) has not ended after ${STOP_LIMIT_MS / 1_000} s.` };
}
