// Ports: the ones of a home, kept from start to start, and who holds a taken one.
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import net from "node:net";
import path from "node:path";
import { describe } from "./processes.mjs";
import { freePort, isSteadyPort } from "./wait.mjs";

const KEPT = ["postgres", "internal", "ads", "enroll", "demoGateway", "demoExternal", "demoSwitches"];
// A newcomer opens the shop in a browser, so its port should be one a person can remember. Only beside the default web port:
// several installations that start at once on ports of their own would all choose it.
const FIRST_CHOICE = { demoGateway: 8088 };

/** Is the port free on both loopback families? Anything that listens on all addresses counts too. */
export async function isFree(port) {
  for (const host of ["127.0.0.1", "::1"]) {
    const code = await new Promise((resolve) => {
      const server = net.createServer();
      server.once("error", (error) => resolve(error.code));
      server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(undefined)));
    });
    if (code === "EADDRINUSE" || code === "EACCES") return false;
  }
  return true;
}

/** The ports of this home: those of last time where they are still free, otherwise new ones. */
export async function portsOf(home, { isDefault = false } = {}) {
  const file = path.join(home, "ports.json");
  let kept = {};
  try {
    kept = JSON.parse(fs.readFileSync(file, "utf8"));
  } catch {
    // first start of this home
  }
  const ports = {};
  for (const name of KEPT) {
    const last = isSteadyPort(kept[name]) ? kept[name] : undefined;
    let port = await freePort(last ?? (isDefault ? FIRST_CHOICE[name] : undefined));
    while (Object.values(ports).includes(port)) port = await freePort();
    ports[name] = port;
  }
  fs.writeFileSync(file, `${JSON.stringify(ports, null, 2)}\n`, { mode: 0o600 });
  return ports;
}

function listeningInode(port) {
  const wanted = port.toString(16).toUpperCase().padStart(4, "0");
  for (const table of ["/proc/net/tcp", "/proc/net/tcp6"]) {
    if (!fs.existsSync(table)) continue;
    for (const line of fs.readFileSync(table, "utf8").split("\n").slice(1)) {
      const fields = line.trim().split(/\s+/);
      if (fields[1]?.endsWith(`:${wanted}`) && fields[3] === "0A") return fields[9];
    }
  }
  return undefined;
}

function processWithSocket(inode) {
  for (const pid of fs.readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      for (const fd of fs.readdirSync(`/proc/${pid}/fd`)) {
        if (fs.readlinkSync(`/proc/${pid}/fd/${fd}`) === `socket:[${inode}]`) return Number(pid);
      }
    } catch {
      // gone meanwhile, or of another user
    }
  }
  return undefined;
}

/** Who listens on a port, in words; undefined when the system does not tell. */
export function holderOf(port) {
  let pid;
  if (fs.existsSync("/proc/net/tcp")) {
    const inode = listeningInode(port);
    pid = inode && processWithSocket(inode);
  } else {
    const { stdout } = spawnSync("lsof", ["-nP", `-iTCP:${port}`, "-sTCP:LISTEN", "-t"], { encoding: "utf8" });
    pid = Number(stdout?.split("\n")[0]) || undefined;
  }
  if (!pid) return undefined;
  return { pid, command: describe(pid)?.command.slice(0, 120) ?? "" };
}
