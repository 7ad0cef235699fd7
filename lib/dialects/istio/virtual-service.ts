// VirtualService -> Route, one per service or gateway it speaks for, and TcpRoute.
// The rule: a rule whose conditions the model cannot express is left out and kept whole; taking it over without them would send it traffic that was not meant.
import {
  type ExternalService,
  type Gateway,
  isSameJson,
  keyOf,
  type ObjectKey,
  objectKey,
  type Ref,
  type Route,
  type RouteMatch,
  type RouteRule,
  refKey,
  type Service,
  type SpecOf,
} from "@/lib/mesh";
import { ruleText, tcpRuleText } from "@/lib/mesh/diff/words";
import { type ImportContext, type Resource, refFrom, sourceText, type Understood } from "../shared/context";
import { Fields, isRecord, type Kept, type Sink } from "../shared/fields";
import { intersectHosts } from "../shared/hostnames";
import { keptWords } from "../shared/kept-kinds";
import { keepBeside } from "../shared/verbatim";
import { importConnections, putConnections } from "./connections";
import { importCors } from "./cors";
import { hasDelegates, isDelegate, withDelegates } from "./delegates";
import { importFault } from "./fault";
import { serviceOfHost } from "./hosts";
import { importAction, importHeaders, importRetries, importRewrite, inIstiosOrder, withoutHost } from "./http-action";
import { importMatch, type ScopedMatch } from "./http-match";
import { importMirrors } from "./mirror";
import { importTcp, putTcpRoute } from "./tcp";

export function importVirtualService(context: ImportContext, resource: Resource, spec: Fields, sink: Sink): Understood {
  const understood: Understood = {
    source: sourceText(resource),
    line: resource.line,
    ...(resource.file === undefined ? {} : { file: resource.file }),
    objects: [],
    sentences: [],
  };
  if (isDelegate(resource.spec)) {
    understood.sentences.push("rules for VirtualServices that leave calls to it.");
    return understood;
  }
  const hosts = spec.texts("hosts") ?? [];
  const gateways = spec.texts("gateways") ?? ["mesh"];
  const targets = targetsOf(context, resource, hosts, gateways, spec);
  const first = targets[0]?.ref;
  const services = targets.flatMap(({ ref }) => {
    const key = refKey(ref, { metadata: { namespace: resource.namespace } });
    return ref.kind === "Service" ? (context.find("Service", key) ?? []) : [];
  });
  const ports = gateways.every((each) => each === MESH) ? portsOf(context, services, targets.length, resource) : [];
  const rules = rulesOf(context, resource, spec, sink, ports);
  const atGateways = importConnections(context, resource, spec, { gateways, targets }, sink);
  const tcp = importTcp(context, resource, spec, gateways, services, sink);
  spec.keepRest();
  understood.sentences.push(
    ...rules.map(({ rule }) => `${ruleText(rule, first?.name ?? "")}.`),
    ...tcp.map((rule) => `${tcpRuleText(rule, first?.name ?? "")}.`),
  );
  const hasRoutes = rules.length > 0 && targets.length > 0;
  for (const [i, each] of atGateways.entries()) {
    const kept = hasRoutes || i > 0 ? undefined : sink;
    understood.objects.push(putConnections(context, resource, each, kept, atGateways.length > 1));
    understood.sentences.push(...each.rules.map((rule) => `${tcpRuleText(rule, each.gateway.metadata.name)}.`));
  }
  for (const service of tcp.length > 0 ? services : []) {
    // what is kept of the resource is kept once
    const kept = hasRoutes ? undefined : sink;
    understood.objects.push(putTcpRoute(context, resource, service, tcp, kept, services.length > 1));
  }
  if (rules.length === 0) {
    if (understood.objects.length > 0) return understood;
    const what = keptWords(keepBeside(context, { resource, result: understood }));
    const message = `has no HTTP rule that can be taken over; ${what}`;
    context.warn(resource, ["spec", "http"], message, "Add the route by hand.");
    return understood;
  }
  for (const target of targets) {
    const meant = rules.flatMap((each) => rulesAt(target.gateway, resource, each));
    const own = target.ref.kind === "Gateway" ? meant.flatMap(withoutCallers) : meant;
    if (own.length < meant.length) tellCallersOfGateway(context, resource, target.ref.name);
    if (own.length === 0) continue;
    const service = context.find("Service", refKey(target.ref, { metadata: { namespace: resource.namespace } }));
    if (service) tellOtherPorts(context, resource, service, own);
    if (target.ref.kind === "ExternalService") tellOutside(context, resource, target.ref.name);
    const hostsOf = target.hosts ? { hosts: target.hosts } : {};
    // what is left out may be for everybody
    const isWhole = isRecord(resource.spec) && sizeOf(resource.spec["http"]) === rules.length;
    const whole = service && isWhole ? forOthers(target.ref, own) : own;
    const routeSpec: SpecOf<"Route"> = { target: target.ref, ...hostsOf, rules: whole };
    understood.objects.push(
      ...placeRoute({ context, resource, result: understood }, routeSpec, sink, targets.length > 1),
    );
  }
  return understood;
}

