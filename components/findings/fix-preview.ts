// What a fix would change, before it is applied. Rule: computed by the same command and diff that would run.
import { applyCommand, type Command, diffDocuments, type MeshDocument, objectKey, toYaml } from "@/lib/mesh";

export interface FixPreview {
  sentences: string[];
  lines: { id: number; sign: "+" | "−" | " "; text: string }[];
  problem: string | null;
}

export function previewFix(document: MeshDocument, command: Command): FixPreview {
  const result = applyCommand(document, {}, command);
  if (!result.ok) return { sentences: [], lines: [], problem: result.violations.map((each) => each.message).join(" ") };
  const changes = diffDocuments(document, result.document);
  const keys = new Set(changes.map((change) => change.key));
  const only = (from: MeshDocument) => ({ objects: from.objects.filter((object) => keys.has(objectKey(object))) });
  const text = (from: MeshDocument) => (from.objects.length === 0 ? [] : toYaml(from).trimEnd().split("\n"));
  return {
    sentences: changes.map((change) => change.sentence),
    lines: aroundChanges(lineDiff(text(only(document)), text(only(result.document)))).map((line, id) => ({
      id,
      ...line,
    })),
    problem: null,
  };
}

type Line = Omit<FixPreview["lines"][number], "id">;

/** Longest common subsequence on lines; the texts are single objects, so quadratic is small. */
export function lineDiff(before: readonly string[], after: readonly string[]): Line[] {
  const width = after.length + 1;
  const table = new Uint16Array((before.length + 1) * width);
  const at = (row: number, column: number) => table[row * width + column] ?? 0;
  for (let row = before.length - 1; row >= 0; row -= 1)
    for (let column = after.length - 1; column >= 0; column -= 1)
      table[row * width + column] =
        before[row] === after[column]
          ? at(row + 1, column + 1) + 1
          : Math.max(at(row + 1, column), at(row, column + 1));
  const lines: Line[] = [];
  let row = 0;
  let column = 0;
  while (row < before.length || column < after.length) {
    if (row < before.length && column < after.length && before[row] === after[column]) {
      lines.push({ sign: " ", text: before[row] ?? "" });
      row += 1;
      column += 1;
    } else if (column >= after.length || (row < before.length && at(row + 1, column) >= at(row, column + 1))) {
      lines.push({ sign: "−", text: before[row] ?? "" });
      row += 1;
    } else {
      lines.push({ sign: "+", text: after[column] ?? "" });
      column += 1;
    }
  }
  return lines;
}

/** Three lines around each change; longer stretches become one line of dots. */
function aroundChanges(lines: readonly Line[]): Line[] {
  const isNear = lines.map((_, index) =>
    lines.slice(Math.max(0, index - 3), index + 4).some((line) => line.sign !== " "),
  );
  const out: Line[] = [];
  lines.forEach((line, index) => {
    if (isNear[index]) out.push(line);
    else if (out.at(-1)?.text !== "…") out.push({ sign: " ", text: "…" });
  });
  return out;
}
