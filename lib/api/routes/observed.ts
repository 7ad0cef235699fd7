// Calls seen in an environment, for whoever compares two designs by them. The rule: shapes and counts only, never a single request.
import { readEnvironment } from "@/lib/data/environments";
import { observedCalls } from "@/lib/data/policy-tests";
import { defineRoute, onMesh } from "../route";
import * as schema from "../schema";

export const observedRoute = defineRoute({
  id: "getObservedCalls",
  method: "GET",
  path: "/meshes/{mesh}/observed-calls",
  tag: "simulate",
  summary:
    "Which calls were seen in an environment: caller, callee, method, path pattern and count, most requests first",
  access: onMesh("mesh.read"),
  query: schema.observedQuery,
  answer: schema.observedAnswer,
  async handle({ runtime, principal, params, query: { environment, range } }) {
    const { database, clock } = runtime;
    const { id: environmentId } = await readEnvironment(database, principal, { slug: params.mesh, environment });
    const from = new Date(clock.now() - schema.rangeToMs(range));
    return { body: { items: await observedCalls(database, { environmentId, from }) } };
  },
});
