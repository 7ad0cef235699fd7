// Cursors of lists: opaque to the caller, checked here when they come back.
import { AppError } from "@/lib/errors";

export const dateCursor = (date: Date): string => date.toISOString();

export function readDateCursor(cursor: string | undefined): Date | undefined {
  if (cursor === undefined) return undefined;
  const date = new Date(cursor);
  if (Number.isNaN(date.getTime())) throw badCursor();
  return date;
}

export function readSeqCursor(cursor: string | undefined): bigint | undefined {
  if (cursor === undefined) return undefined;
  if (!/^\d{1,18}$/.test(cursor)) throw badCursor();
  return BigInt(cursor);
}

function badCursor(): AppError {
  return new AppError("invalid-request", {
    violations: [
      { path: "query.cursor", message: "is not a cursor of this list", fix: "Use nextCursor of the page before." },
    ],
  });
}
