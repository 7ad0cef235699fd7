// The import's sentence. Rule: pure; the worst that the documents bring decides the state, before they are in the draft and after.
import { plural } from "@/components/ui/format";
import type { Status } from "@/components/ui/status-words";

export interface ImportFacts {
  applied: boolean;
  understood: readonly unknown[];
  kept: readonly unknown[];
  violations: readonly unknown[];
  warnings: readonly { changesMeaning?: boolean | undefined }[];
  findings: readonly { severity: "error" | "warning" | "info" }[];
}

export function importAnswer(result: ImportFacts | undefined, error: Error | null): { status?: Status; text: string } {
  if (error) return { status: "failing", text: "That did not work; nothing was changed." };
  if (!result) return { text: "What do you have already?" };
  const { applied, understood, kept, violations, warnings, findings } = result;
  if (violations.length > 0)
    return { status: "failing", text: `${plural(violations.length, "problem")} in the text; nothing was changed.` };
  const loud = warnings.filter(({ changesMeaning }) => changesMeaning).length;
  const broken = findings.filter(({ severity }) => severity === "error").length;
  const sentences = [
    applied ? "Applied to the draft." : "",
    `${plural(understood.length, "document")} understood, ${plural(kept.length, "field")} kept, ${plural(warnings.length, "warning")}.`,
    loud > 0
      ? `${loud} of them ${applied ? (loud === 1 ? "answers" : "answer") : "would answer"} calls differently.`
      : "",
    broken > 0
      ? `${plural(broken, "problem")} of the design ${applied ? (broken === 1 ? "is" : "are") : "would be"} in the way of a revision.`
      : "",
  ];
  const worst = loud + broken > 0 ? "failing" : warnings.length > 0 ? "attention" : "ok";
  return { status: worst, text: sentences.filter(Boolean).join(" ") };
}
