// What CORS makes of a request, as Envoy 1.40 decides it. Rule: the proxy and the simulator ask here; shares are drawn by whoever asks.

import type { CorsPlan, HttpRequestView } from "../plan/types";

/**
 * none: the request goes on and its response is not touched. allowed: it goes on, the response gets headers. preflight: it is answered
 * here. refused: it is a preflight of an origin that may not, answered here without access-control-allow-origin.
 */
export type CorsDecision = "none" | "allowed" | "preflight" | "refused";

export function decideCors(plan: CorsPlan, request: HttpRequestView): CorsDecision {
  const origin = originOf(request);
  if (origin === "") return "none";
  const isAllowed = allowsOrigin(plan, origin);
  if (request.method !== "OPTIONS" || headerText(request, "access-control-request-method") === "") {
    return isAllowed ? "allowed" : "none";
  }
  if (isAllowed) return "preflight";
  return (plan.forwardsUnmatched ?? true) ? "none" : "refused";
}

/** Repeated headers are one value, as in Envoy: two origins are no origin that anybody allows. */
export function originOf(request: HttpRequestView): string {
  return headerText(request, "origin");
}

/** A pattern that takes "*" takes every origin. */
export function allowsOrigin({ origins }: CorsPlan, origin: string): boolean {
  return origins.some((matcher) => matcher.matches("*") || matcher.matches(origin));
}

type Headers = [name: string, value: string][];

/** Of the answer to a preflight, beside those of every response. "*" alone is what was asked for, since browsers with credentials take no star. */
export function preflightHeaders(plan: CorsPlan, request: HttpRequestView): Headers {
  const headers: Headers = [];
  if (plan.allowCredentials) headers.push(["access-control-allow-credentials", "true"]);
  const asked = (listed: string, name: string) => (listed === "*" ? headerText(request, name) : listed);
  const { allowMethods, allowHeaders } = plan;
  if (allowMethods !== "")
    headers.push(["access-control-allow-methods", asked(allowMethods, "access-control-request-method")]);
  if (allowHeaders !== "")
    headers.push(["access-control-allow-headers", asked(allowHeaders, "access-control-request-headers")]);
  if (plan.maxAge !== "") headers.push(["access-control-max-age", plan.maxAge]);
  if (plan.allowPrivateNetwork && headerText(request, "access-control-request-private-network") === "true") {
    headers.push(["access-control-allow-private-network", "true"]);
  }
  return headers;
}

/** Of every response to a request of an allowed origin; they replace what the app says. */
export function corsHeaders(plan: CorsPlan, origin: string): Headers {
  const headers: Headers = [["access-control-allow-origin", origin]];
  if (plan.allowCredentials) headers.push(["access-control-allow-credentials", "true"]);
  if (plan.exposeHeaders !== "") headers.push(["access-control-expose-headers", plan.exposeHeaders]);
  return headers;
}

function headerText({ headers }: HttpRequestView, name: string): string {
  let found: string | null = null;
  for (let i = 0; i < headers.count; i++) {
    if (headers.nameAt(i) !== name) continue;
    found = found === null ? headers.valueAt(i) : `${found},${headers.valueAt(i)}`;
  }
  return found ?? "";
}
