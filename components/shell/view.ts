// What a person is looking at, kept in the URL. Job: parse and write `at`, `vs`, `range`, `env`. Rule: defaults are not
// written, unknown values fall back, and other parameters (selection, filters) are never touched.
export const ranges = ["5m", "15m", "1h", "6h", "24h", "7d"] as const;
export type Range = (typeof ranges)[number];

/** `draft`, `running`, or a revision as `r12`. */
export type At = string;

export interface View {
  at: At;
  vs: At | null;
  range: Range;
  environment: string | null;
}

export const rangeWord: Record<Range, string> = {
  "5m": "last 5 minutes",
  "15m": "last 15 minutes",
  "1h": "last hour",
  "6h": "last 6 hours",
  "24h": "last day",
  "7d": "last 7 days",
};

const isAt = (text: string | null): text is At => text !== null && /^(draft|running|r[1-9]\d*)$/.test(text);

export function parseView(search: URLSearchParams): View {
  const at = search.get("at");
  const vs = search.get("vs");
  const range = search.get("range");
  return {
    at: isAt(at) ? at : "draft",
    vs: isAt(vs) ? vs : null,
    range: ranges.find((each) => each === range) ?? "15m",
    environment: search.get("env"),
  };
}

/** The query string after a change; null or "" removes a parameter. */
export function writeParameters(search: string, change: Record<string, string | null>): string {
  const next = new URLSearchParams(search);
  for (const [name, value] of Object.entries(change)) {
    if (value === null || value === "") next.delete(name);
    else next.set(name, value);
  }
  const text = next.toString().replaceAll("%2F", "/").replaceAll("%2C", ",");
  return text === "" ? "" : `?${text}`;
}

export function viewParameters(change: Partial<View>): Record<string, string | null> {
  const out: Record<string, string | null> = {};
  if (change.at !== undefined) out.at = change.at === "draft" ? null : change.at;
  if (change.vs !== undefined) out.vs = change.vs;
  if (change.range !== undefined) out.range = change.range === "15m" ? null : change.range;
  if (change.environment !== undefined) out.env = change.environment;
  return out;
}

/** Only what every screen shares travels along a link to another screen. */
export function sharedSearch(search: string): string {
  const from = new URLSearchParams(search);
  const keep = Object.fromEntries(["at", "vs", "range", "env"].map((name) => [name, from.get(name)]));
  return writeParameters("", keep);
}

/** What a screen is about: one of the states that a person chooses here, or always the same. */
export type Subject = "chosen" | "run-or-revision" | "draft" | "running" | "both" | "frozen" | "none";

const SUBJECTS: Readonly<Record<string, Subject>> = {
  overview: "both",
  // Only what is frozen can be proved, and by itself that is what runs.
  checklist: "run-or-revision",
  policies: "draft",
  findings: "draft",
  import: "draft",
  merge: "draft",
  reviews: "frozen",
  rollouts: "running",
  signals: "running",
  proxies: "running",
  settings: "none",
};

export function subjectOf(pathname: string): Subject {
  const [, , , screen = "", below] = pathname.split("/");
  if (screen === "reviews" && below === "new") return "draft";
  return SUBJECTS[screen] ?? "chosen";
}

/** For a subject that nobody chooses: `Running r4`; null: there is none. `running`: the revision as `r4`, null while nothing runs. */
export function subjectWord(subject: Subject, running: string | null): string | null {
  if (subject === "draft") return "Draft";
  if (subject === "frozen") return "Frozen revisions";
  const runs = running === null ? "Nothing runs" : `Running ${running}`;
  if (subject === "both") return running === null ? "Draft" : `Draft and ${runs.toLowerCase()}`;
  return subject === "running" ? runs : null;
}

const MEASURED = ["overview", "topology", "services", "signals", "simulate"];

/** Whether a screen shows what was measured over a time that a person chooses. */
export function isOverTime(pathname: string): boolean {
  const [, , , screen = ""] = pathname.split("/");
  return MEASURED.includes(screen);
}

/** Whether a screen compares: when somebody chooses a state, always, or never. */
export function comparingOf(pathname: string): "chosen" | "always" | "never" {
  const [, , , screen, ...below] = pathname.split("/");
  if (screen === "topology") return "chosen";
  return screen === "policies" && below.length > 0 && below[0] !== "new" ? "always" : "never";
}

/** Where a draft is always compared: with what was chosen, else with what runs, else with the newest revision. */
export function baseOf(
  vs: At | null,
  known: { running: string | null; latest: string | null },
): { at: At; revision: string | null } {
  if (vs !== null && vs !== "draft" && vs !== "running") return { at: vs, revision: vs };
  if (known.running !== null || vs === "running") return { at: "running", revision: known.running };
  return { at: known.latest ?? "running", revision: known.latest };
}

/** `what runs (r12)`, `Revision r3`, `nothing` */
export function baseWord({ at, revision }: { at: At; revision: string | null }): string {
  if (revision === null) return "nothing";
  return at === "running" ? `what runs (${revision})` : atWord(at);
}

export function atWord(at: At): string {
  if (at === "draft") return "Draft";
  if (at === "running") return "Running";
  return `Revision ${at}`;
}