/** A rule, and for which gateways its matches are. */
type ScopedRule = { rule: RouteRule; scopes: (string[] | undefined)[] };

/**
 * Ports of HTTP that all of them have. None where every rule asks for a port or a caller: who asks for another one does not see the
 * resource in Istio at all.
 */
function portsOf(context: ImportContext, services: readonly Service[], targets: number, resource: Resource): number[] {
  const http: unknown = isRecord(resource.spec) ? resource.spec["http"] : undefined;
  const isOpen = (match: unknown) =>
    isRecord(match) && ["port", "sourceLabels", "sourceNamespace"].every((field) => match[field] === undefined);
  const isForAll = (rule: unknown) => {
    const match: unknown = isRecord(rule) ? rule["match"] : undefined;
    return !Array.isArray(match) || match.length === 0 || match.some(isOpen);
  };
  if (services.length < targets || !Array.isArray(http) || !http.some(isForAll)) return [];
  // a service that only this text knows has the ports that the text names
  const asked = http.flatMap((rule) => (isRecord(rule) && Array.isArray(rule["match"]) ? rule["match"] : []));
  const named = asked.flatMap((match) => (isRecord(match) && typeof match["port"] === "number" ? match["port"] : []));
  const [first, ...more] = services.map((service) =>
    named.reduce((own: Service, port) => {
      const { namespace, name } = own.metadata;
      return context.serviceNamed(resource, namespace, name, ["spec", "http"], port);
    }, service),
  );
  if (!first) return [];
  const all = first.spec.ports.filter(({ protocol }) => protocol !== "tcp").map(({ port }) => port);
  return all.filter((port) =>
    more.every((each) => each.spec.ports.some((own) => own.port === port && own.protocol !== "tcp")),
  );
}

function rulesOf(
  context: ImportContext,
  resource: Resource,
  spec: Fields,
  sink: Sink,
  ports: readonly number[],
): ScopedRule[] {
  if (!hasDelegates(spec.peek("http"))) {
    return spec.list("http").flatMap((each) => importRule(context, resource, each, sink, ports) ?? []);
  }
  const written = spec.take("http");
  const all = withDelegates(context, resource, Array.isArray(written) ? written : []);
  // The places of what would be kept are those of no resource.
  const own: Sink = { kept: [], problems: sink.problems };
  return all.flatMap((each, i) => {
    const fields = Fields.of(each, ["spec", "http", i], own);
    return (fields && importRule(context, resource, fields, own)) ?? [];
  });
}

/** What of the rule is for this gateway, or for the mesh. */
function rulesAt(gateway: string, resource: Resource, { rule, scopes }: ScopedRule): RouteRule[] {
  const matches = rule.matches.filter(
    (_, i) => scopes[i]?.some((each) => gatewayOf(each, resource) === gateway) ?? true,
  );
  return rule.matches.length > 0 && matches.length === 0 ? [] : [{ ...rule, matches }];
}

const MESH = "mesh";

/** Key of the Gateway, or the word for all sidecars. */
function gatewayOf(name: string, { namespace: own }: Resource): string {
  if (name === MESH) return MESH;
  const [namespace, gateway] = name.includes("/") ? name.split("/") : [own, name];
  return keyOf("Gateway", namespace === "." ? own : namespace, gateway ?? "");
}

