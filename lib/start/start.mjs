// `npm start`: from a fresh clone to a live mesh. Plain JavaScript on Node's built-ins, because nothing is installed when it begins.
// The rule: each step says what it does and how long it took, and a failure says what to do next.
import fs from "node:fs";
import { createInterface } from "node:readline/promises";
import { watchAncestors } from "./ancestors.mjs";
import { isDetached, startDetached, stopRunning } from "./detach.mjs";
import { endForeground, runForeground } from "./foreground.mjs";
import { environmentOf, isHome, openHome, releaseLock, removeHome, runningIn, takeLock, updateLock } from "./home.mjs";
import { ensureInstalled } from "./install.mjs";
import { commandFor, DEFAULT_PORT, HELP, parseOptions } from "./options.mjs";
import { holderOf, isFree, portsOf } from "./ports.mjs";
import { endLeftovers } from "./processes.mjs";
import { createProgress } from "./progress.mjs";
import { answers, controlPlaneHealth, demoState, demoUrlOf, tailOf, waitedForInVain } from "./readiness.mjs";
import { projectRoot } from "./source-hash.mjs";
import { Supervisor } from "./supervisor.mjs";
import { until } from "./wait.mjs";

/** A process that died this often while starting will not come up. */
const MOST_DEATHS = 4;
const MIGRATE = "dist/migrate.mjs";

const { options, problems } = parseOptions(process.argv.slice(2), process.cwd());
const progress = createProgress(options);
const again = (words) => commandFor(words, options.home, process.cwd());
if (options.help || problems.length > 0) {
  if (problems.length > 0) progress.fail(new Error(`${problems.join("; ")}.\n\n${HELP}`));
  else progress.say(HELP);
  process.exit(problems.length > 0 ? 2 : 0);
}

/** Runs the migrations and the seed; its last line of output is JSON with the sign-in links. */
async function migrate(environment, args = []) {
  const { code, stdout, stderr } = await runForeground(process.execPath, [MIGRATE, ...args], {
    cwd: projectRoot,
    env: environment,
  });
  if (code !== 0) throw new Error(`The database could not be prepared:\n${(stderr || stdout).trim()}`);
  return JSON.parse(stdout.trim().split("\n").at(-1) || "{}");
}

const linksText = (links) =>
  links.map(({ email, role, url }) => `  ${`${role}`.padEnd(14)} ${email.padEnd(28)} ${url}`).join("\n");

async function confirmReset() {
  if (options.yes) return true;
  if (!process.stdin.isTTY) throw new Error("--reset asks before it deletes; give --yes where nobody can answer.");
  const dialog = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await dialog.question(
    `Delete everything in ${options.home}: meshes, users, keys, history? Type yes: `,
  );
  dialog.close();
  return answer.trim() === "yes";
}

/** Somebody else already runs here: say where, and print a link if one was asked for. */
async function tellRunning(running) {
  if (options.signInLink !== undefined) {
    if (!running.environment) throw new Error("Meshwright is still starting here; ask again in a moment.");
    const environment = { ...process.env, ...running.environment };
    const { signInLinks = [] } = await migrate(environment, [
      "--sign-in-link",
      ...(options.signInLink ? [options.signInLink] : []),
    ]);
    progress.ready({ url: running.url, signInLinks, alreadyRunning: true }, linksText(signInLinks));
    return;
  }
  progress.ready(
    { url: running.url, alreadyRunning: true, pid: running.pid },
    `Meshwright is already running at ${running.url} (process ${running.pid}, home ${options.home}).\n` +
      `Stop it with Ctrl-C in its terminal or ${again("--stop")}, or start a second one with --home DIR --port N.`,
  );
}

/** What a later `--sign-in-link` needs to reach this installation; the person's own variables stay out of the file. */
const ownVariables = (environment) =>
  Object.fromEntries(
    Object.entries(environment).filter(
      ([name]) => /^(MESHWRIGHT_|NEXTAUTH_|DATABASE_URL$)/.test(name) && name !== "MESHWRIGHT_BOOTSTRAP_TOKEN",
    ),
  );

async function requireFreePort(port) {
  if (await isFree(port)) return;
  const holder = holderOf(port);
  throw new Error(
    `Port ${port} is taken${holder ? ` by process ${holder.pid}: ${holder.command}` : ""}.\n` +
      `End that process, or choose another port: npm start -- --port ${port + 1}`,
  );
}

