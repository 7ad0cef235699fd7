// A header as a number in a range, for products that compare texts: an RE2 pattern of the whole value, of at most 1024 characters.
// The rule: it takes what Envoy's range_match takes: decimal integers, with a sign, and zeros before them.
import type { HeaderMatch } from "@/lib/mesh";

/** A range becomes an expression; every other condition stays as it is. */
export function withoutRange(match: HeaderMatch): HeaderMatch {
  const { start, end, ...rest } = match;
  return start === undefined || end === undefined ? match : { ...rest, type: "regex", value: rangeRegex(start, end) };
}

/** Of the integers from `start` to below `end`, both of which are safe. */
export function rangeRegex(start: number, end: number): string {
  const most = end - 1;
  const choices = [
    ...(start < 0 ? [`-0*${magnitudes(Math.max(1, -most), -start)}`] : []),
    ...(start <= 0 && most >= 0 ? ["[+-]?0+"] : []),
    ...(most > 0 ? [`[+]?0*${magnitudes(Math.max(1, start), most)}`] : []),
  ];
  return oneOf(choices);
}

/** Positive ones, both ends within. */
function magnitudes(least: number, most: number): string {
  const [low, high] = [String(least), String(most)];
  if (low.length === high.length) return sameLength(low, high);
  const between = high.length - low.length - 1;
  return oneOf([
    sameLength(low, "9".repeat(low.length)),
    ...(between > 0 ? [`[1-9]${digits(low.length, high.length - 2)}`] : []),
    sameLength(`1${"0".repeat(high.length - 1)}`, high),
  ]);
}

function sameLength(low: string, high: string): string {
  const [first = "", last = ""] = [low[0], high[0]];
  const rest = low.length - 1;
  if (rest === 0) return digit(Number(first), Number(last));
  if (first === last) return `${first}${sameLength(low.slice(1), high.slice(1))}`;
  const [zeros, nines] = ["0".repeat(rest), "9".repeat(rest)];
  const isWholeBelow = low.slice(1) === zeros;
  const isWholeAbove = high.slice(1) === nines;
  const [from, to] = [Number(first) + (isWholeBelow ? 0 : 1), Number(last) - (isWholeAbove ? 0 : 1)];
  return oneOf([
    ...(isWholeBelow ? [] : [`${first}${sameLength(low.slice(1), nines)}`]),
    ...(from <= to ? [`${digit(from, to)}${digits(rest, rest)}`] : []),
    ...(isWholeAbove ? [] : [`${last}${sameLength(zeros, high.slice(1))}`]),
  ]);
}

const oneOf = (choices: readonly string[]) => (choices.length === 1 ? (choices[0] ?? "") : `(?:${choices.join("|")})`);

function digit(from: number, to: number): string {
  return from === to ? String(from) : `[${from}-${to}]`;
}

function digits(least: number, most: number): string {
  if (least === most) return least === 1 ? "[0-9]" : `[0-9]{${least}}`;
  return `[0-9]{${least},${most}}`;
}
