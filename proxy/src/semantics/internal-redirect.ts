// Redirects that the proxy follows itself (Envoy InternalRedirectPolicy). Rule: where to, and whether, is decided here, in Envoy's
// order; what becomes of the request is the router's.

import type { InternalRedirectPlan, RoutePlan } from "../plan/types";

/** Why a redirect went to the caller, in the words of Envoy's statistics. */
export type RedirectRefusal = "bad_location" | "unsafe_scheme" | "too_many_redirects" | "no_route" | "predicate";

export interface RedirectTarget {
  readonly scheme: "http" | "https";
  readonly authority: string;
  /** With query, without fragment. */
  readonly path: string;
}

/** What was followed for one request of a caller, from its first route on. */
export class FollowedRedirects {
  count = 0;
  /** By the name of the route that redirected: where to. */
  private readonly routes = new Map<string, Set<string>>();

  /** False: this route has redirected there before. */
  add(from: string, to: string): boolean {
    const known = this.routes.get(from) ?? new Set();
    this.routes.set(from, known);
    if (known.has(to)) return false;
    known.add(to);
    return true;
  }
}

/** @returns null where Location is no absolute URL with a host: such a redirect is not followed */
export function redirectTarget(location: string): RedirectTarget | null {
  const match = /^(https?):\/\/([^/?#]+)([^#]*)/i.exec(location);
  if (match === null) return null;
  const [, scheme = "", authority = "", rest = ""] = match;
  const path = rest.startsWith("/") ? rest : `/${rest}`;
  return { scheme: scheme.toLowerCase() === "https" ? "https" : "http", authority, path };
}

/** Before the target's route is looked for; null: go on. */
export function refuseTarget(
  plan: InternalRedirectPlan,
  scheme: "http" | "https",
  target: RedirectTarget,
  followed: FollowedRedirects,
): RedirectRefusal | null {
  if (!plan.allowsCrossScheme && scheme !== target.scheme) return "unsafe_scheme";
  return followed.count >= plan.maxRedirects ? "too_many_redirects" : null;
}

/** @param from the route that redirected, @param to the route of the target */
export function acceptsRoute(
  plan: InternalRedirectPlan,
  from: RoutePlan,
  to: RoutePlan,
  scheme: "http" | "https",
  target: RedirectTarget,
  followed: FollowedRedirects,
): boolean {
  return plan.predicates.every((predicate) => {
    if (predicate.kind === "previous-routes") return followed.add(from.name, to.name);
    if (predicate.kind === "allow-listed-routes") return predicate.names.has(to.name);
    return scheme === "https" || target.scheme === "http";
  });
}
