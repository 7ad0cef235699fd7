// What it takes to change the first place. Job: try other weightings, all of them that differ by one step in one or two criteria.
// The rule: no chance in it: the same facts and weights give the same answer, and it says how many weightings were tried.
import { type Choices, type Evaluation, MAX_WEIGHT, pointsOf, weightOf } from "./evaluate";
import type { Criterion, ProductId } from "./types";

/** The smallest change of one weight that changes who is first. */
export type TippingPoint = { criterion: string; from: number; to: number; first: ProductId[] };

export type Sensitivity = {
  /** Nearest first: criteria whose weight alone can change the first place. */
  tipping: TippingPoint[];
  /** Weightings that were tried: every single change by one step and every pair of such changes, within 0..5. */
  weightings: number;
  /** In how many of them each product is first alone, and first together with others. Excluded ones are not in it. */
  stays: { product: ProductId; first: number; shared: number }[];
};

type Runner = { product: ProductId; points: readonly number[]; sum: number };
type Step = { at: number; by: number };

export function sensitivity(
  criteria: readonly Pick<Criterion, "id">[],
  { weights }: Pick<Choices, "weights">,
  { results, first }: Evaluation,
): Sensitivity {
  const now = criteria.map(({ id }) => weightOf(weights, id));
  const total = now.reduce((sum, weight) => sum + weight, 0);
  const runners = results
    .filter(({ rank }) => rank !== null)
    .map(({ product, cells }): Runner => {
      const points = criteria.map(({ id }) => pointsOf(cells[id]));
      return { product: product.id, points, sum: points.reduce((sum, each, i) => sum + each * (now[i] ?? 0), 0) };
    });
  const tipping = criteria
    .flatMap(({ id }, at) => tippingOf({ criterion: id, at, from: now[at] ?? 0 }, runners, { first, total }))
    .sort((one, other) => Math.abs(one.to - one.from) - Math.abs(other.to - other.from));
  return { tipping, ...steadiness(runners, now, total) };
}

/** Who is first when these criteria do not count; excluded products stay excluded. Nobody, when nothing is left that counts. */
export function firstWithout(
  without: readonly string[],
  {
    criteria,
    choices: { weights },
    evaluation: { results },
  }: {
    criteria: readonly Pick<Criterion, "id">[];
    choices: Pick<Choices, "weights">;
    evaluation: Pick<Evaluation, "results">;
  },
): ProductId[] {
  const counted = criteria.filter(({ id }) => !without.includes(id) && weightOf(weights, id) > 0);
  const runners = results
    .filter(({ rank }) => rank !== null)
    .map(({ product, cells }): Runner => {
      const points = counted.map(({ id }) => pointsOf(cells[id]));
      return {
        product: product.id,
        points,
        sum: points.reduce((sum, each, i) => sum + each * weightOf(weights, counted[i]?.id ?? ""), 0),
      };
    });
  return counted.length === 0 ? [] : leaders(runners, []);
}

/** Up goes before down where both are as near. */
function tippingOf(
  { criterion, at, from }: { criterion: string; at: number; from: number },
  runners: readonly Runner[],
  { first, total }: { first: readonly ProductId[]; total: number },
): TippingPoint[] {
  for (let size = 1; size <= MAX_WEIGHT; size += 1) {
    for (const by of [size, -size]) {
      const to = from + by;
      if (to < 0 || to > MAX_WEIGHT || total + by === 0) continue;
      const then = leaders(runners, [{ at, by }]);
      if (!isSame(then, first)) return [{ criterion, from, to, first: then }];
    }
  }
  return [];
}

function steadiness(
  runners: readonly Runner[],
  now: readonly number[],
  total: number,
): Pick<Sensitivity, "weightings" | "stays"> {
  const stays = new Map(runners.map(({ product }) => [product, { product, first: 0, shared: 0 }]));
  const steps = now.flatMap((weight, at) =>
    [1, -1].filter((by) => weight + by >= 0 && weight + by <= MAX_WEIGHT).map((by): Step => ({ at, by })),
  );
  let weightings = 0;
  const tried = (...changes: readonly Step[]) => {
    if (total + changes.reduce((sum, { by }) => sum + by, 0) === 0) return;
    weightings += 1;
    const then = leaders(runners, changes);
    for (const id of then) {
      const row = stays.get(id);
      if (row) row[then.length === 1 ? "first" : "shared"] += 1;
    }
  };
  steps.forEach((step, index) => {
    tried(step);
    for (const other of steps.slice(index + 1)) if (other.at !== step.at) tried(step, other);
  });
  return { weightings, stays: [...stays.values()].sort((a, b) => b.first - a.first || b.shared - a.shared) };
}

/** Every product's score has the same divisor, so the sums alone, whole numbers, say who is first. */
function leaders(runners: readonly Runner[], changes: readonly Step[]): ProductId[] {
  let best = -1;
  let first: ProductId[] = [];
  for (const { product, points, sum } of runners) {
    let now = sum;
    for (const { at, by } of changes) now += by * (points[at] ?? 0);
    if (now > best) first = [];
    if (now >= best) first.push(product);
    best = Math.max(best, now);
  }
  return first;
}

const isSame = (one: readonly ProductId[], other: readonly ProductId[]): boolean =>
  one.length === other.length && one.every((id) => other.includes(id));
