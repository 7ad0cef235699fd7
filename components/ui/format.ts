// Figures in words. Job: turn a measured value into the text every screen shows for it. Rule: null is never zero;
// an absent value reads "–", and each function keeps its digits stable so that columns do not jump.
export const absent = "–";

type Maybe = number | null | undefined;

const isAbsent = (value: Maybe): value is null | undefined =>
  value === null || value === undefined || Number.isNaN(value);

/** Requests per second, three significant figures: 0, 0.25, 12.4, 1.2k. */
export function formatRate(requestsPerSecond: Maybe): string {
  if (isAbsent(requestsPerSecond)) return absent;
  if (requestsPerSecond === 0) return "0/s";
  if (requestsPerSecond < 0.01) return "<0.01/s";
  return `${formatCount(requestsPerSecond)}/s`;
}

/** A count with at most three significant figures and k/M/G. */
export function formatCount(value: Maybe): string {
  if (isAbsent(value)) return absent;
  const units = ["", "k", "M", "G"];
  let scaled = value;
  let unit = 0;
  while (Math.abs(scaled) >= 999.5 && unit < units.length - 1) {
    scaled /= 1000;
    unit += 1;
  }
  const digits =
    Number.isInteger(scaled) && unit === 0 ? 0 : Math.abs(scaled) >= 100 ? 0 : Math.abs(scaled) >= 10 ? 1 : 2;
  return `${trimZeros(scaled.toFixed(digits))}${units[unit]}`;
}

/** A ratio 0..1 as a percentage. A ratio that is not quite 0 or 1 never reads 0 % or 100 %. */
export function formatPercent(ratio: Maybe): string {
  if (isAbsent(ratio)) return absent;
  const percent = ratio * 100;
  if (percent === 0 || percent === 100) return `${percent} %`;
  if (percent < 0.01) return "<0.01 %";
  if (percent > 99.99) return ">99.99 %";
  const digits = percent < 1 || percent > 99 ? 2 : percent < 10 ? 1 : percent > 90 ? 1 : 0;
  return `${percent.toFixed(digits)} %`;
}

/** Milliseconds: 0.8 ms, 23 ms, 1.24 s. */
export function formatMs(ms: Maybe): string {
  if (isAbsent(ms)) return absent;
  if (ms >= 10_000) return `${(ms / 1000).toFixed(1)} s`;
  if (ms >= 1000) return `${(ms / 1000).toFixed(2)} s`;
  if (ms >= 10) return `${ms.toFixed(0)} ms`;
  return `${trimZeros(ms.toFixed(1))} ms`;
}

/** "3 s", "4 min", "2 h", "5 d": the largest unit that is at least one. */
export function formatDuration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}

/** A point in time seen from now: "just now", "4 min ago", "in 11 h". */
export function formatAgo(at: string | number | Date | null | undefined, nowMs: number): string {
  if (at === null || at === undefined) return absent;
  const delta = nowMs - new Date(at).getTime();
  if (Number.isNaN(delta)) return absent;
  if (Math.abs(delta) < 5000) return "just now";
  return delta > 0 ? `${formatDuration(delta)} ago` : `in ${formatDuration(-delta)}`;
}

export function formatClock(at: string | number | Date): string {
  return new Date(at).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
}

/** "1 service", "3 services". */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** "a", "a and b", "a, b and 3 more". */
export function listInWords(words: readonly string[], limit = 3): string {
  if (words.length === 0) return "";
  if (words.length === 1) return words[0] ?? "";
  if (words.length > limit) return `${words.slice(0, limit).join(", ")} and ${words.length - limit} more`;
  return `${words.slice(0, -1).join(", ")} and ${words[words.length - 1]}`;
}

/** The first 12 characters of a digest, as people quote it. */
export function shortDigest(digest: string | null | undefined): string {
  return digest ? digest.slice(0, 12) : absent;
}

function trimZeros(text: string): string {
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}

/** A number and its unit stay on one line: "within 4 s", "90 % to v1". */
export function unbroken(text: string): string {
  return text.replace(/(\d) (?=(?:%|ms|s|min|h)(?:\W|$))/g, "$1\u00a0");
}

export const capitalised = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
