// home/run/<name>.json: what the warden ends when everything else is dead. Written at each start, removed at each end.

import { rmSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { readJsonFile, writeFileAtomic } from "./atomic-file";
import type { ProcessRef } from "./process-table";

const schema = z.object({ pid: z.number().int(), startTime: z.string().nullable() });

function fileOf(home: string, name: string): string {
  return join(home, "run", `${name}.json`);
}

export function recordRun(home: string, name: string, ref: ProcessRef): void {
  writeFileAtomic(fileOf(home, name), `${JSON.stringify({ pid: ref.pid, startTime: ref.startTime })}\n`);
}

export function readRun(home: string, name: string): ProcessRef | null {
  return schema.safeParse(readJsonFile(fileOf(home, name))).data ?? null;
}

export function forgetRun(home: string, name: string): void {
  rmSync(fileOf(home, name), { force: true });
}