/** Conditions on the caller are about sidecars; what is only for some of them is not there at a gateway. */
function withoutCallers(rule: RouteRule): RouteRule[] {
  const matches = rule.matches.filter(({ caller }) => caller === undefined);
  return rule.matches.length > 0 && matches.length === 0 ? [] : [{ ...rule, matches }];
}

function tellCallersOfGateway(context: ImportContext, resource: Resource, gateway: string): void {
  const message = `rules that ask for labels or the namespace of the caller are left out at gateway ${gateway}: Istio compares them with the gateway's own pods`;
  const fix = "Write them without the condition where the gateway is meant.";
  context.warn(resource, ["spec", "http"], message, fix, { verdict: "approximate" });
}

const sizeOf = (list: unknown): number => (Array.isArray(list) ? list.length : 0);
/** Of one rule, as the model has it. */
const MAX_MATCHES = 128;

/** A caller for whom no rule is does not see the VirtualService, and calls the service as it is; one for whom some are has those alone. */
function forOthers({ kind: _, ...service }: Ref, rules: readonly RouteRule[]): RouteRule[] {
  const matches = rules.flatMap((rule) => (rule.matches.length > 0 ? rule.matches : [{}]));
  const callers = matches.flatMap(({ caller }: RouteMatch) => (caller ? [{ caller }] : []));
  const each = callers.filter((own, i) => callers.findIndex((other) => isSameJson(other, own)) === i);
  if (callers.length < matches.length || each.length > MAX_MATCHES) return [...rules];
  return [
    ...rules,
    { matches: each, action: { type: "respond", status: 404 } },
    { matches: [], action: { type: "forward", destinations: [{ service, weight: 100 }] } },
  ];
}

function tellOutside(context: ImportContext, resource: Resource, name: string): void {
  const message = `has no effect on calls of ${name} here: what is outside of the mesh is called as it is`;
  context.warn(resource, ["spec", "http"], message, "Keep Istio for what it does.", {
    verdict: "lost",
    changesMeaning: true,
  });
}

type Target = { ref: Ref; gateway: string; hosts?: string[] };

function targetsOf(
  context: ImportContext,
  resource: Resource,
  hosts: string[],
  gateways: string[],
  spec: Fields,
): Target[] {
  const targets: Target[] = [];
  if (hosts.length === 0) spec.problem("hosts", "is missing or empty", "Name at least one host.");
  if (gateways.includes(MESH)) {
    hosts.forEach((host, i) => {
      const path = ["spec", "hosts", i];
      const service = serviceOfHost(context, resource, host, path);
      if (service) {
        const ref: Ref = { kind: "Service", ...refFrom(service, resource.namespace) };
        // a service may be called by two of its names
        if (!targets.some((each) => isSameJson(each.ref, ref))) targets.push({ ref, gateway: MESH });
        return;
      }
      const external = externalOf(context, host);
      if (external)
        targets.push({ ref: { kind: "ExternalService", ...refOf(external, resource.namespace) }, gateway: MESH });
      else
        context.warn(
          resource,
          path,
          `host ${host} is neither a service nor a known external service`,
          "Add an ExternalService for it first.",
        );
    });
  }
  for (const name of gateways.filter((each) => each !== MESH)) {
    const key = gatewayOf(name, resource);
    const found = context.get(key);
    if (found?.kind !== "Gateway") {
      context.warn(
        resource,
        ["spec", "gateways"],
        `gateway ${name} is not in the design`,
        "Add it, then import again.",
      );
      continue;
    }
    const ref: Ref = { kind: "Gateway", ...refOf(found, resource.namespace) };
    const own = intersectHosts(hosts, hostsServed(context, found, resource.namespace));
    if (own.length === 0) {
      const message = `has no effect at gateway ${name}, which serves none of its hosts`;
      const fix = "Add a host to the gateway's servers, or leave the gateway out.";
      context.warn(resource, ["spec", "gateways"], message, fix, { verdict: "ignored" });
      continue;
    }
    targets.push({ ref, gateway: key, ...(hosts.includes("*") ? {} : { hosts: own }) });
  }
  return targets;
}

