// The control plane about itself, as a Prometheus page (text format 0.0.4), on every replica: each tells what it sees.
// One rule: a number that is not known is left out, never zero.

import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Authority } from "../ca/authority";
import type { Registry } from "../registry/registry";
import type { World } from "../registry/world";
import type { Scraper } from "../telemetry/scraper";
import type { ApiRoute } from "./server";

const loop = monitorEventLoopDelay({ resolution: 20 });
loop.enable();

export interface MetricsOptions {
  registry: Registry;
  world: World;
  authority: Authority;
  scraper: Scraper;
  isLeader: () => boolean;
  connectedAgents: () => number;
  now: () => number;
}

type Sample = { labels?: Readonly<Record<string, string>>; value: number };

/** Public: on loopback, and without names of people or secrets. */
export function metricsRoute(options: MetricsOptions): ApiRoute {
  return { method: "GET", path: /^\/metrics$/, isPublic: true, handle: async () => metricsPage(options) };
}

export function metricsPage({
  registry,
  world,
  authority,
  scraper,
  isLeader,
  connectedAgents,
  now,
}: MetricsOptions): string {
  const environments = world.all().map(({ id, meshSlug, name }) => {
    const entries = registry.inEnvironment(id).filter(({ row }) => row.desired === "running");
    const last = scraper.telemetryOf(id)?.recent.last();
    return { labels: { mesh: meshSlug, environment: name }, entries, scrapedAtMs: last?.endMs ?? null };
  });
  const perEnvironment = (count: (entry: (typeof environments)[number]["entries"][number]) => boolean): Sample[] =>
    environments.map(({ labels, entries }) => ({ labels, value: entries.filter(count).length }));
  const { user, system } = process.cpuUsage();
  return [
    family(
      "meshwright_proxies_desired",
      "gauge",
      "Proxies that should run.",
      perEnvironment(() => true),
    ),
    family(
      "meshwright_proxies_ready",
      "gauge",
      "Proxies that take calls.",
      perEnvironment(({ row }) => row.ready),
    ),
    family(
      "meshwright_proxies_connected",
      "gauge",
      "Proxies with an ADS stream to this replica.",
      perEnvironment(({ connections }) => connections.size > 0),
    ),
    family(
      "meshwright_proxies_in_sync",
      "gauge",
      "Proxies that run what they should, by their own word.",
      perEnvironment(({ current, status }) => current !== null && status?.digest === current.digest),
    ),
    family(
      "meshwright_proxies_refusing",
      "gauge",
      "Proxies that refused their configuration and keep the last good one.",
      perEnvironment(({ row }) => row.state === "nack"),
    ),
    family(
      "meshwright_scrape_age_seconds",
      "gauge",
      "Age of the last scrape; only the leader scrapes.",
      environments.flatMap(({ labels, scrapedAtMs }) =>
        scrapedAtMs === null ? [] : [{ labels, value: (now() - scrapedAtMs) / 1000 }],
      ),
    ),
    family("meshwright_leader", "gauge", "1 on the replica that rolls out and scrapes.", [
      { value: isLeader() ? 1 : 0 },
    ]),
    family("meshwright_agents_connected", "gauge", "Agents heard of in the last half minute.", [
      { value: connectedAgents() },
    ]),
    family("meshwright_ca_not_after_seconds", "gauge", "When the first of root and issuer ends.", [
      { value: authority.soonestExpiry().getTime() / 1000 },
    ]),
    family("meshwright_event_loop_delay_seconds", "gauge", "Since the start of the process.", [
      { labels: { quantile: "0.99" }, value: loop.percentile(99) / 1e9 },
    ]),
    family("process_cpu_seconds_total", "counter", "User and system time.", [{ value: (user + system) / 1e6 }]),
    family("process_resident_memory_bytes", "gauge", "Resident memory.", [{ value: process.memoryUsage.rss() }]),
  ].join("");
}

function family(name: string, type: "gauge" | "counter", help: string, samples: readonly Sample[]): string {
  const lines = samples.map(({ labels = {}, value }) => {
    const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escapeText(text)}"`);
    return `${name}${pairs.length > 0 ? `{${pairs.join(",")}}` : ""} ${value}\n`;
  });
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join("")}`;
}

const escapeText = (text: string) => text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
