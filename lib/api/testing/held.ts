// Threads for tests: their entry as a bundle in a folder of its own, and the gate at which a held job waits.
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { BroadcastChannel } from "node:worker_threads";
import { build } from "esbuild";
import { bundleOptions } from "@/lib/start/build.mjs";

export const GATE = "meshwright held jobs";
/** In the text of a job, for example as a comment. */
export const HELD = "held until the test says so";
export const HOARDING = "takes all memory";

export interface Bundle {
  file: string;
  remove(): void;
}

/** `source` below the repository, as a file that a thread can start with. */
export async function bundleOf(source: string): Promise<Bundle> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "meshwright-threads-"));
  const file = path.join(folder, "threads.mjs");
  await build(bundleOptions(path.resolve(source), file));
  return { file, remove: () => fs.rmSync(folder, { recursive: true, force: true }) };
}

export interface Gate {
  /** When so many more jobs wait. */
  arrived(jobs?: number): Promise<void>;
  open(): void;
  close(): void;
}

export function heldJobs(): Gate {
  const channel = new BroadcastChannel(GATE);
  let here = 0;
  let tell = () => {};
  channel.onmessage = ({ data }: { data?: unknown }) => {
    if (data !== "here") return;
    here += 1;
    tell();
  };
  return {
    async arrived(jobs = 1) {
      while (here < jobs) {
        await new Promise<void>((resolve) => {
          tell = resolve;
        });
      }
      here -= jobs;
    },
    open: () => channel.postMessage("go"),
    close: () => channel.close(),
  };
}
