// Which process is really the one we started: a pid together with its start time, since pids are used again.
// One rule: nobody is signalled by pid alone where the system can tell the start time (Linux).

import { readFileSync } from "node:fs";
import type { ProcessResources } from "./protocol";

export interface ProcessRef {
  pid: number;
  /** Field 22 of /proc/PID/stat in clock ticks; null where there is no /proc. */
  startTime: string | null;
}

const CLOCK_TICKS_PER_SECOND = 100; // Linux USER_HZ, fixed in the kernel's ABI

function statFields(pid: number): string[] | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" "); // the name may hold spaces; fields count from the state
  } catch {
    return null;
  }
}

export function startTimeOf(pid: number): string | null {
  return statFields(pid)?.[19] ?? null;
}

export function referTo(pid: number): ProcessRef {
  return { pid, startTime: startTimeOf(pid) };
}

export function isAlive(ref: ProcessRef): boolean {
  try {
    process.kill(ref.pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM" && ref.startTime === startTimeOf(ref.pid);
  }
  const fields = statFields(ref.pid);
  const isZombie = fields?.[0] === "Z";
  return !isZombie && (ref.startTime === null || fields === null || fields[19] === ref.startTime);
}

/** Signals the process if it is still the one meant; false when it is gone. */
export function signal(ref: ProcessRef, name: NodeJS.Signals): boolean {
  if (!isAlive(ref)) {
    return false;
  }
  try {
    return process.kill(ref.pid, name);
  } catch {
    return false;
  }
}

/** Measures a process between two calls: CPU since the last one, memory now. */
export class ResourceMeter {
  private last: { at: number; ticks: number } | null = null;

  constructor(private readonly pid: number) {}

  read(now: number): ProcessResources | null {
    const fields = statFields(this.pid);
    if (!fields) {
      return null;
    }
    const ticks = Number(fields[11]) + Number(fields[12]);
    const seconds = this.last ? (now - this.last.at) / 1000 : 0;
    const used = this.last ? (ticks - this.last.ticks) / CLOCK_TICKS_PER_SECOND : 0;
    this.last = { at: now, ticks };
    const memory = memoryOf(this.pid);
    return { cpuMillicores: seconds > 0 ? Math.round((used / seconds) * 1000) : 0, ...memory };
  }
}

function memoryOf(pid: number): { residentBytes: number; privateBytes: number | null } {
  try {
    const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, "latin1");
    const kilobytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(rollup)?.[1] ?? 0);
    const privateBytes = (kilobytes("Private_Clean") + kilobytes("Private_Dirty")) * 1024;
    return { residentBytes: kilobytes("Rss") * 1024, privateBytes };
  } catch {
    return { residentBytes: 0, privateBytes: null };
  }
}
