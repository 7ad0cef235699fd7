// What a watcher of requests may ask for, as JSON. Rule: every problem with its path and what to write; what is not known is refused.

import type { TapRequest } from "../telemetry/tap";

const DEFAULT_PER_SECOND = 100;
const MAX_PER_SECOND = 1000;
const MAX_HEADERS = 32;
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}$/;
const STATUS = /^[1-5](?:xx|\d\d)$/;

type Fields = Readonly<Record<string, unknown>>;

export type ParsedTap =
  | { readonly ok: true; readonly request: TapRequest }
  | { readonly ok: false; readonly problems: readonly string[] };

/** @param text "": everything */
export function parseTap(text: string): ParsedTap {
  let json: unknown;
  try {
    json = text.trim() === "" ? {} : JSON.parse(text);
  } catch (error) {
    return { ok: false, problems: [`is no JSON: ${error instanceof Error ? error.message : String(error)}`] };
  }
  const problems: string[] = [];
  const body = fieldsOf(json, "the request", problems);
  only(body, ["match", "samplePercent", "maxPerSecond", "headers", "query"], "", problems);
  const match = fieldsOf(body["match"] ?? {}, "match", problems);
  only(match, ["method", "path", "pathPrefix", "status", "headers"], "match.", problems);
  const word = (name: string, isRight: (value: string) => boolean, words: string): string | undefined => {
    const value = typeof match[name] === "number" ? String(match[name]) : match[name];
    if (value === undefined) return undefined;
    if (typeof value === "string" && isRight(value)) return value;
    problems.push(`match.${name} must be ${words}`);
    return undefined;
  };
  const isPath = (value: string): boolean => value.startsWith("/") && value.length <= 2048;
  const request: TapRequest = {
    match: {
      method: word("method", (value) => HEADER_NAME.test(value), "a method, as GET"),
      path: word("path", isPath, "a path that begins with /"),
      pathPrefix: word("pathPrefix", isPath, "a path that begins with /"),
      status: word("status", (value) => STATUS.test(value), "a status as 503, or a class as 5xx"),
      headers: headersOf(match["headers"], problems),
    },
    samplePercent: numberOf(body, "samplePercent", 100, 0, 100, problems),
    maxPerSecond: numberOf(body, "maxPerSecond", DEFAULT_PER_SECOND, 1, MAX_PER_SECOND, problems),
    headers: namesOf(body["headers"], problems),
    tellsQuery: body["query"] === true,
  };
  if (body["query"] !== undefined && typeof body["query"] !== "boolean") problems.push("query must be true or false");
  return problems.length > 0 ? { ok: false, problems } : { ok: true, request };
}

function fieldsOf(value: unknown, name: string, problems: string[]): Fields {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Fields;
  problems.push(`${name} must be an object`);
  return {};
}

function only(fields: Fields, known: readonly string[], at: string, problems: string[]): void {
  for (const name of Object.keys(fields))
    if (!known.includes(name)) problems.push(`${at}${name.slice(0, 64)} is not known; there are ${known.join(", ")}`);
}

function numberOf(fields: Fields, name: string, absent: number, min: number, max: number, problems: string[]): number {
  const value = fields[name] ?? absent;
  if (typeof value === "number" && value >= min && value <= max) return value;
  problems.push(`${name} must be a number from ${min} to ${max}`);
  return absent;
}

function namesOf(value: unknown, problems: string[]): string[] {
  const names: unknown[] = Array.isArray(value) ? value : [];
  const isRight = value === undefined || Array.isArray(value);
  if (!isRight || names.length > MAX_HEADERS || !names.every((name) => HEADER_NAME.test(String(name))))
    problems.push(`headers must be a list of at most ${MAX_HEADERS} header names`);
  return names.map((name) => String(name).toLowerCase());
}

function headersOf(value: unknown, problems: string[]): Record<string, string> | undefined {
  if (value === undefined) return undefined;
  const entries = Object.entries(fieldsOf(value, "match.headers", problems));
  for (const [name, wanted] of entries)
    if (!HEADER_NAME.test(name) || typeof wanted !== "string")
      problems.push(`match.headers.${name.slice(0, 64)} must be a header's name and its whole value`);
  if (entries.length > MAX_HEADERS) problems.push(`match.headers must have at most ${MAX_HEADERS} entries`);
  return Object.fromEntries(entries.map(([name, wanted]) => [name.toLowerCase(), String(wanted)]));
}
