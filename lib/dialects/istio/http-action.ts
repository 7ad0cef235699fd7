// What an HTTPRoute does with a request -> action, retries, rewrite and header changes of a rule.
import {
  type Destination,
  type HeaderChanges,
  RETRY_CONDITIONS,
  type Retries,
  type RouteAction,
  type RouteDestination,
  type RouteRule,
} from "@/lib/mesh";
import { type ImportContext, type Resource, refFrom } from "../shared/context";
import { namesOfBoth, together, withHeaders } from "../shared/destination-headers";
import type { Fields } from "../shared/fields";
import { resolveHost, serviceOfHost } from "./hosts";

export function importAction(context: ImportContext, resource: Resource, fields: Fields): RouteAction | undefined {
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
      // Istio leaves out the port that the scheme has anyway
      ...(port === undefined || port === (scheme === "https" ? 443 : 80) ? {} : { port }),
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
): RouteDestination | undefined {
  const destination = fields.object("destination");
  const host = destination?.text("host");
  if (!destination || host === undefined) {
    fields.problem("destination", "has no host", "Name the service.");
    return undefined;
  }
  const weight = fields.number("weight");
  const place = importPlace(context, resource, destination, host);
  const written = fields.peek("headers");
  const { host: rewritten, headers } = withoutHost(importHeaders(fields.object("headers")));
  if (rewritten !== undefined) {
    const message =
      "rewrites the host for one destination, which a rule here does for all of them: its headers are kept, without effect here";
    const fix = "Set the host on the rule, if all destinations may have it.";
    context.warn(resource, [...fields.path, "headers"], message, fix, { verdict: "lost", changesMeaning: true });
    fields.keep("headers", written);
  }
  fields.keepRest();
  if (!place) {
    const meaning = resolveHost(host, resource.namespace);
    const message = `destination ${meaning.kind === "literal" ? meaning.host : host} is outside the mesh and cannot be a weighted destination`;
    const fix = "Route to a service of the mesh, or add it as one.";
    context.warn(resource, [...fields.path, "destination"], message, fix, { verdict: "lost", changesMeaning: true });
    return undefined;
  }
  // Istio: a single destination ignores its weight; among several an absent one is 0
  const changes = rewritten === undefined ? withHeaders(headers) : {};
  return { ...place, weight: weight ?? (only ? 100 : 0), ...changes };
}

/** What a Destination names, with its host taken already. Undefined outside the mesh. */
export function importPlace(
  context: ImportContext,
  resource: Resource,
  destination: Fields,
  host: string,
): Omit<Destination, "weight"> | undefined {
  const subset = destination.text("subset");
  const portFields = destination.object("port");
  const port = portFields?.number("number");
  portFields?.keepRest();
  const service = serviceOfHost(context, resource, host, [...destination.path, "host"], port);
  destination.keepRest();
  if (!service) return undefined;
  return {
    service: refFrom(service, resource.namespace),
    ...(subset === undefined ? {} : { subset }),
    ...(port === undefined ? {} : { port }),
  };
}

export function importRetries(fields: Fields | undefined): Retries | undefined {
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
  const baseMs = fields.duration("backoff");
  const ignorePreviousHosts = fields.flag("retryIgnorePreviousHosts");
  const remoteLocalities = fields.flag("retryRemoteLocalities");
  fields.keepRest();
  return {
    // Istio's default number of retries
    attempts: attempts ?? 2,
    ...(perTryTimeoutMs ? { perTryTimeoutMs } : {}),
    ...(known && known.length > 0 ? { on: known } : {}),
    ...(baseMs ? { backoff: { baseMs } } : {}),
    ...(ignorePreviousHosts === undefined ? {} : { ignorePreviousHosts }),
    ...(remoteLocalities === undefined ? {} : { remoteLocalities }),
  };
}

export function importRewrite(fields: Fields | undefined): RouteRule["rewrite"] {
  if (!fields) return undefined;
  const path = fields.text("uri");
  const host = fields.text("authority");
  const parts = path === undefined ? fields.object("uriRegexRewrite") : undefined;
  const match = parts?.text("match");
  const substitution = parts?.text("rewrite") ?? "";
  parts?.keepRest();
  fields.keepRest();
  if (path === undefined && host === undefined && match === undefined) return undefined;
  return {
    ...(path === undefined ? {} : { path }),
    ...(match === undefined ? {} : { pathRegex: { match, substitution } }),
    ...(host === undefined ? {} : { host }),
  };
}

/**
 * Of an only destination Istio puts the headers behind the rule's in one list, where here they come first: where both change the same
 * name, the rule gets that list.
 */
export function inIstiosOrder(
  action: RouteAction,
  headers: RouteRule["headers"],
): Pick<RouteRule, "action" | "headers"> {
  const [only, ...more] = action.type === "forward" ? action.destinations : [];
  if (!only || more.length > 0 || namesOfBoth(headers, only.headers).length === 0)
    return { action, ...withHeaders(headers) };
  const { headers: own, ...place } = only;
  return { action: { type: "forward", destinations: [place] }, ...withHeaders(together(headers, own)) };
}

type Headers = { request?: HeaderChanges; response?: HeaderChanges };

/** A Host that is set is a host that is written anew: the model has one word for both. */
export function withoutHost(headers: Headers | undefined): { host?: string; headers: Headers | undefined } {
  const set = headers?.request?.set;
  const name = Object.keys(set ?? {}).find((each) => /^(host|:authority)$/i.test(each));
  if (!set || name === undefined) return { headers };
  const { [name]: host = "", ...rest } = set;
  const { set: _, ...others } = headers.request ?? {};
  const request = { ...others, ...(Object.keys(rest).length > 0 ? { set: rest } : {}) };
  const { request: _request, ...more } = headers;
  const isEmpty = Object.keys(request).length === 0;
  const left = { ...more, ...(isEmpty ? {} : { request }) };
  return { host, headers: Object.keys(left).length > 0 ? left : undefined };
}

export function importHeaders(
  fields: Fields | undefined,
): { request?: HeaderChanges; response?: HeaderChanges } | undefined {
  if (!fields) return undefined;
  const changes = (name: string): HeaderChanges | undefined => {
    const each = fields.object(name);
    if (!each) return undefined;
    const [set, add, remove] = [each.textMap("set"), each.textMap("add"), each.texts("remove")];
    each.keepRest();
    return {
      ...(set ? { set: unescaped(set) } : {}),
      ...(add ? { add: unescaped(add) } : {}),
      ...(remove ? { remove } : {}),
    };
  };
  const request = changes("request");
  const response = changes("response");
  fields.keepRest();
  return { ...(request ? { request } : {}), ...(response ? { response } : {}) };
}

/** To Istio %% is the sign itself; what is a variable of Envoy stays as it is written. */
const unescaped = (values: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, value.replaceAll("%%", "%")]));
