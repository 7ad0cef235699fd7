// What web asks: health, the recent series, and the plan of a deployment.

import { z } from "zod";
import type { SystemData } from "@/lib/data/system";
import { Refusal } from "../http-json";
import type { Designs } from "../registry/designs";
import type { Publisher } from "../registry/publisher";
import type { Registry } from "../registry/registry";
import type { World } from "../registry/world";
import { planDeployment } from "../rollout/plan";
import { SCRAPE_INTERVAL_MS, type Scraper } from "../telemetry/scraper";
import { type ApiRoute, decodeBody } from "./server";

const planSchema = z.strictObject({ environmentId: z.string(), revisionId: z.string() });
const MAX_SECONDS = 900;

export interface StatusOptions {
  data: SystemData;
  registry: Registry;
  world: World;
  designs: Designs;
  publisher: Publisher;
  scraper: Scraper;
  isLeader: () => boolean;
  connectedAgents: () => number;
  now: () => number;
}

export function statusRoutes(options: StatusOptions): ApiRoute[] {
  return [
    { method: "GET", path: /^\/v1\/health$/, isPublic: true, handle: () => health(options) },
    { method: "GET", path: /^\/v1\/signals\/recent$/, handle: async ({ query }) => recentSignals(options, query) },
    { method: "POST", path: /^\/v1\/plan$/, handle: ({ body }) => plan(options, body) },
  ];
}

async function health({ data, registry, isLeader, connectedAgents }: StatusOptions): Promise<unknown> {
  // those that agents of this installation run: a machine that joined may be switched off for good reason
  const desired = registry.all().filter(({ row }) => row.desired === "running" && row.origin === "agent");
  const openDeployments = (await data.deployments.listOpen()).length;
  return {
    status: registry.isLoaded() ? "ok" : "loading",
    leader: isLeader(),
    proxies: { desired: desired.length, ready: desired.filter((entry) => entry.row.ready).length },
    openDeployments,
    agents: connectedAgents(),
  };
}

function recentSignals({ registry, scraper, now }: StatusOptions, query: URLSearchParams): unknown {
  const environmentId = query.get("environment") ?? "";
  const seconds = Math.min(Number(query.get("seconds") ?? MAX_SECONDS) || MAX_SECONDS, MAX_SECONDS);
  const since = Number(query.get("since") ?? 0) || now() - seconds * 1000;
  const telemetry = scraper.telemetryOf(environmentId);
  const entries = registry.inEnvironment(environmentId);
  const services = new Map(
    entries.map(({ proxyKey, row }) => [proxyKey, row.service && `Service/${row.namespace}/${row.service}`]),
  );
  const last = telemetry?.recent.last() ?? null;
  return {
    environmentId,
    now: now(),
    intervalMs: SCRAPE_INTERVAL_MS,
    lastScrapeAt: last?.endMs ?? null,
    proxiesTotal: entries.filter((entry) => entry.row.desired === "running").length,
    proxiesSeen: last?.proxiesSeen ?? 0,
    windows: telemetry?.recent.since(since) ?? [],
    saturation: [...(telemetry?.recent.saturation ?? [])].map(([proxyKey, { atMs, reading }]) => ({
      proxyKey,
      service: services.get(proxyKey) ?? null,
      at: atMs,
      ...reading,
    })),
  };
}

async function plan({ world, designs, registry, publisher }: StatusOptions, body: unknown): Promise<unknown> {
  const { environmentId, revisionId } = decodeBody(planSchema, body);
  const design = await designs.loadRevision(revisionId);
  if (!world.environment(environmentId)) {
    await world.load();
  }
  const environment = world.environment(environmentId);
  if (!environment || !design) {
    throw new Refusal(404, "not_found", "The environment or the revision does not exist. Choose existing ones.");
  }
  const { plan: planned } = planDeployment(environment, design, registry.inEnvironment(environmentId), publisher);
  if (planned.problems.length > 0) {
    throw new Refusal(422, "does_not_compile", "The design does not compile for every proxy. Correct what is named.", {
      violations: planned.problems,
    });
  }
  return planned;
}
