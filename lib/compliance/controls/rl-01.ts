// RL-01: retries on every hop multiply; their product along each chain is bounded.
import { syncCalls, triesOf } from "@/lib/analysis/calls";
import { amplification } from "../amplification";
import { nist53 } from "../frameworks";
import { routesOfMesh } from "../route-facts";
import { runningRoutes } from "../running-routes";
import type { Control, RouteFacts } from "../types";

export const rl01: Control = {
  id: "RL-01",
  title: "Retry amplification is bounded",
  area: "reliability",
  severity: "high",
  asks: "Along each chain of calls the product of tries (1 + retries per hop) is at most 10: in the design as written, and in the configuration with every default.",
  design: {
    look: ({ index }) =>
      amplification(
        [...syncCalls(index).values()].flat().map(({ from, to }) => ({ from, to, tries: triesOf(index.routesOf(to)) })),
      ),
  },
  compiled: { look: ({ compiled }) => amplification(toHops(routesOfMesh(compiled))) },
  // Injecting faults would break real calls. What is measured is the retry policy that each running sidecar says it holds.
  live: {
    look: (context) => runningRoutes(context, (routes) => amplification(toHops(routes))),
    probes: ["running-routes"],
  },
  validHours: 24,
  mappings: [nist53("SC-5")],
};

const toHops = (routes: readonly RouteFacts[]) =>
  routes.map(({ from, to, retries }) => ({ from, to, tries: 1 + retries }));
