// meshwright diff: what changed between two designs, in sentences, and what that does to calls.
import { diffDocuments, digestOf } from "@/lib/mesh";
import { buildScene, type Consequence, consequencesOf } from "@/lib/simulate";
import type { CliCommand } from "../command";
import { readDesign } from "../files";
import { EXIT, printJson, UsageError } from "../io";
import { askable, jsonWarnings, MANIFEST_OPTIONS, sayWarnings } from "../manifests";
import { refuse } from "../refuse";
import { counted, outcomeOf } from "../words";

const LEVELS = ["change", "attention", "never"] as const;

export const diff: CliCommand = {
  name: "diff",
  usage: "BEFORE AFTER",
  about:
    "Says what changes from one design to another, and what that does to calls: access, shares, timeouts, mutual TLS.",
  options: {
    ...MANIFEST_OPTIONS,
    format: { type: "string", value: "text|json", about: "default text" },
    "fail-on": {
      type: "string",
      value: "LEVEL",
      about: "change (default): any difference; attention: lost or gained access, weaker mTLS, failing calls; never",
    },
  },
  details: `Each is a file or a folder; one may be - for standard input. Consequences come from simulating drawn calls and those that routes and
policies speak about, in both designs.

Exit code: 0 nothing of that level, 1 something (or a design that cannot be read), 2 wrong use.

Example: git show main:mesh.yaml | meshwright diff - mesh.yaml --fail-on attention`,
  async run(io, given) {
    if (given.operands.length !== 2) throw new UsageError("name two designs: BEFORE and AFTER");
    const format = given.flag("json") ? "json" : given.choice("format", ["text", "json"], "text");
    const level = given.choice("fail-on", LEVELS, "change");
    const before = await readDesign(io, given.operands.slice(0, 1), given);
    const after = await readDesign(io, given.operands.slice(1), given);
    const violations = [...(before.ok ? [] : before.violations), ...(after.ok ? [] : after.violations)];
    if (!before.ok || !after.ok) return refuse(io, violations, { isJson: format === "json", isNote: false });
    const [a, b] = [before.design.document, after.design.document];
    const changes = diffDocuments(a, b);
    const consequences =
      changes.length === 0 ? [] : consequencesOf(buildScene(askable(before.design)), buildScene(askable(after.design)));
    const hasAttention = consequences.some(({ severity }) => severity === "attention");
    const hasFailed = level === "change" ? changes.length > 0 : level === "attention" && hasAttention;
    if (format === "json") {
      const digests = { fromDigest: digestOf(a), toDigest: digestOf(b) };
      const warnings = jsonWarnings(before.design, after.design);
      printJson(io, { ok: !hasFailed, ...digests, changes, consequences: consequences.map(toJson), ...warnings });
    } else {
      const signs = { added: "+", removed: "-", changed: "~", renamed: "~" };
      for (const change of changes) io.out(`${signs[change.kind]} ${change.sentence}\n`);
      for (const { severity, sentence } of consequences)
        io.out(`${severity === "attention" ? "!" : ">"} ${sentence}\n`);
      sayWarnings(io, after.design);
      io.note(`${counted(changes.length, "change")}, ${counted(consequences.length, "consequence")}.\n`);
    }
    return hasFailed ? EXIT.found : EXIT.ok;
  },
};

function toJson({ kind, severity, sentence, caller, callee, call, before, after }: Consequence) {
  const { host, port, method, path, headers } = call;
  const request = { host, port, method, path, headers };
  return { kind, severity, sentence, caller, callee, request, before: outcomeOf(before), after: outcomeOf(after) };
}
