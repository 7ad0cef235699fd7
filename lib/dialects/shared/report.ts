// The report of an export: JSON with a version for machines, Markdown for people.
// The rule: what changes the answer to a call comes first, then what is missing, then the rest; nothing is left out.
import { type ObjectKey, parseKey } from "@/lib/mesh";
import type { Dialect, DialectExport, ReportEntry } from "./dialect";
import { VERDICTS, type Verdict } from "./verdict";

export type ReportInput = { dialect: Dialect; channel?: string | undefined; made: DialectExport };

export type ReportJson = {
  format: "meshwright.dev/export-report/v1";
  dialect: string;
  channel?: string;
  /** The product is no more. */
  retired?: string;
  counts: Record<Verdict, number> & { changesMeaning: number };
  entries: ReportEntry[];
};

const ORDER: Record<Verdict, number> = { lost: 1, escape: 2, approximate: 3, ignored: 4, moved: 5, exact: 6 };
const rankOf = (entry: ReportEntry) => (entry.changesMeaning ? 0 : ORDER[entry.verdict]);

export function sortedReport(report: readonly ReportEntry[]): ReportEntry[] {
  return [...report].sort(
    (a, b) => rankOf(a) - rankOf(b) || compare(a.key, b.key) || compare(a.path, b.path) || compare(a.reason, b.reason),
  );
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

export function reportJson({ dialect, channel, made }: ReportInput): ReportJson {
  const counts = Object.fromEntries(VERDICTS.map((verdict) => [verdict, 0])) as Record<Verdict, number>;
  for (const { verdict } of made.report) counts[verdict] += 1;
  const changesMeaning = made.report.filter((entry) => entry.changesMeaning).length;
  return {
    format: "meshwright.dev/export-report/v1",
    dialect: dialect.id,
    ...(channel === undefined ? {} : { channel }),
    ...(dialect.retired === undefined ? {} : { retired: dialect.retired }),
    counts: { ...counts, changesMeaning },
    entries: sortedReport(made.report),
  };
}

const MEANING: Record<Verdict, string> = {
  exact: "means the same",
  approximate: "nearly the same",
  moved: "the same, in another place",
  escape: "only by an extension of one product",
  lost: "not said",
  ignored: "taken and without effect",
};

export function reportMarkdown(input: ReportInput, manualNotes: number): string {
  const { dialect, channel, made } = input;
  const { counts, entries } = reportJson(input);
  const loud = entries.filter((entry) => entry.changesMeaning);
  const rest = entries.filter((entry) => !entry.changesMeaning);
  const summary = VERDICTS.filter((verdict) => counts[verdict] > 0).map(
    (verdict) => `| ${verdict} | ${counts[verdict]} | ${MEANING[verdict]} |`,
  );
  const parts = [
    `# Export to ${dialect.title}${channel === undefined ? "" : `, ${channel} channel`}`,
    ...(dialect.retired === undefined ? [] : [`**${dialect.retired}.**`]),
    `${made.resources.length} resources in \`manifests/\`, ${manualNotes} notes in \`manual/\`.`,
    ["| verdict | parts | meaning |", "| --- | --- | --- |", ...summary].join("\n"),
    "## Calls that get another answer",
    loud.length === 0 ? "None." : tableOf(loud),
    "## Everything else, part by part",
    rest.length === 0 ? "Nothing." : tableOf(rest),
  ];
  return `${parts.join("\n\n")}\n`;
}

function tableOf(entries: readonly ReportEntry[]): string {
  const rows = entries.map(
    ({ key, path, verdict, reason, target }) =>
      `| ${verdict} | ${words(key)} | \`${path}\` | ${cell(reason)} | ${target ? `\`${target}\`` : ""} |`,
  );
  return ["| verdict | object | part | why | in |", "| --- | --- | --- | --- | --- |", ...rows].join("\n");
}

function words(key: ObjectKey): string {
  const { kind, namespace, name } = parseKey(key) ?? {};
  return `${kind} ${namespace === undefined ? "" : `${namespace}/`}${name}`;
}

const cell = (text: string) => text.replaceAll("|", "\\|").replaceAll("\n", " ");
