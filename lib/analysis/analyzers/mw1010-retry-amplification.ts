// MW1010: retries on every hop multiply. One failing request at the end becomes many.
import { type Command, type MeshIndex, type ObjectKey, objectKey } from "@/lib/mesh";
import { type Call, cyclesOf, nameOf, syncCalls, triesOf } from "../calls";
import type { Finding, MeshAnalyzer } from "../finding";

/** Above this many tries for one call a brief failure becomes an overload (two hops with two retries each make nine). */
const MAX_TRIES = 8;

type Chain = { tries: number; path: ObjectKey[] };

export const mw1010RetryAmplification: MeshAnalyzer = {
  code: "MW1010",
  title: "Retries that multiply",
  scope: "mesh",
  run(index) {
    const calls = syncCalls(index);
    const inCycle = new Set(cyclesOf(calls).flat());
    const worst = worstChains(index, calls, inCycle);
    const over = [...worst.values()].filter((chain) => chain.tries > MAX_TRIES);
    // the longest chain says it for those it contains
    const longest = over.filter(
      (chain) => !over.some((other) => other !== chain && startsWith(other.path, chain.path)),
    );
    return longest.map((chain) => findingFor(index, chain));
  },
};

const startsWith = (path: ObjectKey[], head: ObjectKey[]) =>
  path.length > head.length && head.every((key, i) => path[i] === key);

/** For each callee the chain that multiplies most, found from the callers down; circles are another finding. */
function worstChains(index: MeshIndex, calls: Map<ObjectKey, Call[]>, inCycle: Set<ObjectKey>): Map<ObjectKey, Chain> {
  const worst = new Map<ObjectKey, Chain>();
  const callees = new Set([...calls.values()].flat().map((call) => call.to));
  const queue = [...calls.keys()]
    .filter((key) => !callees.has(key))
    .map((key) => ({ key, chain: { tries: 1, path: [key] } }));
  for (let next = queue.shift(); next; next = queue.shift()) {
    for (const call of calls.get(next.key) ?? []) {
      if (inCycle.has(call.to)) continue;
      const chain = { tries: next.chain.tries * triesOf(index.routesOf(call.to)), path: [...next.chain.path, call.to] };
      const known = worst.get(call.to);
      if (known && known.tries >= chain.tries) continue;
      worst.set(call.to, chain);
      queue.push({ key: call.to, chain });
    }
  }
  return worst;
}

function findingFor(index: MeshIndex, chain: Chain): Finding {
  const routes = chain.path.flatMap((key) => index.routesOf(key)).filter((route) => triesOf([route]) > 1);
  // retry where the failure is: the innermost route keeps its retries
  const outer = routes.slice(0, -1);
  const commands = outer.flatMap((route) =>
    route.spec.rules.flatMap((rule, i): Command[] =>
      rule.retries && rule.retries.attempts > 0
        ? [{ type: "patchSpec", key: objectKey(route), path: ["rules", i, "retries"], value: { attempts: 0 } }]
        : [],
    ),
  );
  return {
    code: "MW1010",
    severity: "warning",
    message: `One request along ${chain.path.map(nameOf).join(" -> ")} can become ${chain.tries} at the end.`,
    cause: `Each hop retries by itself, so the tries multiply: ${routes.map((route) => `${route.spec.target.name} ${triesOf([route])}`).join(" x ")}. A brief failure becomes an overload.`,
    refs: [...routes.map(objectKey), ...chain.path],
    ...(commands.length === 0
      ? {}
      : {
          fixes: [
            {
              title: "Retry only at the last hop",
              command: { type: "batch", commands, label: "Retry only at the last hop" },
            },
          ],
        }),
  };
}
