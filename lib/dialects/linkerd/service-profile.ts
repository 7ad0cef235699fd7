// ServiceProfile -> Route and retry budget of its service.
// The rule: a profile hides the routes and annotations of its service in Linkerd, so it takes their place here.
import { keyOf, type RouteMatch, type RouteRule, refKey, serviceRefKey } from "@/lib/mesh";
import { type ImportContext, type Resource, type Understood, understood } from "../shared/context";
import type { Fields, Kept, Sink } from "../shared/fields";
import { parseLinkerdDuration } from "./annotations";
import { onlyPort } from "./outbound";

/** Linkerd goes on while its budget lasts; a list needs a number. */
const ATTEMPTS = 3;

export type ProfilePart = {
  resource: Resource;
  result: Understood;
  kept: Kept[];
  rules: Omit<RouteRule, "action">[];
  budget?: { percent: number };
};

export const readServiceProfile =
  (profiles: ProfilePart[]) =>
  (context: ImportContext, resource: Resource, spec: Fields, sink: Sink): Understood => {
    const result = understood(resource);
    const rules = spec.list("routes").flatMap((fields) => ruleOf(context, resource, fields) ?? []);
    const ratio = spec.object("retryBudget");
    const percent = ratio?.number("retryRatio");
    ratio?.keepRest();
    if (spec.has("dstOverrides")) {
      const message = "has no counterpart here: the shares are not taken over";
      const judgement = { verdict: "lost", changesMeaning: true } as const;
      context.warn(resource, ["spec", "dstOverrides"], message, "Divide the calls by an HTTPRoute.", judgement);
    }
    spec.keepRest();
    const budget = percent === undefined ? {} : { budget: { percent: Math.min(100, Math.max(0, percent * 100)) } };
    profiles.push({ resource, result, kept: sink.kept, rules, ...budget });
    return result;
  };

function ruleOf(context: ImportContext, resource: Resource, fields: Fields): Omit<RouteRule, "action"> | undefined {
  const name = fields.text("name");
  const condition = fields.object("condition");
  const match = condition && matchOf(condition);
  const isRetryable = fields.flag("isRetryable") ?? false;
  const timeout = fields.text("timeout");
  const timeoutMs = timeout === undefined ? undefined : parseLinkerdDuration(timeout);
  if (fields.has("responseClasses")) {
    const message = "has no counterpart: 5xx are failures here, other answers are none";
    context.warn(resource, [...fields.path, "responseClasses"], message, "Keep Linkerd for what it does.", {
      verdict: "lost",
    });
  }
  if (timeout !== undefined && timeoutMs === undefined) {
    fields.problem("timeout", "must be a duration like 300ms", "Write a whole number of ms, s, m or h.");
  }
  if (!match) {
    const message = `route ${name ?? ""} is left out: a condition by all, any or not has no place; its calls go on to the routes after it`;
    const judgement = { verdict: "lost", changesMeaning: true } as const;
    context.warn(resource, fields.path, message, "Write it as an HTTPRoute.", judgement);
    return undefined;
  }
  return {
    ...(name === undefined ? {} : { name: name.slice(0, 256) }),
    matches: Object.keys(match).length === 0 ? [] : [match],
    ...(timeoutMs ? { timeoutMs } : {}),
    retries: isRetryable ? { attempts: ATTEMPTS, on: ["5xx"] } : { attempts: 0 },
  };
}

function matchOf(condition: Fields): RouteMatch | undefined {
  const pathRegex = condition.text("pathRegex");
  const method = condition.text("method");
  if (condition.names().length > 0) return undefined;
  return {
    ...(pathRegex === undefined ? {} : { path: { type: "regex" as const, value: pathRegex } }),
    ...(method === undefined ? {} : { methods: [method] }),
  };
}

export function putProfiles(context: ImportContext, profiles: readonly ProfilePart[]): void {
  for (const profile of profiles) putProfile(context, profile);
}

function putProfile(context: ImportContext, { resource, result, kept, rules, budget }: ProfilePart): void {
  const [name = "", namespace = resource.namespace] = resource.name.split(".");
  const service = context.serviceNamed(resource, namespace, name, ["metadata", "name"]);
  const key = keyOf("Service", namespace, name);
  const existing = context.all("Route").find((route) => refKey(route.spec.target, route) === key);
  const rival = existing && context.objects.get(`Route/${existing.metadata.namespace}/${existing.metadata.name}`);
  if (rival) {
    const { origin } = rival.metadata;
    const message = `hides ${origin?.kind ?? "the route"} ${origin?.name ?? ""} of ${name}: Linkerd follows the profile, and so does this`;
    context.warn(resource, ["metadata", "name"], message, "Keep one of the two.", { verdict: "ignored" });
  }
  const action = {
    type: "forward" as const,
    destinations: [{ service: refTo(namespace, resource, name), ...onlyPort(service), weight: 1 }],
  };
  const all = rules.map((rule): RouteRule => ({ ...rule, action }));
  if (!all.some(({ matches }) => matches.length === 0)) all.push({ matches: [], action, retries: { attempts: 0 } });
  const target = { kind: "Service" as const, ...refTo(namespace, resource, name) };
  const spec = { target: existing ? existing.spec.target : target, rules: all };
  const source = { resource, sink: { kept, problems: [] } };
  result.objects.push(context.put("Route", service.metadata.name, spec, source, existing));
  result.sentences.push(`calls of ${name} by ${all.length} ${all.length === 1 ? "rule" : "rules"}.`);
  if (all.some(({ retries }) => retries?.attempts)) {
    const message = `isRetryable has no number of tries in Linkerd, which goes on while the budget lasts; ${ATTEMPTS} are written down`;
    context.warn(resource, ["spec", "routes"], message, "Check the number.");
  }
  if (budget) {
    const policy = context
      .all("TrafficPolicy")
      .find((each) => serviceRefKey(each.spec.service, each) === key && each.spec.subset === undefined);
    const budgeted = { service: refTo(namespace, resource, name), ...policy?.spec, retryBudget: budget };
    result.objects.push(context.put("TrafficPolicy", service.metadata.name, budgeted, { resource }, policy));
  }
}

const refTo = (namespace: string, resource: Resource, name: string) =>
  namespace === resource.namespace ? { name } : { namespace, name };