async function main() {
  if (options.stop) {
    const { isGone, text } = await stopRunning(options.home);
    progress.say(text);
    process.exitCode = isGone ? 0 : 1;
    return;
  }
  const already = fs.existsSync(options.home) ? runningIn(options.home) : undefined;
  if (already && options.reset)
    throw new Error(`Meshwright is running in ${options.home} (process ${already.pid}); stop it before --reset.`);
  if (already) return tellRunning(already);
  if (options.detach && !isDetached) process.exit(await startDetached(options.home, process.argv.slice(2)));
  if (options.reset && fs.existsSync(options.home)) {
    if (!isHome(options.home))
      throw new Error(`${options.home} does not look like a home of Meshwright; nothing was deleted.`);
    if (!(await confirmReset())) throw new Error("Nothing was deleted.");
    await endLeftovers(options.home);
    removeHome(options.home);
  }
  await requireFreePort(options.port);
  const home = openHome(options.home);
  const url = `http://localhost:${options.port}`;
  const winner = takeLock(home, { url, webPort: options.port });
  if (winner) return tellRunning(winner);

  let supervisor;
  let stopping;
  const stop = (why, code) => {
    stopping ??= (async () => {
      progress.say(`\nStopping (${why}) …`);
      const startedAt = Date.now();
      endForeground();
      await supervisor?.stop();
      await endLeftovers(home, 500);
      releaseLock(home);
      progress.say(`Stopped in ${((Date.now() - startedAt) / 1000).toFixed(1)} s.`);
      process.exit(code);
    })();
    return stopping;
  };
  process.on("SIGINT", () => stop("Ctrl-C", 0));
  process.on("SIGTERM", () => stop("TERM", 0));
  if (isDetached) process.on("SIGHUP", () => {});
  else {
    process.on("SIGHUP", () => stop("the terminal was closed", 0));
    watchAncestors(() => stop("the process that started it is gone", 0));
  }

  try {
    await bringUp(home, (made) => {
      supervisor = made;
    });
  } catch (error) {
    if (stopping) return stopping;
    progress.fail(error);
    await stop("start failed", 1);
  }
}

async function bringUp(home, onSupervisor) {
  const startedAt = Date.now();
  progress.say("Starting Meshwright");
  const { step } = progress;
  await step("Packages", async () => ({ note: (await ensureInstalled()) ? "installed" : "up to date" }));
  const { build } = await import("./build.mjs");
  await step("Build", async () => {
    const done = await build({ log: () => {} });
    return { note: done.length > 0 ? done.join(", ") : "up to date" };
  });
  const left = await endLeftovers(home);
  if (left.length > 0) progress.say(`  ended what a killed start had left: ${left.join(", ")}`);

  const ports = await portsOf(home, { isDefault: options.port === DEFAULT_PORT });
  const { port: webPort, demo, meshAddress } = options;
  const environment = environmentOf({ home, ports, webPort, demo, meshAddress });
  const supervisor = new Supervisor({ home, environment, ports, tell: (text) => progress.say(`  ! ${text}`) });
  onSupervisor(supervisor);
  supervisor.startWarden();

  const external = Boolean(process.env.DATABASE_URL);
  if (!external) await step("PostgreSQL", async () => ({ note: await supervisor.startPostgres() }));
  const linkArguments = options.signInLink === undefined ? [] : ["--sign-in-link", options.signInLink].filter(Boolean);
  const demoArguments = options.bringBackDemo ? ["--bring-back-demo"] : [];
  const seeded = await step("Database", async () => ({
    value: await migrate(environment, [...demoArguments, ...linkArguments]),
  }));

  const waitFor = (name, check, timeoutMs) => async () => {
    const outcome = await until(
      () => (supervisor.stateOf(name).deaths >= MOST_DEATHS ? "died" : check()),
      timeoutMs,
      100,
    );
    if (outcome && outcome !== "died" && outcome !== "failed") return;
    const what =
      outcome === "died"
        ? "ended again and again"
        : outcome === "failed"
          ? "could not deploy the demo mesh, which was taken back"
          : `was not ready after ${timeoutMs / 1000} s`;
    throw new Error(
      `${name} ${what}. The end of its log (${supervisor.logOf(name)}):\n${tailOf(supervisor.logOf(name))}`,
    );
  };
  supervisor.start("control-plane");
  // The web server needs only the database: it warms up while the mesh starts.
  supervisor.start("web", [String(options.port)]);
  await step(
    "Control plane",
    waitFor("control-plane", () => controlPlaneHealth(environment), 60_000),
  );
  supervisor.start("agent");
  await step(
    "Web",
    waitFor("web", () => answers(`http://127.0.0.1:${options.port}/api/v1/health`), 60_000),
  );
  await step(
    "Agent",
    waitFor("agent", async () => (await controlPlaneHealth(environment))?.agents > 0, 60_000),
  );
  if (seeded.demo) {
    const isLive = waitFor("control-plane", () => demoState(environment), 120_000);
    await step("Demo mesh", async () => {
      try {
        return await isLive();
      } catch (error) {
        const note = await waitedForInVain(environment);
        if (note === undefined) throw error;
        return { note };
      }
    });
  }

  const url = environment.MESHWRIGHT_WEB_URL;
  const demoUrl = seeded.demo ? demoUrlOf(environment) : undefined;
  updateLock(home, { environment: ownVariables(environment), demoUrl, ready: true });
  const signInLinks = seeded.signInLinks ?? [];
  const seconds = (Date.now() - startedAt) / 1000;
  progress.ready(
    { url, demoUrl, signInLinks, seconds, switchesPort: seeded.demo ? ports.demoSwitches : undefined },
    [
      "",
      `Meshwright is ready at ${url}  (${seconds.toFixed(1)} s)`,
      signInLinks.length > 0
        ? `Sign in once with each link:\n${linksText(signInLinks)}`
        : `Sign in, or get a new link with: ${again("--sign-in-link")}`,
      ...(demoUrl ? [`The demo shop: ${demoUrl}`] : []),
      ...(options.demo && !demoUrl ? [`The demo shop was deleted here. It comes back with: ${again("--demo")}`] : []),
      `State: ${home}   Logs: ${home}/logs   Stop: ${isDetached ? again("--stop") : "Ctrl-C"}`,
    ].join("\n"),
  );
}

try {
  await main();
} catch (error) {
  progress.fail(error);
  process.exit(1);
}