/** What a gateway serves for routes of a namespace: `ns/host` is for those of one. */
function hostsServed(context: ImportContext, { metadata, spec }: Gateway, from: string): string[] {
  const source = context.resources.find(
    ({ kind, name, namespace, apiVersion }) =>
      kind === "Gateway" &&
      apiVersion.startsWith("networking.istio.io/") &&
      name === metadata.name &&
      namespace === metadata.namespace,
  );
  const servers = isRecord(source?.spec) ? source.spec["servers"] : undefined;
  if (!Array.isArray(servers)) return spec.listeners.flatMap(({ hosts }) => hosts);
  const written = servers.flatMap((each) => (isRecord(each) && Array.isArray(each["hosts"]) ? each["hosts"] : []));
  return written.map(String).flatMap((each) => {
    const [space, host] = each.includes("/") ? each.split("/") : ["*", each];
    const isFor = space === "*" || space === from || (space === "." && from === metadata.namespace);
    return isFor && host !== undefined ? [host] : [];
  });
}

/** Istio looks for the port that was called, also at another service. */
function tellOtherPorts(
  context: ImportContext,
  resource: Resource,
  service: Service,
  rules: readonly RouteRule[],
): void {
  const told = new Set<string>();
  for (const { action } of rules) {
    for (const { service: to, port } of action.type === "forward" ? action.destinations : []) {
      const key = keyOf("Service", to.namespace ?? resource.namespace, to.name);
      const callee = context.find("Service", key);
      const missing = service.spec.ports.find((own) => !callee?.spec.ports.some((each) => each.port === own.port));
      if (port !== undefined || !callee || !missing || told.has(key)) continue;
      told.add(key);
      const message = `leads to ${to.name} without a port, and Istio looks for port ${missing.port} there, which is not one of its ports: it answers 503 where this design goes on`;
      context.warn(resource, ["spec", "http"], message, "Name the port of the destination.", { changesMeaning: true });
    }
  }
}

function refOf(object: { metadata: { name: string; namespace: string } }, namespace: string) {
  const { metadata } = object;
  return metadata.namespace === namespace
    ? { name: metadata.name }
    : { namespace: metadata.namespace, name: metadata.name };
}

function externalOf(context: ImportContext, host: string): ExternalService | undefined {
  return context.all("ExternalService").find((each) => each.spec.hosts.includes(host));
}

type Placing = { context: ImportContext; resource: Resource; result: Understood };

/**
 * Where another VirtualService of the same text speaks for the same: of two for the mesh Istio takes the older one, which here is the
 * first; at a gateway it puts the rules of both together.
 */
function placeRoute(
  { context, resource, result }: Placing,
  spec: SpecOf<"Route">,
  sink: Sink,
  several: boolean,
): ObjectKey[] {
  const target = refKey(spec.target, { metadata: { namespace: resource.namespace } });
  const others = [...context.objects.values()].filter(
    (each): each is Route =>
      each.kind === "Route" &&
      refKey(each.spec.target, each) === target &&
      isOfOther(each, resource) &&
      (spec.target.kind !== "Gateway" || sharedHosts(each.spec.hosts, spec.hosts).length > 0),
  );
  const [first] = others;
  if (!first) return [putRoute(context, resource, spec, sink, several)];
  const { kind, name } = first.metadata.origin ?? { kind: "Route", name: first.metadata.name };
  const where = `${kind} ${first.metadata.origin?.namespace ?? first.metadata.namespace}/${name}`;
  if (spec.target.kind !== "Gateway") {
    const what = keptWords(keepBeside(context, { resource, result }));
    const message = `is for ${spec.target.name} as ${where} is, and Istio takes the older one, which is the first here: this one is left out; ${what}`;
    context.warn(resource, ["spec", "hosts"], message, "Put the rules of both into one.", { verdict: "ignored" });
    return [];
  }
  const message = `is for hosts of ${spec.target.name} as ${where} is: the rules of both are one route here, as in Istio, those for every request last`;
  context.warn(resource, ["spec", "hosts"], message, "Put the rules of both into one.", { verdict: "moved" });
  return joinRoutes(context, resource, spec, others);
}

