// The checklist as SARIF: one result per subject that does not pass, and one per control that does.
import { LAYERS, type Severity } from "../types";
import { LAYER_WORDS, STATE_WORDS } from "../words";
import { applying, type ChecklistReport, type ReportRow, rowsOf } from "./checklist";
import { type SarifLevel, type SarifResult, sarifLog } from "./sarif";

const LEVEL: Readonly<Record<Severity, SarifLevel>> = { critical: "error", high: "error", medium: "warning" };
/** GitHub orders security results by this number. */
const SECURITY_SEVERITY: Readonly<Record<Severity, string>> = { critical: "9.5", high: "8.0", medium: "5.5" };

export function checklistToSarif(report: ChecklistReport): Record<string, unknown> {
  const rows = rowsOf(report);
  return sarifLog(rows.flatMap(resultsOf), {
    toolVersion: report.toolVersion,
    category: `meshwright/checklist/${report.environment}`,
    rules: rows.map(({ control }) => ({ id: control.id, title: control.title, description: control.asks })),
    at: report.at,
    properties: { digest: report.design.digest, run: report.run?.id ?? null },
  });
}

function resultsOf({ control, standing }: ReportRow): SarifResult[] {
  const base = {
    ruleId: control.id,
    level: LEVEL[control.severity],
    properties: { "security-severity": SECURITY_SEVERITY[control.severity] },
  };
  if (standing.state === "pass" || standing.state === "does-not-apply") {
    const kind = standing.state === "pass" ? "pass" : "notApplicable";
    return [{ ...base, kind, message: `${control.title}: ${STATE_WORDS[standing.state]}.`, fingerprint: control.id }];
  }
  return LAYERS.filter((layer) => applying(standing).includes(layer)).flatMap((layer): SarifResult[] => {
    const { state, summary, subjects } = standing.layers[layer];
    const open = subjects.filter((each) => each.state !== "pass");
    if (open.length === 0 && state !== "pass") {
      return [
        { ...base, kind: "open", message: `${LAYER_WORDS[layer]}: ${summary}`, fingerprint: `${control.id}|${layer}` },
      ];
    }
    return open.map((each): SarifResult => {
      const waiver = standing.waivers.find(
        ({ isLive, waiver: { subject } }) => isLive && (subject === null || subject === each.subject),
      )?.waiver;
      const isFailure = each.state === "fail" || each.state === "waived";
      return {
        ...base,
        kind: isFailure ? "fail" : "open",
        message: `${LAYER_WORDS[layer]}: ${each.text}`,
        fingerprint: `${control.id}|${layer}|${each.subject}|${each.path ?? ""}`,
        objects: [each.subject],
        suppression:
          each.state === "waived" && waiver ? { status: "accepted", justification: waiver.reason } : undefined,
      };
    });
  });
}
