// RL-03: nobody waits for ever.
import { type ObjectKey, objectKey, refKey } from "@/lib/mesh";
import { nist53, unsure } from "../frameworks";
import { fail, pass } from "../results";
import { routesOfMesh } from "../route-facts";
import { runningRoutes } from "../running-routes";
import { nameOf } from "../services";
import type { Control, DesignContext, RouteFacts, SubjectResult } from "../types";

export const rl03: Control = {
  id: "RL-03",
  title: "Every call has a timeout",
  area: "reliability",
  severity: "high",
  asks: "Each dependency has a finite timeout: a caller never waits for ever for a callee that hangs.",
  design: { look: designed },
  compiled: { look: ({ compiled }) => finite(routesOfMesh(compiled)) },
  // Delays are not injected into real calls. What is measured is the timeout that each running sidecar says it holds.
  live: { look: (context) => runningRoutes(context, finite), probes: ["running-routes"] },
  validHours: 24,
  mappings: [nist53("SC-5"), unsure(nist53("SC-10"))],
};

function designed({ index }: DesignContext): SubjectResult[] {
  return index.all("Dependency").map((dependency) => {
    const key = objectKey(dependency);
    const to = refKey(dependency.spec.to, dependency);
    const from = refKey(dependency.spec.from, dependency);
    const routes = [...index.routesOf(to), ...(from.startsWith("Gateway/") ? index.routesOf(from) : [])];
    const rules = routes.flatMap((route) =>
      route.spec.rules.filter((rule) => rule.action.type === "forward").map((rule) => ({ route, rule })),
    );
    const without = rules.find(({ rule }) => rule.timeoutMs === undefined);
    if (rules.length === 0) {
      const why = to.startsWith("ExternalService/")
        ? "a way out of the mesh cannot be given one in this release"
        : `no Route of ${nameOf(to)} says one`;
      return fail(key, `${nameOf(from)} waits for ever for ${nameOf(to)}: ${why}.`);
    }
    return without
      ? fail(
          key,
          `${nameOf(from)} may wait for ever for ${nameOf(to)}: a rule of ${without.route.metadata.name} has no timeout.`,
          "spec.rules",
        )
      : pass(
          key,
          `${nameOf(from)} waits at most ${Math.max(...rules.map(({ rule }) => rule.timeoutMs ?? 0))} ms for ${nameOf(to)}.`,
        );
  });
}

function finite(routes: readonly RouteFacts[]): SubjectResult[] {
  const worst = new Map<string, { from: ObjectKey; to: string; route: RouteFacts }>();
  for (const route of routes) {
    const key = `${route.from} ${route.to}`;
    const known = worst.get(key);
    if (!known || waits(route) > waits(known.route)) worst.set(key, { from: route.from, to: route.to, route });
  }
  return [...worst.values()].map(({ from, to, route }) =>
    route.timeoutMs > 0
      ? pass(from, `${nameOf(from)} waits at most ${route.timeoutMs} ms for ${nameOf(to)}.`, route.path)
      : fail(from, `${nameOf(from)}'s sidecar waits for ever for ${nameOf(to)}.`, route.path),
  );
}

const waits = ({ timeoutMs }: RouteFacts) => (timeoutMs === 0 ? Number.POSITIVE_INFINITY : timeoutMs);
