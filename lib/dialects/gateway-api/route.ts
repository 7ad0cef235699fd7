// HTTPRoute and GRPCRoute -> their rules and parents, as written. Which rule is tried first is decided when all are known.
// The rule: a rule that the model cannot say is left out and kept whole, and told as a change of meaning.
import type { Retries, RouteRule } from "@/lib/mesh";
import { type ImportContext, type Resource, type Understood, understood } from "../shared/context";
import { Fields, type Kept, type Sink } from "../shared/fields";
import { areHeaderChanges, importBackends } from "./backends";
import { parseDuration } from "./duration";
import { importFilters } from "./filters";
import { importGrpcMatch, importHttpMatch, prefixAsRegex } from "./match";
import { isMirrorOfService } from "./mirror";
import { httpRank } from "./precedence";
import { type GatewayState, GROUP, type Parent, type RankedMatch, type RouteSource, type RuleSource } from "./state";

/** The retries of a proxy that was told nothing: those of the compiler and of Istio. */
export const CONNECTION_ERRORS = [
  "connect-failure",
  "refused-stream",
  "reset-before-request",
  "unavailable",
  "cancelled",
] as const;
export const DEFAULT_ATTEMPTS = 2;

export function importRoute(kind: RouteSource["kind"], state: GatewayState) {
  return (context: ImportContext, resource: Resource, spec: Fields, sink: Sink): Understood => {
    const result = understood(resource);
    const parents = spec
      .list("parentRefs")
      .flatMap((fields, index) => parentOf(context, resource, fields, index) ?? []);
    const hostnames = spec.texts("hostnames");
    const source: RouteSource = {
      resource,
      kind,
      parents,
      ...(hostnames && hostnames.length > 0 ? { hostnames } : {}),
      rules: [],
      kept: sink.kept,
      result,
    };
    if (!spec.has("rules") && kind === "HTTPRoute") {
      source.rules.push(defaultRule());
    }
    for (const [index, fields] of spec.list("rules").entries()) {
      const rule = importRule(context, resource, fields, index, { kind, sink });
      if (rule) source.rules.push(rule);
    }
    spec.keepRest();
    state.routes.push(source);
    return result;
  };
}

/** A route that names no rules takes everything to no backend. */
function defaultRule(): RuleSource {
  return {
    index: 0,
    matches: [{ match: {}, rank: httpRank({}) }],
    rule: { action: { type: "respond", status: 500 } },
    kept: [],
  };
}

export function parentOf(
  context: ImportContext,
  resource: Resource,
  fields: Fields,
  index: number,
): Parent | undefined {
  const group = fields.text("group") ?? GROUP;
  const kind = fields.text("kind") ?? "Gateway";
  const name = fields.text("name");
  const namespace = fields.text("namespace") ?? resource.namespace;
  const sectionName = fields.text("sectionName");
  const port = fields.number("port");
  fields.keepRest();
  if (name === undefined) {
    fields.problem("name", "is missing", "Name the Gateway or Service.");
    return undefined;
  }
  const isService = kind === "Service" && (group === "" || group === "core");
  if (!isService && (kind !== "Gateway" || group !== GROUP)) {
    const message = `parent ${kind} ${name} has no counterpart in the model: the route is not attached to it here`;
    context.warn(resource, fields.path, message, "Attach it to a Gateway or a Service.", {
      verdict: "lost",
      changesMeaning: true,
    });
    return undefined;
  }
  return {
    kind: isService ? "Service" : "Gateway",
    namespace,
    name,
    ...(sectionName === undefined ? {} : { sectionName }),
    ...(port === undefined ? {} : { port }),
    index,
  };
}

type Surroundings = { kind: RouteSource["kind"]; sink: Sink };

function importRule(
  context: ImportContext,
  resource: Resource,
  fields: Fields,
  index: number,
  { kind, sink }: Surroundings,
): RuleSource | undefined {
  const written = fields.everything();
  const own: Sink = { kept: [], problems: sink.problems };
  const inner = new Fields(written, [], own);
  const placed = new Fields(written, fields.path, { kept: [], problems: sink.problems });
  const name = placed.text("name");
  const matchSink: Sink = { kept: [], problems: sink.problems };
  const read = kind === "HTTPRoute" ? importHttpMatch : importGrpcMatch;
  const matches = matchFields(placed.take("matches"), fields.path, matchSink).map(read);
  const filtered = importFilters(context, resource, placed);
  const backends = importBackends(context, resource, placed);
  const isRedirect = filtered.action !== undefined;
  const action = filtered.action ?? backends.action;
  const refusal =
    (isRedirect ? undefined : backends.refusal) ??
    (matchSink.kept.length > 0 ? "a condition of it is not in the model" : undefined);
  if (refusal !== undefined || !action) {
    const message = `rule ${name ?? index} is left out: ${refusal ?? "it has no action"}; calls it would take go on to the rules after it`;
    context.warn(
      resource,
      fields.path,
      message,
      "It is kept and written back on export. Add a rule by hand if it matters here.",
      {
        verdict: "lost",
        changesMeaning: true,
      },
    );
    sink.kept.push({ path: ["spec", "rules", index], value: written });
    return undefined;
  }
  const isForward = action.type === "forward";
  const times = importTimes(context, resource, placed);
  const rule: RuleSource["rule"] = {
    ...(name === undefined ? {} : { name }),
    action,
    // what is answered at once has no time, no tries and no new path
    ...(isForward ? times : {}),
    ...(filtered.rewrite && isForward ? { rewrite: filtered.rewrite } : {}),
    ...(filtered.headers ? { headers: filtered.headers } : {}),
    ...(filtered.mirrors && isForward ? { mirrors: filtered.mirrors } : {}),
    ...(filtered.cors && isForward ? { cors: filtered.cors } : {}),
  };
  const found: RankedMatch[] =
    matches.length > 0 ? matches : [{ match: {}, rank: kind === "HTTPRoute" ? httpRank({}) : [0, 0, 0] }];
  const isWhole = isForward && filtered.replacesWholePath && filtered.rewrite?.path !== undefined;
  return {
    index,
    matches: isWhole ? found.map(wholePath) : found,
    rule,
    kept: keptOf(inner, written, rule).filter(({ path }) => isForward || path[0] === "filters"),
  };
}

