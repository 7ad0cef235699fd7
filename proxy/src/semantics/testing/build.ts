// Plans and requests for tests, written as Envoy JSON and planned by plan(): no hand-made matchers.

import type { JsonValue } from "@bufbuild/protobuf";
import { decodeJson } from "../../contract/decode";
import { HttpRBACSchema, RouteConfigurationSchema } from "../../contract/messages";
import { formatViolation } from "../../contract/violations";
import { plan } from "../../plan/plan";
import { rbacFilter } from "../../plan/rbac";
import { Scope } from "../../plan/scope";
import type { ForwardAction, RbacContext, RbacFilterPlan, RouteConfigPlan } from "../../plan/types";
import { type HttpRequestView, headerViewOf } from "../../plan/views";

export function routeConfigOf(json: JsonValue): RouteConfigPlan {
  const decoded = decodeJson(RouteConfigurationSchema, json);
  if (!decoded.ok) {
    throw new Error(decoded.violations.map(formatViolation).join("\n"));
  }
  const { name } = decoded.value;
  const none = new Map<never, never>();
  const planned = plan({ listeners: none, clusters: none, endpoints: none, routes: new Map([[name, decoded.value]]) });
  if (!planned.ok) {
    throw new Error(planned.violations.map(formatViolation).join("\n"));
  }
  const config = planned.plan.routeConfigs.get(name);
  if (!config) {
    throw new Error("no route config");
  }
  return config;
}

export function rbacOf(json: JsonValue): RbacFilterPlan {
  const decoded = decodeJson(HttpRBACSchema, json);
  if (!decoded.ok) {
    throw new Error(decoded.violations.map(formatViolation).join("\n"));
  }
  const found: Parameters<Scope["add"]>[0][number][] = [];
  const filter = rbacFilter("rbac", decoded.value, new Scope("", found));
  if (found.length > 0) {
    throw new Error(found.map(formatViolation).join("\n"));
  }
  return filter;
}

export interface RequestParts {
  readonly method?: string;
  readonly path?: string;
  readonly authority?: string;
  readonly scheme?: "http" | "https";
  readonly headers?: readonly (readonly [string, string])[];
}

export function request(parts: RequestParts = {}): HttpRequestView {
  return {
    method: parts.method ?? "GET",
    path: parts.path ?? "/",
    authority: parts.authority ?? "service",
    scheme: parts.scheme ?? "http",
    headers: headerViewOf(parts.headers ?? []),
  };
}

export function context(parts: Partial<RbacContext> & RequestParts = {}): RbacContext {
  return {
    request: parts.request === undefined ? request(parts) : parts.request,
    peer:
      parts.peer === undefined
        ? { uriSans: ["spiffe://mesh.local/ns/production/sa/a"], dnsSans: [], subject: "" }
        : parts.peer,
    directRemoteAddress: parts.directRemoteAddress ?? "127.0.0.1",
    remoteAddress: parts.remoteAddress ?? "10.1.2.3",
    destinationAddress: parts.destinationAddress ?? "127.0.0.2",
    destinationPort: parts.destinationPort ?? 8080,
    requestedServerName: parts.requestedServerName ?? "",
    ...(parts.metadata ? { metadata: parts.metadata } : {}),
  };
}

/** The forwarding action of one route with this `route` block. */
export function forwardActionOf(route: Readonly<Record<string, JsonValue>>): ForwardAction {
  const config = routeConfigOf({
    name: "r",
    virtual_hosts: [
      { name: "v", domains: ["*"], routes: [{ match: { prefix: "/" }, route: { cluster: "c", ...route } }] },
    ],
  });
  const action = config.defaultHost?.routes[0]?.action;
  if (action?.kind !== "forward") {
    throw new Error("no forwarding route");
  }
  return action;
}
