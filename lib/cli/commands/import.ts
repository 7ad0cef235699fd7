// meshwright import: configuration of another mesh product into a design.
import { writeFileSync } from "node:fs";
import path from "node:path";
import { AUTO, IMPORT_CHOICES, type ImportResult, importDocuments, importEntries } from "@/lib/dialects";
import { applyCommand, emptyMesh, type MeshDocument, toYaml } from "@/lib/mesh";
import type { CliCommand } from "../command";
import { readDesign, readTexts } from "../files";
import { EXIT, type Io, printJson, UsageError } from "../io";
import { sayWarnings } from "../manifests";
import { refuse } from "../refuse";
import { counted, findingText, violationText } from "../words";

export const importCommand: CliCommand = {
  name: "import",
  usage: "FILE|FOLDER... [--from DIALECT]",
  about: "Reads configuration of another mesh into a design and prints the design as YAML.",
  options: {
    from: {
      type: "string",
      value: "DIALECT",
      about: `${IMPORT_CHOICES.join(", ")} (default auto: by apiVersion and kind)`,
    },
    into: { type: "string", value: "FILE", about: "the design to read into; absent: a new one" },
    write: { type: "boolean", about: "write the design back to --into instead of printing it" },
    namespace: { type: "string", value: "NAME", about: "for resources that name none" },
    mesh: { type: "string", value: "NAME", about: 'name of a new design (default "mesh")' },
  },
  details: `All files are one world: a route in one finds its service in another. Kubernetes resources are always read along.
What was understood, kept and warned about goes to standard error; with --json everything is one object.
What is read:
${importEntries.map(({ id, kinds }) => `  ${id}: ${kinds.join(", ")}`).join("\n")}
Exit code: 0 taken over (there may be findings), 1 a text that cannot be read, 2 wrong use.

Example: meshwright import --from istio payment.yaml --into mesh.yaml --write`,
  async run(io, given) {
    const choice = given.choice("from", IMPORT_CHOICES, AUTO);
    const into = given.text("into");
    if (given.flag("write") && into === undefined) throw new UsageError("--write needs --into FILE");
    const base = await readBase(io, into, given.text("mesh"));
    if (!base.ok) return refuse(io, base.violations, { isJson: given.flag("json"), isNote: false });
    let document = base.document;
    const texts = await readTexts(io, given.operands);
    const report = importDocuments(choice, texts, { document, defaultNamespace: given.text("namespace") });
    const applied = applyCommand(document, {}, { type: "batch", commands: report.commands });
    if (applied.ok) document = applied.document;
    else report.violations.push(...applied.violations);
    const hasFailed = report.violations.length > 0;
    if (given.flag("json")) printJson(io, { ok: !hasFailed, ...report, ...(hasFailed ? {} : { document }) });
    else sayReport(io, report);
    if (hasFailed) return EXIT.found;
    if (given.flag("write") && into !== undefined) writeFileSync(path.resolve(io.cwd, into), toYaml(document));
    else if (!given.flag("json")) io.out(toYaml(document));
    return EXIT.ok;
  },
};

type Base = { ok: true; document: MeshDocument } | { ok: false; violations: ImportResult["violations"] };

async function readBase(io: Io, into: string | undefined, name = "mesh"): Promise<Base> {
  if (into === undefined) return { ok: true, document: emptyMesh(name) };
  const read = await readDesign(io, [into]);
  return read.ok ? { ok: true, document: read.design.document } : read;
}

function sayReport(io: Io, report: ImportResult): void {
  for (const { source, file, line, sentences } of report.understood) {
    io.note(`${file ?? "text"}:${line}: ${source}\n${sentences.map((sentence) => `    ${sentence}\n`).join("")}`);
  }
  sayWarnings(io, report);
  for (const violation of report.violations) io.note(violationText(violation));
  for (const finding of report.findings) io.note(findingText(finding, undefined));
  const loud = report.warnings.filter(({ changesMeaning }) => changesMeaning).length;
  const parts = [
    `${counted(report.understood.length, "resource")} understood`,
    `${counted(report.kept.length, "field")} kept`,
    `${counted(report.warnings.length, "warning")}${loud > 0 ? ` (${loud} of them change the meaning)` : ""}`,
    counted(report.findings.length, "finding"),
    counted(report.violations.length, "violation"),
  ];
  io.note(`${parts.join(", ")}.\n`);
}
