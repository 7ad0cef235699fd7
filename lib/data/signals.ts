// Rollups as the pure signal functions want them: windows of a minute with the flows seen in it.
// The rule: a minute counts as measured when any proxy was read in it, so that no traffic is zero and no scrape is a gap.
import { type Flow, type MeasuredWindow, PROBE_MARK } from "@/lib/signals";
import type { Database } from "./client";
import { fromJson } from "./json";
import type { SaturationRow } from "./system/telemetry";

const MINUTE_MS = 60_000;

/** One proxy's saturation in the minute that begins at `atMs` (epoch milliseconds). */
export type SaturationPoint = { atMs: number } & Omit<SaturationRow, "environmentId" | "minute">;

interface Span {
  environmentId: string;
  from: Date;
  to: Date;
}

/** The caller has checked that the environment may be read. The minute in which `to` lies ends there: the rest is not over yet. */
export async function readRollups(database: Database, { environmentId, from, to }: Span): Promise<MeasuredWindow[]> {
  const where = { environmentId, minute: { gte: from, lt: to } };
  const [rows, measured] = await Promise.all([
    database.rollupMinute.findMany({ where, orderBy: { minute: "asc" } }),
    database.saturationMinute.findMany({
      where,
      distinct: ["minute"],
      select: { minute: true },
      orderBy: { minute: "asc" },
    }),
  ]);
  const flows = new Map<number, Flow[]>(measured.map(({ minute }) => [minute.getTime(), []]));
  for (const row of rows) {
    const at = row.minute.getTime();
    const list = flows.get(at) ?? [];
    flows.set(at, list);
    list.push({
      reporter: row.reporter as Flow["reporter"],
      source: row.source,
      sourceVersion: row.sourceVersion,
      destination: row.destination,
      destinationVersion: row.destinationVersion,
      security: row.security as Flow["security"],
      requests: Number(row.requests),
      errors: Number(row.errors),
      codes: fromJson<Record<string, number>>(row.codes),
      bucketCounts: row.bucketCounts.map(Number),
      sumMs: row.sumMs,
      requestBytes: Number(row.requestBytes),
      responseBytes: Number(row.responseBytes),
      connections: Number(row.connections),
      failedConnections: Number(row.failedConnections),
      receivedBytes: Number(row.receivedBytes),
      sentBytes: Number(row.sentBytes),
    });
  }
  return [...flows]
    .sort(([a], [b]) => a - b)
    .map(([startMs, each]) => ({ startMs, endMs: Math.min(startMs + MINUTE_MS, to.getTime()), flows: each }));
}

export async function readSaturation(
  database: Database,
  { environmentId, from, to }: Span,
): Promise<SaturationPoint[]> {
  const rows = await database.saturationMinute.findMany({
    where: { environmentId, minute: { gte: from, lt: to } },
    orderBy: { minute: "asc" },
  });
  return rows.map(({ minute, environmentId: _same, residentBytes, privateBytes, overflow, ...row }) => ({
    ...row,
    atMs: minute.getTime(),
    residentBytes: residentBytes === null ? null : Number(residentBytes),
    privateBytes: privateBytes === null ? null : Number(privateBytes),
    overflow: Number(overflow),
  }));
}

export async function readScrapeState(database: Database, environmentId: string) {
  return database.scrapeState.findUnique({ where: { environmentId } });
}

/** Whether any request or connection, but for probes, was ever seen there (within retention). */
export async function hasEverSeen(
  database: Database,
  { environmentId, source, destination }: { environmentId: string; source?: string; destination?: string },
): Promise<boolean> {
  const row = await database.rollupMinute.findFirst({
    where: {
      environmentId,
      sourceVersion: { not: PROBE_MARK },
      OR: [{ requests: { gt: 0 } }, { connections: { gt: 0 } }],
      ...(source ? { source } : {}),
      ...(destination ? { destination } : {}),
    },
    select: { minute: true },
  });
  return row !== null;
}
