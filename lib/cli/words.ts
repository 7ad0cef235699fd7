// Violations, findings and losses as lines of text, in the form that editors and CI systems link: file:line: what.
import type { Finding } from "@/lib/analysis";
import type { Violation } from "@/lib/mesh";

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

export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
