// The first half of a call: through the caller's outbound listener, or a gateway's, to the clusters it may be sent to.
// The rule: the route that the plan picks decides; rules before it are told with the reason why they did not match.
import type {
  ClusterChoice,
  ForwardAction,
  HeaderOp,
  InternalRedirectPlan,
  RetryPolicyPlan,
  RoutePlan,
  VirtualHostPlan,
} from "@meshwright/proxy/plan";
import { applyHeaderOps } from "@meshwright/proxy/semantics";
import { isMeantCaller, keyOf, objectKey } from "@/lib/mesh";
import { callerText } from "@/lib/mesh/diff/words";
import { hopAuthorization } from "./authorization-hop";
import { hopAuthorizers } from "./authorizers";
import type { Entrance } from "./entry";
import { withLine } from "./lines";
import type { Message } from "./message";
import { originOfRoute } from "./origins";
import { type Passage, pass } from "./passage";
import { judgeRoute } from "./reasons";
import type { PlannedProxy, Scene } from "./scene";
import type { Considered, Hop, HopInternalRedirects, HopRetries, HopRewrites } from "./types";

type Planned = Extract<PlannedProxy, { ok: true }>;
export type Departure = { hop: Hop; passage: Passage };

export function leave(
  scene: Scene,
  proxy: Planned,
  { listener, connection, isTls, serverName }: Entrance,
  message: Message,
  random: number,
  isExplained: boolean,
): Departure {
  const isGateway = listener.name !== "outbound";
  const from = isGateway ? { address: message.address, isBehindGateway: false, isAtGateway: true } : undefined;
  const entry = { plan: proxy.plan, connection, isTls, peer: null, port: listener.address.port, from };
  const passage = pass({ ...entry, serverName, random }, message);
  const { virtualHost, route, result, cors, asked, authorization } = passage;
  const isUnasked = authorization !== null && !authorization.allowed;
  const origin = virtualHost && route && originOfRoute(scene, proxy, virtualHost, route);
  const isReply = result.kind === "redirected" || result.kind === "responded";
  const hop: Hop = {
    proxy: proxy.proxyId,
    direction: isGateway ? "gateway" : "outbound",
    listener: listener.name,
    ...(virtualHost ? { virtualHost: virtualHost.name } : {}),
    ...(origin ? { rule: isExplained ? withLine(scene, origin) : origin } : {}),
    considered: isExplained && virtualHost ? considered(scene, proxy, virtualHost, passage) : [],
    ...(result.kind === "forwarded" ? forwarding(result.action) : {}),
    ...(asked.length > 0 ? { authorizers: hopAuthorizers(scene, asked, isExplained) } : {}),
    ...(isUnasked ? { authorization: hopAuthorization(scene, connection.rbac, authorization, false) } : {}),
    ...(cors ? { cors } : {}),
    ...(isReply ? { reply: replyOf(result) } : {}),
    mtls: "none",
    sentence: "",
  };
  return { hop, passage };
}

function considered(scene: Scene, proxy: Planned, host: VirtualHostPlan, { route, message }: Passage): Considered[] {
  if (host.routes.every(({ match }) => match.path.kind === "connect")) return tcpRulesOf(scene, proxy, host, route);
  const last = route ? host.routes.indexOf(route) + 1 : host.routes.length;
  const asked = host.routes.slice(0, last).map((each: RoutePlan) => {
    const origin = originOfRoute(scene, proxy, host, each) ?? { object: proxy.owner, path: "spec" };
    return { ...withLine(scene, origin), ...judgeRoute(each, message) };
  });
  const decided = route?.metadata["rule"];
  const others = rulesForOthers(scene, proxy, host, decided === undefined ? undefined : Number(decided));
  if (others.length === 0) return asked;
  return [...asked, ...others.map((each) => ({ ...each, ...withLine(scene, each) }))].sort(byPlace);
}

const PLACE = /^spec\.rules\[(\d+)\](?:\.matches\[(\d+)\])?/;

