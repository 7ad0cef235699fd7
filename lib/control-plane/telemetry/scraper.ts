// Scrapes every proxy of every environment each two seconds and keeps what came: recent windows in memory, minutes and
// shapes in PostgreSQL. Runs on the leader only. One rule: a round in which no proxy answered is not a round; what is
// shown then grows stale instead of falling to zero.

import { ADMIN_HOST, callAdmin } from "@/lib/agent/admin-client";
import type { SystemData } from "@/lib/data/system";
import type { Logger } from "@/lib/observability/logger";
import type { Directory, SidecarBudget } from "@/lib/signals";
import type { ProxyEntry } from "../registry/proxy-entry";
import type { Registry } from "../registry/registry";
import { EnvironmentTelemetry, type ScrapedPage } from "./environment-telemetry";
import { ShapeReader } from "./shape-reader";

export const SCRAPE_INTERVAL_MS = 2_000;
const PAGE_LIMIT_MS = 1_500;
const SAVE_EVERY_MS = 10_000;
const SHAPES_EVERY_MS = 10_000;
/** Proxies seen for the first time this soon after our start were running before it. */
const BASELINE_PERIOD_MS = 30_000;
const DAY_MS = 86_400_000;
const RETENTION_EVERY_MS = 3_600_000;
const ROLLUPS_KEPT_MS = 30 * DAY_MS;
const SHAPES_KEPT_MS = 7 * DAY_MS;

export interface ScraperDesign {
  directory: Directory;
  budgetOf(proxyKey: string): SidecarBudget;
}

export interface ScraperOptions {
  data: SystemData;
  registry: Registry;
  /** Names and budgets of the design that an environment runs; null while none was deployed. */
  designOf(environmentId: string): ScraperDesign | null;
  /** The page that a proxy which joined brought; null: none of now. */
  pageOf(entry: ProxyEntry): string | null;
  now: () => number;
  logger: Logger;
}

export class Scraper {
  private readonly environments = new Map<string, EnvironmentTelemetry>();
  private readonly shapes = new ShapeReader();
  private timer: NodeJS.Timeout | null = null;
  private lastSave = 0;
  private lastShapes = 0;
  private lastRetention = 0;
  private readonly startedAt: number;
  private running: Promise<void> = Promise.resolve();

  constructor(private readonly options: ScraperOptions) {
    this.startedAt = options.now();
  }

  start(): void {
    if (!this.timer) {
      this.timer = setInterval(() => void this.round(), SCRAPE_INTERVAL_MS);
    }
  }

  async stop(): Promise<void> {
    if (this.timer) {
      clearInterval(this.timer);
      this.timer = null;
    }
    await this.running.catch(() => undefined);
    await this.save(this.options.now());
    this.environments.clear(); // another leader goes on from what was saved
  }

  telemetryOf(environmentId: string): EnvironmentTelemetry | null {
    return this.environments.get(environmentId) ?? null;
  }

  /** One round over all environments; rounds never overlap. */
  round(): Promise<void> {
    this.running = this.running
      .then(() => this.runRound())
      .catch((error: unknown) => {
        this.options.logger.error(
          { reason: error instanceof Error ? error.message : String(error) },
          "a scrape round failed",
        );
      });
    return this.running;
  }

  private async runRound(): Promise<void> {
    const { registry, now } = this.options;
    const ids = new Set(registry.all().map((entry) => entry.row.environmentId));
    await Promise.all([...ids].map((id) => this.scrapeEnvironment(id)));
    if (now() - this.lastSave >= SAVE_EVERY_MS) {
      this.lastSave = now();
      await this.save(now());
    }
    if (now() - this.lastRetention >= RETENTION_EVERY_MS) {
      this.lastRetention = now();
      const rollups = new Date(now() - ROLLUPS_KEPT_MS);
      await this.options.data.telemetry.deleteOlderThan({
        rollups,
        saturation: rollups,
        shapes: new Date(now() - SHAPES_KEPT_MS),
      });
    }
    if (now() - this.lastShapes >= SHAPES_EVERY_MS) {
      this.lastShapes = now();
      await Promise.all([...ids].map((id) => this.readShapes(id)));
    }
  }

