// Values of the right type that the product's schema does not take: outside of an enumeration, a range, a length or a pattern.
// The rule: a pattern is matched in linear time and not at all on long texts; what is wrong is said with what would be right.
import { RE2JS } from "re2js";

/** Of a text (enum, pattern, shortest, longest), a number (min, max) or a list (fewest, most). */
export type Limits = {
  enum?: readonly string[];
  pattern?: string;
  /** In characters, as people count them. */
  shortest?: number;
  longest?: number;
  min?: number;
  max?: number;
  fewest?: number;
  most?: number;
};

/** `is`: absent where the value itself says it. */
type Outside = { wanted: string; is?: string; fix: string };

/** Longer ones have no pattern here: the schemas that have patterns have lengths, of at most 4,096 characters. */
const LONGEST_MATCHED = 4_096;
const NAMED = 12;

export function outOfLimits(value: unknown, limits: Limits): Outside | undefined {
  if (typeof value === "number") return outOfRange(value, limits);
  if (Array.isArray(value)) return outOfCount(value.length, limits);
  return typeof value === "string"
    ? (notNamed(value, limits) ?? outOfLength(value, limits) ?? unlike(value, limits))
    : undefined;
}

function notNamed(value: string, { enum: names }: Limits): Outside | undefined {
  if (names === undefined || names.includes(value)) return undefined;
  const plain = (text: string) => text.replace(/[-_ ]/g, "").toLowerCase();
  const meant = names.find((name) => name !== "" && plain(name) === plain(value));
  const shown = names.filter((name) => name !== "").slice(0, NAMED);
  const rest = names.length > NAMED ? ` or one of ${names.length - NAMED} others` : "";
  return {
    wanted: shown.length === 1 ? `${shown[0]}` : `one of ${shown.join(", ")}${rest}`,
    fix: meant === undefined ? "Write one of these." : `Write ${meant}.`,
  };
}

function outOfRange(value: number, { min, max }: Limits): Outside | undefined {
  if ((min === undefined || value >= min) && (max === undefined || value <= max)) return undefined;
  const wanted = within("", min, max);
  return { wanted, fix: `Write a number ${wanted}.` };
}

function outOfLength(value: string, { shortest, longest }: Limits): Outside | undefined {
  const length = [...value].length;
  if (length >= (shortest ?? 0) && length <= (longest ?? length)) return undefined;
  const is = length === 0 ? "empty" : `one of ${length}`;
  const wanted = `a text ${within("of ", shortest, longest)} characters`;
  return { wanted, is, fix: length < (shortest ?? 0) ? "Write it out, or take the field away." : "Shorten it." };
}

function outOfCount(count: number, { fewest, most }: Limits): Outside | undefined {
  if (count >= (fewest ?? 0) && count <= (most ?? count)) return undefined;
  const wanted = `a list ${within("of ", fewest, most)} entries`;
  const fix = count < (fewest ?? 0) ? "Add an entry, or take the field away." : `Take ${count - (most ?? 0)} out.`;
  return { wanted, is: count === 0 ? "empty" : `one of ${count}`, fix };
}

function within(start: string, least: number | undefined, most: number | undefined): string {
  if (least === undefined) return `${start}at most ${most}`;
  if (most === undefined) return `${start}at least ${least}`;
  return least === most
    ? `${start}${start === "" ? "of " : ""}exactly ${least}`
    : `${start || "from "}${least} to ${most}`;
}

function unlike(value: string, { pattern }: Limits): Outside | undefined {
  if (pattern === undefined || value.length > LONGEST_MATCHED || matches(pattern, value)) return undefined;
  const words = WORDS[pattern];
  return {
    wanted: words?.wanted ?? `a text that matches ${pattern}`,
    fix: words?.fix ?? "Write it as the pattern says.",
  };
}

const compiled = new Map<string, RE2JS>();

function matches(pattern: string, value: string): boolean {
  const known = compiled.get(pattern) ?? RE2JS.compile(pattern);
  compiled.set(pattern, known);
  return known.matcher(value).find();
}

const LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const DOTTED = `${LABEL}(\\.${LABEL})*`;
const name = (what: string) => ({
  wanted: what,
  fix: "Use lower-case letters, digits and dashes, first and last no dash.",
});

/** What the commonest patterns say. */
const WORDS: Readonly<Record<string, { wanted: string; fix: string }>> = {
  [`^${LABEL}$`]: name("a name of lower-case letters, digits and dashes"),
  [`^${DOTTED}$`]: name("a DNS name in lower case"),
  [`^$|^${DOTTED}$`]: name("a DNS name in lower case, or empty"),
  [`^(\\*\\.)?${DOTTED}$`]: name('a DNS name in lower case, or one after "*."'),
  "^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$": {
    wanted: "a name of letters, digits and dashes",
    fix: "Begin with a letter, and end with a letter or digit.",
  },
  "^[A-Za-z0-9!#$%&'*+\\-.^_\\x60|~]+$": {
    wanted: "the name of a header",
    fix: "Take away what a header's name may not have, as spaces and colons.",
  },
  "^([0-9]{1,5}(h|m|s|ms)){1,4}$": {
    wanted: "a duration like 1h30m, 10s or 500ms",
    fix: "Write whole numbers with h, m, s or ms.",
  },
};
