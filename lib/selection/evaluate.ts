// Which product fits: weights, constraints and facts to a ranking whose scores are intervals, because not everything is known.
// The rule: a fact that is not known is never a no; it widens the score, and what it could still change is said.
import type { Criterion, Fact, Product, ProductId, Verdict } from "./types";

/** What a criterion counts that nobody has weighed. */
export const DEFAULT_WEIGHT = 1;
export const MAX_WEIGHT = 5;
/** Facts that were looked at longer ago are told as stale. */
export const DEFAULT_STALE_DAYS = 365;

/** What a criterion has to be at least; what has to be `partly` may be `yes`. */
export type Need = "yes" | "partly";

/** A team's own verdict in place of a fact, told as theirs. */
export type Override = {
  product: ProductId;
  criterion: string;
  verdict: Verdict;
  reason: string;
  /** Name of who said so. */
  by: string;
  /** The day, as 2026-11-23. */
  on: string;
};

/** By id of the criterion; 0..5, whole. 0: it does not count. Without an entry: `DEFAULT_WEIGHT`. */
export type Weights = Readonly<Record<string, number>>;

export type Choices = {
  weights: Weights;
  constraints: Readonly<Record<string, Need>>;
  overrides: readonly Override[];
};

export type Sources = {
  products: readonly Product[];
  criteria: readonly Pick<Criterion, "id">[];
  facts: Readonly<Partial<Record<ProductId, readonly Fact[]>>>;
};

export type Known = Verdict | "unknown";

/** One product by one criterion: what counts, and where it is from. */
export type Cell = { verdict: Known; fact?: Fact; override?: Override };

export type Contribution = {
  criterion: string;
  weight: number;
  verdict: Known;
  /** What it adds to the score as it is ranked, 0..1; an unknown counts half. */
  share: number;
};

export type Failure = { criterion: string; need: Need; cell: Cell };
export type Stale = { criterion: string; asOf: string; days: number };

export type ProductResult = {
  product: Product;
  /** 1 is the first; those with the same score have the same rank. Null: a constraint excludes it, or nothing counts. */
  rank: number | null;
  /** The score, 0..1: with every unknown as no, as half, as yes. Ranked by the middle. */
  low: number;
  middle: number;
  high: number;
  /** Constraints that are known not to be met. */
  fails: Failure[];
  /** Constraints of which nothing is known: to be proved before it is chosen. */
  unproved: { criterion: string; need: Need }[];
  /** Heaviest first; criteria that do not count are not in it. */
  contributions: Contribution[];
  /** Criteria that count and of which nothing is known. */
  unknown: string[];
  stale: Stale[];
  cells: Readonly<Record<string, Cell>>;
};

export type Evaluation = {
  /** Best first, then those that are excluded; equal ones in the order of the products. */
  results: ProductResult[];
  /** Those of rank 1: more than one is a tie, none means that nothing is left or nothing counts. */
  first: ProductId[];
  /** No unknown could put another product in the first place, and the first meets every constraint by what is known. */
  isSure: boolean;
};

/** In half points, so that equal scores are equal: partly is one, and an unknown counts as much. */
const POINTS: Readonly<Record<Known, number>> = { yes: 2, partly: 1, no: 0, unknown: 1 };

export const weightOf = (weights: Weights, criterion: string): number => weights[criterion] ?? DEFAULT_WEIGHT;

export const pointsOf = (cell: Cell | undefined): number => POINTS[cell?.verdict ?? "unknown"];

const meets = (verdict: Verdict, need: Need): boolean =>
  verdict === "yes" || (need === "partly" && verdict === "partly");

/** `today` as 2026-11-23: facts are stale against it. */
export function evaluate(
  { products, criteria, facts }: Sources,
  choices: Choices,
  { today, staleDays = DEFAULT_STALE_DAYS }: { today: string; staleDays?: number },
): Evaluation {
  const results = products.map((product) => {
    const cells = cellsOf(product.id, criteria, facts[product.id] ?? [], choices.overrides);
    return judge(product, criteria, cells, choices, { today, staleDays });
  });
  return ranked(results);
}

