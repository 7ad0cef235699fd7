// MW1010: retries on every hop multiply. One failing request at the end becomes many.
import { type Command, type MeshIndex, type ObjectKey, objectKey, type Route, type RouteRule } from "@/lib/mesh";
import { asks } from "../authorizers";
import { type Call, cyclesOf, isRuleFor, nameOf, syncCalls } from "../calls";
import type { FindingBody, MeshAnalyzer } from "../finding";
import { type HopTries, hopTries, ONE_TRY, retriesAnswers } from "../retries";

/** Above this many tries for one call a brief failure becomes an overload (two hops with two retries each make nine). */
const MAX_TRIES = 8;

/** `tries` of the last hop times those of the hops before it that retry answers. */
type Chain = { tries: number; outer: number; last: number; end: ObjectKey; before: Chain | undefined };

function pathOf(chain: Chain): ObjectKey[] {
  const path: ObjectKey[] = [];
  for (let at: Chain | undefined = chain; at; at = at.before) path.push(at.end);
  return path.reverse();
}

export const mw1010RetryAmplification: MeshAnalyzer = {
  code: "MW1010",
  title: "Retries that multiply",
  area: "resilience",
  scope: "mesh",
  run(index) {
    const calls = syncCalls(index);
    const inCycle = new Set(cyclesOf(calls).flat());
    const worst = worstChains(index, calls, inCycle);
    const over = [...worst.values()].filter((chain) => chain.tries > MAX_TRIES);
    // the same multiplying hops lead to many ends: the worst of them says it
    const byHops = new Map<string, Chain>();
    for (const chain of over) {
      const hops = multiplying(index, chain)
        .map(({ route }) => objectKey(route))
        .join();
      if (hops !== "" && chain.tries > (byHops.get(hops)?.tries ?? 0)) byHops.set(hops, chain);
    }
    const isPart = (hops: string) => [...byHops.keys()].some((other) => other.startsWith(`${hops},`));
    return [...byHops].flatMap(([hops, chain]) => (isPart(hops) ? [] : [findingFor(index, chain)]));
  },
};

/** A route with those of its rules that one caller has, by their places. */
type Meant = { route: Route; rules: { rule: RouteRule; at: number }[] };

/** Routes of the hops before the last that retry what an inner hop answers. */
function multiplying(index: MeshIndex, chain: Chain): Meant[] {
  const path = pathOf(chain);
  return path
    .slice(1, -1)
    .flatMap((key, i) => routesOfHop(index, path[i] ?? "", key))
    .filter(({ rules }) => rules.some(({ rule }) => retriesAnswers(rule.retries)));
}

/** A gateway's own route says how it calls; inside the mesh it is the callee's, with the rules that this caller has. */
const routesOfHop = (index: MeshIndex, from: ObjectKey, to: ObjectKey): Meant[] =>
  index.routesOf(from.startsWith("Gateway/") ? from : to).map((route) => ({
    route,
    rules: route.spec.rules.flatMap((rule, at) => (isRuleFor(index, from, rule) ? [{ rule, at }] : [])),
  }));

const rulesIn = (meant: readonly Meant[]) => meant.map(({ rules }) => rules.map(({ rule }) => rule));

/** Connections are not tried again, and neither is the question to an authorizer. */
function triesOfHop(index: MeshIndex, from: ObjectKey, to: ObjectKey, port: number | undefined): HopTries {
  const target = index.find("Service", to) ?? index.find("ExternalService", to);
  const called = target?.spec.ports.filter((each) => port === undefined || each.port === port) ?? [];
  const isTcp = called.length > 0 && called.every(({ protocol }) => protocol === "tcp");
  return isTcp || asks(index, from, to) ? ONE_TRY : hopTries(rulesIn(routesOfHop(index, from, to)));
}

/** For each callee the chain that multiplies most; circles are another finding, so an order from the callers down exists. */
function worstChains(index: MeshIndex, calls: Map<ObjectKey, Call[]>, inCycle: Set<ObjectKey>): Map<ObjectKey, Chain> {
  const callees = new Map<ObjectKey, number>();
  for (const [from, made] of calls) {
    if (inCycle.has(from)) continue;
    for (const { to } of made) if (!inCycle.has(to)) callees.set(to, (callees.get(to) ?? 0) + 1);
  }
  const worst = new Map<ObjectKey, Chain>();
  const ready = [...calls.keys()].filter((key) => !callees.has(key) && !inCycle.has(key));
  for (let from = ready.pop(); from !== undefined; from = ready.pop()) {
    const before = worst.get(from) ?? { tries: 1, outer: 1, last: 1, end: from, before: undefined };
    for (const call of calls.get(from) ?? []) {
      if (inCycle.has(call.to)) continue;
      const tries = triesOfHop(index, from, call.to, call.dependency.spec.port);
      const known = worst.get(call.to);
      if (!known || before.outer * tries.last > known.tries) {
        const outer = before.outer * tries.outer;
        worst.set(call.to, { tries: before.outer * tries.last, outer, last: tries.last, end: call.to, before });
      }
      const left = (callees.get(call.to) ?? 1) - 1;
      callees.set(call.to, left);
      if (left === 0) ready.push(call.to);
    }
  }
  return worst;
}

function findingFor(index: MeshIndex, chain: Chain): FindingBody {
  const routes = multiplying(index, chain);
  // retry where the failure is: the innermost hop keeps its retries
  const commands = routes.flatMap(({ route, rules }) =>
    rules.flatMap(({ rule, at }): Command[] =>
      retriesAnswers(rule.retries)
        ? [{ type: "patchSpec", key: objectKey(route), path: ["rules", at, "retries"], value: { attempts: 0 } }]
        : [],
    ),
  );
  const path = pathOf(chain);
  const last = chain.end;
  const factors = routes.map((each) => `${each.route.spec.target.name} ${hopTries(rulesIn([each])).outer}`);
  return {
    code: "MW1010",
    severity: chain.tries > 4 * MAX_TRIES ? "error" : "warning",
    message: `One request along ${path.map(nameOf).join(" -> ")} can become ${chain.tries} at the end.`,
    cause: `Hops that retry a failed answer multiply: ${factors.join(" x ")} x ${nameOf(last)} ${chain.last}. A brief failure becomes an overload.`,
    refs: [...routes.map(({ route }) => objectKey(route)), ...path],
    fixes: [
      {
        title: "Retry only at the last hop",
        command: { type: "batch", commands, label: "Retry only at the last hop" },
      },
    ],
  };
}
