// Destinations of a rule -> virtual nodes and their weights.
// The rule: App Mesh takes whole weights that are 100 at most together; what has to be rounded for it is told.
import { type Destination, type Route, serviceRefKey, type Workload } from "@/lib/mesh";
import type { AppMeshExport } from "./export-out";

export type Target = { virtualNode: string; weight: number; port?: number };
export type Targets = { targets: Target[]; told?: string } | { reason: string };

const MOST = 10;
const WHOLE = 100;

export function targetsOf(
  out: AppMeshExport,
  route: Pick<Route, "metadata">,
  destinations: readonly Destination[],
): Targets {
  const shares: { node: string; share: number; port?: number }[] = [];
  let isSpread = false;
  for (const { service: ref, subset, port, weight } of destinations) {
    const service = out.index.find("Service", serviceRefKey(ref, route));
    const nodes = service ? out.nodesOf(service, subset) : [];
    if (nodes.length === 0) return { reason: `${ref.name}${subset ? ` ${subset}` : ""} has no workload` };
    isSpread ||= nodes.length > 1;
    const total = nodes.reduce((sum, each) => sum + sizeOf(each), 0);
    for (const node of nodes) {
      const share = nodes.length === 1 ? weight : (weight * sizeOf(node)) / total;
      shares.push({ node: out.nameOf(node), share, ...(port === undefined ? {} : { port }) });
    }
  }
  if (shares.length > MOST)
    return { reason: `it divides calls between ${shares.length} virtual nodes, of which App Mesh takes ${MOST}` };
  if (shares.every(({ share }) => share === 0)) return { reason: "all of its weights are 0" };
  const { weights, isExact } = wholeWeights(shares.map(({ share }) => share));
  const targets = shares.map(({ node, port }, i) => ({
    virtualNode: node,
    weight: weights[i] ?? 0,
    ...(port === undefined ? {} : { port }),
  }));
  if (!isExact) return { targets, told: "its weights are rounded to hundredths" };
  return isSpread
    ? {
        targets,
        told: "calls are divided between virtual nodes by their replicas, where the design takes whoever is free",
      }
    : { targets };
}

const sizeOf = ({ spec }: Workload) => Math.max(1, spec.replicas ?? 1);

/** The largest remainders get what rounding down left. */
export function wholeWeights(shares: readonly number[]): { weights: number[]; isExact: boolean } {
  const sum = shares.reduce((all, each) => all + each, 0);
  if (sum <= WHOLE && shares.every(Number.isInteger)) return { weights: [...shares], isExact: true };
  const scaled = shares.map((share) => (share * WHOLE) / sum);
  const weights = scaled.map(Math.floor);
  const order = scaled
    .map((value, i) => ({ i, rest: value - Math.floor(value) }))
    .sort((a, b) => b.rest - a.rest || a.i - b.i);
  let left = WHOLE - weights.reduce((all, each) => all + each, 0);
  for (const { i } of order) {
    if (left === 0) break;
    weights[i] = (weights[i] ?? 0) + 1;
    left--;
  }
  return { weights, isExact: scaled.every((value, i) => Math.abs(value - (weights[i] ?? 0)) < 1e-9) };
}
