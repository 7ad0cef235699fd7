// How many requests one request can become at the end of a chain: the product of the tries of its hops.
// Formula: A = product of (1 + retries), over the worst path to each leaf (SRE book, chapter 22). Circles are another finding.
import { fail, pass } from "./results";
import { nameOf } from "./services";
import type { SubjectResult } from "./types";

export interface Hop {
  from: string;
  to: string;
  tries: number;
}
/** Over this a brief failure becomes an overload; over MAX_CRITICAL an outage (compliance catalogue, RL-01). */
const MAX_TRIES = 10;
const MAX_PATHS = 20_000;

export function amplification(hops: readonly Hop[]): SubjectResult[] {
  const out = new Map<string, Map<string, number>>();
  for (const { from, to, tries } of hops) {
    const list = out.get(from) ?? new Map<string, number>();
    list.set(to, Math.max(list.get(to) ?? 1, tries));
    out.set(from, list);
  }
  const callees = new Set(hops.map(({ to }) => to));
  const worst = new Map<string, { tries: number; path: string[] }>();
  const seen = new Set<string>();
  let looked = 0;
  const walk = (key: string, tries: number, path: readonly string[]) => {
    looked += 1;
    seen.add(key);
    const next = [...(out.get(key) ?? [])].filter(([to]) => !path.includes(to));
    if (next.length === 0 || looked > MAX_PATHS) {
      const known = worst.get(key);
      if (path.length > 1 && (!known || known.tries < tries)) worst.set(key, { tries, path: [...path] });
      return;
    }
    for (const [to, each] of next) walk(to, tries * each, [...path, to]);
  };
  const callers = [...out.keys()];
  for (const root of callers.filter((key) => !callees.has(key))) walk(root, 1, [root]);
  // What no chain from outside reaches is a circle: it is entered at each of its members.
  for (const key of callers.filter((each) => !seen.has(each))) walk(key, 1, [key]);
  const worstFirst = [...worst].sort((a, b) => b[1].tries - a[1].tries);
  return worstFirst.map(([leaf, { tries, path }]) => {
    const chain = path.map(nameOf).join(" → ");
    return tries > MAX_TRIES
      ? fail(
          leaf,
          `One request along ${chain} can become ${tries} at ${nameOf(leaf)}; at most ${MAX_TRIES} are accepted.`,
        )
      : pass(leaf, `One request along ${chain} becomes at most ${tries}.`);
  });
}
