// meshwright import: configuration of another mesh product into a design.
import { writeFileSync } from "node:fs";
import path from "node:path";
import { type IstioImport, importIstio } from "@/lib/dialects/istio";
import { applyCommand, emptyMesh, type MeshDocument, toYaml } from "@/lib/mesh";
import type { CliCommand } from "../command";
import { readDesign, readTexts } from "../files";
import { EXIT, type Io, printJson, UsageError } from "../io";
import { counted, findingText, violationText } from "../words";

export const importCommand: CliCommand = {
  name: "import",
  usage: "--from istio FILE|FOLDER...",
  about: "Reads configuration of another mesh into a design and prints the design as YAML.",
  options: {
    from: { type: "string", value: "DIALECT", about: "istio" },
    into: { type: "string", value: "FILE", about: "the design to read into; absent: a new one" },
    write: { type: "boolean", about: "write the design back to --into instead of printing it" },
    namespace: { type: "string", value: "NAME", about: "for resources that name none" },
    mesh: { type: "string", value: "NAME", about: 'name of a new design (default "mesh")' },
  },
  details: `What was understood, kept and warned about goes to standard error; with --json everything is one object.
Exit code: 0 taken over (there may be findings), 1 a text that cannot be read, 2 wrong use.

Example: meshwright import --from istio payment.yaml --into mesh.yaml --write`,
  async run(io, given) {
    given.choice("from", ["istio"]);
    const into = given.text("into");
    if (given.flag("write") && into === undefined) throw new UsageError("--write needs --into FILE");
    const base = await readBase(io, into, given.text("mesh"));
    if (!base.ok) {
      if (given.flag("json")) printJson(io, { ok: false, violations: base.violations });
      else for (const violation of base.violations) io.out(violationText(violation));
      return EXIT.found;
    }
    let document = base.document;
    const results: IstioImport[] = [];
    const namespace = given.text("namespace");
    for (const { file, text } of await readTexts(io, given.operands)) {
      const result = importIstio(text, {
        document,
        file,
        ...(namespace === undefined ? {} : { defaultNamespace: namespace }),
      });
      const applied = applyCommand(document, {}, { type: "batch", commands: result.commands });
      if (applied.ok) document = applied.document;
      else result.violations.push(...applied.violations);
      results.push(result);
    }
    const report = merged(results);
    const hasFailed = report.violations.length > 0;
    if (given.flag("json")) printJson(io, { ok: !hasFailed, ...report, ...(hasFailed ? {} : { document }) });
    else sayReport(io, report);
    if (hasFailed) return EXIT.found;
    if (given.flag("write") && into !== undefined) writeFileSync(path.resolve(io.cwd, into), toYaml(document));
    else if (!given.flag("json")) io.out(toYaml(document));
    return EXIT.ok;
  },
};

type Base = { ok: true; document: MeshDocument } | { ok: false; violations: IstioImport["violations"] };

async function readBase(io: Io, into: string | undefined, name = "mesh"): Promise<Base> {
  if (into === undefined) return { ok: true, document: emptyMesh(name) };
  const read = await readDesign(io, [into]);
  return read.ok ? { ok: true, document: read.design.document } : read;
}

function merged(results: IstioImport[]): IstioImport {
  return {
    understood: results.flatMap((result) => result.understood),
    kept: results.flatMap((result) => result.kept),
    warnings: results.flatMap((result) => result.warnings),
    violations: results.flatMap((result) => result.violations),
    commands: results.flatMap((result) => result.commands),
    findings: results.flatMap((result) => result.findings),
  };
}

function sayReport(io: Io, report: IstioImport): void {
  for (const { source, file, line, sentences } of report.understood) {
    io.note(`${file ?? "text"}:${line}: ${source}\n${sentences.map((sentence) => `    ${sentence}\n`).join("")}`);
  }
  for (const { file, line, source, path: place, message, fix } of report.warnings) {
    io.note(`${file ?? "text"}:${line}: warning: ${source}#${place}: ${message}\n    fix: ${fix}\n`);
  }
  for (const violation of report.violations) io.note(violationText(violation));
  for (const finding of report.findings) io.note(findingText(finding, undefined));
  const parts = [
    `${counted(report.understood.length, "resource")} understood`,
    `${counted(report.kept.length, "field")} kept`,
    counted(report.warnings.length, "warning"),
    counted(report.findings.length, "finding"),
    counted(report.violations.length, "violation"),
  ];
  io.note(`${parts.join(", ")}.\n`);
}
