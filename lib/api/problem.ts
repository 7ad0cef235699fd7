// Errors become answers here and nowhere else (RFC 9457). What is unexpected is logged once, with the request's id, and told as `internal`.
import { z } from "zod";
import { isDatabaseDown } from "@/lib/data/client";
import { AppError, PROBLEM_BASE, type Problematic } from "@/lib/errors";

export interface ProblemAnswer {
  status: number;
  headers: Record<string, string>;
  body: Record<string, unknown>;
}

export function toProblem(error: unknown, requestId: string, instance: string): ProblemAnswer {
  const known = toAppError(error);
  const body = {
    type: `${PROBLEM_BASE}${known.code}`,
    title: known.title,
    status: known.status,
    detail: known.detail,
    code: known.code,
    instance,
    requestId,
    ...(known.violations.length > 0 ? { violations: known.violations } : {}),
    ...known.extra,
  };
  return {
    status: known.status,
    headers: { "content-type": "application/problem+json", ...known.headers },
    body,
  };
}

export function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  if (error instanceof z.ZodError) return new AppError("invalid-request", { violations: violationsOf(error) });
  if (isDatabaseDown(error))
    return new AppError("database-unavailable", { cause: error, headers: { "retry-after": "2" } });
  return new AppError("internal", { cause: error });
}

/** All problems of one part of a request, with their paths: `body.commands[0].key`. */
export function violationsOf(error: z.ZodError, part = ""): Problematic[] {
  return error.issues.map((issue) => ({ path: pathOf(part, issue.path), message: issue.message }));
}

function pathOf(part: string, path: readonly PropertyKey[]): string {
  const inside = path.map((step) => (typeof step === "number" ? `[${step}]` : `.${String(step)}`)).join("");
  return part === "" ? inside.replace(/^\./, "") : `${part}${inside}`;
}
