// meshwright diff: what changed between two designs, in sentences.
import { diffDocuments, digestOf } from "@/lib/mesh";
import type { CliCommand } from "../command";
import { readDesign } from "../files";
import { EXIT, printJson, UsageError } from "../io";
import { counted, violationText } from "../words";

export const diff: CliCommand = {
  name: "diff",
  usage: "BEFORE AFTER",
  about: "Says what changes from one design to another. Each is a file or a folder; one may be - for standard input.",
  options: {},
  details: `Exit code: 0 the same design, 1 differences (or a design that cannot be read), 2 wrong use.

Example: git show main:mesh.yaml | meshwright diff - mesh.yaml`,
  async run(io, given) {
    if (given.operands.length !== 2) throw new UsageError("name two designs: BEFORE and AFTER");
    const before = await readDesign(io, given.operands.slice(0, 1));
    const after = await readDesign(io, given.operands.slice(1));
    const violations = [...(before.ok ? [] : before.violations), ...(after.ok ? [] : after.violations)];
    if (!before.ok || !after.ok) {
      if (given.flag("json")) printJson(io, { ok: false, violations });
      else for (const violation of violations) io.out(violationText(violation));
      return EXIT.found;
    }
    const [a, b] = [before.design.document, after.design.document];
    const changes = diffDocuments(a, b);
    if (given.flag("json")) {
      printJson(io, { ok: changes.length === 0, fromDigest: digestOf(a), toDigest: digestOf(b), changes });
    } else {
      const signs = { added: "+", removed: "-", changed: "~", renamed: "~" };
      for (const change of changes) io.out(`${signs[change.kind]} ${change.sentence}\n`);
      io.note(`${counted(changes.length, "change")}.\n`);
    }
    return changes.length === 0 ? EXIT.ok : EXIT.found;
  },
};
