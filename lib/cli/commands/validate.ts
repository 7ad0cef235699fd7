// meshwright validate: schema, consistency and findings of a design.
import { analyze, analyzers, type Finding, type Severity } from "@/lib/analysis";
import { junitXml } from "@/lib/compliance/reports/junit";
import { findingsToSarif } from "@/lib/compliance/reports/sarif";
import { digestOf, objectKey, parsePath, type Violation } from "@/lib/mesh";
import type { CliCommand } from "../command";
import type { Design } from "../design";
import { checkDesign, readDesign } from "../files";
import { EXIT, type Io, printJson } from "../io";
import { jsonWarnings, MANIFEST_OPTIONS, sayWarnings } from "../manifests";
import { counted, findingText, violationText } from "../words";

const LEVELS = ["error", "warning", "info", "never"] as const;
const FORMATS = ["text", "json", "sarif", "junit"] as const;
/** A violation in reports that know findings only. */
const VIOLATION = "MW0000";

export const validate: CliCommand = {
  name: "validate",
  usage: "FILE|FOLDER...",
  about: "Checks a design: every violation with file, line, path and fix, then the findings of the analyzers.",
  options: {
    ...MANIFEST_OPTIONS,
    "fail-on": { type: "string", value: "LEVEL", about: "findings that fail: error (default), warning, info, never" },
    format: { type: "string", value: "FORMAT", about: "text (default), json, sarif (code scanning) or junit" },
  },
  details: `Exit code: 0 fine, 1 violations or findings at the level of --fail-on, 2 wrong use.

Examples:
  meshwright validate mesh/ --fail-on warning --format sarif > findings.sarif
  kubectl get services,deployments,virtualservices,destinationrules -A -o yaml | meshwright validate --dialect istio -`,
  async run(io, given) {
    const level = given.choice("fail-on", LEVELS, "error");
    const format = given.flag("json") ? "json" : given.choice("format", FORMATS, "text");
    const read = await readDesign(io, given.operands, given);
    const design = read.ok ? read.design : null;
    const violations = read.ok ? checkDesign(read.design) : read.violations;
    const findings = design && violations.length === 0 ? analyze(design.document, { source: design.source }) : [];
    const isFailing = (severity: Severity) => level !== "never" && LEVELS.indexOf(severity) <= LEVELS.indexOf(level);
    const hasFailed = violations.length > 0 || findings.some((finding) => isFailing(finding.severity));
    if (format === "json") {
      const digest = design ? { digest: digestOf(design.document) } : {};
      printJson(io, { ok: !hasFailed, ...digest, violations, findings, ...(design ? jsonWarnings(design) : {}) });
    } else if (format === "sarif") printJson(io, sarifOf(violations, findings, design));
    else if (format === "junit") io.out(junitOf(violations, findings, design, isFailing, io));
    else {
      for (const violation of violations) io.out(violationText(violation));
      for (const finding of findings) io.out(findingText(finding, placeOf(design, finding)));
    }
    if (format !== "json") {
      if (design) sayWarnings(io, design);
      const objects = design ? `${counted(design.document.objects.length, "object")}, ` : "";
      io.note(`${objects}${counted(violations.length, "violation")}, ${counted(findings.length, "finding")}.\n`);
    }
    return hasFailed ? EXIT.found : EXIT.ok;
  },
};

/** Of what stands in no file, as the mesh of manifests, that of the next object that the finding is about. */
function placeOf(design: Design | null, { refs: [key, ...others], path }: Pick<Finding, "refs" | "path">) {
  if (key === undefined || !design) return undefined;
  const own = design.locate(key, path === undefined ? [] : parsePath(path));
  if (own) return own;
  return others.flatMap((other) => design.locate(other, []) ?? [])[0];
}

/** Code scanning takes no result without a file. */
const anyPlace = (design: Design | null) =>
  design?.document.objects.flatMap((object) => design.locate(objectKey(object), []) ?? [])[0];

const textOf = ({ path, message, fix }: Violation) => `${path} ${message}. ${fix}`;

function sarifOf(violations: readonly Violation[], findings: readonly Finding[], design: Design | null) {
  const asFindings = violations.map((violation) => ({
    code: VIOLATION,
    severity: "error" as const,
    message: `${violation.path} ${violation.message}.`,
    cause: violation.fix,
    refs: violation.key === undefined ? [] : [violation.key],
    id: `${VIOLATION}|${violation.path}|${violation.message}`,
    violation,
  }));
  const uriOf = (file: string) => file.replaceAll("\\", "/");
  return findingsToSarif([...asFindings, ...findings], {
    toolVersion: VERSION,
    category: "meshwright/validate",
    rules: [
      { id: VIOLATION, title: "The design does not hold together" },
      ...analyzers.map(({ code, title }) => ({ id: code, title })),
    ],
    placeOf(finding) {
      const own = asFindings.find((each) => each === finding)?.violation;
      const found = own ?? placeOf(design, { ...finding, refs: [...finding.refs] });
      const place = found?.file === undefined ? anyPlace(design) : { file: found.file, line: found.line };
      return place?.file === undefined ? undefined : { uri: uriOf(place.file), line: place.line };
    },
  });
}

const VERSION = "0.1.0";

/** One case per analyzer, so that a pipeline shows what was checked and not only what was found. */
function junitOf(
  violations: readonly Violation[],
  findings: readonly Finding[],
  design: Design | null,
  isFailing: (severity: Severity) => boolean,
  io: Io,
): string {
  const holds = violations.length === 0;
  const details = (lines: readonly string[]) => ({ message: lines[0] ?? "", details: lines.join("\n") });
  const cases = analyzers.map(({ code, title }) => {
    const own = findings.filter((finding) => finding.code === code);
    const lines = own.map((finding) => findingText(finding, placeOf(design, finding)).trim());
    const failed = own.some(({ severity }) => isFailing(severity));
    return {
      name: `${code} ${title}`,
      group: "findings",
      outcome: !holds
        ? { kind: "skipped" as const, message: "The design does not hold together, so nothing was analysed." }
        : failed
          ? { kind: "failed" as const, type: code, ...details(lines) }
          : { kind: "passed" as const },
    };
  });
  const first = {
    name: "The design holds together",
    group: "schema",
    outcome: holds
      ? { kind: "passed" as const }
      : { kind: "failed" as const, type: VIOLATION, ...details(violations.map(textOf)) },
  };
  return junitXml([{ name: "meshwright validate", at: new Date(io.now()).toISOString(), cases: [first, ...cases] }]);
}
