// meshwright validate: schema, consistency and findings of a design.
import { analyze, type Severity } from "@/lib/analysis";
import { digestOf } from "@/lib/mesh";
import type { CliCommand } from "../command";
import { checkDesign, readDesign } from "../files";
import { EXIT, printJson } from "../io";
import { counted, findingText, violationText } from "../words";

const LEVELS = ["error", "warning", "info", "never"] as const;

export const validate: CliCommand = {
  name: "validate",
  usage: "FILE|FOLDER...",
  about: "Checks a design: every violation with file, line, path and fix, then the findings of the analyzers.",
  options: {
    "fail-on": { type: "string", value: "LEVEL", about: "findings that fail: error (default), warning, info, never" },
  },
  details: `Exit code: 0 fine, 1 violations or findings at the level of --fail-on, 2 wrong use.

Example: meshwright validate mesh/ --fail-on warning`,
  async run(io, given) {
    const level = given.choice("fail-on", LEVELS, "error");
    const read = await readDesign(io, given.operands);
    const violations = read.ok ? checkDesign(read.design) : read.violations;
    const findings = read.ok && violations.length === 0 ? analyze(read.design.document) : [];
    const isFailing = (severity: Severity) => level !== "never" && LEVELS.indexOf(severity) <= LEVELS.indexOf(level);
    const hasFailed = violations.length > 0 || findings.some((finding) => isFailing(finding.severity));
    if (given.flag("json")) {
      const digest = read.ok ? { digest: digestOf(read.design.document) } : {};
      printJson(io, { ok: !hasFailed, ...digest, violations, findings });
    } else {
      for (const violation of violations) io.out(violationText(violation));
      for (const finding of findings) {
        const key = finding.refs[0];
        io.out(findingText(finding, key === undefined || !read.ok ? undefined : read.design.locate(key)));
      }
      const objects = read.ok ? `${counted(read.design.document.objects.length, "object")}, ` : "";
      io.note(`${objects}${counted(violations.length, "violation")}, ${counted(findings.length, "finding")}.\n`);
    }
    return hasFailed ? EXIT.found : EXIT.ok;
  },
};