function matchFields(value: unknown, path: Fields["path"], sink: Sink): Fields[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) {
    sink.problems.push({ path: [...path, "matches"], message: "must be a list", fix: 'Begin each entry with "- ".' });
    return [];
  }
  return value.flatMap((each, i) => Fields.of(each, [...path, "matches", i], sink) ?? []);
}

/** The model replaces the whole path of an expression, and only the prefix of a prefix. */
function wholePath({ match, rank }: RankedMatch): RankedMatch {
  const { path } = match;
  if (path?.type === "exact" || path?.type === "regex") return { match, rank };
  const prefix = path?.value ?? "/";
  return { match: { ...match, path: { type: "regex", value: prefixAsRegex(prefix) } }, rank };
}

function importTimes(
  context: ImportContext,
  resource: Resource,
  fields: Fields,
): Pick<RouteRule, "timeoutMs" | "retries"> {
  const timeouts = fields.object("timeouts");
  const request = durationOf(timeouts, "request");
  const perTry = durationOf(timeouts, "backendRequest");
  const retry = fields.object("retry");
  const attempts = retry?.number("attempts");
  const codes = retry?.take("codes");
  const baseMs = durationOf(retry, "backoff");
  if (fields.has("sessionPersistence")) {
    const message = "sessionPersistence has no counterpart in the model: it is kept, without effect here";
    const judgement = { verdict: "lost", changesMeaning: true } as const;
    context.warn(
      resource,
      [...fields.path, "sessionPersistence"],
      message,
      "Keep the product for what it does.",
      judgement,
    );
  }
  const on = Array.isArray(codes) ? codes.filter((each) => typeof each === "number").map(String) : [];
  const retries: Retries | undefined =
    retry || perTry
      ? {
          attempts: attempts ?? DEFAULT_ATTEMPTS,
          ...(perTry ? { perTryTimeoutMs: perTry } : {}),
          ...(on.length > 0 ? { on: [...CONNECTION_ERRORS, ...on] } : {}),
          ...(baseMs ? { backoff: { baseMs } } : {}),
        }
      : undefined;
  return { ...(request ? { timeoutMs: request } : {}), ...(retries ? { retries } : {}) };
}

function durationOf(fields: Fields | undefined, name: string): number | undefined {
  const text = fields?.text(name);
  if (fields === undefined || text === undefined) return undefined;
  const ms = parseDuration(text);
  if (ms === undefined) fields.problem(name, "is no duration", 'Write whole numbers of h, m, s or ms, as "1s500ms".');
  return ms;
}

const TAKEN_FILTERS = new Set(["RequestHeaderModifier", "ResponseHeaderModifier", "RequestRedirect", "URLRewrite"]);

/** What of the rule has no place in the model, with paths within the rule. */
function keptOf(rule: Fields, written: Record<string, unknown>, { cors, mirrors }: RuleSource["rule"]): Kept[] {
  const kept: Kept[] = [];
  const list = (value: unknown) => (Array.isArray(value) ? value : []);
  const others = list(written["filters"]).filter((each) => {
    const type = (each as { type?: string } | null)?.type ?? "";
    if (mirrors && isMirrorOfService(each)) return false;
    return !TAKEN_FILTERS.has(type) && !(cors && type === "CORS");
  });
  if (others.length > 0) kept.push({ path: ["filters"], value: others });
  list(written["backendRefs"]).forEach((each, i) => {
    const filters = (each as { filters?: unknown } | null)?.filters;
    if (filters !== undefined && !areHeaderChanges(filters))
      kept.push({ path: ["backendRefs", i, "filters"], value: filters });
  });
  const known = new Set(["name", "matches", "filters", "backendRefs", "timeouts", "retry"]);
  for (const name of rule.names()) if (!known.has(name)) kept.push({ path: [name], value: written[name] });
  return kept;
}
