// The order of findings, and their names, kept while findings come and go.
// The rule: a finding's id stays the same while code, first object and place stay the same, also over a rename of the object.
import type { Analyzer, Finding, FindingBody, Severity } from "./finding";

const RANK: Record<Severity, number> = { error: 0, warning: 1, info: 2 };
const byText = (x: string, y: string) => (x < y ? -1 : x > y ? 1 : 0);

/** Worst first, then by code, object and place. */
const inOrder = (a: Finding, b: Finding) =>
  RANK[a.severity] - RANK[b.severity] || byText(a.code, b.code) || byText(a.id, b.id);

/** What was found, with the name that it has as long as it is the only one of that name. */
export class Found {
  finding: Finding | undefined;
  constructor(
    readonly body: FindingBody,
    private readonly by: Pick<Analyzer, "title" | "area">,
    readonly name: string,
  ) {}

  /** The same value as before while its id is the same. */
  withId(id: string): Finding {
    if (this.finding?.id !== id) {
      const { title, area } = this.by;
      this.finding = { ...this.body, title, area, id };
    }
    return this.finding;
  }
}

/** `MW1003:TrafficPolicy/production/catalog#spec.outlierDetection`; `object` is the uid, which survives a rename, or else the key. */
export const nameOf = ({ code, path }: FindingBody, object: string): string =>
  `${code}:${object}${path ? `#${path}` : ""}`;

export class Findings {
  private readonly byName = new Map<string, Found[]>();
  /** Names of which something came or went, and what was told of them before. */
  private readonly touched = new Set<string>();
  private readonly old = new Set<Finding>();
  private list: Finding[] = [];

  add(found: Found): void {
    this.touch(found.name);
    const same = this.byName.get(found.name);
    if (same) same.push(found);
    else this.byName.set(found.name, [found]);
  }

  remove(found: Found): void {
    this.touch(found.name);
    const left = this.byName.get(found.name)?.filter((each) => each !== found) ?? [];
    if (left.length > 0) this.byName.set(found.name, left);
    else this.byName.delete(found.name);
  }

  sorted(): Finding[] {
    if (this.touched.size === 0) return this.list;
    const named = [...this.touched].flatMap((name) => numbered(name, this.byName.get(name) ?? []));
    const left = this.list.filter((finding) => !this.old.has(finding));
    this.touched.clear();
    this.old.clear();
    this.list = merged(left, named.sort(inOrder));
    return this.list;
  }

  private touch(name: string): void {
    if (this.touched.has(name)) return;
    this.touched.add(name);
    for (const { finding } of this.byName.get(name) ?? []) if (finding) this.old.add(finding);
  }
}

/** Of two lists in order one; the second is mostly short. */
function merged(many: readonly Finding[], few: readonly Finding[]): Finding[] {
  const all: Finding[] = [];
  let from = 0;
  for (const finding of few) {
    const to = placeOf(many, finding, from);
    for (const each of many.slice(from, to)) all.push(each);
    all.push(finding);
    from = to;
  }
  return all.concat(many.slice(from));
}

function placeOf(list: readonly Finding[], finding: Finding, from: number): number {
  let low = from;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const other = list[middle];
    if (other && inOrder(other, finding) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Those of one name, told apart by what they say. */
function numbered(name: string, all: readonly Found[]): Finding[] {
  const refs = ({ body }: Found) => body.refs.join(" ");
  return [...all]
    .sort((a, b) => byText(a.body.message, b.body.message) || byText(refs(a), refs(b)))
    .map((found, i) => found.withId(i === 0 ? name : `${name}~${i + 1}`));
}
