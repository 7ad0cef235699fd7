// The checklist as JUnit: a suite per area, a case per control and layer. Not measured and stale are errors, never passes.
import { AREAS } from "../types";
import { LAYER_WORDS } from "../words";
import { applying, type ChecklistReport, type ReportRow, rowsOf } from "./checklist";
import { type JunitCase, junitXml } from "./junit";

export function checklistToJunit(report: ChecklistReport): string {
  const rows = rowsOf(report);
  const suites = AREAS.flatMap((area) => {
    const cases = rows.filter(({ control }) => control.area === area).flatMap(casesOf);
    const properties = {
      mesh: report.meshName,
      environment: report.environment,
      digest: report.design.digest,
      run: report.run?.id ?? "none",
    };
    return cases.length > 0 ? [{ name: `checklist ${area}`, at: report.at, cases, properties }] : [];
  });
  return junitXml(suites);
}

function casesOf({ control, standing }: ReportRow): JunitCase[] {
  return applying(standing).map((layer) => {
    const { state, summary, subjects } = standing.layers[layer];
    const details = subjects
      .filter((each) => each.state !== "pass")
      .map((each) => `${each.subject}: ${each.text}`)
      .join("\n");
    const base = { name: `${control.id} ${LAYER_WORDS[layer]}: ${control.title}`, group: `checklist.${control.area}` };
    switch (state) {
      case "pass":
        return { ...base, outcome: { kind: "passed" } };
      case "fail":
        return { ...base, outcome: { kind: "failed", type: control.severity, message: summary, details } };
      case "waived":
        return { ...base, outcome: { kind: "skipped", message: `Waived. ${summary}` } };
      default:
        return { ...base, outcome: { kind: "error", type: state, message: summary, details } };
    }
  });
}
