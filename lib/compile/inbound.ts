// The inbound side of a sidecar: who may connect and how, what they may do, and the app behind.
// The rule: TLS and plain text are told apart by their first bytes; which of the two is taken is the service's mode.
import { FilterChainSchema } from "@meshwright/proxy/contract";
import {
  type ObjectKey,
  objectKey,
  type RateLimit,
  type Service,
  type ServicePort,
  serviceRefKey,
  type Workload,
  workloadOwnerName,
} from "@/lib/mesh";
import { authorizationFilters } from "./authorization";
import { requestsTo } from "./authorization-rules";
import { authorizerFilters } from "./authorizers";
import { APP_IDLE_TIMEOUT_MS, behaviourOf, inlineEndpoints } from "./clusters";
import { duration, type JsonObject, meshwrightMetadata, socketAddress } from "./envoy-json";
import { httpPorts, speaksHttp2 } from "./facts";
import { httpConnectionManager, SIDECAR_STREAM_IDLE_MS } from "./http-connection";
import { filtersFor, namesOf } from "./http-filters";
import { tcpChains } from "./inbound-tcp";
import { protectionIn } from "./modes";
import { type CompileContext, listenAddress, type ProxyContext } from "./parts";
import { limitedConnections, limitedRoutes, sharedLimitFilters } from "./rate-limit";
import { tokenFilters } from "./request-authentication";
import { finished, shared } from "./shared";
import { telemetryOf } from "./telemetry";
import { downstreamTls, TLS_INSPECTOR } from "./transport";
import type { InstanceBinding } from "./types";

const NAME = "inbound";

export function compileInbound(
  context: ProxyContext,
  workload: Workload,
  service: Service,
  instance: InstanceBinding,
): void {
  const carried = httpPorts(service.spec.ports);
  warnOfPorts(context, service, carried);
  const [port] = carried;
  const tcp = tcpChains(context, workload, service, (each) => appAddress(context, service, instance, each));
  const chains = [...(port ? httpChains(context, workload, service, instance, port) : []), ...tcp];
  if (chains.length > 0) context.listeners.set(NAME, inboundListener(context, chains));
}

function httpChains(
  context: ProxyContext,
  workload: Workload,
  service: Service,
  instance: InstanceBinding,
  port: ServicePort,
): JsonObject[] {
  const cluster = `inbound|${port.port}`;
  const app = appAddress(context, service, instance, null);
  const protocol = speaksHttp2([port], port.port) ? "http2" : "http1";
  if (app) context.clusters.set(cluster, appCluster(cluster, workload, app, protocol));
  const limit = context.facts.rateLimits.get(objectKey(service));
  const idleMs = longestIdleMs(context, objectKey(service));
  const what = [cluster, ...(limit ? [objectKey(limit)] : []), ...(idleMs === null ? [] : [`idle ${idleMs}`])].join(
    " ",
  );
  const { routes, filters } = app
    ? shared(context, `inbound routes ${what}`, [limit], (of) => inboundRoutes(of, toApp(cluster, idleMs), limit))
    : inboundRoutes(context, noApp(workload), limit);
  context.routes.set(NAME, routes);
  const name = `inbound ${objectKey(service)} ${port.port} ${namesOf(filters)}`;
  return shared(context, name, [service, limit], (of) => inboundChains(of, service, port.port, filters, limit));
}

/** The callee must not end what a caller's rule still keeps; null: no rule to the service says more than every sidecar grants. */
function longestIdleMs({ facts }: CompileContext, service: ObjectKey): number | null {
  const rules = (facts.idleRoutesTo.get(service) ?? []).flatMap((route) =>
    route.spec.rules.filter(
      ({ action }) =>
        action.type === "forward" && action.destinations.some((each) => serviceRefKey(each.service, route) === service),
    ),
  );
  const longest = Math.max(0, ...rules.map(({ idleTimeoutMs = 0 }) => idleTimeoutMs));
  return longest > SIDECAR_STREAM_IDLE_MS ? longest : null;
}

/** The same for all apps on this port that no limit is for; `last` is the route that every request takes. */
function inboundRoutes(context: CompileContext, last: JsonObject, limit: RateLimit | undefined) {
  const hosts = [{ name: NAME, domains: ["*"], routes: [...(limit ? limitedRoutes(limit, last) : []), last] }];
  const filters = [...filtersFor(hosts), ...(limit ? sharedLimitFilters(context, limit) : [])];
  return { routes: { name: NAME, virtual_hosts: hosts }, filters };
}

