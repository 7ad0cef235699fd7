// Rollups, saturation and observed shapes. The rule: a minute is replaced whole, so writing it again changes nothing.
import type { Database } from "../client";
import type { Prisma } from "../generated/client";

export interface RollupRow {
  environmentId: string;
  minute: Date;
  /** lib/signals knows which reporter counts a request. */
  reporter: string;
  /** Object keys: `Service/production/cart`; "unknown" when nobody said. */
  source: string;
  sourceVersion: string;
  destination: string;
  destinationVersion: string;
  /** `connection_security_policy`: mutual_tls, none, unknown. */
  security: string;
  requests: number;
  errors: number;
  codes: Record<string, number>;
  /** Not cumulative; the bounds are those of lib/signals, the last one is +Inf. */
  bucketCounts: number[];
  sumMs: number;
  requestBytes: number;
  responseBytes: number;
  /** Of TCP, as in lib/signals. */
  connections: number;
  failedConnections: number;
  receivedBytes: number;
  sentBytes: number;
}

export interface SaturationRow {
  environmentId: string;
  minute: Date;
  proxyKey: string;
  service: string | null;
  eventLoopDelayP99Ms: number | null;
  cpuMillicores: number | null;
  residentBytes: number | null;
  privateBytes: number | null;
  connectionsActive: number | null;
  requestsActive: number | null;
  requestsPending: number | null;
  /** Worst pool of the minute, 0..1 of its limit. */
  poolUse: number | null;
  pendingUse: number | null;
  requestsUse: number | null;
  overflow: number;
  ejectionsActive: number | null;
}

export interface ShapeRow {
  environmentId: string;
  minute: Date;
  caller: string;
  callee: string;
  method: string;
  pathPattern: string;
  code: number;
  count: number;
}

export interface ScrapeStateRow {
  environmentId: string;
  lastScrapeAt: Date;
  intervalMs: number;
  proxiesTotal: number;
  proxiesSeen: number;
}

/** Rows of one statement; PostgreSQL takes the set as one JSON parameter, so the number of columns does not matter. */
const BATCH = 500;

async function inBatches<T>(rows: readonly T[], write: (json: string) => Promise<unknown>): Promise<void> {
  for (let start = 0; start < rows.length; start += BATCH) {
    await write(JSON.stringify(rows.slice(start, start + BATCH)));
  }
}

