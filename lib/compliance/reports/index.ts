// Every format that the checklist can be taken away in: media type, file ending, and who writes it.

import type { ReportFormat } from "../types";
import type { ChecklistReport } from "./checklist";
import { checklistToJunit } from "./checklist-junit";
import { checklistToSarif } from "./checklist-sarif";
import { checklistToCsv } from "./csv";
import { checklistToHtml } from "./html";
import { checklistToOscal } from "./oscal";

export type { ChecklistReport } from "./checklist";

interface Writer {
  mediaType: string;
  ending: string;
  write(report: ChecklistReport): string;
}

const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;

export const writers: Readonly<Record<ReportFormat, Writer>> = {
  oscal: { mediaType: "application/json", ending: "oscal.json", write: (report) => json(checklistToOscal(report)) },
  sarif: { mediaType: "application/sarif+json", ending: "sarif", write: (report) => json(checklistToSarif(report)) },
  junit: { mediaType: "application/xml", ending: "junit.xml", write: checklistToJunit },
  csv: { mediaType: "text/csv", ending: "csv", write: checklistToCsv },
  html: { mediaType: "text/html", ending: "html", write: checklistToHtml },
};