/** In the order of the design, whatever of it this proxy has. */
function byPlace(a: Considered, b: Considered): number {
  const [left, right] = [PLACE.exec(a.path), PLACE.exec(b.path)];
  if (!left || !right || a.object !== b.object) return 0;
  return Number(left[1]) - Number(right[1]) || Number(left[2] ?? 0) - Number(right[2] ?? 0);
}

/** Matches before the one that decided which this host does not have: they are for other callers or ports. */
function rulesForOthers(
  { index }: Scene,
  { proxyId }: Planned,
  host: VirtualHostPlan,
  decided: number | undefined,
): Considered[] {
  const [service = "", namespace] = host.name.replace(/:\d+$/, "").split(".");
  const [space, name = ""] = proxyId.split("/");
  const workload = index.find("Workload", keyOf("Workload", space, name));
  if (!workload) return [];
  const port = Number(/:(\d+)$/.exec(host.name)?.[1]);
  return index.routesOf(keyOf("Service", namespace, service)).flatMap((route) =>
    route.spec.rules.slice(0, (decided ?? route.spec.rules.length) + 1).flatMap(({ name: own, matches }, r) =>
      matches.flatMap(({ caller, port: asked }, m): Considered[] => {
        const isOtherPort = asked !== undefined && asked !== port;
        const isOther = caller !== undefined && !isMeantCaller(caller, workload);
        if (!isOtherPort && !isOther) return [];
        const path = matches.length > 1 ? `spec.rules[${r}].matches[${m}]` : `spec.rules[${r}]`;
        const why = isOther
          ? `it is for another ${callerText(caller)}; the sidecar of ${name} does not have it`
          : `it is for port ${asked}`;
        return [{ object: objectKey(route), path, ...(own === undefined ? {} : { name: own }), matched: false, why }];
      }),
    ),
  );
}

/** Rules of a TCP route up to the one that decided: a sidecar has only that one. */
function tcpRulesOf(scene: Scene, { proxyId }: Planned, host: VirtualHostPlan, route: RoutePlan | null): Considered[] {
  const [service = "", namespace] = host.name.replace(/:\d+$/, "").split(".");
  const { index } = scene;
  const port = Number(/:(\d+)$/.exec(host.name)?.[1]);
  const [space, name = ""] = proxyId.split("/");
  const workload = index.find("Workload", keyOf("Workload", space, name));
  const decided = route?.metadata["rule"];
  return index.tcpRoutesOf(keyOf("Service", namespace, service)).flatMap((each) => {
    const rules = each.spec.rules.slice(0, decided === undefined ? undefined : Number(decided) + 1);
    return rules.map((rule, r): Considered => {
      const matched = String(r) === decided;
      const others = rule.matches.map(({ port: own, caller }) =>
        own !== undefined && own !== port
          ? `it is for port ${own}`
          : caller && workload && !isMeantCaller(caller, workload)
            ? `it is for another ${callerText(caller)}`
            : "",
      );
      const why = matched ? "takes the connection" : others.filter((text) => text !== "").join("; ");
      const origin = { object: objectKey(each), path: `spec.rules[${r}]` };
      const named = rule.name === undefined ? origin : { ...origin, name: rule.name };
      return { ...named, ...withLine(scene, origin), matched, why };
    });
  });
}

function forwarding({ timeoutMs, idleTimeoutMs, retry, internalRedirects: followed }: ForwardAction): Partial<Hop> {
  const idle = idleTimeoutMs === null ? {} : { idleTimeoutMs };
  const redirects = followed ? { internalRedirects: followedOf(followed) } : {};
  return { timeoutMs, ...idle, retries: retry && retriesOf(retry), ...redirects };
}