function cellsOf(
  product: ProductId,
  criteria: readonly Pick<Criterion, "id">[],
  facts: readonly Fact[],
  overrides: readonly Override[],
): Record<string, Cell> {
  const known = new Map(facts.map((fact) => [fact.criterion, fact]));
  const own = new Map(overrides.filter((each) => each.product === product).map((each) => [each.criterion, each]));
  return Object.fromEntries(
    criteria.map(({ id }) => {
      const fact = known.get(id);
      const override = own.get(id);
      const verdict: Known = override?.verdict ?? fact?.verdict ?? "unknown";
      return [id, { verdict, ...(fact && { fact }), ...(override && { override }) }];
    }),
  );
}

function judge(
  product: Product,
  criteria: readonly Pick<Criterion, "id">[],
  cells: Record<string, Cell>,
  { weights, constraints }: Choices,
  { today, staleDays }: { today: string; staleDays: number },
): ProductResult {
  const counted = criteria
    .map(({ id }) => ({ id, weight: weightOf(weights, id), verdict: cells[id]?.verdict ?? "unknown" }))
    .filter(({ weight }) => weight > 0);
  const total = counted.reduce((sum, { weight }) => sum + weight, 0);
  const of = (points: number) => (total === 0 ? 0 : points / (2 * total));
  const points = counted.reduce((sum, { weight, verdict }) => sum + weight * POINTS[verdict], 0);
  const open = counted.reduce((sum, { weight, verdict }) => sum + (verdict === "unknown" ? weight : 0), 0);
  const musts = criteria.flatMap(({ id }) => {
    const need = constraints[id];
    return need ? [{ criterion: id, need, cell: cells[id] ?? { verdict: "unknown" as const } }] : [];
  });
  return {
    product,
    rank: null,
    low: of(points - open),
    middle: of(points),
    high: of(points + open),
    fails: musts.filter(({ cell: { verdict }, need }) => verdict !== "unknown" && !meets(verdict, need)),
    unproved: musts
      .filter(({ cell: { verdict } }) => verdict === "unknown")
      .map(({ criterion, need }) => ({ criterion, need })),
    contributions: counted
      .map(({ id, weight, verdict }) => ({ criterion: id, weight, verdict, share: of(weight * POINTS[verdict]) }))
      .sort((one, other) => other.share - one.share || other.weight - one.weight),
    unknown: counted.filter(({ verdict }) => verdict === "unknown").map(({ id }) => id),
    stale: counted.flatMap(({ id }) => staleOf(cells[id], today, staleDays)),
    cells,
  };
}

/** A team's own verdict ages as a fact does. */
function staleOf(cell: Cell | undefined, today: string, staleDays: number): Stale[] {
  const asOf = cell?.override?.on ?? cell?.fact?.asOf;
  const criterion = cell?.override?.criterion ?? cell?.fact?.criterion;
  if (asOf === undefined || criterion === undefined) return [];
  const days = Math.floor((Date.parse(today) - Date.parse(asOf)) / 86_400_000);
  return days > staleDays ? [{ criterion, asOf, days }] : [];
}

function ranked(results: readonly ProductResult[]): Evaluation {
  const hasScore = results.some(({ contributions }) => contributions.length > 0);
  const fitting = results.filter(({ fails }) => fails.length === 0).sort((one, other) => other.middle - one.middle);
  const excluded = results.filter(({ fails }) => fails.length > 0).sort((one, other) => other.middle - one.middle);
  const placed = fitting.map((each) => ({
    ...each,
    rank: hasScore ? 1 + fitting.filter(({ middle }) => middle > each.middle).length : null,
  }));
  const leaders = placed.filter(({ rank }) => rank === 1);
  const [leader] = leaders;
  const isSure =
    leaders.length === 1 &&
    leader !== undefined &&
    leader.unproved.length === 0 &&
    placed.every((each) => each === leader || leader.low > each.high);
  return { results: [...placed, ...excluded], first: leaders.map(({ product }) => product.id), isSure };
}

export type Difference = {
  criterion: string;
  weight: number;
  one: Known;
  other: Known;
  /** What it puts the one above the other, in parts of the score; below 0: the other is better. */
  share: number;
};

/** Why the one is above the other: what makes the most difference first. */
export function differences(one: ProductResult, other: ProductResult): Difference[] {
  return one.contributions
    .flatMap((each): Difference[] => {
      const against = other.contributions.find(({ criterion }) => criterion === each.criterion);
      if (!against) return [];
      const share = each.share - against.share;
      const { criterion, weight } = each;
      return share === 0 ? [] : [{ criterion, weight, one: each.verdict, other: against.verdict, share }];
    })
    .sort((a, b) => Math.abs(b.share) - Math.abs(a.share) || b.share - a.share);
}
