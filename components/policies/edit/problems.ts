// Everything the gutter shows: what keeps the text from being read, what does not fit together, what analyzers found.
// Rule: each with what to do; a place that cannot be found in the text points at its first line.
import type { EditorProblem } from "@/components/editor";
import type { Finding } from "@/lib/analysis";
import { type MeshIndex, objectKey, parsePath, readObjectText, violationsOfObject } from "@/lib/mesh";
import type { Session } from "./session";

export interface Problem extends EditorProblem {
  line: number;
  column: number;
  title: string;
  fix: string;
  finding?: Finding;
  /** Of the field that does not fit, as `pathText` writes it: the form marks it. */
  field?: string;
  /** Why, beside that field. */
  reason?: string;
}

const NO_REVISION = "Until then no revision can be made of the draft.";

export function problemsOf(session: Session, index: MeshIndex, findings: readonly Finding[]): Problem[] {
  if (session.problems.length > 0) {
    return session.problems.map((each) => ({
      ...each,
      severity: "error",
      title: each.message,
      message: `${each.message} ${each.fix}`,
    }));
  }
  const read = readObjectText(session.text, session.object);
  if (!read.ok) return [];
  const key = objectKey(session.object);
  const violations = violationsOfObject(session.object, index).map((each): Problem => {
    const field = each.path.split("#")[1] ?? "";
    const place = read.placeOf(parsePath(field));
    return {
      ...place,
      field,
      reason: `${each.message}. ${each.fix}`,
      severity: "error",
      title: `${field} ${each.message}.`.trimStart(),
      fix: `${each.fix} ${NO_REVISION}`,
      message: `${field} ${each.message}. ${each.fix}`.trimStart(),
    };
  });
  const found = findings
    // The same violation, as the worker tells it a moment later.
    .filter((each) => each.code !== "MW1015" || each.refs[0] !== key)
    .filter((each) => each.refs[0] === key || each.refs.includes(key))
    .map((each): Problem => {
      const place = read.placeOf(each.refs[0] === key && each.path ? parsePath(each.path) : []);
      const fix = each.fixes?.[0] ? `Fix: ${each.fixes[0].title}.` : each.cause;
      return {
        ...place,
        severity: each.severity,
        title: each.message,
        fix,
        message: `${each.message} ${fix}`,
        finding: each,
      };
    });
  return [...violations, ...found];
}
