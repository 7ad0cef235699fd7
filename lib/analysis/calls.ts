// The calls of a design as a graph: who waits for whom. Asynchronous dependencies do not wait and are left out.
import {
  type Dependency,
  isMeantCaller,
  type MeshIndex,
  type ObjectKey,
  type Ref,
  type Route,
  type RouteRule,
  refKey,
  workloadOwnerKey,
} from "@/lib/mesh";

export type Call = { from: ObjectKey; to: ObjectKey; dependency: Dependency };

const knownEnds = new WeakMap<Dependency, { from: ObjectKey; to: ObjectKey }>();
const known = new WeakMap<readonly Dependency[], Map<ObjectKey, Call[]>>();
const knownCycles = new WeakMap<Map<ObjectKey, Call[]>, ObjectKey[][]>();

/** Who calls whom. Most analyzers ask it of the same dependencies, so it is kept as long as they are. */
export function endsOf(dependency: Dependency): { from: ObjectKey; to: ObjectKey } {
  let ends = knownEnds.get(dependency);
  if (!ends) {
    ends = { from: refKey(dependency.spec.from, dependency), to: refKey(dependency.spec.to, dependency) };
    knownEnds.set(dependency, ends);
  }
  return ends;
}

/** By caller. Made once for the same dependencies: several analyzers walk this graph. */
export function syncCalls(index: MeshIndex): Map<ObjectKey, Call[]> {
  const dependencies = index.all("Dependency");
  const calls = known.get(dependencies) ?? callsOf(dependencies);
  known.set(dependencies, calls);
  return calls;
}

function callsOf(dependencies: readonly Dependency[]): Map<ObjectKey, Call[]> {
  const calls = new Map<ObjectKey, Call[]>();
  for (const dependency of dependencies) {
    if (dependency.spec.interaction === "async") continue;
    const { from, to } = endsOf(dependency);
    const call = { from, to, dependency };
    const list = calls.get(call.from);
    if (list) list.push(call);
    else calls.set(call.from, [call]);
  }
  return calls;
}

/** Groups of things that wait for each other in a circle (strongly connected, Tarjan, without recursion). */
export function cyclesOf(calls: Map<ObjectKey, Call[]>): ObjectKey[][] {
  const cycles = knownCycles.get(calls) ?? findCycles(calls);
  knownCycles.set(calls, cycles);
  return cycles;
}

function findCycles(calls: Map<ObjectKey, Call[]>): ObjectKey[][] {
  const order = new Map<ObjectKey, number>();
  const low = new Map<ObjectKey, number>();
  const stack: ObjectKey[] = [];
  const onStack = new Set<ObjectKey>();
  const groups: ObjectKey[][] = [];
  const enter = (key: ObjectKey) => {
    order.set(key, order.size);
    low.set(key, order.size - 1);
    stack.push(key);
    onStack.add(key);
    return { key, next: 0 };
  };
  for (const root of calls.keys()) {
    if (order.has(root)) continue;
    const work = [enter(root)];
    for (let frame = work.at(-1); frame; frame = work.at(-1)) {
      const to = calls.get(frame.key)?.[frame.next++]?.to;
      if (to !== undefined) {
        if (!order.has(to)) work.push(enter(to));
        else if (onStack.has(to)) low.set(frame.key, Math.min(low.get(frame.key) ?? 0, order.get(to) ?? 0));
        continue;
      }
      work.pop();
      const above = work.at(-1);
      if (above) low.set(above.key, Math.min(low.get(above.key) ?? 0, low.get(frame.key) ?? 0));
      if (low.get(frame.key) !== order.get(frame.key)) continue;
      const group = stack.splice(stack.indexOf(frame.key));
      for (const key of group) onStack.delete(key);
      if (group.length > 1) groups.push(group);
    }
  }
  return groups;
}

/** The most tries that one call to this target can become; 1 without retries. */
export function triesOf(routes: readonly Route[]): number {
  return 1 + Math.max(0, ...routes.flatMap((route) => route.spec.rules.map((rule) => rule.retries?.attempts ?? 0)));
}

/** Is the rule one of those that the sidecars of this caller have? */
export function isRuleFor(index: MeshIndex, from: ObjectKey, { matches }: RouteRule): boolean {
  if (matches.length === 0 || matches.some(({ caller }) => !caller)) return true;
  const own = index.find("Workload", from);
  const workloads = own ? [own] : index.workloadsOf(from);
  return matches.some(({ caller }) => caller && workloads.some((workload) => isMeantCaller(caller, workload)));
}

export const nameOf = (key: ObjectKey) => key.split("/")[2] ?? key;

/** Is there a dependency of this caller, or of the service that a workload runs? */
export function isDrawn(index: MeshIndex, ref: Ref, caller: ObjectKey, callee: ObjectKey): boolean {
  const workload = index.find("Workload", caller);
  const service = workload && workloadOwnerKey(workload);
  return index.dependenciesTo(callee).some((dependency) => {
    const { from } = endsOf(dependency);
    return from === caller || (ref.kind === "Workload" && from === service);
  });
}