/** Read from another resource of this text. */
function isOfOther({ metadata: { origin } }: Route, resource: Resource): boolean {
  return (
    origin?.kind === "VirtualService" && (origin.name !== resource.name || origin.namespace !== resource.namespace)
  );
}

const ANY_HOST = ["*"];
const sharedHosts = (a: readonly string[] = ANY_HOST, b: readonly string[] = ANY_HOST) =>
  a.filter((host) => b.includes(host));
const otherHosts = (a: readonly string[] = ANY_HOST, b: readonly string[] = ANY_HOST) =>
  a.filter((host) => !b.includes(host));

/** What hosts both have gets the rules of both; the rest stays with whom it was. */
function joinRoutes(
  context: ImportContext,
  resource: Resource,
  spec: SpecOf<"Route">,
  others: readonly Route[],
): ObjectKey[] {
  const keys: ObjectKey[] = [];
  let left = spec.hosts ?? ANY_HOST;
  for (const other of others) {
    const shared = sharedHosts(other.spec.hosts, left);
    const rest = otherHosts(other.spec.hosts, shared);
    left = otherHosts(left, shared);
    const rules = catchAllsLast(other.spec.rules, spec.rules);
    const both = { ...other.spec, hosts: shared, rules };
    if (rest.length === 0) {
      const whole = other.spec.hosts === undefined ? { target: other.spec.target, rules } : both;
      context.objects.set(objectKey(other), { ...other, spec: whole });
      keys.push(objectKey(other));
      continue;
    }
    context.objects.set(objectKey(other), { ...other, spec: { ...other.spec, hosts: rest } });
    const name = `${other.metadata.name}-${resource.name}`.slice(0, MAX_NAME);
    keys.push(context.put("Route", name, { ...both, target: spec.target }, { resource }, undefined));
  }
  if (left.length === 0) return keys;
  const own = left.length === 1 && left[0] === "*" && spec.hosts === undefined ? spec : { ...spec, hosts: left };
  return [...keys, context.put("Route", resource.name, own, { resource }, undefined)];
}

/** Of the model. */
const MAX_NAME = 253;

/** Of one resource nothing comes after what takes every request; of both that is tried last. */
function catchAllsLast(...lists: (readonly RouteRule[])[]): RouteRule[] {
  const parts = lists.map((rules) => {
    const last = rules.findIndex(({ matches }) => matches.length === 0 || matches.some(isCatchAll));
    const reached = last < 0 ? rules : rules.slice(0, last + 1);
    return reached.map((rule) => {
      const all = rule.matches.filter(isCatchAll);
      const some = rule.matches.filter((match) => !isCatchAll(match));
      const isForAll = rule.matches.length === 0 || all.length > 0;
      return {
        some: some.length > 0 ? [{ ...rule, matches: some }] : [],
        all: isForAll ? [{ ...rule, matches: all }] : [],
      };
    });
  });
  return [
    ...parts.flatMap((list) => list.flatMap(({ some }) => some)),
    ...parts.flatMap((list) => list.flatMap(({ all }) => all)),
  ];
}

const isCatchAll = ({ path, ...rest }: RouteMatch): boolean =>
  Object.keys(rest).length === 0 &&
  (path === undefined ||
    (path.value === "/" && path.type === "prefix") ||
    (path.value === ".*" && path.type === "regex"));

function putRoute(
  context: ImportContext,
  resource: Resource,
  spec: SpecOf<"Route">,
  sink: Sink,
  several: boolean,
): ObjectKey {
  const holder = { metadata: { namespace: resource.namespace } };
  const target = refKey(spec.target, holder);
  const existing = context
    .all("Route")
    .find((route) => refKey(route.spec.target, route) === target && sameHosts(route.spec.hosts, spec.hosts));
  const name = several ? `${resource.name}-${spec.target.name}` : resource.name;
  if (existing && existing.metadata.namespace !== resource.namespace) {
    // the reference is written as seen from the route that is there
    const seen = { ...spec, target: existing.spec.target };
    return context.put("Route", existing.metadata.name, seen, { resource, sink }, existing);
  }
  return context.put("Route", name, spec, { resource, sink }, existing);
}

