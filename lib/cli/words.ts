// Violations, findings and losses as lines of text, in the form that editors and CI systems link: file:line: what.
import type { Finding } from "@/lib/analysis";
import type { ImportResult } from "@/lib/dialects";
import type { Violation } from "@/lib/mesh";
import type { Answer } from "@/lib/simulate";

export function violationText(violation: Violation): string {
  const line = violation.line === undefined ? "" : `:${violation.line}`;
  const place = violation.file === undefined ? "" : `${violation.file}${line}: `;
  return `${place}error: ${violation.path}: ${violation.message}\n    fix: ${violation.fix}\n`;
}

export function findingText(finding: Finding, place: { file?: string; line: number } | undefined): string {
  const at = place?.file === undefined ? "" : `${place.file}:${place.line}: `;
  const path = finding.path === undefined ? "" : `#${finding.path}`;
  const fixes = (finding.fixes ?? []).map((fix) => `    fix: ${fix.title}\n`).join("");
  return `${at}${finding.severity} ${finding.code}: ${finding.refs[0] ?? ""}${path}: ${finding.message}\n    why: ${finding.cause}\n${fixes}`;
}

/** What gives calls another answer is louder than what is only missing. */
export function warningText(warning: ImportResult["warnings"][number]): string {
  const { file, line, column, source, path: place, message, fix, verdict, changesMeaning } = warning;
  const at = `${file ?? "text"}:${line}${column === undefined ? "" : `:${column}`}`;
  const word = changesMeaning ? "CHANGES THE MEANING" : "warning";
  return `${at}: ${word} (${verdict}): ${source}#${place}: ${message}\n    fix: ${fix}\n`;
}

/** What became of a call, without the hops. */
export type CallOutcome = Pick<Answer, "outcome" | "status" | "destinations">;
export const outcomeOf = ({ outcome, status, destinations }: CallOutcome): CallOutcome => ({
  outcome,
  status,
  destinations,
});

export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
