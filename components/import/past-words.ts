// A past import in words. Rule: pure; what gives calls another answer is the loudest, and what was taken back has no say any more.
import type { Mark } from "@/components/ui";
import { plural } from "@/components/ui";
import type { ImportReportDto, ImportSummaryDto } from "@/lib/api/schema";
import { dialectEntries } from "@/lib/dialects/catalogue";

export function stateOf({
  isUndone,
  changesMeaning,
  warnings,
}: Pick<ImportSummaryDto, "isUndone" | "changesMeaning" | "warnings">): { status: Mark; word: string } {
  if (isUndone) return { status: "note", word: "taken back" };
  if (changesMeaning > 0) return { status: "failing", word: plural(changesMeaning, "other answer") };
  if (warnings > 0) return { status: "attention", word: plural(warnings, "warning") };
  return { status: "ok", word: "no warning" };
}

const titleOf = (id: string) => dialectEntries.find((each) => each.id === id)?.title ?? id;

/** "Istio (networking.istio.io/v1) and Kubernetes (v1) from mesh.yaml" */
export function productsOf({ products, source }: Pick<ImportReportDto, "products" | "source">): string {
  const names = products.map(({ dialect, versions }) => `${titleOf(dialect)} (${versions.join(", ")})`);
  const text = names.length > 0 ? names.join(" and ") : "Nothing that was recognised";
  return source === null ? `${text}, pasted` : `${text} from ${source}`;
}

/** "version 12 of the draft, in r4" */
export function fateOf({ version, revision, isUndone }: ImportSummaryDto): string {
  const made = `version ${version} of the draft`;
  if (isUndone) return `${made}, taken back`;
  return revision === null ? `${made}, in no revision yet` : `${made}, in r${revision}`;
}
