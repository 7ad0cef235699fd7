// Idempotency keys: a repeated request gets the first one's answer instead of doing it twice.
// The rule: the key is taken before the work and belongs to one principal and one request; server errors give it back.
import { AppError } from "@/lib/errors";
import { type Database, isUniqueViolation } from "./client";
import { fromJson, toJson, toNullableJson } from "./json";

const KEPT_MS = 86_400_000;
/** A request that took its key longer ago than this has died. */
const ABANDONED_MS = 60_000;

export interface KeptAnswer {
  status: number;
  headers: Record<string, string>;
  body: unknown;
}

interface Asked {
  principalId: string;
  key: string;
  requestHash: string;
}

/** The kept answer of an earlier request, or null: the key is now taken by this one. */
export async function takeKey(
  database: Database,
  { principalId, key, requestHash }: Asked,
  now: Date,
): Promise<KeptAnswer | null> {
  const id = { principalId_key: { principalId, key } };
  // Everybody's old keys go on the way: there is no other broom.
  const abandoned = { principalId, key, status: null, createdAt: { lt: new Date(now.getTime() - ABANDONED_MS) } };
  await database.idempotencyKey.deleteMany({ where: { OR: [{ expiresAt: { lt: now } }, abandoned] } });
  try {
    await database.idempotencyKey.create({
      data: { principalId, key, requestHash, createdAt: now, expiresAt: new Date(now.getTime() + KEPT_MS) },
    });
    return null;
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
  }
  const row = await database.idempotencyKey.findUnique({ where: id });
  if (!row) throw new AppError("request-in-progress");
  if (row.requestHash !== requestHash) throw new AppError("idempotency-key-reused");
  if (row.status === null) throw new AppError("request-in-progress", { headers: { "retry-after": "1" } });
  return { status: row.status, headers: fromJson<Record<string, string>>(row.headers ?? {}), body: row.body };
}

export async function keepAnswer(database: Database, { principalId, key }: Asked, answer: KeptAnswer): Promise<void> {
  await database.idempotencyKey.updateMany({
    where: { principalId, key },
    data: { status: answer.status, headers: toJson(answer.headers), body: toNullableJson(answer.body) },
  });
}

export async function releaseKey(database: Database, { principalId, key }: Asked): Promise<void> {
  await database.idempotencyKey.deleteMany({ where: { principalId, key, status: null } });
}