function followedOf(plan: InternalRedirectPlan): HopInternalRedirects {
  const { maxRedirects: max, codes, allowsCrossScheme, predicates, headersToCopy } = plan;
  const has = (kind: InternalRedirectPlan["predicates"][number]["kind"]) =>
    predicates.some((predicate) => predicate.kind === kind);
  const crossScheme = has("safe-cross-scheme") ? "safe" : "any";
  return {
    max,
    codes: [...codes],
    ...(allowsCrossScheme ? { crossScheme } : {}),
    ...(has("previous-routes") ? { oncePerRule: true as const } : {}),
    ...(headersToCopy.length > 0 ? { copyHeaders: [...headersToCopy] } : {}),
  };
}

function replyOf(result: Extract<Passage["result"], { kind: "redirected" | "responded" }>): NonNullable<Hop["reply"]> {
  if (result.kind === "redirected") return { status: result.status, location: result.location };
  return { status: result.status, ...(result.body === null ? {} : { body: result.body }) };
}

const CONDITIONS = [
  ["serverError", "5xx"],
  ["gatewayError", "gateway-error"],
  ["reset", "reset"],
  ["resetBeforeRequest", "reset-before-request"],
  ["connectFailure", "connect-failure"],
  ["refusedStream", "refused-stream"],
  ["retriable4xx", "retriable-4xx"],
  ["envoyRateLimited", "envoy-ratelimited"],
] as const;

/** As Envoy's retry conditions name them. */
const GRPC_WORDS: Readonly<Record<number, string>> = {
  1: "cancelled",
  4: "deadline-exceeded",
  8: "resource-exhausted",
  13: "internal",
  14: "unavailable",
};

/** Envoy default: 25 ms, and ten times that at most. */
const DEFAULT_BACKOFF = { baseMs: 25, maxMs: 250 };

function retriesOf({ attempts, perTryTimeoutMs, on, ...waits }: RetryPolicyPlan): HopRetries {
  const { baseIntervalMs: baseMs, maxIntervalMs: maxMs, priorityFrequency, avoidPreviousHosts } = waits;
  const isDefault = baseMs === DEFAULT_BACKOFF.baseMs && maxMs === DEFAULT_BACKOFF.maxMs;
  const named = CONDITIONS.filter(([field]) => on[field]).map(([, word]) => word);
  const grpc = on.grpcStatuses.map((status) => GRPC_WORDS[status] ?? `grpc-status ${status}`);
  const backoff = isDefault ? {} : { backoff: { baseMs, maxMs } };
  const elsewhere = priorityFrequency === null ? {} : { remoteLocalities: true as const };
  return {
    attempts,
    perTryTimeoutMs,
    ...backoff,
    ...elsewhere,
    ...(avoidPreviousHosts ? {} : { sameHosts: true as const }),
    on: [...named, ...on.statusCodes.map(String), ...grpc],
  };
}

/** The request as it leaves for one of the clusters, and what was changed on it; `asked` is its path before it was normalised. */
export function sentTo(message: Message, asked: string, action: ForwardAction, choice: ClusterChoice) {
  const path = action.rewritePath ? action.rewritePath(message.path) : message.path;
  const authority = action.rewriteHost?.kind === "literal" ? action.rewriteHost.value : message.authority;
  const pairs = message.headers.map(([name, value]): [string, string] => [name, value]);
  const sent: Message = { ...message, path, authority, headers: applyHeaderOps(choice.requestHeaders, pairs) };
  const rewrites: HopRewrites = {
    ...(path === asked ? {} : { path: { from: asked, to: path } }),
    ...(authority === message.authority ? {} : { host: { from: message.authority, to: authority } }),
    headers: choice.requestHeaders.map(changeOf),
    responseHeaders: choice.responseHeaders.map(changeOf),
  };
  const isChanged = rewrites.path || rewrites.host || rewrites.headers.length + rewrites.responseHeaders.length > 0;
  return { sent, rewrites: isChanged ? rewrites : null };
}

function changeOf(operation: HeaderOp): HopRewrites["headers"][number] {
  if (operation.op === "remove") return { op: "remove", name: operation.name };
  const op = operation.op === "set" || operation.op === "set-if-present" ? "set" : "add";
  return { op, name: operation.name, value: operation.value };
}
