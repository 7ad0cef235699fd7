// ServiceRouter, ServiceSplitter and ServiceResolver -> their parts as written; chain.ts puts them together.
// The rule: a route or leg that the model cannot say is left out, kept, and told as a change of meaning.
import {
  type HeaderMatch,
  pathText,
  type QueryMatch,
  RETRY_CONDITIONS,
  type Retries,
  type RouteRule,
} from "@/lib/mesh";
import type { ImportContext, Resource } from "../shared/context";
import { defined, Fields, isRecord, type Sink } from "../shared/fields";
import { DEFAULT } from "./documents";
import { readBalancer } from "./load-balancer";
import { partOf, pathOf, type Reader } from "./read-defaults";
import type { ConsulState, Resolver, RouteSource, Split, Target } from "./state";
import { duration, time } from "./values";

/** Where the fields name another datacenter, partition or peer: no service of this design. */
const ELSEWHERE = ["datacenter", "partition", "peer", "samenessGroup"] as const;

function targetOf(fields: Fields): Target | undefined {
  const away = ELSEWHERE.filter((name) => {
    const value = fields.peek(name);
    return value !== undefined && value !== "" && value !== DEFAULT;
  });
  // a namespace is Kubernetes' own word for where a service is, which its name finds
  fields.take("namespace");
  const service = fields.text("service");
  const subset = fields.text("serviceSubset");
  if (away.length > 0) return undefined;
  for (const name of ELSEWHERE) fields.take(name);
  return { service: service ?? "", ...(subset ? { subset } : {}) };
}

export function headersOf(fields: Fields): RouteRule["headers"] | undefined {
  const one = (name: string) => {
    const changes = fields.object(name);
    if (!changes) return undefined;
    const set = changes.textMap("set");
    const add = changes.textMap("add");
    const remove = changes.texts("remove");
    changes.keepRest();
    const read = defined({ set, add, remove });
    return Object.keys(read).length > 0 ? read : undefined;
  };
  const headers = defined({ request: one("requestHeaders"), response: one("responseHeaders") });
  return Object.keys(headers).length > 0 ? headers : undefined;
}

export function importRouter(state: ConsulState): Reader {
  return (context, resource, spec, sink) => {
    const part = partOf(state, resource, sink);
    const routes = spec.list("routes").flatMap((fields, i) => routeOf(context, resource, fields, i, sink) ?? []);
    spec.keepRest();
    state.routers.set(resource.name, { ...part, routes });
    return part.result;
  };
}

function routeOf(
  context: ImportContext,
  resource: Resource,
  fields: Fields,
  index: number,
  sink: Sink,
): RouteSource | undefined {
  const written = fields.everything();
  const own: Sink = { kept: [], problems: sink.problems };
  const placed = new Fields(written, fields.path, own);
  const http = placed.object("match")?.object("http");
  const path = http && pathOf(http);
  const ignoreCase = http?.flag("caseInsensitive") === true && path !== undefined && path.type !== "regex";
  const headers = (http?.list("header") ?? []).flatMap((each) => headerOf(each) ?? []);
  const query = (http?.list("queryParam") ?? []).flatMap((each) => queryOf(each) ?? []);
  const methods = http?.texts("methods") ?? [];
  http?.keepRest();
  const strange = [...own.kept];
  const destination = placed.object("destination");
  const target = destination ? targetOf(destination) : { service: "" };
  const rest = destination ?? new Fields({}, fields.path, own);
  const rewrite = rest.text("prefixRewrite");
  const timeout = duration(rest, "requestTimeout");
  const writtenIdle = rest.peek("idleTimeout");
  const idle = duration(rest, "idleTimeout");
  if (idle === "off") rest.keep("idleTimeout", writtenIdle);
  const retries = retriesOf(rest);
  const changes = headersOf(rest);
  rest.keepRest();
  placed.keepRest();
  if (strange.length > 0 || target === undefined) {
    const why =
      target === undefined
        ? "it leads out of this mesh"
        : `it asks for ${strange.map((each) => pathText(each.path.slice(3))).join(", ")}`;
    const message = `is left out: ${why}; calls it would take go on to the routes after it`;
    const fix = "It is kept and written back on export. Add a rule by hand if it matters here.";
    context.warn(resource, fields.path, message, fix, { verdict: "lost", changesMeaning: true });
    sink.kept.push({ path: fields.path, value: written });
    return undefined;
  }
  sink.kept.push(...own.kept);
  const isEverything = path?.type === "prefix" && path.value === "/" && rewrite === undefined;
  // a rewrite without a path replaces the slash that every path begins with
  const said = path ?? (rewrite === undefined ? undefined : { type: "prefix" as const, value: "/" });
  return {
    index,
    match: {
      ...(said && !isEverything ? { path: { ...said, ...(ignoreCase ? { ignoreCase } : {}) } } : {}),
      ...(methods.length > 0 ? { methods: methods.map((each) => each.toUpperCase()) } : {}),
      ...(headers.length > 0 ? { headers } : {}),
      ...(query.length > 0 ? { query } : {}),
    },
    target,
    timeout,
    ...(typeof idle === "number" ? { idleMs: idle } : {}),
    retries,
    ...(rewrite ? { rewrite } : {}),
    ...(changes ? { headers: changes } : {}),
  };
}

const TYPES = ["exact", "prefix", "suffix", "regex"] as const;

