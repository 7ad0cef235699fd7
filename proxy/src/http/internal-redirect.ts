// Sends a request to where its upstream redirected it. Rule: the head is changed only when the redirect is followed; else it is as
// it was.

import type { InternalRedirectPlan, RoutePlan } from "../plan/types";
import {
  acceptsRoute,
  type FollowedRedirects,
  matchRoute,
  matchVirtualHost,
  type RedirectRefusal,
  redirectTarget,
  refuseTarget,
} from "../semantics";
import { admitPath } from "./admission";
import { isAuthority } from "./h1/authority";
import { CHAR, charClass } from "./h1/chars";
import type { HeaderList } from "./h1/header-list";
import type { RequestHead } from "./h1/request-head";
import type { ResponseHead } from "./h1/response-head";
import type { HttpRuntime } from "./runtime";

/**
 * @param from the route that was taken, and the path as the upstream saw it
 * @returns where it leads: `head` is the next request; or why it is not followed
 */
export function redirectRequest(
  head: RequestHead,
  { status, headers: told }: ResponseHead,
  location: string,
  plan: InternalRedirectPlan,
  from: { readonly route: RoutePlan; readonly path: string },
  followed: FollowedRedirects,
  { routes, plan: manager }: HttpRuntime,
  random: number,
): RoutePlan | RedirectRefusal {
  const { scheme, authority, path, headers } = head;
  const target = redirectTarget(location);
  if (target === null || !isAuthority(target.authority) || !isTarget(target.path)) return "bad_location";
  const refusal = refuseTarget(plan, scheme, target, followed);
  if (refusal !== null) return refusal;
  const before = plan.headersToCopy.map((name) => [name, headers.getAll(name)] as const);
  const host = headers.get("host") ?? authority;
  copyHeaders(headers, told, plan.headersToCopy);
  Object.assign(head, target);
  headers.set("host", target.authority);
  const restore = (why: RedirectRefusal): RedirectRefusal => {
    Object.assign(head, { scheme, authority, path });
    headers.set("host", host);
    for (const [name, values] of before) {
      headers.remove(name);
      for (const value of values) headers.push(name, value);
    }
    return why;
  };
  if (!admitPath(head, manager)) return restore("bad_location");
  const virtualHost = matchVirtualHost(routes, head.authority);
  const route = virtualHost === null ? null : matchRoute(virtualHost, head, random);
  if (route === null) return restore("no_route");
  if (!acceptsRoute(plan, from.route, route, scheme, target, followed)) return restore("predicate");
  // RFC 9110 15.4.4: what was posted is not posted again.
  if (status === 303 && head.method !== "GET" && head.method !== "HEAD") {
    head.method = "GET";
    head.bodyLength = 0;
    head.hasContentLength = false;
    head.mayHaveTrailers = false;
    headers.remove("content-length");
  }
  followed.count++;
  headers.set("x-envoy-original-url", `${scheme}://${host}${from.path}`);
  return route;
}

function copyHeaders(headers: HeaderList, response: HeaderList, names: readonly string[]): void {
  for (const name of names) {
    headers.remove(name);
    for (const value of response.getAll(name)) headers.push(name, value);
  }
}

/** As the parser of requests takes it. */
function isTarget(path: string): boolean {
  for (let i = 0; i < path.length; i++) if (((charClass[path.charCodeAt(i)] ?? 0) & CHAR.target) === 0) return false;
  return true;
}