const sameHosts = (a: string[] | undefined, b: string[] | undefined) =>
  JSON.stringify([...(a ?? [])].sort()) === JSON.stringify([...(b ?? [])].sort());

function importRule(
  context: ImportContext,
  resource: Resource,
  fields: Fields,
  sink: Sink,
  ports: readonly number[] = [],
): ScopedRule | undefined {
  const whole = fields.everything();
  const name = fields.text("name");
  const matches: ScopedMatch[] = [];
  const asked = fields.take("match");
  const left: Sink = { kept: [], problems: sink.problems };
  const stats: Kept[] = [];
  for (const [i, each] of (Array.isArray(asked) ? asked : []).entries()) {
    const match = Fields.of(each, [...fields.path, "match", i], left);
    if (!match) continue;
    // a name of figures: which calls the match takes is the same without it
    if (match.has("statPrefix")) stats.push({ path: [...match.path, "statPrefix"], value: match.take("statPrefix") });
    const own = importMatch(match, ports);
    for (const {
      match: { caller },
    } of own)
      if (caller?.namespace !== undefined) context.assumeNamespace(caller.namespace);
    matches.push(...own);
  }
  if (left.kept.length > 0) {
    const names = left.kept.map((kept) => kept.path.slice(fields.path.length).join("."));
    const message = `is left out: its conditions ${names.join(", ")} are not in the model; calls it would take go on to the rules after it`;
    context.warn(
      resource,
      fields.path,
      message,
      "It is kept and written back on export. Add a rule by hand if it matters here.",
      { verdict: "lost", changesMeaning: true },
    );
    sink.kept.push({
      path: fields.path,
      value: { ...(name === undefined ? {} : { name }), match: asked, ...fields.everything() },
    });
    return undefined;
  }
  const action = importAction(context, resource, fields);
  if (!action) {
    sink.kept.push({ path: fields.path, value: whole });
    return undefined;
  }
  const timeoutMs = fields.duration("timeout");
  const retries = importRetries(fields.object("retries"));
  const { host, headers } = withoutHost(importHeaders(fields.object("headers")));
  const written = importRewrite(fields.object("rewrite"));
  const rewrite = host === undefined ? written : { host, ...written };
  const before = sink.kept.length;
  sink.kept.push(...stats);
  // A rule that answers itself has none in the model; there it stays as it was written.
  const fault = action.type === "forward" ? importFault(fields.object("fault")) : undefined;
  const mirrors = action.type === "forward" ? importMirrors(context, resource, fields) : [];
  const cors = action.type === "forward" ? importCors(fields.object("corsPolicy")) : undefined;
  fields.keepRest();
  for (const kept of sink.kept.slice(before)) {
    const message = "has no counterpart in the model: it is kept and written back on export, and has no effect here";
    context.warn(resource, kept.path, message, "Remove it, or keep Istio for what it does.", { verdict: "lost" });
  }
  const rule: RouteRule = {
    ...(name === undefined ? {} : { name }),
    matches: replacing(
      matches.map(({ match }) => match),
      rewrite,
    ),
    ...inIstiosOrder(action, headers),
    ...(timeoutMs ? { timeoutMs } : {}),
    ...(retries ? { retries } : {}),
    ...(rewrite ? { rewrite } : {}),
    ...(fault ? { fault } : {}),
    ...(mirrors.length > 0 ? { mirrors } : {}),
    ...(cors ? { cors } : {}),
  };
  return { rule, scopes: matches.map(({ gateways }) => gateways) };
}

/** Istio replaces the root as text: what follows it stands right behind the new path, without a slash of its own. */
function replacing(matches: readonly RouteMatch[], rewrite: RouteRule["rewrite"]): RouteMatch[] {
  const to = rewrite?.path;
  if (to === undefined || to.endsWith("/")) return [...matches];
  const all = matches.length > 0 ? matches : [{}];
  return all.map((match) => (match.path ? match : { ...match, path: { type: "prefix", value: "/" } }));
}
