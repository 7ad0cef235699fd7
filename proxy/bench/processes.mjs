// Starts the processes of a benchmark and reads what the kernel says of them.

import { execFileSync, spawn } from "node:child_process";
import { existsSync, readFileSync, writeSync } from "node:fs";
import { connect, createServer } from "node:net";

/** What Node is started with for a sidecar, as the agent and bin/meshwright-proxy.mjs do (why each: docs/decisions/memory.md). */
export const proxyFlags = [
  "--max-semi-space-size=4",
  "--single-threaded-gc",
  "--v8-pool-size=1",
  "--max-inlined-bytecode-size=2000",
  "--max-inlined-bytecode-size-cumulative=4000",
  "--no-memory-reducer",
  "--initial-old-space-size=24",
  "--heap-growing-percent=30",
];

const running = new Set();

export async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export async function start(command, args, port, log) {
  const child = spawn(command, args, { stdio: ["ignore", log ?? "ignore", "pipe"] });
  let complaint = "";
  child.stderr.on("data", (chunk) => {
    complaint = (complaint + chunk).slice(-2000);
    if (typeof log === "number") writeSync(log, chunk);
    else if (log === "inherit") process.stderr.write(chunk);
  });
  child.on("error", (error) => {
    complaint = error.message;
  });
  running.add(child);
  child.on("exit", () => running.delete(child));
  const until = Date.now() + 60_000;
  while (!(await answers(port))) {
    if (child.exitCode !== null || Date.now() > until)
      throw new Error(`${command} did not open port ${port}: ${complaint.trim().split("\n").slice(-3).join(" | ")}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return child;
}

function answers(port) {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.on("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
  });
}

export async function stop(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), 2000);
  await gone;
  clearTimeout(timer);
}

export async function stopAll() {
  for (const child of [...running]) await stop(child);
}

/** Whether this machine has a command. */
export function has(command) {
  try {
    execFileSync("sh", ["-c", `command -v ${command}`], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** Seconds of CPU of a process and, for nginx, of its workers. */
export function cpuSeconds(pid) {
  const one = (id) => {
    if (!existsSync(`/proc/${id}/stat`)) throw new Error(`process ${id} ended during the measurement: see the log`);
    const stat = readFileSync(`/proc/${id}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[11]) + Number(fields[12])) / 100;
  };
  let children = [];
  try {
    children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean);
  } catch {}
  return [pid, ...children].reduce((sum, id) => sum + one(id), 0);
}

export function memory(pid) {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
  const sum = (pattern) => [...text.matchAll(pattern)].reduce((total, match) => total + Number(match[1]), 0) / 1024;
  return { privateMb: sum(/^Private_(?:Clean|Dirty):\s+(\d+)/gm), rssMb: sum(/^Rss:\s+(\d+)/gm) };
}
