// What CORS means for a request that a page in a browser makes: whether the page may read the answer, and what a preflight is told.
// The rule: it asks the proxy's semantics; what the browser then does is said in words and changes no outcome.
import type { HttpConnectionPlan, HttpRequestView, RoutePlan } from "@meshwright/proxy/plan";
import {
  corsFor,
  corsHeaders,
  decideCors,
  originOf,
  preflightHeaders,
  probabilityOf,
  routeFilters,
} from "@meshwright/proxy/semantics";
import type { HopCors } from "./types";

/** Null: no page asks, or nothing is said of pages. */
export function corsOf(
  { filters }: HttpConnectionPlan,
  route: RoutePlan,
  random: number,
  request: HttpRequestView,
): HopCors | null {
  const origin = originOf(request);
  if (origin === "") return null;
  const own = routeFilters(route, random);
  for (const filter of filters) {
    const plan = filter.kind === "cors" ? corsFor(filter, own, route) : undefined;
    if (plan === undefined || probabilityOf(plan.enabled) < 1) continue;
    const decision = decideCors(plan, request);
    const isPreflight = decision === "preflight" || decision === "refused";
    const headers = new Map(isPreflight ? preflightHeaders(plan, request) : []);
    if (decision === "preflight" || decision === "allowed") {
      for (const [name, value] of corsHeaders(plan, origin)) headers.set(name, value);
    }
    return {
      origin,
      isAllowed: decision === "preflight" || decision === "allowed",
      isPreflight,
      headers: [...headers].map(([name, value]) => ({ name, value })),
    };
  }
  return null;
}
