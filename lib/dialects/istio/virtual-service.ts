// VirtualService -> Route, one per service or gateway it speaks for, and TcpRoute.
// The rule: a rule whose conditions the model cannot express is left out and kept whole; taking it over without them would send it traffic that was not meant.
import {
  type ExternalService,
  keyOf,
  type ObjectKey,
  type Ref,
  type RouteMatch,
  type RouteRule,
  refKey,
  type SpecOf,
} from "@/lib/mesh";
import { ruleText, tcpRuleText } from "@/lib/mesh/diff/words";
import { type ImportContext, type Resource, refFrom, sourceText, type Understood } from "../shared/context";
import { Fields, type Sink } from "../shared/fields";
import { importCors } from "./cors";
import { importFault } from "./fault";
import { serviceOfHost } from "./hosts";
import { importAction, importHeaders, importRetries, importRewrite } from "./http-action";
import { importMatch } from "./http-match";
import { importMirrors } from "./mirror";
import { importTcp, putTcpRoute } from "./tcp";

export function importVirtualService(context: ImportContext, resource: Resource, spec: Fields, sink: Sink): Understood {
  const hosts = spec.texts("hosts") ?? [];
  const gateways = spec.texts("gateways") ?? ["mesh"];
  const targets = targetsOf(context, resource, hosts, gateways, spec);
  const first = targets[0]?.ref;
  const rules = spec.list("http").flatMap((each) => importRule(context, resource, each, sink, gateways) ?? []);
  const services = targets.flatMap(({ ref }) => {
    const key = refKey(ref, { metadata: { namespace: resource.namespace } });
    return ref.kind === "Service" ? (context.find("Service", key) ?? []) : [];
  });
  const tcp = importTcp(context, resource, spec, gateways, services, sink);
  spec.keepRest();
  const understood: Understood = {
    source: sourceText(resource),
    line: resource.line,
    ...(resource.file === undefined ? {} : { file: resource.file }),
    objects: [],
    sentences: [
      ...rules.map((rule) => `${ruleText(rule, first?.name ?? "")}.`),
      ...tcp.map((rule) => `${tcpRuleText(rule, first?.name ?? "")}.`),
    ],
  };
  const hasRoutes = rules.length > 0 && targets.length > 0;
  for (const service of tcp.length > 0 ? services : []) {
    // what is kept of the resource is kept once
    const kept = hasRoutes ? undefined : sink;
    understood.objects.push(putTcpRoute(context, resource, service, tcp, kept, services.length > 1));
  }
  if (rules.length === 0) {
    if (understood.objects.length === 0)
      context.warn(resource, ["spec", "http"], "has no HTTP rule that can be taken over", "Add the route by hand.");
    return understood;
  }
  for (const target of targets) {
    const own = target.ref.kind === "Gateway" ? rules.flatMap(withoutCallers) : rules;
    if (own.length < rules.length) tellCallersOfGateway(context, resource, target.ref.name);
    if (own.length === 0) continue;
    const hostsOf = target.hosts ? { hosts: target.hosts } : {};
    const routeSpec: SpecOf<"Route"> = { target: target.ref, ...hostsOf, rules: own };
    understood.objects.push(putRoute(context, resource, routeSpec, sink, targets.length > 1));
  }
  return understood;
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

type Target = { ref: Ref; hosts?: string[] };

function targetsOf(
  context: ImportContext,
  resource: Resource,
  hosts: string[],
  gateways: string[],
  spec: Fields,
): Target[] {
  const targets: Target[] = [];
  if (hosts.length === 0) spec.problem("hosts", "is missing or empty", "Name at least one host.");
  if (gateways.includes("mesh")) {
    hosts.forEach((host, i) => {
      const path = ["spec", "hosts", i];
      const service = serviceOfHost(context, resource, host, path);
      if (service) {
        targets.push({ ref: { kind: "Service", ...refFrom(service, resource.namespace) } });
        return;
      }
      const external = externalOf(context, host);
      if (external) targets.push({ ref: { kind: "ExternalService", ...refOf(external, resource.namespace) } });
      else
        context.warn(
          resource,
          path,
          `host ${host} is neither a service nor a known external service`,
          "Add an ExternalService for it first.",
        );
    });
  }
  for (const name of gateways.filter((each) => each !== "mesh")) {
    const [namespace, gateway] = name.includes("/") ? name.split("/") : [resource.namespace, name];
    const key = keyOf("Gateway", namespace === "." ? resource.namespace : namespace, gateway ?? "");
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
    const all = hosts.includes("*");
    const ref: Ref = { kind: "Gateway", ...refOf(found, resource.namespace) };
    targets.push({ ref, ...(all ? {} : { hosts }) });
  }
  return targets;
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
  gateways: string[],
): RouteRule | undefined {
  const name = fields.text("name");
  const matches: RouteMatch[] = [];
  const written = fields.take("match");
  const left: Sink = { kept: [], problems: sink.problems };
  for (const [i, each] of (Array.isArray(written) ? written : []).entries()) {
    const match = Fields.of(each, [...fields.path, "match", i], left);
    if (!match) continue;
    const own = importMatch(match, gateways);
    if (own.caller?.namespace !== undefined) context.assumeNamespace(own.caller.namespace);
    matches.push(own);
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
      value: { ...(name === undefined ? {} : { name }), match: written, ...fields.everything() },
    });
    return undefined;
  }
  const action = importAction(context, resource, fields);
  const timeoutMs = fields.duration("timeout");
  const retries = importRetries(fields.object("retries"));
  const rewrite = importRewrite(fields.object("rewrite"));
  const headers = importHeaders(fields.object("headers"));
  const before = sink.kept.length;
  // A rule that answers itself has none in the model; there it stays as it was written.
  const fault = action?.type === "forward" ? importFault(fields.object("fault")) : undefined;
  const mirrors = action?.type === "forward" ? importMirrors(context, resource, fields) : [];
  const cors = action?.type === "forward" ? importCors(fields.object("corsPolicy")) : undefined;
  fields.keepRest();
  for (const kept of sink.kept.slice(before)) {
    const message = "has no counterpart in the model: it is kept and written back on export, and has no effect here";
    context.warn(resource, kept.path, message, "Remove it, or keep Istio for what it does.", { verdict: "lost" });
  }
  if (!action) return undefined;
  return {
    ...(name === undefined ? {} : { name }),
    matches,
    action,
    ...(timeoutMs ? { timeoutMs } : {}),
    ...(retries ? { retries } : {}),
    ...(rewrite ? { rewrite } : {}),
    ...(headers ? { headers } : {}),
    ...(fault ? { fault } : {}),
    ...(mirrors.length > 0 ? { mirrors } : {}),
    ...(cors ? { cors } : {}),
  };
}
