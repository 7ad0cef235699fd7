// Reads the Prometheus text format as far as the scraper needs it: samples, no comments, no timestamps.
// The rule: labels are parsed once per series, not once per scrape; the text before the value is the series' key.

/** A metric's name and labels. */
export type Series = { name: string; labels: Readonly<Record<string, string>> };

/** Calls `visit` for each sample of a metric that `isWanted`. Lines that are not samples are skipped: a proxy's page is not input of people. */
export function eachSample(
  text: string,
  isWanted: (name: string) => boolean,
  visit: (key: string, value: number) => void,
): void {
  let start = 0;
  while (start < text.length) {
    let end = text.indexOf("\n", start);
    if (end < 0) end = text.length;
    if (end > start && text.charCodeAt(start) !== 35 /* # */) readLine(text, start, end, isWanted, visit);
    start = end + 1;
  }
}

function readLine(
  text: string,
  start: number,
  end: number,
  isWanted: (name: string) => boolean,
  visit: (key: string, value: number) => void,
): void {
  const brace = text.indexOf("{", start);
  const hasLabels = brace >= 0 && brace < end;
  const keyEnd = hasLabels ? endOfLabels(text, brace, end) : text.indexOf(" ", start);
  if (keyEnd <= start || keyEnd > end) return;
  if (!isWanted(text.slice(start, hasLabels ? brace : keyEnd))) return;
  const rest = text.slice(keyEnd, end).trim();
  const space = rest.indexOf(" ");
  const value = numberOf(space < 0 ? rest : rest.slice(0, space));
  if (value !== undefined) visit(text.slice(start, keyEnd), value);
}

/** Index after the closing brace; a brace inside a quoted value does not count. */
function endOfLabels(text: string, brace: number, end: number): number {
  let isQuoted = false;
  for (let i = brace + 1; i < end; i++) {
    const code = text.charCodeAt(i);
    if (isQuoted && code === 92 /* \ */) i++;
    else if (code === 34 /* " */) isQuoted = !isQuoted;
    else if (!isQuoted && code === 125 /* } */) return i + 1;
  }
  return -1;
}

function numberOf(text: string): number | undefined {
  if (text === "+Inf" || text === "Inf") return Number.POSITIVE_INFINITY;
  if (text === "-Inf") return Number.NEGATIVE_INFINITY;
  if (text === "") return undefined;
  const value = Number(text);
  return Number.isNaN(value) ? undefined : value;
}

const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"/g;

export function parseSeries(key: string): Series {
  const brace = key.indexOf("{");
  if (brace < 0) return { name: key, labels: {} };
  const labels: Record<string, string> = {};
  for (const [, name, value] of key.slice(brace).matchAll(LABEL)) {
    if (name !== undefined && value !== undefined) labels[name] = unescapeLabel(value);
  }
  return { name: key.slice(0, brace), labels };
}

function unescapeLabel(value: string): string {
  return value.includes("\\") ? value.replace(/\\(.)/g, (_, c: string) => (c === "n" ? "\n" : c)) : value;
}

/** Parsed series by key, shared by all scrapes. Forgets everything when it grows past `limit`: a leak would be worse than parsing again. */
export class SeriesCache {
  private readonly parsed = new Map<string, Series>();

  constructor(private readonly limit = 200_000) {}

  of(key: string): Series {
    const known = this.parsed.get(key);
    if (known) return known;
    if (this.parsed.size >= this.limit) this.parsed.clear();
    const series = parseSeries(key);
    this.parsed.set(key, series);
    return series;
  }
}
