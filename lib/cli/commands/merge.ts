// meshwright merge: two designs that grew out of one, put together again.
import { writeFileSync } from "node:fs";
import path from "node:path";
import { type MergeConflict, mergeDocuments, toYaml, validateDocument } from "@/lib/mesh";
import type { CliCommand } from "../command";
import { readDesign } from "../files";
import { EXIT, printJson, UsageError } from "../io";
import { refuse } from "../refuse";
import { counted, violationText } from "../words";

export const merge: CliCommand = {
  name: "merge",
  usage: "BASE OURS THEIRS",
  about: "Puts two designs together that grew out of one: field by field, and by identity where one side renamed.",
  options: {
    prefer: {
      type: "string",
      value: "SIDE",
      about: "ours or theirs, where both changed one place; absent: a conflict",
    },
    write: { type: "string", value: "FILE", about: "write the merged design there instead of printing it" },
  },
  details: `Each is a file or a folder; one may be - for standard input. The merged design is checked as by validate, without findings: two changes
that fit each alone may not fit together. With a conflict, or when the result does not hold together, nothing is printed or written.

As the merge driver of git, for designs in one file:
  git config merge.meshwright.driver 'meshwright merge %O %A %B --write %A'
  echo 'mesh.yaml merge=meshwright' >> .gitattributes

Exit code: 0 merged, 1 a conflict, a result that does not hold together, or a design that cannot be read, 2 wrong use.

Example: meshwright merge base.yaml mine.yaml theirs.yaml > merged.yaml`,
  async run(io, given) {
    if (given.operands.length !== 3) throw new UsageError("name three designs: BASE OURS THEIRS");
    const prefer = given.text("prefer") === undefined ? undefined : given.choice("prefer", ["ours", "theirs"]);
    const read = [];
    for (const operand of given.operands) read.push(await readDesign(io, [operand]));
    const designs = read.flatMap((each) => (each.ok ? [each.design.document] : []));
    const [base, ours, theirs] = designs;
    if (designs.length < 3 || !base || !ours || !theirs) {
      const violations = read.flatMap((each) => (each.ok ? [] : each.violations));
      return refuse(io, violations, { isJson: given.flag("json") });
    }
    const { document, conflicts } = mergeDocuments({ base, ours, theirs }, prefer);
    const isOpen = conflicts.some(({ taken }) => taken === undefined);
    const violations = isOpen ? [] : validateDocument(document);
    const ok = !isOpen && violations.length === 0;
    const file = given.text("write");
    if (ok && file !== undefined) writeFileSync(path.resolve(io.cwd, file), toYaml(document));
    if (given.flag("json")) printJson(io, { ok, conflicts, violations, ...(ok ? { document } : {}) });
    else {
      for (const conflict of conflicts) io.note(conflictText(conflict));
      for (const violation of violations) io.note(violationText(violation));
      if (ok && file === undefined) io.out(toYaml(document));
      io.note(`${counted(conflicts.length, "conflict")}, ${counted(violations.length, "violation")}.\n`);
    }
    return ok ? EXIT.ok : EXIT.found;
  },
};

function conflictText({ key, path: place, message, base, ours, theirs, taken }: MergeConflict): string {
  const at = place === "" ? key : `${key}#${place}`;
  const values = Object.entries({ base, ours, theirs }).map(
    ([side, value]) => `    ${side}: ${value === undefined ? "(not there)" : shortJson(value)}\n`,
  );
  return `${taken === undefined ? "conflict" : `taken from ${taken}`}: ${at}: ${message}\n${place === "" ? "" : values.join("")}`;
}

const MAX_VALUE = 200;
function shortJson(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > MAX_VALUE ? `${text.slice(0, MAX_VALUE)}…` : text;
}
