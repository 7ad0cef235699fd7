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
import { type Asked, askAuthorizers } from "./authorizers";
import { corsOf } from "./cors";
import { faultOf } from "./faults";
import { type Message, received, viewOf } from "./message";
import { afterTokens, askTokens, type TokenResult } from "./tokens";
import type { HopCors } from "./types";
import { addressesOf, type Whereabouts } from "./whereabouts";

export type Entry = {
  plan: ProxyPlan;
  connection: HttpConnectionPlan;
  isTls: boolean;
  peer: PeerIdentity | null;
  port: number;
  serverName: string;
  from?: Whereabouts | undefined;
  /** A uniform integer, as the proxy draws one per request. */
  random: number;
};

export type Passage = {
  connection: HttpConnectionPlan;
  /** As it was matched: normalised. */
  message: Message;
  virtualHost: VirtualHostPlan | null;
  route: RoutePlan | null;
  /** Null: nobody looks at tokens. */
  tokens: TokenResult | null;
  /** Who was asked whether it goes on. */
  asked: readonly Asked[];
  authorization: AuthorizationDecision | null;
  cors: HopCors | null;
  context: RbacContext;
  result:
    | { kind: "malformed"; status: 400; why: string; isUnread?: true }
    | { kind: "denied"; status: number }
    | { kind: "no-route"; status: 404 }
    | { kind: "redirected"; status: number; location: string }
    | { kind: "responded"; status: number; body: string | null; grpcStatus?: number }
    | { kind: "forwarded"; action: ForwardAction };
};

export function pass(entry: Entry, arriving: Message): Passage {
  const { connection, plan } = entry;
  const taken = received(arriving, entry.isTls);
  const path = taken.method === "CONNECT" ? taken.path : normalizePath(taken.path, connection);
  const message = path === null ? taken : { ...taken, path };
  const request = viewOf(message);
  const context: RbacContext = {
    request,
    peer: entry.peer,
    ...addressesOf(message, entry.from),
    destinationAddress: "127.0.0.1",
    destinationPort: entry.port,
    requestedServerName: entry.serverName,
  };
  const nothing = {
    connection,
    message,
    virtualHost: null,
    route: null,
    tokens: null,
    asked: [],
    authorization: null,
    cors: null,
    context,
  };
  if (path === null) {
    return { ...nothing, result: { kind: "malformed", status: 400, why: "the path cannot be normalised" } };
  }
  const underscored = message.headers.find(([name]) => name.includes("_"));
  if (underscored && connection.headersWithUnderscores === "reject") {
    const why = `the header ${underscored[0]} has an underscore, which this gateway refuses`;
    return { ...nothing, result: { kind: "malformed", status: 400, why, isUnread: true } };
  }
  const routes = plan.routeConfigs.get(connection.routeConfig);
  const virtualHost = routes ? matchVirtualHost(routes, message.authority) : null;
  const route = virtualHost && matchRoute(virtualHost, request, entry.random);
  const tokens = askTokens(connection, route, message);
  const refused = {
    connection,
    message,
    virtualHost,
    route,
    tokens,
    asked: [],
    authorization: null,
    cors: null,
    context,
  };
  if (tokens?.refusal) return { ...refused, result: { kind: "denied", status: tokens.refusal.status } };
  const goesOn = tokens ? afterTokens(message, tokens) : message;
  const told: RbacContext = tokens ? { ...context, request: viewOf(goesOn), metadata: tokens.metadata } : context;
  const authorization = connection.rbac.length > 0 ? authorizeRequest(connection.rbac, route, told) : null;
  const asked = askAuthorizers(connection, route, told, authorization, message.authorizers ?? {});
  const stopped = asked.find(({ status }) => status !== null)?.status;
  // Who is refused there does not come to what denies and allows.
  const found = { ...refused, message: goesOn, asked, authorization: stopped ? null : authorization, context: told };
  if (stopped) return { ...found, result: { kind: "denied", status: stopped } };
  if (authorization && !authorization.allowed) return { ...found, result: { kind: "denied", status: 403 } };
  if (!route) return { ...found, result: { kind: "no-route", status: 404 } };
  // In the order of the filters: an abort comes before a preflight is answered.
  const aborted = abortedBy(connection, route, request);
  if (aborted) return { ...found, result: aborted };
  const cors = corsOf(connection, route, entry.random, request);
  if (cors?.isPreflight) return { ...found, cors, result: { kind: "responded", status: 200, body: null } };
  return { ...found, cors, result: act(route, request) };
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
