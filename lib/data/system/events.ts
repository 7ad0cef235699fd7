// The event log: append-only and hash-chained. Each event's hash covers its content and the hash before it, so a changed,
// removed or inserted row breaks every later one.
// The rule: appending happens under one lock, inside the transaction of what it tells about.
import { createHash } from "node:crypto";
import canonicalize from "canonicalize";
import type { Connection, Database } from "../client";
import type { Event as EventModel } from "../generated/client";
import { toJson } from "../json";
import { lockInTransaction, withLock } from "../locks";

export interface NewEvent {
  meshId?: string | null;
  environmentId?: string | null;
  /** `area.what`, as `deployment.finished`. */
  kind: string;
  at?: Date;
  actorId?: string | null;
  actorName: string;
  /** What it happened to, as people name it: `shop/local r3`, `Service/production/cart`. */
  subject: string;
  payload?: unknown;
}

/** The hash before the first event. */
export const GENESIS = "0".repeat(64);

interface Hashed {
  meshId: string | null;
  environmentId: string | null;
  kind: string;
  at: Date;
  actorId: string | null;
  actorName: string;
  subject: string;
  payload: unknown;
  prevHash: string;
}

/** SHA-256 over canonical JSON (RFC 8785) of the content and the hash before it. */
export function eventHash(event: Hashed): string {
  const { meshId, environmentId, kind, actorId, actorName, subject, payload, prevHash } = event;
  const content = {
    meshId,
    environmentId,
    kind,
    at: event.at.toISOString(),
    actorId,
    actorName,
    subject,
    payload,
    prevHash,
  };
  return createHash("sha256")
    .update(canonicalize(content) ?? "")
    .digest("hex");
}

/** Appends within a transaction that the caller holds; the lock is kept until that ends. */
export async function appendEvent(connection: Connection, event: NewEvent): Promise<{ seq: bigint; hash: string }> {
  await lockInTransaction(connection, "events");
  const last = await connection.event.findFirst({ orderBy: { seq: "desc" }, select: { hash: true } });
  const row = {
    meshId: event.meshId ?? null,
    environmentId: event.environmentId ?? null,
    kind: event.kind,
    at: event.at ?? new Date(),
    actorId: event.actorId ?? null,
    actorName: event.actorName,
    subject: event.subject,
    // As it will be read back: no undefined, dates as text.
    payload: JSON.parse(JSON.stringify(event.payload ?? {})) as unknown,
    prevHash: last?.hash ?? GENESIS,
  };
  return connection.event.create({
    data: { ...row, payload: toJson(row.payload), hash: eventHash(row) },
    select: { seq: true, hash: true },
  });
}

export interface ChainState {
  /** Events that hold, and the last of them. */
  events: number;
  verifiedTo: bigint | null;
  /** Hash of that one: who keeps it elsewhere also sees when the end of the log is cut off. */
  head: string;
  broken: { seq: bigint; why: string } | null;
}

export function events(database: Database) {
  return {
    append(event: NewEvent): Promise<{ seq: bigint; hash: string }> {
      return withLock(database, "events", (connection) => appendEvent(connection, event));
    },
    /** Recomputes every hash and link, from the first event on. */
    async verify(): Promise<ChainState> {
      let prevHash = GENESIS;
      let verifiedTo: bigint | null = null;
      let count = 0;
      for (;;) {
        const page: EventModel[] = await database.event.findMany({
          where: { seq: { gt: verifiedTo ?? -1n } },
          orderBy: { seq: "asc" },
          take: 1_000,
        });
        for (const row of page) {
          const why =
            row.prevHash !== prevHash
              ? "it does not follow the event before it: one was removed, inserted or changed"
              : eventHash(row) !== row.hash
                ? "its content is not what was written"
                : null;
          if (why) return { events: count, verifiedTo, head: prevHash, broken: { seq: row.seq, why } };
          prevHash = row.hash;
          verifiedTo = row.seq;
          count += 1;
        }
        if (page.length < 1_000) return { events: count, verifiedTo, head: prevHash, broken: null };
      }
    },
    /** The first event whose hash or link is wrong; null when the chain holds. */
    async firstBroken(): Promise<bigint | null> {
      return (await this.verify()).broken?.seq ?? null;
    },
  };
}
