// Lines of sidecars' access logs, where agent and control plane share a machine. Elsewhere there is nothing to read, and it says so.

import { open } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { folderNameOf } from "@/lib/agent/proxy-home";

const TAIL_BYTES = 512 * 1024;
/** Sidecars write their logs in batches of 100 ms. */
const TRIES = 15;
const PAUSE_MS = 80;

const line = z.looseObject({
  listener: z.string().nullish(),
  start_time: z.string().nullish(),
  method: z.string().nullish(),
  path: z.string().nullish(),
  response_code: z.number().nullish(),
  response_code_details: z.string().nullish(),
  downstream_peer: z.string().nullish(),
  user_agent: z.string().nullish(),
});
export type LogLine = z.infer<typeof line>;

export class AccessLogs {
  constructor(private readonly home: string | null) {}

  get isReadable(): boolean {
    return this.home !== null;
  }

  /** The line of the call that had this user agent; null when none came in time, or when no log can be read. */
  async find(proxyKey: string, userAgent: string): Promise<LogLine | null> {
    if (this.home === null) return null;
    const file = join(this.home, "proxies", folderNameOf(proxyKey), "access.log");
    for (let left = TRIES; left > 0; left -= 1) {
      const found = (await tailOf(file)).split("\n").findLast((text) => text.includes(userAgent));
      const decoded = found ? decode(found) : null;
      if (decoded) return decoded;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
    return null;
  }
}

function decode(text: string): LogLine | null {
  try {
    return line.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null; // cut in the middle: written again whole at the next look
  }
}

async function tailOf(file: string): Promise<string> {
  try {
    const handle = await open(file, "r");
    try {
      const { size } = await handle.stat();
      const length = Math.min(size, TAIL_BYTES);
      const { buffer } = await handle.read(Buffer.alloc(length), 0, length, size - length);
      return buffer.toString("utf8");
    } finally {
      await handle.close();
    }
  } catch {
    return "";
  }
}
