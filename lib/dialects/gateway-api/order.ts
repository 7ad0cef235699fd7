// An ordered list of rules -> matches that the product, which goes by how specific a match is, tries to the same effect.
// The rule: where a later rule would be tried before an earlier one, the earlier one also gets what both have in common, which is the
// most specific of the three; where that cannot be said, the rules are named as not exact.
import { isSameJson, type PathMatch } from "@/lib/mesh";
import type { ApiMatch } from "./lower";
import { compareMatches, coversMatch, intersect } from "./overlap";

/**
 * A match of one rule. `base` is the match it was made from, and `written` how the design says its path: what a rewrite replaces.
 * `sub` tells matches of a rule apart that do not do the same with a call, because each has its own path to replace.
 */
export type Entry = {
  rule: number;
  sub: number;
  match: ApiMatch;
  base: ApiMatch;
  written: PathMatch["type"] | undefined;
};

const doesTheSame = (a: Entry, b: Entry) => a.rule === b.rule && a.sub === b.sub;

export type Ordered = {
  entries: Entry[];
  /** Rules whose calls may be taken by another one, with why. */
  uncertain: Map<number, string>;
};

const MAX_ENTRIES = 200;

/** How a product compares matches; `leavesExpressionsOpen`: nobody says which of an expression and a prefix is tried first. */
export type Precedence = { compare(a: ApiMatch, b: ApiMatch): number; leavesExpressionsOpen: boolean };
const GATEWAY_API: Precedence = { compare: compareMatches, leavesExpressionsOpen: true };

export function orderBySpecificity(list: readonly Entry[], precedence: Precedence = GATEWAY_API): Ordered {
  let entries = [...list];
  const uncertain = new Map<number, string>();
  const judged = new Map<Entry, Set<Entry>>();
  let changed = true;
  while (changed) {
    changed = false;
    for (let i = 0; i < entries.length && !changed; i++) {
      for (let j = i + 1; j < entries.length && !changed; j++) {
        const [early, late] = [entries[i], entries[j]];
        if (!early || !late || doesTheSame(early, late)) continue;
        const known = judged.get(early) ?? new Set<Entry>();
        if (known.has(late)) continue;
        judged.set(early, known.add(late));
        const step = settle(entries, early, late, { uncertain, precedence });
        if (step === undefined) continue;
        if (step.length > MAX_ENTRIES) {
          const why = "there are too many ways in which the rules overlap";
          for (const { rule } of entries) uncertain.set(rule, why);
          return { entries, uncertain };
        }
        entries = step;
        changed = true;
      }
    }
  }
  return { entries, uncertain };
}

type Settling = { uncertain: Map<number, string>; precedence: Precedence };

/** The list with what this pair needs; undefined when it needs nothing. */
function settle(entries: Entry[], early: Entry, late: Entry, { uncertain, precedence }: Settling): Entry[] | undefined {
  const common = intersect(early.match, late.match);
  if (common === null) return undefined;
  const types = [early.match.path.type, late.match.path.type];
  const isOpen = precedence.leavesExpressionsOpen && types.includes("regex") && !types.includes("exact");
  if (isOpen && early.match.path.value !== late.match.path.value) {
    tell(
      uncertain,
      early,
      late,
      "which of a regular expression and another path is tried first is left to the implementation",
    );
    return undefined;
  }
  if (!isAhead(late, early, precedence)) return undefined;
  if (common === "unknown") {
    tell(uncertain, early, late, "the later rule is the more specific one, and what both take cannot be said");
    return undefined;
  }
  const isDead = coversMatch(early.match, late.match);
  if (isDead) return entries.filter((each) => each !== late);
  const own = entries.filter((each) => doesTheSame(each, early));
  if (own.some((each) => coversMatch(each.match, common) && isAhead(each, late, precedence))) return undefined;
  if (own.some((each) => isSameJson(each.match, common))) {
    tell(uncertain, early, late, "both take the same calls, and the product tries the other one first");
    return undefined;
  }
  const added: Entry = { ...early, match: common };
  const at = entries.indexOf(early);
  return [...entries.slice(0, at), added, ...entries.slice(at)];
}

/** Whether the product tries the first before the second: more specific, or as specific and of an earlier rule. */
function isAhead(a: Entry, b: Entry, { compare }: Precedence): boolean {
  const difference = compare(a.match, b.match);
  if (difference !== 0) return difference < 0;
  return a.rule === b.rule ? a.sub < b.sub : a.rule < b.rule;
}

function tell(uncertain: Map<number, string>, early: Entry, late: Entry, why: string): void {
  for (const { rule } of [early, late]) if (!uncertain.has(rule)) uncertain.set(rule, why);
}
