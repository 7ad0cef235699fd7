// Which methods of a rule do harm when they happen twice. Rule: a rule that names none takes all of them.
import type { RouteRule } from "@/lib/mesh";

/** RFC 9110 section 9.2.2: the others are idempotent. */
const UNSAFE = ["POST", "PATCH", "CONNECT"];

/** "POST and PATCH"; "any": it takes every method; "none". */
export function unsafeMethods(rule: RouteRule): string {
  const named = rule.matches.flatMap((match) => match.methods ?? []);
  const unsafe = [...new Set(named.filter((method) => UNSAFE.includes(method)))];
  if (unsafe.length > 0) return unsafe.join(" and ");
  return rule.matches.length === 0 || rule.matches.some((match) => !match.methods) ? "any" : "none";
}
