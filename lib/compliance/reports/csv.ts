// The checklist as CSV: one line per control, layer and subject.
import { CONFIDENCE_WORDS, frameworks } from "../frameworks";
import { LAYERS } from "../types";
import { type ChecklistReport, rowsOf } from "./checklist";
import { csvText } from "./csv-text";

const HEAD = [
  "control",
  "title",
  "area",
  "severity",
  "control state",
  "layer",
  "layer state",
  "subject",
  "subject state",
  "finding",
  "place",
  "measured at",
  "counts until",
  "evidence",
  "frameworks",
];

export function checklistToCsv(report: ChecklistReport): string {
  const lines = rowsOf(report).flatMap(({ control, standing, mappings }) => {
    const mapped = mappings
      .map(
        ({ framework, ids, confidence }) =>
          `${frameworks.find((each) => each.id === framework)?.name ?? framework} ${ids.join(" ")} [${CONFIDENCE_WORDS[confidence]}]`,
      )
      .join("; ");
    return LAYERS.flatMap((layer) => {
      const { state, summary, subjects, measuredAt, expiresAt } = standing.layers[layer];
      const head = [control.id, control.title, control.area, control.severity, standing.state, layer, state];
      const tail = (evidence: readonly string[]) => [measuredAt ?? "", expiresAt ?? "", evidence.join(" "), mapped];
      return subjects.length === 0
        ? [[...head, "", "", summary, "", ...tail([])]]
        : subjects.map((each) => [
            ...head,
            each.subject,
            each.state,
            each.text,
            each.path ?? "",
            ...tail(each.evidence ?? []),
          ]);
    });
  });
  return csvText([HEAD, ...lines]);
}