/** The same for every instance of the service. */
function inboundChains(
  context: CompileContext,
  service: Service,
  port: number,
  more: readonly JsonObject[],
  limit: RateLimit | undefined,
): JsonObject[] {
  const { facts, problems } = context;
  const protection = protectionIn(facts, service, port);
  const tokens = tokenFilters(context, service, protection);
  const asking = authorizerFilters(context, service, protection);
  const authorization = authorizationFilters(facts, service, protection, problems, requestsTo(service));
  // As in Istio: who brought which token, then what authorizers say, then denials and grants.
  // Who may not call is refused before it can spend what others are granted.
  const all = [...tokens, ...asking, ...authorization, ...more];
  const manager = httpConnectionManager("inbound", NAME, all, telemetryOf(context, "inbound", service.metadata));
  const filters = limitedConnections(limit, port, [manager]);
  const chains: JsonObject[] = [];
  if (protection.tls !== "disable") {
    chains.push({
      name: "tls",
      filter_chain_match: { transport_protocol: "tls" },
      filters,
      transport_socket: downstreamTls(facts.trustDomain),
    });
  }
  if (protection.tls !== "strict") {
    chains.push({ name: "plain", filter_chain_match: { transport_protocol: "raw_buffer" }, filters });
  }
  return chains.map((chain) => finished(context, FilterChainSchema, chain));
}

function inboundListener(context: ProxyContext, chains: JsonObject[]): JsonObject {
  return {
    name: NAME,
    address: socketAddress(listenAddress(context), context.own.inboundPort),
    traffic_direction: "INBOUND",
    listener_filters: [TLS_INSPECTOR],
    filter_chains: chains,
  };
}

/** Apps that an agent starts listen for their own machine only. */
const APP_HOST = "127.0.0.1";

/** `tcpPort` null: for HTTP. One app port serves all HTTP ports of the service; beside others a TCP port has the same number at the app. */
function appAddress(
  { own }: ProxyContext,
  { spec: { ports } }: Service,
  { app }: InstanceBinding,
  tcpPort: number | null,
): { host: string; port: number } | null {
  if (app.kind === "address")
    return { host: app.host, port: tcpPort === null || ports.length === 1 ? app.port : tcpPort };
  if (app.kind === "none" || own.appPort === undefined) return null;
  return { host: APP_HOST, port: own.appPort };
}

/** The same for all apps. */
const APP_BEHAVIOUR = {
  http1: behaviourOf({}, APP_IDLE_TIMEOUT_MS, "http1"),
  http2: behaviourOf({}, APP_IDLE_TIMEOUT_MS, "http2"),
};

function appCluster(
  name: string,
  workload: Workload,
  app: { host: string; port: number },
  protocol: "http1" | "http2",
): JsonObject {
  return {
    name,
    ...inlineEndpoints(name, [app]),
    ...APP_BEHAVIOUR[protocol],
    metadata: meshwrightMetadata({
      kind: "service",
      namespace: workload.metadata.namespace,
      service: workloadOwnerName(workload),
      version: workload.spec.version,
      workload: workload.metadata.name,
    }),
  };
}

/** No retries towards the own app: only the caller knows whether a second try is safe. */
function toApp(cluster: string, idleMs: number | null): JsonObject {
  const idle: JsonObject = idleMs === null ? {} : { idle_timeout: duration(idleMs) };
  return { name: "app", match: { prefix: "/" }, route: { cluster, timeout: "0s", ...idle } };
}

function noApp({ metadata: { namespace, name } }: Workload): JsonObject {
  const body = `Meshwright: workload ${namespace}/${name} has no app yet. Give it an address or the echo app, then deploy.\n`;
  return { name: "no-app", match: { prefix: "/" }, direct_response: { status: 503, body: { inline_string: body } } };
}

function warnOfPorts({ problems }: CompileContext, service: Service, carried: Service["spec"]["ports"]): void {
  if (carried.length < 2) return;
  const [first] = carried;
  const isHttp2 = (port: number) => speaksHttp2(carried, port);
  const isMixed = first !== undefined && carried.some(({ port }) => isHttp2(port) !== isHttp2(first.port));
  problems.warn(
    service,
    "spec.ports",
    isMixed
      ? `its sidecar hands the calls of all ports to the one app port, as HTTP/${isHttp2(first.port) ? 2 : 1.1} like port ${first.port}`
      : "its sidecar hands the calls of all HTTP ports to the one app port",
    isMixed
      ? "Give each port its own service."
      : "Give each port its own service, or let the app tell by the Host header.",
  );
}
