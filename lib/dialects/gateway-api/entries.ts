// The rules of a Route -> matches in Gateway API's words, in the order of the design, with what each rule loses on the way.
import type { Route } from "@/lib/mesh";
import { type ApiMatch, lowerMatch } from "./lower";
import type { Entry } from "./order";
import { coversMatch, intersect } from "./overlap";

export type Judgement = { verdict: "approximate" | "lost"; reason: string; changesMeaning: boolean };
export type Listed = { entries: Entry[]; judged: Map<number, Judgement[]> };

type Draft = Entry & { bareExcluded?: string };

export function listEntries(route: Route, saysAbsent = false): Listed {
  const judged = new Map<number, Judgement[]>();
  const judge = (rule: number, judgement: Judgement) => judged.set(rule, [...(judged.get(rule) ?? []), judgement]);
  const drafts = route.spec.rules.flatMap((rule, i): Draft[] => {
    const matches = rule.matches.length > 0 ? rule.matches : [{}];
    const seen = new Set<string>();
    const isReplaced = rule.rewrite?.path !== undefined && rule.action.type === "forward";
    return matches.flatMap((match, m): Draft[] => {
      const lowered = lowerMatch(match, saysAbsent);
      if ("reason" in lowered) {
        const reason = `${lowered.reason}; the calls that the match takes here go on to other rules`;
        judge(i, { verdict: "lost", reason, changesMeaning: true });
        return [];
      }
      if (lowered.difference !== undefined && !seen.has(lowered.difference)) {
        seen.add(lowered.difference);
        judge(i, { verdict: "approximate", reason: lowered.difference, changesMeaning: true });
      }
      const bare = lowered.bareExcluded === undefined ? {} : { bareExcluded: lowered.bareExcluded };
      return lowered.matches.map((each) => ({
        rule: i,
        sub: isReplaced ? m : 0,
        match: each,
        base: each,
        written: match.path?.type,
        ...bare,
      }));
    });
  });
  return { entries: drafts.flatMap((draft, at) => withHole(drafts, draft, at, judge)), judged };
}

/**
 * `/foo/` as text does not take `/foo`, as a segment prefix it does: the bare path goes before it, to the rules that have it here.
 */
function withHole(
  drafts: readonly Draft[],
  draft: Draft,
  at: number,
  judge: (rule: number, judgement: Judgement) => void,
): Entry[] {
  const { bareExcluded, ...entry } = draft;
  if (bareExcluded === undefined) return [entry];
  const bare: ApiMatch = { ...entry.match, path: { type: "exact", value: bareExcluded } };
  const own = drafts.filter((each, i) => each.rule === draft.rule && i !== at);
  const later = drafts.slice(at + 1).filter((each) => each.rule !== draft.rule);
  const before: Entry[] = [];
  const all = [...own, ...later];
  for (const [i, each] of all.entries()) {
    // its own bare path is as little meant
    if (each.bareExcluded === bareExcluded) continue;
    const common = intersect(bare, each.match);
    if (common === "unknown") {
      // whatever of the bare path this rule and those after it have here, they may not get
      for (const { rule } of all.slice(i)) {
        if (rule === draft.rule) continue;
        const why = `calls for ${bareExcluded} may be taken by the rule for ${bareExcluded}/ before`;
        judge(rule, { verdict: "approximate", reason: why, changesMeaning: true });
      }
      break;
    }
    if (common === null) continue;
    const { bareExcluded: _bare, ...other } = each;
    before.push({ ...other, match: common });
    if (coversMatch(each.match, bare)) return [...before, entry];
  }
  const reason = `PathPrefix ${bareExcluded} also takes ${bareExcluded} itself, which no rule takes here`;
  judge(draft.rule, { verdict: "approximate", reason, changesMeaning: true });
  return [...before, entry];
}
