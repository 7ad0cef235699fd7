// Gateways and their routes -> virtual gateways and gateway routes.
// The rule: a gateway route leads to one virtual service; App Mesh's own rewrites are turned off where the design has none.
import {
  type Gateway,
  isConnectionListener,
  objectKey,
  type Path,
  type Route,
  type RouteRule,
  serviceRefKey,
} from "@/lib/mesh";
import { tellGuards } from "../shared/tell-connections";
import { isServedPlain, withoutHttps } from "../shared/tell-https";
import { matchesOf } from "./export-match";
import { type AppMeshExport, type RouteType, resourceName, routeTypesOf } from "./export-out";
import { tellHeaders } from "./export-routes";

const LOUD = { changesMeaning: true };
const ON = "calls it would take go on to the rules after it";
const MAX_PRIORITY = 1000;
const OFF = "DISABLED";

export function exportGateway(out: AppMeshExport, gateway: Gateway): void {
  const { context, index } = out;
  tellGuards(context, gateway, "App Mesh");
  const listeners = withoutHttps(context, gateway, "App Mesh").filter((listener) => !isConnectionListener(listener));
  gateway.spec.listeners.forEach((listener, i) => {
    if (isConnectionListener(listener))
      context.lose(gateway, ["spec", "listeners", i], "lost", "gateways of App Mesh speak HTTP", LOUD);
  });
  if (gateway.spec.type !== "ingress")
    context.lose(
      gateway,
      ["spec", "type"],
      "approximate",
      `App Mesh has no ${gateway.spec.type} gateways: it is one for calls from outside`,
    );
  const virtualGatewayName = out.nameOf(gateway);
  const portMappings = listeners.map(({ port, protocol }) => ({ portMapping: { port, protocol } }));
  out.add("VirtualGateway", { virtualGatewayName }, { listeners: portMappings });
  const writer = { out, virtualGatewayName, priority: 0, names: new Set<string>() };
  const key = objectKey(gateway);
  const routes = [...index.routesOf(key)].sort((a, b) => (objectKey(a) < objectKey(b) ? -1 : 1));
  for (const holder of routes)
    for (const [i, rule] of holder.spec.rules.entries())
      exportRule(writer, { holder, rule, path: ["spec", "rules", i], hosts: hostsOf(gateway, holder) });
  if (routes.length > 0) return;
  // without a route one line to one service can only mean that one
  const [line, ...more] = index.dependenciesFrom(key);
  if (line?.spec.to.kind !== "Service" || more.length > 0) return;
  const { name, namespace = line.metadata.namespace } = line.spec.to;
  const rule: RouteRule = {
    name: "default",
    matches: [],
    action: { type: "forward", destinations: [{ service: { namespace, name }, weight: 1 }] },
  };
  exportRule(writer, { holder: gateway, rule, path: ["spec"], hosts: hostsOf(gateway, undefined) });
}

type Writer = { out: AppMeshExport; virtualGatewayName: string; priority: number; names: Set<string> };
type Given = { holder: Gateway | Route; rule: RouteRule; path: Path; hosts: (object | undefined)[] };

function exportRule(writer: Writer, { holder, rule, path, hosts }: Given): void {
  const { out } = writer;
  const lose = (field: string | undefined, reason: string, words: { changesMeaning?: boolean } = LOUD) =>
    out.context.lose(holder, [...path, ...(field ? [field] : [])], "lost", reason, words);
  const { action } = rule;
  if (action.type !== "forward") {
    lose(undefined, `gateways of App Mesh only send on; ${ON}`);
    return;
  }
  const [destination, ...more] = action.destinations.filter(({ weight }, _, all) => weight > 0 || all.length === 1);
  const service = destination && out.index.find("Service", serviceRefKey(destination.service, holder));
  if (!service || more.length > 0 || destination.subset !== undefined) {
    lose(undefined, `${ONE}; ${ON}`);
    return;
  }
  tellHeaders(out, holder, action.destinations, path);
  tellUnsaid(rule, lose);
  const target = out.virtualServiceOf(service);
  for (const type of routeTypesOf(service)) {
    for (const match of rule.matches.length > 0 ? rule.matches : [undefined]) {
      const said = matchesOf(match, type, false);
      if ("reason" in said) {
        lose(undefined, `${said.reason}; ${ON}`);
        continue;
      }
      for (const each of said)
        for (const hostname of hosts)
          write(writer, type, { match: each.match, hostname, rule, target, port: destination.port });
    }
  }
}