function headerOf(fields: Fields): HeaderMatch | undefined {
  const name = fields.text("name");
  const invert = fields.flag("invert") === true ? { invert: true } : {};
  const isPresent = fields.flag("present") === true;
  const found = TYPES.flatMap((type) => {
    const value = fields.text(type);
    return value === undefined || value === "" ? [] : [{ type, value }];
  });
  fields.keepRest();
  if (name === undefined) fields.problem("name", "is missing", "Name the header.");
  const [only] = found;
  if (found.length + Number(isPresent) !== 1) {
    fields.problem(undefined, "needs one way to compare", "Write one of exact, prefix, suffix, regex and present.");
  }
  if (name === undefined) return undefined;
  return only ? { name, ...only, ...invert } : { name, type: "present", ...invert };
}

function queryOf(fields: Fields): QueryMatch | undefined {
  const name = fields.text("name");
  fields.flag("present");
  const exact = fields.text("exact");
  const regex = fields.text("regex");
  fields.keepRest();
  if (name === undefined) {
    fields.problem("name", "is missing", "Name the query parameter.");
    return undefined;
  }
  if (exact) return { name, type: "exact", value: exact };
  return regex ? { name, type: "regex", value: regex } : { name, type: "present" };
}

/** As Consul tells Envoy: without a condition nothing is tried again, without a number it is tried once. */
function retriesOf(fields: Fields): Retries {
  const number = fields.number("numRetries") ?? 0;
  const conditions = fields.texts("retryOn") ?? [];
  const isConnect = fields.flag("retryOnConnectFailure") === true;
  const codes = fields.take("retryOnStatusCodes");
  const known = conditions.filter((each) => RETRY_CONDITIONS.some((one) => one === each));
  const strange = conditions.filter((each) => !known.includes(each));
  if (strange.length > 0) fields.keep("retryOn", strange);
  const on = [
    ...known,
    ...(isConnect && !known.includes("connect-failure") ? ["connect-failure"] : []),
    ...(Array.isArray(codes) ? codes.map(String) : []),
  ];
  if (on.length === 0) return { attempts: 0 };
  return { attempts: number > 0 ? number : 1, on: on as NonNullable<Retries["on"]> };
}

export function importSplitter(state: ConsulState): Reader {
  return (context, resource, spec, sink) => {
    const part = partOf(state, resource, sink);
    const splits = spec.list("splits").flatMap((fields): Split[] => {
      const written = fields.everything();
      const target = targetOf(fields);
      const weight = fields.number("weight") ?? 0;
      const headers = headersOf(fields);
      if (target) fields.keepRest();
      else {
        const message = "is left out: it leads out of this mesh; its share goes to the others";
        const fix = "It is kept and written back on export.";
        context.warn(resource, fields.path, message, fix, { verdict: "lost", changesMeaning: true });
        sink.kept.push({ path: fields.path, value: written });
      }
      return target ? [{ target, weight, ...(headers ? { headers } : {}) }] : [];
    });
    const sum = splits.reduce((all, { weight }) => all + weight, 0);
    const isWhole = Math.abs(sum - 100) < 0.001 || sink.kept.length > 0;
    if (!isWhole) {
      spec.problem("splits", `have weights of ${sum} together`, "Let them be 100 together: Consul takes nothing else.");
    }
    spec.keepRest();
    state.splitters.set(resource.name, { ...part, splits });
    return part.result;
  };
}

/** `Service.Meta.version == v1 and Service.Meta.canary != ...` is read as far as it compares metadata for equality. */
export function labelsOfFilter(filter: string): Record<string, string> | undefined {
  const labels: Record<string, string> = {};
  for (const each of filter.split(/\s+and\s+/)) {
    const found = /^\s*\(?\s*Service\.Meta(?:\.([\w-]+)|\["?([^"\]]+)"?\])\s*==\s*["`]?([\w.-]+)["`]?\s*\)?\s*$/.exec(
      each,
    );
    const name = found?.[1] ?? found?.[2];
    if (name === undefined || found?.[3] === undefined) return undefined;
    labels[name] = found[3];
  }
  return labels;
}

export function importResolver(state: ConsulState): Reader {
  return (context, resource, spec, sink) => {
    const part = partOf(state, resource, sink);
    const subsets = spec.map("subsets").map(([name, fields]) => {
      const filter = fields.text("filter") ?? "";
      const labels = labelsOfFilter(filter);
      if (!labels) {
        fields.keep("filter", filter);
        const message = `filter ${filter || "(empty)"} is no comparison of metadata; here version ${name} is what has the label version: ${name}`;
        context.warn(resource, [...fields.path, "filter"], message, "Give its workloads that label.", {
          changesMeaning: true,
        });
      }
      // which of its instances are well is asked of every host here
      fields.keepRest();
      return { name, labels: labels ?? { version: name } };
    });
    const balancing = readBalancer(spec);
    const redirect = spec.peek("redirect");
    const fields = isRecord(redirect) ? new Fields(redirect, [...spec.path, "redirect"], sink) : undefined;
    const target = fields && targetOf(fields);
    if (target) spec.take("redirect");
    const found: Resolver = {
      ...part,
      subsets,
      ...defined({
        defaultSubset: spec.text("defaultSubset") || undefined,
        redirect: target,
        connectMs: time(spec, "connectTimeout"),
        balancing,
        priority: priorityIn(spec),
      }),
      timeout: duration(spec, "requestTimeout"),
    };
    spec.keepRest();
    state.resolvers.set(resource.name, found);
    return part.result;
  };
}

/** Another mode, or more beside it, is kept. */
function priorityIn(spec: Fields): Resolver["priority"] {
  const written = spec.peek("prioritizeByLocality");
  if (!isRecord(written) || Object.keys(written).some((name) => name !== "mode")) return undefined;
  const { mode } = written;
  if (mode !== "failover" && mode !== "none") return undefined;
  spec.take("prioritizeByLocality");
  return mode;
}
