// The one place that opens the database. Web shares one client per process; other processes make their own.
// The rule: nothing outside lib/data imports Prisma, so every read and write passes a repository of this folder.
import { PrismaPg } from "@prisma/adapter-pg";
import { Prisma, PrismaClient } from "./generated/client";

export type Database = PrismaClient;
/** A client or a transaction of one: what a repository function needs. */
export type Connection = Prisma.TransactionClient;

export interface DatabaseOptions {
  url: string;
  /** Connections kept at most; the embedded server allows 100 over all processes. */
  poolSize?: number;
}

export function openDatabase({ url, poolSize = 10 }: DatabaseOptions): Database {
  return new PrismaClient({
    adapter: new PrismaPg({ connectionString: url, max: poolSize, connectionTimeoutMillis: 10_000 }),
  });
}

/** True for the error of a unique constraint: somebody else made the same thing first. */
export function isUniqueViolation(error: unknown): boolean {
  return error instanceof Prisma.PrismaClientKnownRequestError && error.code === "P2002";
}

/** True when a row that had to exist was not there. */
export function isMissingRow(error: unknown): boolean {
  return error instanceof Prisma.PrismaClientKnownRequestError && error.code === "P2025";
}

const DOWN =
  /ECONNREFUSED|ECONNRESET|Connection terminated|Can't reach database|the database system is (starting up|shutting down)|terminating connection/i;

/** True when the database did not answer at all. */
export function isDatabaseDown(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (
    error instanceof Prisma.PrismaClientKnownRequestError &&
    ["P1001", "P1002", "P1008", "P1017", "P2024"].includes(error.code)
  ) {
    return true;
  }
  return DOWN.test(error.message) || (error.cause !== undefined && isDatabaseDown(error.cause));
}