const ONE = "a gateway route leads to one virtual service, and not to a part of it: divide calls at the service";

type Lose = (field: string, reason: string, words?: { changesMeaning?: boolean }) => void;

const UNSAID: Record<string, string> = {
  idleTimeoutMs: "gateway routes have no idle time: set it at the service's routes",
  timeoutMs: "gateway routes have no timeout: set it at the service's routes",
  headers: "App Mesh does not change headers",
  fault: "App Mesh makes no faults",
  internalRedirects: "App Mesh follows no redirects: callers get them",
  mirrors: "App Mesh does not copy requests: only the destination gets them",
};

function tellUnsaid(rule: RouteRule, lose: Lose): void {
  for (const field of Object.keys(rule)) {
    if (!SAID.has(field)) lose(field, UNSAID[field] ?? "App Mesh has no word for it");
  }
  if (rule.retries && rule.retries.attempts > 0) lose("retries", "gateways of App Mesh do not try again", {});
  if (rule.rewrite?.pathRegex) lose("rewrite", "App Mesh replaces prefixes and whole paths, and no parts of a path");
  if (rule.rewrite?.host) lose("rewrite", "App Mesh can only write the name of the virtual service as host");
}

const SAID = new Set(["name", "matches", "action", "retries", "rewrite"]);

type Body = {
  match: Record<string, unknown>;
  hostname: object | undefined;
  rule: RouteRule;
  target: string;
  port: number | undefined;
};

function write(writer: Writer, type: RouteType, { match, hostname, rule, target, port }: Body): void {
  if (writer.priority > MAX_PRIORITY) return;
  const base = resourceName(rule.name ?? `rule-${writer.priority + 1}`);
  let gatewayRouteName = base;
  for (let i = 2; writer.names.has(gatewayRouteName); i++) gatewayRouteName = `${base}-${i}`;
  writer.names.add(gatewayRouteName);
  const rewrite = rewriteOf(match, rule.rewrite?.path, type);
  const action = {
    target: { virtualService: { virtualServiceName: target }, ...(port === undefined ? {} : { port }) },
    rewrite: { ...rewrite, hostname: { defaultTargetHostname: OFF } },
  };
  writer.out.add(
    "GatewayRoute",
    { virtualGatewayName: writer.virtualGatewayName, gatewayRouteName },
    { priority: writer.priority++, [type]: { match: { ...match, ...(hostname ? { hostname } : {}) }, action } },
  );
}

/** App Mesh replaces a matched prefix by / unless that is turned off. */
function rewriteOf(match: Record<string, unknown>, path: string | undefined, type: RouteType): object {
  if (type === "grpcRoute") return {};
  if (match["prefix"] === undefined) return path === undefined ? {} : { path: { exact: path } };
  if (path !== undefined) return { prefix: path === "/" ? { defaultPrefix: "ENABLED" } : { value: path } };
  return match["prefix"] === "/" ? {} : { prefix: { defaultPrefix: OFF } };
}

/** Undefined: every host. */
function hostsOf(gateway: Gateway, route: Route | undefined): (object | undefined)[] {
  const all = route?.spec.hosts ?? [...new Set(gateway.spec.listeners.flatMap(({ hosts }) => hosts))];
  const hosts = all.map((host) => host.replace(/:\d+$/, "")).filter((host) => isServedPlain(gateway, host));
  if (hosts.includes("*")) return [undefined];
  return hosts.map((host) => (host.startsWith("*.") ? { suffix: host.slice(1) } : { exact: host }));
}
