// Values as Consul writes them: durations in Go's form or in nanoseconds, with a negative one for "off".
// The rule: 0 is what Consul takes for "not set".
import { durationToMs, type Fields } from "../shared/fields";

const MAX_MS = 86_400_000;

/** Undefined: not set. `off`: switched off. */
export function duration(fields: Fields, name: string): number | "off" | undefined {
  const value = fields.take(name);
  if (value === undefined || value === "" || value === 0) return undefined;
  if (typeof value === "number" && Number.isFinite(value)) return value < 0 ? "off" : limited(value / 1_000_000);
  if (typeof value === "string" && value.startsWith("-") && durationToMs(value.slice(1)) !== undefined) return "off";
  const ms = typeof value === "string" ? durationToMs(value) : undefined;
  if (ms === undefined) fields.problem(name, 'must be a duration like "30s"', 'Write a duration like "30s".');
  return ms === undefined || ms === 0 ? undefined : limited(ms);
}

const limited = (ms: number) => Math.min(MAX_MS, Math.max(1, Math.round(ms)));

/** As `duration`, for what cannot be switched off. */
export function time(fields: Fields, name: string): number | undefined {
  const found = duration(fields, name);
  return found === "off" ? undefined : found;
}

/** A number of at least 1: 0 and less are what Consul takes for "not set". */
export function count(fields: Fields, name: string): number | undefined {
  const value = fields.number(name);
  return value === undefined || value < 1 ? undefined : Math.round(value);
}