  private async scrapeEnvironment(environmentId: string): Promise<void> {
    const { data, registry, now } = this.options;
    const design = this.options.designOf(environmentId);
    const expected = registry
      .inEnvironment(environmentId)
      .filter((entry) => entry.row.desired === "running" && entry.row.adminPort !== null);
    if (!design || expected.length === 0) {
      return;
    }
    const telemetry =
      this.environments.get(environmentId) ?? (await EnvironmentTelemetry.open(environmentId, data, now()));
    this.environments.set(environmentId, telemetry);
    const pages = (await Promise.all(expected.map((entry) => this.scrape(entry, design)))).filter(
      (page) => page !== null,
    );
    if (pages.length === 0) {
      return;
    }
    const endMs = now();
    telemetry.addRound(pages, expected.length, design.directory, endMs);
    telemetry.counters.keepOnly(new Set(registry.inEnvironment(environmentId).map((entry) => entry.row.id)));
    await data.telemetry.saveScrapeState({
      environmentId,
      lastScrapeAt: new Date(endMs),
      intervalMs: SCRAPE_INTERVAL_MS,
      proxiesTotal: expected.length,
      proxiesSeen: pages.length,
    });
  }

  private async scrape(entry: ProxyEntry, design: ScraperDesign): Promise<ScrapedPage | null> {
    const { namespace, workload, origin } = entry.row;
    const isJoined = origin === "joined";
    const text = isJoined ? this.options.pageOf(entry) : await askForPage(entry);
    if (!text?.endsWith("\n")) return null; // half a page would count half of the requests
    return {
      proxyRowId: entry.row.id,
      proxyKey: entry.proxyKey,
      text,
      budget: design.budgetOf(entry.proxyKey),
      broughtBy: isJoined ? { namespace, workload } : null,
    };
  }

  private async save(nowMs: number): Promise<void> {
    for (const telemetry of this.environments.values()) {
      const services = new Map(
        this.options.registry
          .inEnvironment(telemetry.environmentId)
          .map((entry) => [entry.proxyKey, serviceKeyOf(entry)]),
      );
      await telemetry.save(nowMs, (proxyKey) => services.get(proxyKey) ?? null);
    }
  }

  private async readShapes(environmentId: string): Promise<void> {
    const design = this.options.designOf(environmentId);
    for (const entry of design ? this.options.registry.inEnvironment(environmentId) : []) {
      const process = entry.status?.nonce ?? "";
      if (!design || entry.row.adminPort === null || entry.row.origin !== "agent" || process === "") {
        continue;
      }
      const path = `/meshwright/shapes?since=${this.shapes.cursor(entry.row.id, process)}`;
      const text = await callAdmin(ADMIN_HOST, entry.row.adminPort, path, { timeoutMs: PAGE_LIMIT_MS }).then(
        (answer) => answer.body,
        () => "",
      );
      const isNewProcess = this.options.now() - this.startedAt > BASELINE_PERIOD_MS;
      const page = { proxyRowId: entry.row.id, process, service: serviceKeyOf(entry), isNewProcess, text };
      await this.options.data.telemetry.addShapes(
        this.shapes.read(environmentId, page, design.directory, this.options.now()),
      );
    }
  }
}

/** A row's service column is a name in the proxy's own namespace. */
function serviceKeyOf(entry: ProxyEntry): string | null {
  return entry.row.service ? `Service/${entry.row.namespace}/${entry.row.service}` : null;
}

async function askForPage(entry: ProxyEntry): Promise<string | null> {
  try {
    const { status, body } = await callAdmin(ADMIN_HOST, entry.row.adminPort ?? 0, "/stats/prometheus", {
      timeoutMs: PAGE_LIMIT_MS,
    });
    return status === 200 ? body : null;
  } catch {
    return null;
  }
}
