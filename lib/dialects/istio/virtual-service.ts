// VirtualService -> Route, one per service or gateway it speaks for.
// The rule: a rule whose conditions the model cannot express is left out and kept whole; taking it over without them would send it traffic that was not meant.
import {
  type Destination,
  type ExternalService,
  type HeaderChanges,
  type HeaderMatch,
  keyOf,
  type ObjectKey,
  type PathMatch,
  type QueryMatch,
  RETRY_CONDITIONS,
  type Ref,
  type Retries,
  type RouteAction,
  type RouteMatch,
  type RouteRule,
  refKey,
  type SpecOf,
} from "@/lib/mesh";
import { ruleText } from "@/lib/mesh/diff/words";
import { type ImportContext, type Resource, refFrom, sourceText, type Understood } from "./context";
import { Fields, type Sink } from "./fields";
import { resolveHost } from "./hosts";

export function importVirtualService(context: ImportContext, resource: Resource, spec: Fields, sink: Sink): Understood {
  const hosts = spec.texts("hosts") ?? [];
  const gateways = spec.texts("gateways") ?? ["mesh"];
  const targets = targetsOf(context, resource, hosts, gateways, spec);
  const first = targets[0]?.ref;
  const rules = spec.list("http").flatMap((each) => importRule(context, resource, each, sink, gateways) ?? []);
  spec.keepRest();
  const understood: Understood = {
    source: sourceText(resource),
    line: resource.line,
    ...(resource.file === undefined ? {} : { file: resource.file }),
    objects: [],
    sentences: rules.map((rule) => `${ruleText(rule, first?.name ?? "")}.`),
  };
  if (rules.length === 0) {
    context.warn(resource, ["spec", "http"], "has no HTTP rule that can be taken over", "Add the route by hand.");
    return understood;
  }
  for (const target of targets) {
    const routeSpec: SpecOf<"Route"> = { target: target.ref, ...(target.hosts ? { hosts: target.hosts } : {}), rules };
    understood.objects.push(putRoute(context, resource, routeSpec, sink, targets.length > 1));
  }
  return understood;
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
      const service = context.service(resource, host, path);
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
    if (match) matches.push(importMatch(match, gateways));
  }
  if (left.kept.length > 0) {
    const names = left.kept.map((kept) => kept.path.slice(fields.path.length).join("."));
    const message = `is left out: its conditions ${names.join(", ")} are not in the model; calls it would take go on to the rules after it`;
    context.warn(
      resource,
      fields.path,
      message,
      "It is kept and written back on export. Add a rule by hand if it matters here.",
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
  fields.keepRest();
  for (const kept of sink.kept.slice(before)) {
    const message = "has no counterpart in the model: it is kept and written back on export, and has no effect here";
    context.warn(resource, kept.path, message, "Remove it, or keep Istio for what it does.");
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
  };
}

function importMatch(fields: Fields, gateways: string[]): RouteMatch {
  const path = importPath(fields);
  const methods = importMethods(fields);
  const headers: HeaderMatch[] = fields.map("headers").flatMap(([name, value]) => {
    const match = valueMatch(value);
    return name.startsWith("@") || !match ? keepWhole(fields, "headers", name, value) : [{ name, ...match }];
  });
  for (const [name, value] of fields.map("withoutHeaders")) {
    const match = valueMatch(value);
    if (match) headers.push({ name, ...match, invert: true });
    else keepWhole(fields, "withoutHeaders", name, value);
  }
  const query: QueryMatch[] = fields.map("queryParams").flatMap(([name, value]) => {
    const match = valueMatch(value);
    return match ? [{ name, ...match }] : keepWhole(fields, "queryParams", name, value);
  });
  const own = fields.take("gateways");
  // a match for exactly the gateways of the whole resource says nothing new
  if (own !== undefined && JSON.stringify(own) !== JSON.stringify(gateways)) fields.keep("gateways", own);
  fields.take("name");
  fields.keepRest();
  return {
    ...(path ? { path } : {}),
    ...(methods ? { methods } : {}),
    ...(headers.length > 0 ? { headers } : {}),
    ...(query.length > 0 ? { query } : {}),
  };
}

function keepWhole(fields: Fields, list: string, name: string, value: Fields): [] {
  fields.keep(`${list}.${name}`, value.everything());
  return [];
}

/** exact, prefix, regex, or nothing for "present". */
function valueMatch(fields: Fields): { type: "exact" | "prefix" | "regex" | "present"; value?: string } | undefined {
  const names = fields.names();
  if (names.length === 0) return { type: "present" };
  const [name] = names;
  if (names.length > 1 || (name !== "exact" && name !== "prefix" && name !== "regex")) return undefined;
  const value = fields.text(name);
  return value === undefined ? undefined : { type: name, value };
}

function importPath(fields: Fields): PathMatch | undefined {
  const ignoreCase = fields.flag("ignoreUriCase");
  const uri = fields.object("uri");
  if (!uri) return undefined;
  const match = valueMatch(uri);
  if (match?.value === undefined || match.type === "present") {
    if (match?.type !== "present") fields.keep("uri", uri.everything());
    return undefined;
  }
  // Istio ignores case for exact and prefix only
  const caseRule = ignoreCase && match.type !== "regex" ? { ignoreCase: true } : {};
  return { type: match.type, value: match.value, ...caseRule };
}

function importMethods(fields: Fields): string[] | undefined {
  const method = fields.object("method");
  if (!method) return undefined;
  const match = valueMatch(method);
  if (match?.type === "exact" && match.value) return [match.value];
  if (match?.type === "regex" && match.value && /^[A-Z]+(\|[A-Z]+)*$/.test(match.value)) return match.value.split("|");
  fields.keep("method", match ? { [match.type]: match.value } : method.everything());
  return undefined;
}

function importAction(context: ImportContext, resource: Resource, fields: Fields): RouteAction | undefined {
  const redirect = fields.object("redirect");
  const direct = fields.object("directResponse");
  const routes = fields.list("route");
  if (redirect) {
    const [scheme, host, port, path, code] = [
      redirect.text("scheme"),
      redirect.text("authority"),
      redirect.number("port"),
      redirect.text("uri"),
      redirect.number("redirectCode"),
    ];
    redirect.keepRest();
    return {
      type: "redirect",
      ...(scheme === "http" || scheme === "https" ? { scheme } : {}),
      ...(host === undefined ? {} : { host }),
      ...(port === undefined ? {} : { port }),
      ...(path === undefined ? {} : { path }),
      code: isRedirectCode(code) ? code : 301,
    };
  }
  if (direct) {
    const status = direct.number("status") ?? 200;
    const body = direct.object("body")?.text("string");
    direct.keepRest();
    return { type: "respond", status, ...(body === undefined ? {} : { body }) };
  }
  if (routes.length === 0) {
    const message = "has no route, redirect or directResponse that can be taken over";
    context.warn(resource, fields.path, message, "It is kept and written back on export.");
    return undefined;
  }
  const destinations = routes.flatMap((each) => importDestination(context, resource, each, routes.length === 1) ?? []);
  return destinations.length === 0 ? undefined : { type: "forward", destinations };
}

const isRedirectCode = (code: number | undefined): code is 301 | 302 | 303 | 307 | 308 =>
  code === 301 || code === 302 || code === 303 || code === 307 || code === 308;

function importDestination(
  context: ImportContext,
  resource: Resource,
  fields: Fields,
  only: boolean,
): Destination | undefined {
  const destination = fields.object("destination");
  const host = destination?.text("host");
  if (!destination || host === undefined) {
    fields.problem("destination", "has no host", "Name the service.");
    return undefined;
  }
  const subset = destination.text("subset");
  const portFields = destination.object("port");
  const port = portFields?.number("number");
  portFields?.keepRest();
  const weight = fields.number("weight");
  const service = context.service(resource, host, [...destination.path, "host"], port);
  destination.keepRest();
  fields.keepRest();
  if (!service) {
    const meaning = resolveHost(host, resource.namespace);
    const message = `destination ${meaning.kind === "literal" ? meaning.host : host} is outside the mesh and cannot be a weighted destination`;
    fields.problem("destination", message, "Route to a service of the mesh, or add it as one.");
    return undefined;
  }
  return {
    service: refFrom(service, resource.namespace),
    ...(subset === undefined ? {} : { subset }),
    ...(port === undefined ? {} : { port }),
    // Istio: a single destination ignores its weight; among several an absent one is 0
    weight: weight ?? (only ? 100 : 0),
  };
}

function importRetries(fields: Fields | undefined): Retries | undefined {
  if (!fields) return undefined;
  const attempts = fields.number("attempts");
  const perTryTimeoutMs = fields.duration("perTryTimeout");
  const on = fields
    .text("retryOn")
    ?.split(",")
    .map((each) => each.trim())
    .filter(Boolean);
  const known = on?.filter(
    (each) => (RETRY_CONDITIONS as readonly string[]).includes(each) || /^[2-5]\d\d$/.test(each),
  );
  if (on && known && known.length < on.length) fields.keep("retryOn", on.join(","));
  fields.keepRest();
  return {
    // Istio's default number of retries
    attempts: attempts ?? 2,
    ...(perTryTimeoutMs ? { perTryTimeoutMs } : {}),
    ...(known && known.length > 0 ? { on: known } : {}),
  };
}

function importRewrite(fields: Fields | undefined): { path?: string; host?: string } | undefined {
  if (!fields) return undefined;
  const path = fields.text("uri");
  const host = fields.text("authority");
  fields.keepRest();
  if (path === undefined && host === undefined) return undefined;
  return { ...(path === undefined ? {} : { path }), ...(host === undefined ? {} : { host }) };
}

function importHeaders(fields: Fields | undefined): { request?: HeaderChanges; response?: HeaderChanges } | undefined {
  if (!fields) return undefined;
  const changes = (name: string): HeaderChanges | undefined => {
    const each = fields.object(name);
    if (!each) return undefined;
    const [set, add, remove] = [each.textMap("set"), each.textMap("add"), each.texts("remove")];
    each.keepRest();
    return { ...(set ? { set } : {}), ...(add ? { add } : {}), ...(remove ? { remove } : {}) };
  };
  const request = changes("request");
  const response = changes("response");
  fields.keepRest();
  return { ...(request ? { request } : {}), ...(response ? { response } : {}) };
}
