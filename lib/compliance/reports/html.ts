// The checklist as one printable page without scripts or outside resources: what an auditor puts into the file.
// One rule: everything that comes from the design or a transcript is escaped.
import { CONFIDENCE_WORDS, frameworks } from "../frameworks";
import type { Standing } from "../standing";
import { LAYERS } from "../types";
import { LAYER_WORDS, STATE_WORDS } from "../words";
import { type ChecklistReport, countOf, type ReportRow, rowsOf } from "./checklist";
import { escapeXml } from "./xml";

const STYLE = `body{font:13px/1.5 system-ui,sans-serif;color:#16202c;max-width:60em;margin:2em auto;padding:0 1em}h1{font-size:22px}h2{font-size:16px;margin:2em 0 .2em;break-after:avoid}
table{border-collapse:collapse;width:100%;margin:.5em 0}th,td{border:1px solid #c5ccd6;padding:4px 8px;text-align:left;vertical-align:top;overflow-wrap:anywhere}th{background:#eef1f5}
.state{font-weight:600}.fail{color:#a11212}.pass{color:#17652f}.stale,.partly,.not-measured,.waived{color:#7a4b00}pre{white-space:pre-wrap;background:#f4f6f8;padding:6px 8px;margin:4px 0;font-size:11px}
.quiet{color:#4c5866}section{break-inside:auto}tr{break-inside:avoid}@page{margin:16mm}`;

const e = escapeXml;
const time = (text: string | null) => (text ? `${text.slice(0, 16).replace("T", " ")} UTC` : "–");

export function checklistToHtml(report: ChecklistReport): string {
  const rows = rowsOf(report);
  const lens = frameworks.find(({ id }) => id === report.framework);
  const title = `Checklist of ${report.meshName} in ${report.environment}`;
  const open = countOf(rows, "not-measured", "partly", "stale");
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>${e(title)}</title><style>${STYLE}</style></head><body>
<h1>${e(title)}</h1>
<p class="state">${countOf(rows, "pass")} of ${rows.length} controls pass, ${countOf(rows, "fail")} fail, ${countOf(rows, "waived")} waived, ${open} not fully measured or stale.</p>
<p>Design ${e(report.design.at)}, digest <code>${e(report.design.digest)}</code>. ${report.run ? `Measured ${time(report.run.finishedAt)} for ${e(report.run.requestedBy)}, run <code>${e(report.run.id)}</code>.` : "Nothing was measured on running proxies."} Written ${time(report.at)} by Meshwright ${e(report.toolVersion)}.</p>
${lens ? `<p>Read for <b>${e(lens.name)}</b>, ${e(lens.edition)}. ${e(lens.basis)}</p>` : ""}
<table><thead><tr><th>Control</th><th>State</th>${LAYERS.map((layer) => `<th>${LAYER_WORDS[layer]}</th>`).join("")}</tr></thead><tbody>
${rows.map(summaryRow).join("\n")}
</tbody></table>
${rows.map((row) => section(row, report)).join("\n")}
<p class="quiet">Mappings say what a control supports; they do not claim that a requirement is satisfied. A state that is not measured or stale is not a pass.</p>
</body></html>
`;
}

const stateCell = (state: Standing["state"]) => `<span class="state ${state}">${STATE_WORDS[state]}</span>`;

function summaryRow({ control, standing }: ReportRow): string {
  const layers = LAYERS.map((layer) => `<td>${stateCell(standing.layers[layer].state)}</td>`).join("");
  return `<tr><td>${control.id} ${e(control.title)}</td><td>${stateCell(standing.state)}</td>${layers}</tr>`;
}

function section({ control, standing, mappings }: ReportRow, report: ChecklistReport): string {
  const layers = LAYERS.map((layer) => {
    const { state, summary, subjects, measuredAt, expiresAt } = standing.layers[layer];
    const lines = subjects.map(
      (each) =>
        `<tr><td>${e(each.subject)}</td><td>${stateCell(each.state)}</td><td>${e(each.text)}${transcript(each.evidence ?? [], report)}</td><td>${e(each.path ?? "")}</td></tr>`,
    );
    const table =
      lines.length > 0
        ? `<table><thead><tr><th>Subject</th><th>State</th><th>Finding</th><th>Place</th></tr></thead><tbody>${lines.join("")}</tbody></table>`
        : "";
    const when = measuredAt
      ? ` <span class="quiet">measured ${time(measuredAt)}, counts until ${time(expiresAt)}</span>`
      : "";
    return `<p><b>${LAYER_WORDS[layer]}</b> ${stateCell(state)}${when}<br>${e(summary)}</p>${table}`;
  });
  const mapped = mappings.map(
    ({ framework, ids, confidence, note }) =>
      `${e(frameworks.find(({ id }) => id === framework)?.name ?? framework)} ${e(ids.join(", "))} (${CONFIDENCE_WORDS[confidence]}${note ? `; ${e(note)}` : ""})`,
  );
  const waivers = standing.waivers.map(
    ({ waiver, isLive }) =>
      `<li>${isLive ? "Waived" : "No longer waived"}${waiver.subject ? ` for ${e(waiver.subject)}` : ""} until ${time(waiver.expiresAt)} by ${e(waiver.grantedBy)}; owner ${e(waiver.owner)}. Reason: ${e(waiver.reason)} In its place: ${e(waiver.compensatingControl)}</li>`,
  );
  return `<section><h2>${control.id} ${e(control.title)} ${stateCell(standing.state)}</h2><p>${e(control.asks)}</p><p class="quiet">${mapped.join("; ")}</p>${layers.join("")}${waivers.length > 0 ? `<ul>${waivers.join("")}</ul>` : ""}</section>`;
}

function transcript(ids: readonly string[], { evidence }: ChecklistReport): string {
  return evidence
    .filter(({ id }) => ids.includes(id))
    .map(
      (each) =>
        `<pre>${e([`${each.kind} ${each.finishedAt}${each.digest ? `, digest ${each.digest}` : ""}`, ...each.transcript].join("\n"))}</pre>`,
    )
    .join("");
}
