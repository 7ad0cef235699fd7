// JSON columns: what goes in was validated by its schema, what comes out is decoded by one. Job: the two casts, in one place.
import { Prisma } from "./generated/client";

/** A validated value for a JSON column. */
export function toJson(value: unknown): Prisma.InputJsonValue {
  return value as Prisma.InputJsonValue;
}

/** The same for a column that may be null. */
export function toNullableJson(value: unknown): Prisma.InputJsonValue | typeof Prisma.DbNull {
  return value === null || value === undefined ? Prisma.DbNull : (value as Prisma.InputJsonValue);
}

/** A JSON column that only this product writes, by a schema that it trusts. */
export function fromJson<T>(value: unknown): T {
  return value as T;
}
