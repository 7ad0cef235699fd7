// One request through one HTTP connection manager: normalise, find the route, authorize, act; in the proxy's order, with the proxy's semantics.
// The rule: no matching is written here. proxy/src/http/router.ts runs the same functions on live traffic.
import type {
  ForwardAction,
  HttpConnectionPlan,
  HttpRequestView,
  PeerIdentity,
  ProxyPlan,
  RbacContext,
  RoutePlan,
  VirtualHostPlan,
} from "@meshwright/proxy/plan";
import {
  type AuthorizationDecision,
  authorizeRequest,
  matchRoute,
  matchVirtualHost,
  normalizePath,
} from "@meshwright/proxy/semantics";
import { faultOf } from "./faults";
import { type Message, received, viewOf } from "./message";

export type Entry = {
  plan: ProxyPlan;
  connection: HttpConnectionPlan;
  isTls: boolean;
  peer: PeerIdentity | null;
  port: number;
  serverName: string;
  /** A uniform integer, as the proxy draws one per request. */
  random: number;
};

export type Passage = {
  connection: HttpConnectionPlan;
  /** As it was matched: normalised. */
  message: Message;
  virtualHost: VirtualHostPlan | null;
  route: RoutePlan | null;
  authorization: AuthorizationDecision | null;
  context: RbacContext;
  result:
    | { kind: "malformed"; status: 400; why: string }
    | { kind: "denied"; status: 403 }
    | { kind: "no-route"; status: 404 }
    | { kind: "redirected"; status: number; location: string }
    | { kind: "responded"; status: number; body: string | null; grpcStatus?: number }
    | { kind: "forwarded"; action: ForwardAction };
};

export function pass(entry: Entry, arriving: Message): Passage {
  const { connection, plan } = entry;
  const taken = received(arriving, entry.isTls);
  const path = normalizePath(taken.path, connection);
  const message = path === null ? taken : { ...taken, path };
  const request = viewOf(message);
  const context: RbacContext = {
    request,
    peer: entry.peer,
    directRemoteAddress: "127.0.0.1",
    remoteAddress: "127.0.0.1",
    destinationAddress: "127.0.0.1",
    destinationPort: entry.port,
    requestedServerName: entry.serverName,
  };
  const nothing = { connection, message, virtualHost: null, route: null, authorization: null, context };
  if (path === null) {
    return { ...nothing, result: { kind: "malformed", status: 400, why: "the path cannot be normalised" } };
  }
  const underscored = message.headers.find(([name]) => name.includes("_"));
  if (underscored && connection.headersWithUnderscores === "reject") {
    const why = `the header ${underscored[0]} has an underscore, which this gateway refuses`;
    return { ...nothing, result: { kind: "malformed", status: 400, why } };
  }
  const routes = plan.routeConfigs.get(connection.routeConfig);
  const virtualHost = routes ? matchVirtualHost(routes, message.authority) : null;
  const route = virtualHost && matchRoute(virtualHost, request, entry.random);
  const authorization = connection.rbac.length > 0 ? authorizeRequest(connection.rbac, route, context) : null;
  const found = { connection, message, virtualHost, route, authorization, context };
  if (authorization && !authorization.allowed) return { ...found, result: { kind: "denied", status: 403 } };
  if (!route) return { ...found, result: { kind: "no-route", status: 404 } };
  return { ...found, result: abortedBy(connection, route, request) ?? act(route, request) };
}

/** When every request is aborted, wherever it would have gone. */
function abortedBy(
  connection: HttpConnectionPlan,
  { action }: RoutePlan,
  request: HttpRequestView,
): Passage["result"] | null {
  if (action.kind !== "forward") return null;
  const aborts = action.clusters.map((choice) => faultOf(connection, choice, request)?.abort ?? null);
  const [first] = aborts;
  if (!first || aborts.some((abort) => abort?.probability !== 1)) return null;
  const { status, grpcStatus } = first;
  return { kind: "responded", status, body: "fault filter abort", ...(grpcStatus === null ? {} : { grpcStatus }) };
}

function act({ action }: RoutePlan, request: RbacContext["request"]): Passage["result"] {
  switch (action.kind) {
    case "forward":
      return { kind: "forwarded", action };
    case "redirect":
      return { kind: "redirected", status: action.status, location: request ? action.location(request) : "" };
    case "direct-response": {
      const body = action.body && new TextDecoder().decode(action.body);
      return { kind: "responded", status: action.status, body };
    }
  }
}