export function telemetry(database: Database) {
  return {
    upsertRollups(rows: readonly RollupRow[]): Promise<void> {
      return inBatches(
        rows,
        (json) => database.$executeRaw`
        INSERT INTO "RollupMinute" ("environmentId", "minute", "reporter", "source", "sourceVersion", "destination",
          "destinationVersion", "security", "requests", "errors", "codes", "bucketCounts", "sumMs", "requestBytes", "responseBytes",
          "connections", "failedConnections", "receivedBytes", "sentBytes")
        SELECT "environmentId", "minute", "reporter", "source", "sourceVersion", "destination", "destinationVersion",
          "security", "requests", "errors", "codes",
          ARRAY(SELECT each.value::bigint FROM jsonb_array_elements_text("bucketCounts") WITH ORDINALITY AS each(value, place) ORDER BY place),
          "sumMs", "requestBytes", "responseBytes", "connections", "failedConnections", "receivedBytes", "sentBytes"
        FROM jsonb_to_recordset(${json}::jsonb) AS row("environmentId" text, "minute" timestamptz, "reporter" text, "source" text,
          "sourceVersion" text, "destination" text, "destinationVersion" text, "security" text, "requests" bigint, "errors" bigint,
          "codes" jsonb, "bucketCounts" jsonb, "sumMs" double precision, "requestBytes" bigint, "responseBytes" bigint,
          "connections" bigint, "failedConnections" bigint, "receivedBytes" bigint, "sentBytes" bigint)
        ON CONFLICT ("environmentId", "minute", "reporter", "source", "sourceVersion", "destination", "destinationVersion", "security")
        DO UPDATE SET "requests" = EXCLUDED."requests", "errors" = EXCLUDED."errors", "codes" = EXCLUDED."codes",
          "bucketCounts" = EXCLUDED."bucketCounts", "sumMs" = EXCLUDED."sumMs", "requestBytes" = EXCLUDED."requestBytes",
          "responseBytes" = EXCLUDED."responseBytes", "connections" = EXCLUDED."connections",
          "failedConnections" = EXCLUDED."failedConnections", "receivedBytes" = EXCLUDED."receivedBytes",
          "sentBytes" = EXCLUDED."sentBytes"`,
      );
    },

    upsertSaturation(rows: readonly SaturationRow[]): Promise<void> {
      return inBatches(
        rows,
        (json) => database.$executeRaw`
        INSERT INTO "SaturationMinute"
        SELECT * FROM jsonb_populate_recordset(NULL::"SaturationMinute", ${json}::jsonb)
        ON CONFLICT ("environmentId", "minute", "proxyKey") DO UPDATE SET "service" = EXCLUDED."service",
          "eventLoopDelayP99Ms" = EXCLUDED."eventLoopDelayP99Ms", "cpuMillicores" = EXCLUDED."cpuMillicores",
          "residentBytes" = EXCLUDED."residentBytes", "privateBytes" = EXCLUDED."privateBytes",
          "connectionsActive" = EXCLUDED."connectionsActive", "requestsActive" = EXCLUDED."requestsActive",
          "requestsPending" = EXCLUDED."requestsPending", "poolUse" = EXCLUDED."poolUse", "pendingUse" = EXCLUDED."pendingUse",
          "requestsUse" = EXCLUDED."requestsUse", "overflow" = EXCLUDED."overflow", "ejectionsActive" = EXCLUDED."ejectionsActive"`,
      );
    },

    upsertShapes(rows: readonly ShapeRow[]): Promise<void> {
      return inBatches(
        rows,
        (json) => database.$executeRaw`
        INSERT INTO "ObservedShape"
        SELECT * FROM jsonb_populate_recordset(NULL::"ObservedShape", ${json}::jsonb)
        ON CONFLICT ("environmentId", "minute", "caller", "callee", "method", "pathPattern", "code")
        DO UPDATE SET "count" = EXCLUDED."count"`,
      );
    },

    /** Adds to a minute: for a collector that restarts within it and only knows what came since. */
    addShapes(rows: readonly ShapeRow[]): Promise<void> {
      return inBatches(
        rows,
        (json) => database.$executeRaw`
        INSERT INTO "ObservedShape"
        SELECT * FROM jsonb_populate_recordset(NULL::"ObservedShape", ${json}::jsonb)
        ON CONFLICT ("environmentId", "minute", "caller", "callee", "method", "pathPattern", "code")
        DO UPDATE SET "count" = "ObservedShape"."count" + EXCLUDED."count"`,
      );
    },

    async saveScrapeState(row: ScrapeStateRow): Promise<void> {
      const { environmentId, ...data } = row;
      await database.scrapeState.upsert({ where: { environmentId }, create: row, update: data });
    },

    /** Retention: removes minutes before the given ones; returns how many rows went. */
    async deleteOlderThan(before: { rollups: Date; saturation: Date; shapes: Date }): Promise<number> {
      const olderThan = (minute: Date) =>
        ({ where: { minute: { lt: minute } } }) satisfies { where: Prisma.RollupMinuteWhereInput };
      const gone = await Promise.all([
        database.rollupMinute.deleteMany(olderThan(before.rollups)),
        database.saturationMinute.deleteMany(olderThan(before.saturation)),
        database.observedShape.deleteMany(olderThan(before.shapes)),
      ]);
      return gone.reduce((sum, { count }) => sum + count, 0);
    },
  };
}
