// What all resources of a text say together: permissions, then routes, then the limits of each service.
// The rule: it runs once, after every resource is read; who speaks for which service is not known before.
import { keyOf } from "@/lib/mesh";
import type { ImportContext } from "../shared/context";
import { drawCall, drawGranted } from "./draw-calls";
import { putFaults } from "./fault-injection";
import { putGatewayRoutes } from "./gateway";
import { actingEntries, isOfGateway } from "./merge";
import { putTrustDomain } from "./mesh";
import { putPermissions } from "./permission";
import { putServiceRoute } from "./put-routes";
import { putTrafficPolicies } from "./put-traffic";
import { keepRemainder } from "./remainder";
import type { KumaState, Policy } from "./state";
import { putTcpRoutes } from "./tcp-route";

export function assemble(context: ImportContext, state: KumaState): void {
  putPermissions(context, state);
  putTrustDomain(context, state);
  drawGranted(context, state);
  for (const { resource, result, from, to } of state.outbounds) {
    const { namespace } = resource;
    if (!context.get(keyOf("Service", namespace, to))) continue;
    const drawn = drawCall(context, resource, { namespace, name: from }, { namespace, name: to });
    if (drawn !== undefined) result.objects.push(drawn);
  }
  putTcpRoutes(context, state);
  const routes = actingEntries(context, state, putGatewayRoutes(context, state));
  const timeouts = actingEntries(context, state, state.timeouts);
  const retries = actingEntries(context, state, state.retries);
  const breakers = actingEntries(context, state, state.breakers);
  const balancers = actingEntries(context, state, state.balancers);
  const checks = actingEntries(context, state, state.checks);
  const connects = retries.filter(({ entry }) => entry.conf.tcp !== undefined);
  for (const service of context.all("Service")) {
    putServiceRoute(context, service, routes, { timeouts, retries });
    putTrafficPolicies(context, service, { breakers, balancers, checks, timeouts, connects });
  }
  putFaults(context, state);
  const read = new Set(
    [...routes, ...timeouts, ...retries, ...breakers, ...balancers, ...checks].map(({ policy }) => policy as object),
  );
  const all: Policy<object>[] = [
    ...state.routes,
    ...state.timeouts,
    ...state.retries,
    ...state.breakers,
    ...state.balancers,
    ...state.checks,
  ];
  for (const policy of all) {
    // those that were left out are kept whole already
    const isInbound = policy.to.length === 0 || isOfGateway<object>(context, policy);
    if (read.has(policy) || isInbound || policy.top?.kind === "MeshGateway") keepRemainder(context, policy);
  }
}
