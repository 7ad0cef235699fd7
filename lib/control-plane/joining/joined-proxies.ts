// Proxies of machines that joined: nobody can ask them, so they say themselves how they are, over mutual TLS, and bring their metrics.
// One rule: who has been silent for fifteen seconds takes no calls, whatever it said last.

import { z } from "zod";
import type { Logger } from "@/lib/observability/logger";
import type { PeerIdentity } from "../ca/peer";
import { Refusal } from "../http-json";
import type { ProxyEntry } from "../registry/proxy-entry";
import { readProxyStatus } from "../registry/proxy-status";
import type { Registry } from "../registry/registry";

/** Reports come every two seconds; a row's heartbeat, which is all that another control plane sees of it, every ten. */
export const SILENT_AFTER_MS = 15_000;
const LOOK_EVERY_MS = 500;
/** A page is counted once; one that is older than two rounds of scraping is no answer. */
const PAGE_FRESH_MS = 5_000;

const reportSchema = z.object({
  status: z.unknown(),
  resources: z
    .object({
      cpuMillicores: z.number().min(0).max(1e6),
      residentBytes: z.number().min(0).max(1e13),
      privateBytes: z.number().min(0).max(1e13).nullish(),
    })
    .nullish(),
});

export interface JoinedProxiesOptions {
  registry: Registry;
  removeProxy(entry: ProxyEntry): Promise<void>;
  isLeader(): boolean;
  now: () => number;
  logger: Logger;
}

interface Page {
  text: string;
  at: number;
}

export class JoinedProxies {
  private readonly pages = new Map<string, Page>();
  private readonly ending = new Set<string>();
  private readonly startedAt: number;
  private timer: NodeJS.Timeout | null = null;

  constructor(private readonly options: JoinedProxiesOptions) {
    this.startedAt = options.now();
  }

  start(): void {
    this.timer = setInterval(() => this.look(), LOOK_EVERY_MS);
  }

  stop(): void {
    if (this.timer) clearInterval(this.timer);
    this.timer = null;
  }

  /** @throws Refusal */
  report(peer: PeerIdentity, body: unknown): void {
    const entry = this.entryOf(peer);
    const read = reportSchema.safeParse(body);
    const status = read.success ? readProxyStatus(read.data.status) : null;
    if (!read.success || status?.proxyId !== entry.proxyKey) {
      throw new Refusal(400, "body_invalid", `The report is not one of ${entry.proxyKey}.`);
    }
    const { registry, now } = this.options;
    entry.lastHeardAt = now();
    if (read.data.resources) registry.patch(entry, { resources: read.data.resources });
    registry.probed(entry, status);
  }

  /** @throws Refusal */
  signals(peer: PeerIdentity, text: string): void {
    this.pages.set(this.entryOf(peer).row.id, { text, at: this.options.now() });
  }

  /** The metrics page that came last; null when it is too old to be one of now. */
  pageOf(entry: ProxyEntry): string | null {
    const page = this.pages.get(entry.row.id);
    return page && this.options.now() - page.at <= PAGE_FRESH_MS ? page.text : null;
  }

  /** Who is silent takes no calls; who is to stop, or can never come back, is removed. */
  look(): void {
    const { registry, now, isLeader } = this.options;
    const present = new Set<string>();
    for (const entry of registry.all()) {
      if (entry.row.origin !== "joined") continue;
      present.add(entry.row.id);
      const isSilent = now() - this.heardAt(entry) > SILENT_AFTER_MS;
      if (isSilent && entry.row.ready) registry.silent(entry);
      const { desired, certNotAfter } = entry.row;
      const isLost = isSilent && certNotAfter !== null && certNotAfter.getTime() < now();
      if ((desired === "stopped" || isLost) && isLeader()) void this.remove(entry);
    }
    for (const rowId of this.pages.keys()) if (!present.has(rowId)) this.pages.delete(rowId);
  }

  private heardAt({ lastHeardAt, row }: ProxyEntry): number {
    return Math.max(lastHeardAt, row.lastSeenAt?.getTime() ?? 0, this.startedAt);
  }

  private async remove(entry: ProxyEntry): Promise<void> {
    if (this.ending.has(entry.row.id)) return;
    this.ending.add(entry.row.id);
    try {
      await this.options.removeProxy(entry);
    } catch (error) {
      this.options.logger.warn({ proxy: entry.proxyKey, reason: String(error) }, "a joined proxy could not be removed");
    } finally {
      this.ending.delete(entry.row.id);
    }
  }

  private entryOf(peer: PeerIdentity): ProxyEntry {
    const entry = this.options.registry.proxyOf(peer);
    if (typeof entry === "string" || entry.row.origin !== "joined" || entry.row.desired === "stopped") {
      const why = typeof entry === "string" ? entry : `${entry.proxyKey} is not to report here`;
      throw new Refusal(403, "certificate_denied", `${why}. Join with a new join token.`);
    }
    return entry;
  }
}
